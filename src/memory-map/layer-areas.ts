import { type AddressRange, PAGE_SIZE, roundDown, roundUp, roundUpPowerOfTwo } from "../units.js";
import { type Area, TimedRanges } from "./timed-ranges.js";

/** To what areas are widened: multiples of some bytes, and of some nanoseconds unless that is 0. */
export interface Grain {
  readonly bytes: number;
  readonly ns: number;
}

const EXACT: Grain = { bytes: PAGE_SIZE, ns: 0 };
/** The first step away from exact areas, as a part of all there is: below what a screen shows. */
const FIRST_PART: number = 2 ** 16;

/** A step that leaves more of the areas than this helps little. */
const WORTH_A_STEP = 0.95;

/** One layer of a map: what is in it, and what was. */
export class LayerAreas {
  grain: Grain = EXACT;
  /** Most bytes at once, exactly. */
  peakBytes = 0;
  readonly #open = new TimedRanges();
  /** Also those that never end. */
  #closed: Area[] = [];
  #keptBytes = 0;
  /** What went on when this last became coarser: how many areas, and how many of these a file would have. */
  #openBefore = { count: 0, widened: 0 };

  /** Areas it would take now, at most. */
  get count(): number {
    const { count, widened: before } = this.#openBefore;
    return this.#closed.length + before + Math.max(0, this.#open.count - count);
  }

  get bytes(): number {
    return this.#open.bytes + this.#keptBytes;
  }

  /** Bytes that are in the layer from now on and never leave it. */
  keep(start: number, end: number, atNs: number): void {
    const fromNs = this.#from(atNs);
    const last = this.#closed.at(-1);
    if (last?.end === start && last.fromNs === fromNs)
      this.#closed[this.#closed.length - 1] = { ...last, end };
    else this.#closed.push({ start, end, fromNs, untilNs: Number.POSITIVE_INFINITY });
    this.#keptBytes += end - start;
    this.peakBytes = this.bytes;
  }

  open(start: number, end: number, atNs: number): void {
    this.#open.open(start, end, this.#from(atNs));
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
  }

  close(start: number, end: number, atNs: number): void {
    this.#close(this.#open.close(start, end, Math.round(atNs)));
  }

  /** Of [start, end), only `ranges` are in the layer from now on. */
  replace(start: number, end: number, ranges: readonly AddressRange[], atNs: number): void {
    const untilNs = Math.round(atNs);
    this.#close(this.#open.replace(start, end, ranges, this.#from(atNs), untilNs));
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
  }

  /** Joins what came since it last became coarser. */
  settle(): void {
    this.#closed = widened(this.#closed, this.grain);
    if (this.grain !== EXACT) this.#open.coarsen(this.grain.bytes, this.grain.ns);
    this.#openBefore = { count: this.#open.count, widened: widened(this.#open.areas(), this.grain).length };
  }

  /**
   * Makes it coarser by one step: where it is the finer one, of bytes and of time, each as a part of all, or in the
   * other if only that leaves fewer areas. What goes on keeps its bytes until it is told.
   */
  coarsen(spanBytes: number, endNs: number): void {
    const { bytes, ns } = this.grain;
    const inBytes = { bytes: bytes === PAGE_SIZE ? firstStep(spanBytes, 2 * PAGE_SIZE) : bytes * 2, ns };
    const inTime = { bytes, ns: ns === 0 ? firstStep(endNs, 1) : ns * 2 };
    const all = [...this.#closed, ...this.#open.areas()];
    const [byBytes, byTime] = [inBytes, inTime].map((grain) => widened(all, grain).length);
    const isFew = (count: number): boolean => count < WORTH_A_STEP * this.count;
    const prefersBytes = bytes / spanBytes < ns / endNs;
    const inBytesIsBetter = prefersBytes
      ? isFew(byBytes!) || !isFew(byTime!)
      : isFew(byBytes!) && !isFew(byTime!);
    this.grain = inBytesIsBetter ? inBytes : inTime;
    this.settle();
  }

  /** All there was, by address and time; what goes on ends at `endNs`. */
  areas(endNs: number): Area[] {
    return widened([...this.#closed, ...this.#open.areas()], this.grain)
      .map((area) => ({ ...area, untilNs: Math.min(area.untilNs, endNs) }))
      .filter(({ fromNs, untilNs }) => fromNs < untilNs)
      .toSorted((one, other) => one.start - other.start || one.fromNs - other.fromNs);
  }

  #from(atNs: number): number {
    const fromNs = Math.round(atNs);
    return this.grain.ns === 0 ? fromNs : roundDown(fromNs, this.grain.ns);
  }

  /** What left in the moment in which it came is not told. */
  #close(areas: readonly Area[]): void {
    for (const area of areas) if (area.untilNs > area.fromNs) this.#closed.push(area);
  }
}

/** A power of two, so that each grid has the lines of coarser ones. */
function firstStep(all: number, least: number): number {
  return Math.max(least, roundUpPowerOfTwo(all / FIRST_PART));
}

/** The same areas on the lines of a grid, joined where they touch. */
export function widened(areas: readonly Area[], { bytes, ns }: Grain): Area[] {
  let joined = areas.map(({ start, end, fromNs, untilNs }) => ({
    start: roundDown(start, bytes),
    end: roundUp(end, bytes),
    fromNs: ns === 0 ? fromNs : roundDown(fromNs, ns),
    untilNs: ns === 0 || untilNs === Number.POSITIVE_INFINITY ? untilNs : roundUp(untilNs, ns),
  }));
  for (let before = Number.POSITIVE_INFINITY; joined.length < before; ) {
    before = joined.length;
    joined = joinedInTime(joinedInSpace(joined));
  }
  return joined;
}

function joinedInSpace(areas: readonly Area[]): Area[] {
  const sorted = areas.toSorted(
    (one, other) => one.fromNs - other.fromNs || compareUntil(one, other) || one.start - other.start,
  );
  return joinedWhere(sorted, (last, next) =>
    last.fromNs === next.fromNs && last.untilNs === next.untilNs && next.start <= last.end
      ? { ...last, end: Math.max(last.end, next.end) }
      : undefined,
  );
}

function joinedInTime(areas: readonly Area[]): Area[] {
  const sorted = areas.toSorted(
    (one, other) => one.start - other.start || one.end - other.end || one.fromNs - other.fromNs,
  );
  return joinedWhere(sorted, (last, next) =>
    last.start === next.start && last.end === next.end && next.fromNs <= last.untilNs
      ? { ...last, untilNs: Math.max(last.untilNs, next.untilNs) }
      : undefined,
  );
}

/** Two that go on have no difference: infinity less infinity is no number. */
function compareUntil({ untilNs }: Area, other: Area): number {
  return untilNs === other.untilNs ? 0 : untilNs - other.untilNs;
}

function joinedWhere(sorted: readonly Area[], join: (last: Area, next: Area) => Area | undefined): Area[] {
  const joined: Area[] = [];
  for (const next of sorted) {
    const last = joined.at(-1);
    const both = last && join(last, next);
    if (both === undefined) joined.push(next);
    else joined[joined.length - 1] = both;
  }
  return joined;
}
