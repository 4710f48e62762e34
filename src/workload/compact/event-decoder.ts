import { type Columns, newColumns } from "../../columns.js";
import type { EventBlock } from "../event-blocks.js";
import { BLOCK_COLUMNS } from "../events.js";
import {
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
  shapeFault,
} from "./event-columns.js";
import { takePlanes } from "./planes.js";

/** Far above the microsecond that is in use. */
const UNIT_MAX_NS = 1e9;

/** The numbers that tasks and callers of a file have in the output, by those in the file. */
export interface NumbersOfFile {
  readonly tasks: readonly number[];
  /** Begins with 0, for none. */
  readonly callers: readonly number[];
}

/** A column where it is stored. */
interface Stored {
  readonly start: number;
  readonly planes: number;
}

/** Steps where they are stored: each in a byte, or among the far ones. */
interface StoredSteps {
  readonly start: number;
  readonly far: Stored;
  readonly farCount: number;
  /** Whether far ones take more than 32 bits. */
  readonly isWide: boolean;
}

/** Takes payloads of blocks of events apart. What is not possible in one is said in a word or two. */
export class EventDecoder {
  #shapes: Columns<typeof SHAPE_COLUMNS> = newColumns(SHAPE_COLUMNS, 0);
  #shapeOf = new Int32Array(0);
  #low = new Int32Array(0);
  #high = new Int32Array(0);
  #wide = new Float64Array(0);
  /** Kind, order and migrate type of each shape, from the lowest byte on. */
  #bytesOf = new Int32Array(0);
  #columns: Columns<typeof BLOCK_COLUMNS> = newColumns(BLOCK_COLUMNS, 0);

  /**
   * @param bytes of a payload and no more
   * @param count of events
   * @returns the events, in memory that the next call uses again, or what is not possible
   */
  decode(
    bytes: Uint8Array,
    count: number,
    originSeconds: number,
    { tasks, callers }: NumbersOfFile,
  ): EventBlock | string {
    if (bytes.length < HEAD_BYTES) return "size";
    const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const shapes = head.getUint32(HeadAt.shapes, true);
    const farPages = head.getUint32(HeadAt.farPages, true);
    const farTimes = head.getUint32(HeadAt.farTimes, true);
    if (Math.max(shapes, farPages, farTimes) > count) return "size";
    const stored = storedColumns(bytes, shapes, { farPage: farPages, farTime: farTimes }, count);
    if (stored === undefined) return "size";
    if (count > this.#wide.length) this.#makeRoom(count);
    takePlanes(bytes, stored.shape.start, this.#shapeOf, count, stored.shape.planes);
    const shapeFault = this.#takeShapes(head, shapes) ?? this.#takeShapesOfEvents(count, shapes);
    if (shapeFault !== undefined) return shapeFault;
    const pages = stepsOf(stored.pageStep, stored.farPage, farPages);
    if (!this.#takePages(bytes, pages, count, head.getFloat64(HeadAt.pfn, true), shapes))
      return "page frame number";
    const times = stepsOf(stored.timeStep, stored.farTime, farTimes);
    const [startNs, unitNs] = [head.getFloat64(HeadAt.timeNs, true), head.getUint32(HeadAt.unitNs, true)];
    if (!this.#takeTimes(bytes, times, count, startNs, unitNs)) return "time";
    const fault =
      this.#takeNumbers(bytes, stored.task, count, this.#columns.task, tasks, "task") ??
      this.#takeNumbers(bytes, stored.caller, count, this.#columns.caller, callers, "caller");
    if (fault !== undefined) return fault;
    this.#takeCpus(bytes, stored.cpu, count);
    return { ...this.#columns, count, hasCallers: stored.caller.planes > 0, originSeconds };
  }

  #makeRoom(count: number): void {
    this.#shapes = newColumns(SHAPE_COLUMNS, count);
    this.#shapeOf = new Int32Array(count);
    this.#low = new Int32Array(count);
    this.#high = new Int32Array(count);
    this.#wide = new Float64Array(count);
    this.#bytesOf = new Int32Array(count);
    this.#columns = newColumns(BLOCK_COLUMNS, count);
  }

  #takeShapes(view: DataView, count: number): string | undefined {
    const { detail, kind, order, migrateType } = this.#shapes;
    for (let shape = 0; shape < count; shape++) {
      const at = HEAD_BYTES + shape * SHAPE_BYTES;
      detail[shape] = view.getUint32(at + ShapeAt.detail, true);
      kind[shape] = view.getUint8(at + ShapeAt.kind);
      order[shape] = view.getUint8(at + ShapeAt.order);
      migrateType[shape] = view.getUint8(at + ShapeAt.migrateType);
      if (view.getUint8(at + ShapeAt.unused) !== 0) return "shape";
      const fault = shapeFault(kind[shape]!, order[shape]!, migrateType[shape]!, detail[shape]!);
      if (fault !== undefined) return fault;
      this.#bytesOf[shape] = kind[shape]! | (order[shape]! << 8) | (migrateType[shape]! << 16);
    }
    return undefined;
  }

  /** What events have of their shapes. */
  #takeShapesOfEvents(count: number, shapes: number): string | undefined {
    const { detail: detailOf } = this.#shapes;
    const { kind, order, migrateType, detail } = this.#columns;
    const bytesOf = this.#bytesOf;
    const shapeOf = this.#shapeOf;
    for (let i = 0; i < count; i++) {
      const shape = shapeOf[i]!;
      if (shape >= shapes) return "shape";
      const three = bytesOf[shape]!;
      kind[i] = three;
      order[i] = three >> 8;
      migrateType[i] = three >> 16;
      detail[i] = detailOf[shape]!;
    }
    return undefined;
  }

  /** @returns whether as many steps are far as there are far ones, and they lead to pages that can be */
  #takePages(
    bytes: Uint8Array,
    steps: StoredSteps,
    count: number,
    firstPfn: number,
    shapes: number,
  ): boolean {
    const { lastBlock, blockPages, order } = this.#shapes;
    for (let shape = 0; shape < shapes; shape++) {
      blockPages[shape] = 2 ** order[shape]!;
      lastBlock[shape] = Math.floor(firstPfn / blockPages[shape]!);
    }
    const far = this.#takeFarSteps(bytes, steps);
    const { start, isWide } = steps;
    const wide = this.#wide;
    const { pfn } = this.#columns;
    const shapeOf = this.#shapeOf;
    let next = 0;
    for (let i = 0; i < count; i++) {
      const near = bytes[start + i]!;
      // 1 where it is FAR: whether a step is far is hard to foretell, and a branch that errs takes longer than all else.
      const isFar = (near + 1) >> 8;
      const step = near ^ ((near ^ far[next]!) & -isFar);
      const shape = shapeOf[i]!;
      const block = lastBlock[shape]! + (isWide && isFar === 1 ? wide[next]! : (step >>> 1) ^ -(step & 1));
      next += isFar;
      const first = block * blockPages[shape]!;
      // False for NaN, too.
      if (!(first >= 0 && first <= Number.MAX_SAFE_INTEGER)) return false;
      lastBlock[shape] = block;
      pfn[i] = first;
    }
    return next === steps.farCount;
  }

  /** The same for times. */
  #takeTimes(bytes: Uint8Array, steps: StoredSteps, count: number, startNs: number, unitNs: number): boolean {
    if (unitNs === 0 || unitNs > UNIT_MAX_NS || !Number.isSafeInteger(startNs)) return false;
    const far = this.#takeFarSteps(bytes, steps);
    const { start, isWide } = steps;
    const wide = this.#wide;
    const { timeNs } = this.#columns;
    let next = 0;
    let atNs = startNs;
    for (let i = 0; i < count; i++) {
      const near = bytes[start + i]!;
      const isFar = (near + 1) >> 8;
      const step = near ^ ((near ^ far[next]!) & -isFar);
      atNs += unitNs * (isWide && isFar === 1 ? wide[next]! : (step >>> 1) ^ -(step & 1));
      next += isFar;
      if (!(atNs >= 0 && atNs <= Number.MAX_SAFE_INTEGER)) return false;
      timeNs[i] = atNs;
    }
    return next === steps.farCount;
  }

  /**
   * Low halves of far steps. Where there are high ones, `#wide` has the steps; one that a double does not hold exactly
   * leads out of all ranges.
   */
  #takeFarSteps(bytes: Uint8Array, { far, farCount, isWide }: StoredSteps): Int32Array {
    const low = this.#low;
    const end = takePlanes(bytes, far.start, low, farCount, Math.min(far.planes, LOW_PLANES));
    if (!isWide) return low;
    const high = this.#high;
    takePlanes(bytes, end, high, farCount, far.planes - LOW_PLANES);
    for (let i = 0; i < farCount; i++) {
      const size = high[i]! * LOW_SIZES + (low[i]! >>> 1);
      this.#wide[i] = (low[i]! & 1) === 0 ? size : -size - 1;
    }
    return low;
  }

  #takeNumbers(
    bytes: Uint8Array,
    { start, planes }: Stored,
    count: number,
    column: Uint32Array,
    numbers: readonly number[],
    what: string,
  ): string | undefined {
    const known = numbers.length;
    if (planes === 0) {
      if (known === 0) return what;
      column.fill(numbers[0]!, 0, count);
      return undefined;
    }
    if (planes === 1) {
      // Nearly always.
      for (let i = 0; i < count; i++) {
        const number = bytes[start + i]!;
        if (number >= known) return what;
        column[i] = numbers[number]!;
      }
      return undefined;
    }
    const low = this.#low;
    takePlanes(bytes, start, low, count, planes);
    for (let i = 0; i < count; i++) {
      const number = low[i]! >>> 0;
      if (number >= known) return what;
      column[i] = numbers[number]!;
    }
    return undefined;
  }

  #takeCpus(bytes: Uint8Array, { start, planes }: Stored, count: number): void {
    const { cpu } = this.#columns;
    if (planes === 0) cpu.fill(0, 0, count);
    else if (planes === 1) cpu.set(bytes.subarray(start, start + count));
    else for (let i = 0; i < count; i++) cpu[i] = bytes[start + i]! | (bytes[start + count + i]! << 8);
  }
}

function stepsOf({ start }: Stored, far: Stored, farCount: number): StoredSteps {
  return { start, far, farCount, isWide: far.planes > LOW_PLANES };
}

/**
 * @param others numbers of the columns that do not have one for each event
 * @returns undefined unless they end where the payload does
 */
function storedColumns(
  bytes: Uint8Array,
  shapes: number,
  others: Readonly<Partial<Record<StoredColumn, number>>>,
  count: number,
): Readonly<Record<StoredColumn, Stored>> | undefined {
  let start = HEAD_BYTES + shapes * SHAPE_BYTES;
  const stored: Partial<Record<StoredColumn, Stored>> = {};
  let index = 0;
  for (const [name, [least, most]] of STORED_COLUMNS) {
    const planes = bytes[HeadAt.planes + index++]!;
    if (planes < least || planes > most) return undefined;
    stored[name] = { start, planes };
    start += planes * (others[name] ?? count);
  }
  return bytes.length === padded(start) ? (stored as Record<StoredColumn, Stored>) : undefined;
}
