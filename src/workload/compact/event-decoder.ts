import { type Columns, newColumns } from "../../columns.js";
import type { EventBlock } from "../event-blocks.js";
import { BLOCK_COLUMNS } from "../events.js";
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

/** Takes payloads of blocks of events apart. What is not possible in one is said in a word or two. */
export class EventDecoder {
  #shapes: Columns<typeof SHAPE_COLUMNS> = newColumns(SHAPE_COLUMNS, 0);
  #shapeOf = new Int32Array(0);
  #low = new Int32Array(0);
  #high = new Int32Array(0);
  #steps = new Float64Array(0);
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
    if (count > this.#steps.length) this.#makeRoom(count);
    const fault = this.#takeShapes(head, shapes);
    if (fault !== undefined) return fault;
    takePlanes(bytes, stored.shape.start, this.#shapeOf, count, stored.shape.planes);
    if (!this.#takeSteps(bytes, stored.pageStep, stored.farPage, farPages, count))
      return "number of far pages";
    const pageFault = this.#takePages(count, head.getFloat64(HeadAt.pfn, true), shapes);
    if (pageFault !== undefined) return pageFault;
    if (!this.#takeSteps(bytes, stored.timeStep, stored.farTime, farTimes, count))
      return "number of far times";
    const otherFault =
      this.#takeTimes(count, head.getFloat64(HeadAt.timeNs, true), head.getUint32(HeadAt.unitNs, true)) ??
      this.#takeNumbers(bytes, stored.task, count, this.#columns.task, tasks, "task") ??
      this.#takeNumbers(bytes, stored.caller, count, this.#columns.caller, callers, "caller");
    if (otherFault !== undefined) return otherFault;
    this.#takeCpus(bytes, stored.cpu, count);
    return { ...this.#columns, count, hasCallers: stored.caller.planes > 0, originSeconds };
  }

  #makeRoom(count: number): void {
    this.#shapes = newColumns(SHAPE_COLUMNS, count);
    this.#shapeOf = new Int32Array(count);
    this.#low = new Int32Array(count);
    this.#high = new Int32Array(count);
    this.#steps = new Float64Array(count);
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
    }
    return undefined;
  }

  /** @returns whether as many steps are far as there are far ones; `#steps` has them all then */
  #takeSteps(bytes: Uint8Array, { start }: Stored, far: Stored, farCount: number, count: number): boolean {
    const low = this.#low;
    const steps = this.#steps;
    const end = takePlanes(bytes, far.start, low, farCount, Math.min(far.planes, LOW_PLANES));
    if (far.planes > LOW_PLANES) return this.#takeWideSteps(bytes, start, far.planes, end, farCount, count);
    let next = 0;
    for (let i = 0; i < count; i++) {
      const near = bytes[start + i]!;
      // 1 where it is FAR: whether a step is far is hard to foretell, and a branch that errs takes longer than all else.
      const isFar = (near + 1) >> 8;
      const step = near ^ ((near ^ low[next]!) & -isFar);
      next += isFar;
      steps[i] = (step >>> 1) ^ -(step & 1);
    }
    return next === farCount;
  }

  /** The same where a far step takes more than 32 bits. One that a double does not hold exactly leads out of all ranges. */
  #takeWideSteps(
    bytes: Uint8Array,
    start: number,
    planes: number,
    highStart: number,
    farCount: number,
    count: number,
  ): boolean {
    const high = this.#high;
    takePlanes(bytes, highStart, high, farCount, planes - LOW_PLANES);
    let next = 0;
    for (let i = 0; i < count; i++) {
      const near = bytes[start + i]!;
      const low = near === FAR ? this.#low[next]! : near;
      const size = (near === FAR ? high[next++]! * LOW_SIZES : 0) + (low >>> 1);
      this.#steps[i] = (low & 1) === 0 ? size : -size - 1;
    }
    return next === farCount;
  }

  #takePages(count: number, firstPfn: number, shapes: number): string | undefined {
    const { lastBlock, detail: detailOf, kind: kindOf, order: orderOf, migrateType: typeOf } = this.#shapes;
    for (let shape = 0; shape < shapes; shape++)
      lastBlock[shape] = Math.floor(firstPfn / 2 ** orderOf[shape]!);
    const { pfn, kind, order, migrateType, detail } = this.#columns;
    const steps = this.#steps;
    const shapeOf = this.#shapeOf;
    for (let i = 0; i < count; i++) {
      const shape = shapeOf[i]!;
      if (shape >= shapes) return "shape";
      const block = lastBlock[shape]! + steps[i]!;
      const first = block * (1 << orderOf[shape]!);
      // False for NaN, too.
      if (!(first >= 0 && first <= Number.MAX_SAFE_INTEGER)) return "page frame number";
      lastBlock[shape] = block;
      pfn[i] = first;
      kind[i] = kindOf[shape]!;
      order[i] = orderOf[shape]!;
      migrateType[i] = typeOf[shape]!;
      detail[i] = detailOf[shape]!;
    }
    return undefined;
  }

  #takeTimes(count: number, startNs: number, unitNs: number): string | undefined {
    if (unitNs === 0 || unitNs > UNIT_MAX_NS || !Number.isSafeInteger(startNs)) return "time";
    const { timeNs } = this.#columns;
    const steps = this.#steps;
    let atNs = startNs;
    for (let i = 0; i < count; i++) {
      atNs += steps[i]! * unitNs;
      if (!(atNs >= 0 && atNs <= Number.MAX_SAFE_INTEGER)) return "time";
      timeNs[i] = atNs;
    }
    return undefined;
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
    if (planes === 0) {
      cpu.fill(0, 0, count);
      return;
    }
    const low = this.#low;
    takePlanes(bytes, start, low, count, planes);
    for (let i = 0; i < count; i++) cpu[i] = low[i]!;
  }
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
