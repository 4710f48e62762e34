import { type Columns, newColumns } from "../../columns.js";
import type { EventBlock } from "../event-blocks.js";
import {
  FAR,
  HEAD_BYTES,
  HeadAt,
  LOW_PLANES,
  LOW_SIZES,
  padded,
  SHAPE_BYTES,
  SHAPE_COLUMNS,
  ShapeAt,
  STORED_COLUMNS,
  type StoredColumn,
} from "./event-columns.js";
import { planesOf, putPlanes } from "./planes.js";

/** Times of kernels that print microseconds are multiples of it. */
const MICROSECOND_NS = 1000;
/** Bits of the number of an entry of the memo. */
const MEMO_BITS = 12;

/** Makes payloads of blocks of events. */
export class EventEncoder {
  #shapes: Columns<typeof SHAPE_COLUMNS> = newColumns(SHAPE_COLUMNS, 0);
  readonly #shapeNumbers = new Map<number, number>();
  /** The shape that was last met with each hash, or -1: of nearly all events the right one. */
  readonly #memo = new Int32Array(2 ** MEMO_BITS);
  #shapeOf = new Int32Array(0);
  #numbers = new Int32Array(0);
  #pageSteps = new Steps(0);
  #timeSteps = new Steps(0);

  /**
   * @param block of at least one event
   * @param bytes have room for `columnsBytesMax` of it from `start` on
   * @returns bytes of the payload, a multiple of 8
   */
  encode(block: EventBlock, bytes: Uint8Array, start: number): number {
    const { count, timeNs, pfn } = block;
    if (count > this.#numbers.length) this.#makeRoom(count);
    const shapes = this.#findShapes(block);
    const unitNs = unitOf(block);
    this.#takePageSteps(block, shapes);
    this.#takeTimeSteps(block, unitNs);
    const view = new DataView(bytes.buffer, bytes.byteOffset + start, HEAD_BYTES + shapes * SHAPE_BYTES);
    view.setFloat64(HeadAt.pfn, pfn[0]!, true);
    view.setFloat64(HeadAt.timeNs, timeNs[0]!, true);
    view.setUint32(HeadAt.unitNs, unitNs, true);
    view.setUint32(HeadAt.shapes, shapes, true);
    view.setUint32(HeadAt.farPages, this.#pageSteps.far, true);
    view.setUint32(HeadAt.farTimes, this.#timeSteps.far, true);
    this.#putShapes(view, shapes);
    let at = start + view.byteLength;
    const put = (numbers: Int32Array, length: number, planes: number): number => {
      at = putPlanes(bytes, at, numbers, length, planes);
      return planes;
    };
    const putNumbers = (numbers: Int32Array | Uint32Array | Uint16Array): number => {
      this.#numbers.set(numbers.subarray(0, count));
      return put(this.#numbers, count, planesOf(allBits(this.#numbers, count)));
    };
    const putFar = ({ far, low, high }: Steps): number => {
      const highPlanes = planesOf(allBits(high, far));
      const lowPlanes = highPlanes > 0 ? LOW_PLANES : planesOf(allBits(low, far));
      return put(low, far, lowPlanes) + put(high, far, highPlanes);
    };
    const columns: Readonly<Record<StoredColumn, () => number>> = {
      shape: () => putNumbers(this.#shapeOf),
      pageStep: () => put(this.#pageSteps.near, count, 1),
      farPage: () => putFar(this.#pageSteps),
      timeStep: () => put(this.#timeSteps.near, count, 1),
      farTime: () => putFar(this.#timeSteps),
      task: () => putNumbers(block.task),
      caller: () => (block.hasCallers ? putNumbers(block.caller) : 0),
      cpu: () => putNumbers(block.cpu),
    };
    let index = 0;
    for (const name of STORED_COLUMNS.keys()) bytes[start + HeadAt.planes + index++] = columns[name]();
    const payloadBytes = padded(at - start);
    bytes.fill(0, at, start + payloadBytes);
    return payloadBytes;
  }

  #makeRoom(count: number): void {
    this.#shapes = newColumns(SHAPE_COLUMNS, count);
    this.#shapeOf = new Int32Array(count);
    this.#numbers = new Int32Array(count);
    this.#pageSteps = new Steps(count);
    this.#timeSteps = new Steps(count);
  }

  /** Numbers the shapes of a block in the order in which they come. @returns how many there are */
  #findShapes({ count, kind, order, migrateType, detail }: EventBlock): number {
    const shapes = this.#shapes;
    const memo = this.#memo.fill(-1);
    const shapeOf = this.#shapeOf;
    this.#shapeNumbers.clear();
    for (let i = 0; i < count; i++) {
      const rest = kind[i]! | (order[i]! << 8) | (migrateType[i]! << 16);
      const hash = Math.imul(detail[i]! ^ Math.imul(rest, 0x9e3779b1), 0x85ebca6b) >>> (32 - MEMO_BITS);
      let shape = memo[hash]!;
      if (
        shape < 0 ||
        shapes.detail[shape] !== detail[i] ||
        shapes.kind[shape] !== kind[i] ||
        shapes.order[shape] !== order[i] ||
        shapes.migrateType[shape] !== migrateType[i]
      ) {
        shape = this.#shapeNumber(kind[i]!, order[i]!, migrateType[i]!, detail[i]!);
        memo[hash] = shape;
      }
      shapeOf[i] = shape;
    }
    return this.#shapeNumbers.size;
  }

  #shapeNumber(kind: number, order: number, migrateType: number, detail: number): number {
    const key = ((detail * 256 + migrateType) * 256 + order) * 8 + kind;
    const known = this.#shapeNumbers.get(key);
    if (known !== undefined) return known;
    const shape = this.#shapeNumbers.size;
    this.#shapeNumbers.set(key, shape);
    this.#shapes.detail[shape] = detail;
    this.#shapes.kind[shape] = kind;
    this.#shapes.order[shape] = order;
    this.#shapes.migrateType[shape] = migrateType;
    return shape;
  }

  #putShapes(view: DataView, shapes: number): void {
    const { detail, kind, order, migrateType } = this.#shapes;
    for (let shape = 0; shape < shapes; shape++) {
      const at = HEAD_BYTES + shape * SHAPE_BYTES;
      view.setUint32(at + ShapeAt.detail, detail[shape]!, true);
      view.setUint8(at + ShapeAt.kind, kind[shape]!);
      view.setUint8(at + ShapeAt.order, order[shape]!);
      view.setUint8(at + ShapeAt.migrateType, migrateType[shape]!);
      view.setUint8(at + ShapeAt.unused, 0);
    }
  }

  #takePageSteps({ count, pfn }: EventBlock, shapes: number): void {
    const { lastBlock, order } = this.#shapes;
    for (let shape = 0; shape < shapes; shape++) lastBlock[shape] = Math.floor(pfn[0]! / 2 ** order[shape]!);
    this.#pageSteps.far = 0;
    for (let i = 0; i < count; i++) {
      const shape = this.#shapeOf[i]!;
      const block = pfn[i]! / (1 << order[shape]!);
      this.#pageSteps.set(i, block - lastBlock[shape]!);
      lastBlock[shape] = block;
    }
  }

  #takeTimeSteps({ count, timeNs }: EventBlock, unitNs: number): void {
    this.#timeSteps.far = 0;
    let beforeNs = timeNs[0]!;
    for (let i = 0; i < count; i++) {
      this.#timeSteps.set(i, (timeNs[i]! - beforeNs) / unitNs);
      beforeNs = timeNs[i]!;
    }
  }
}

/** Differences between neighbours of a column, as they are written. */
class Steps {
  readonly near: Int32Array;
  /** So many steps are far, and have the first numbers of `low` and `high`. */
  far = 0;
  readonly low: Int32Array;
  readonly high: Int32Array;

  constructor(count: number) {
    this.near = new Int32Array(count);
    this.low = new Int32Array(count);
    this.high = new Int32Array(count);
  }

  /** A step back is one shorter, so that there is one number for no step. */
  set(i: number, step: number): void {
    const size = step < 0 ? -step - 1 : step;
    const sign = step < 0 ? 1 : 0;
    if (size < FAR >> 1) {
      this.near[i] = (size << 1) | sign;
    } else {
      this.near[i] = FAR;
      this.low[this.far] = ((size % LOW_SIZES) << 1) | sign;
      this.high[this.far++] = Math.floor(size / LOW_SIZES);
    }
  }
}

function allBits(numbers: Int32Array, count: number): number {
  let bits = 0;
  for (let i = 0; i < count; i++) bits |= numbers[i]!;
  return bits;
}

/** What all times of a block are multiples of, counted from its first. */
function unitOf({ count, timeNs }: EventBlock): number {
  const startNs = timeNs[0]!;
  for (let i = 1; i < count; i++) {
    const sinceNs = timeNs[i]! - startNs;
    if (Math.floor(sinceNs / MICROSECOND_NS) * MICROSECOND_NS !== sinceNs) return 1;
  }
  return MICROSECOND_NS;
}
