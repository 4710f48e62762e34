import type { AddressRange } from "../units.js";

/** Boundaries held at first; the array doubles when it is full. */
const FIRST_CAPACITY = 16;

/** What of [start, end) is in any of some sets: separate ranges, ascending. */
export function unionIn(sets: readonly RangeSet[], start: number, end: number): AddressRange[] {
  const ranges: AddressRange[] = [];
  for (let from = start; from < end; ) {
    const set = sets.find((one) => one.has(from));
    if (set === undefined) {
      from = Math.min(...sets.map((one) => one.firstIn(from, end)), end);
      continue;
    }
    const to = set.runEnd(from, end);
    const last = ranges.at(-1);
    if (last?.end === from) ranges[ranges.length - 1] = { start: last.start, end: to };
    else ranges.push({ start: from, end: to });
    from = to;
  }
  return ranges;
}

/**
 * A set of integers kept as sorted, separated ranges. Memory and time depend on how many ranges there are
 * and never on how many integers they cover, so a guest of any size can be tracked page by page.
 *
 * All range ends, starts and ends alike, lie in one ascending array. How many of them are at
 * or below a value therefore tells whether the value is inside: an odd number means it is.
 * Values are integers from 0 to 2^53 - 1, ranges are half open.
 */
export class RangeSet {
  #bounds = new Float64Array(FIRST_CAPACITY);
  #length = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get rangeCount(): number {
    return this.#length / 2;
  }

  has(value: number): boolean {
    return this.#countUpTo(value) % 2 === 1;
  }

  countIn(start: number, end: number): number {
    let count = 0;
    let from = start;
    let index = this.#countUpTo(start);
    for (; index < this.#length && this.#bounds[index]! < end; index++) {
      if (index % 2 === 1) count += this.#bounds[index]! - from;
      from = this.#bounds[index]!;
    }
    return index % 2 === 1 && from < end ? count + end - from : count;
  }

  /** The first integer of the set in [start, end), or `end` if there is none. */
  firstIn(start: number, end: number): number {
    const index = this.#countUpTo(start);
    if (index % 2 === 1) return Math.min(start, end);
    return index < this.#length ? Math.min(this.#bounds[index]!, end) : end;
  }

  /** Where membership changes after `value`; `end` at the latest. */
  runEnd(value: number, end: number): number {
    const index = this.#countUpTo(value);
    return index < this.#length ? Math.min(this.#bounds[index]!, end) : end;
  }

  /** Adds [start, end). @returns how many integers are new */
  add(start: number, end: number): number {
    const added = end - start - this.countIn(start, end);
    // Also nothing to do for an empty range.
    if (added <= 0) return 0;
    this.#replace(start, end, 0);
    this.#size += added;
    return added;
  }

  /** Removes [start, end). @returns how many integers were in the set */
  remove(start: number, end: number): number {
    const removed = this.countIn(start, end);
    if (removed === 0) return 0;
    this.#replace(start, end, 1);
    this.#size -= removed;
    return removed;
  }

  /**
   * Makes [start, end) uniform: all bounds from start to end go, and an end stays where the
   * neighbour outside differs. `outside` is the parity of a neighbour that differs: 0 (not in
   * the set) when adding, 1 (in the set) when removing.
   */
  #replace(start: number, end: number, outside: 0 | 1): void {
    const first = this.#countBelow(start);
    const last = this.#countUpTo(end);
    const keepStart = first % 2 === outside;
    const keepEnd = last % 2 === outside;
    const kept = (keepStart ? 1 : 0) + (keepEnd ? 1 : 0);
    const length = this.#length - (last - first) + kept;
    if (length > this.#bounds.length) this.#grow();
    this.#bounds.copyWithin(first + kept, last, this.#length);
    if (keepStart) this.#bounds[first] = start;
    if (keepEnd) this.#bounds[first + kept - 1] = end;
    this.#length = length;
  }

  #grow(): void {
    const bounds = new Float64Array(this.#bounds.length * 2);
    bounds.set(this.#bounds);
    this.#bounds = bounds;
  }

  #countUpTo(value: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#bounds[middle]! <= value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #countBelow(value: number): number {
    const upTo = this.#countUpTo(value);
    return upTo > 0 && this.#bounds[upTo - 1] === value ? upTo - 1 : upTo;
  }
}
