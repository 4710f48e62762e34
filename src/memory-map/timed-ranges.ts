import { type AddressRange, roundDown } from "../units.js";

/** Bytes [start, end) from some time to another; Infinity while that goes on. */
export interface Area extends AddressRange {
  readonly fromNs: number;
  readonly untilNs: number;
}

interface Open {
  start: number;
  end: number;
  fromNs: number;
}

/** Which bytes are in a layer now, and since when. Separate ranges, ascending; neighbours of the same time are one. */
export class TimedRanges {
  #open: Open[] = [];
  #bytes = 0;

  get count(): number {
    return this.#open.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** What goes on. */
  areas(): Area[] {
    return this.#open.map((one) => ({ ...one, untilNs: Number.POSITIVE_INFINITY }));
  }

  /** What of [start, end) is not in the layer enters it. */
  open(start: number, end: number, fromNs: number): void {
    let at = this.#firstEndingAfter(start);
    for (let from = start; from < end; ) {
      const next = this.#open[at];
      const to = Math.min(next?.start ?? end, end);
      if (from < to) at = this.#insert(at, from, to, fromNs);
      from = Math.max(from, this.#open[at]?.end ?? end);
      at++;
    }
  }

  /** What of [start, end) is in the layer leaves it. @returns that, with what was known of its time */
  close(start: number, end: number, untilNs: number): Area[] {
    const first = this.#firstEndingAfter(start);
    const closed: Area[] = [];
    const rest: Open[] = [];
    let last = first;
    for (; last < this.#open.length && this.#open[last]!.start < end; last++) {
      const one = this.#open[last]!;
      const [from, to] = [Math.max(one.start, start), Math.min(one.end, end)];
      closed.push({ start: from, end: to, fromNs: one.fromNs, untilNs });
      this.#bytes -= to - from;
      if (one.start < from) rest.push({ ...one, end: from });
      if (to < one.end) rest.push({ ...one, start: to });
    }
    if (closed.length > 0) this.#open.splice(first, last - first, ...rest);
    return closed;
  }

  /**
   * Of [start, end), only `ranges`, ascending, are in the layer from now on.
   *
   * @param fromNs when those enter it that are not there yet
   * @param untilNs when the others leave it
   * @returns what leaves it
   */
  replace(
    start: number,
    end: number,
    ranges: readonly AddressRange[],
    fromNs: number,
    untilNs: number,
  ): Area[] {
    const closed: Area[] = [];
    let from = start;
    for (const range of ranges) {
      if (from < range.start) closed.push(...this.close(from, range.start, untilNs));
      from = range.end;
    }
    if (from < end) closed.push(...this.close(from, end, untilNs));
    for (const range of ranges) this.open(range.start, range.end, fromNs);
    return closed;
  }

  /**
   * Entered at a multiple of some time, unless that is 0; and neighbours within a multiple of some bytes, which a grid
   * of those cannot tell apart, at the time of the first. So many neighbours become one.
   */
  coarsen(grainBytes: number, grainNs: number): void {
    const joined: Open[] = [];
    for (const one of this.#open) {
      const fromNs = grainNs === 0 ? one.fromNs : roundDown(one.fromNs, grainNs);
      const last = joined.at(-1);
      const isSame =
        last?.end === one.start &&
        (last.fromNs === fromNs || roundDown(last.start, grainBytes) === roundDown(one.end - 1, grainBytes));
      if (isSame) {
        last.end = one.end;
        last.fromNs = Math.min(last.fromNs, fromNs);
      } else joined.push({ ...one, fromNs });
    }
    this.#open = joined;
  }

  /** @returns the place of the range that [start, end) is part of now */
  #insert(at: number, start: number, end: number, fromNs: number): number {
    this.#bytes += end - start;
    const before = this.#open[at - 1];
    const after = this.#open[at];
    const joinsBefore = before?.end === start && before.fromNs === fromNs;
    const joinsAfter = after?.start === end && after.fromNs === fromNs;
    if (joinsBefore) {
      before.end = joinsAfter ? after.end : end;
      if (joinsAfter) this.#open.splice(at, 1);
      return at - 1;
    }
    if (joinsAfter) after.start = start;
    else this.#open.splice(at, 0, { start, end, fromNs });
    return at;
  }

  #firstEndingAfter(address: number): number {
    let low = 0;
    let high = this.#open.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#open[middle]!.end <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
