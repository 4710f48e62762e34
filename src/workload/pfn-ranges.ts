import { PAGE_SIZE, pfnDown, pfnUp } from "../units.js";

/** A few ranges of page frames that do not overlap. */
export class PfnRanges {
  readonly #first: readonly number[];
  readonly #end: readonly number[];

  /** @param ranges in bytes; a page belongs to a range that has a part of it */
  constructor(ranges: readonly { readonly start: number; readonly end: number }[]) {
    this.#first = ranges.map(({ start }) => pfnDown(start));
    this.#end = ranges.map(({ end }) => pfnUp(end));
  }

  /** Number of the range that a page is in, or -1. */
  indexOf(pfn: number): number {
    for (let i = 0; i < this.#first.length; i++) {
      if (pfn >= this.#first[i]! && pfn < this.#end[i]!) return i;
    }
    return -1;
  }

  /** Bytes from the first page of a range to a page of it. */
  offsetBytes(index: number, pfn: number): number {
    return (pfn - this.#first[index]!) * PAGE_SIZE;
  }
}
