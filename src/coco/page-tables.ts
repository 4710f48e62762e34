import { GiB, MiB, PAGE_SIZE } from "../units.js";
import { RangeSet } from "./range-set.js";

/** Size of a page or of a leaf in a page table: 0 is 4 KiB, 1 is 2 MiB, 2 is 1 GiB. */
export type PageLevel = 0 | 1 | 2;

/** Pages of 4 KiB in a leaf of each level, and in what one table of the highest level spans. */
export const LEVEL_PAGES: readonly [number, number, number, number] = [1, 512, 512 ** 2, 512 ** 3];

export function pageLevel(sizeBytes: number): PageLevel {
  if (sizeBytes === PAGE_SIZE) return 0;
  if (sizeBytes === 2 * MiB) return 1;
  if (sizeBytes === GiB) return 2;
  throw new Error(`coco: no page table has pages of ${sizeBytes} bytes.`);
}

/** Page frames of a range of physical addresses on page boundaries. */
export function pageRange(start: number, end: number): [start: number, end: number] {
  if (start % PAGE_SIZE !== 0 || end % PAGE_SIZE !== 0 || start < 0 || end < start) {
    throw new Error(`coco: [${start}, ${end}) is not a range of pages.`);
  }
  return [start / PAGE_SIZE, end / PAGE_SIZE];
}

/**
 * The tables a host builds below the root to map guest memory: secure EPT or nested page
 * table, four levels. A table exists from the first leaf in its span on and is never
 * merged away, so its existence also tells how large the leaves of its span can be.
 */
export class PageTables {
  /** Spans of 2 MiB, 1 GiB and 512 GiB that have a table, as multiples of their size. */
  readonly #spans: readonly [RangeSet, RangeSet, RangeSet] = [new RangeSet(), new RangeSet(), new RangeSet()];

  get pages(): number {
    return this.#spans[0].size + this.#spans[1].size + this.#spans[2].size;
  }

  /** Maps whole leaves over [start, end) in page frames. @returns table pages that were missing */
  map(start: number, end: number, level: PageLevel): number {
    // An empty range inside a span would otherwise count as one that touches the span.
    if (start >= end) return 0;
    let added = 0;
    for (let index: number = level; index < this.#spans.length; index++) {
      const pages = LEVEL_PAGES[index + 1]!;
      added += this.#spans[index]!.add(Math.floor(start / pages), Math.ceil(end / pages));
    }
    return added;
  }

  missing(start: number, end: number, level: PageLevel): number {
    if (start >= end) return 0;
    let missing = 0;
    for (let index: number = level; index < this.#spans.length; index++) {
      const pages = LEVEL_PAGES[index + 1]!;
      const [first, last] = [Math.floor(start / pages), Math.ceil(end / pages)];
      missing += last - first - this.#spans[index]!.countIn(first, last);
    }
    return missing;
  }

  /**
   * The most tables that are missing for one of equal neighbouring pieces over [start, end), mapped with whole leaves one
   * after the other. No table of the leaves' own level is there yet; what lies next to the first piece has all its own.
   *
   * @param pages of a piece, whole spans of 2 MiB in less than 1 GiB
   */
  mostMissing(start: number, end: number, pages: number, level: 0 | 1): number {
    const own = level === 0 ? pages / LEVEL_PAGES[1] : 0;
    const high = this.missing(start, end, 2);
    // A piece comes to one more span of each size at most, and to the first of a larger one with that.
    return own + (this.missing(start, end, 1) > high ? 1 : 0) + (high > 0 ? 1 : 0);
  }

  /** Level of the leaf that maps a page frame, or of the largest that still could. */
  levelOf(pfn: number): PageLevel {
    if (this.#spans[0].has(Math.floor(pfn / LEVEL_PAGES[1]))) return 0;
    return this.#spans[1].has(Math.floor(pfn / LEVEL_PAGES[2])) ? 1 : 2;
  }

  /** End of the run of page frames from `pfn` on for which `levelOf` is the same; `end` at the latest. */
  levelRunEnd(pfn: number, end: number): number {
    let runEnd = end;
    for (const level of [1, 2] as const) {
      const pages = LEVEL_PAGES[level];
      const spanEnd = this.#spans[level - 1]!.runEnd(Math.floor(pfn / pages), Math.ceil(end / pages));
      runEnd = Math.min(runEnd, spanEnd * pages);
    }
    return runEnd;
  }

  /**
   * End of the run of spans of 2 MiB (level 1) or 1 GiB (level 2) that either all have a table of
   * smaller leaves or all have none.
   *
   * @param start first page frame of a span
   * @param end where to stop at the latest, a multiple of the span as well
   */
  splitRunEnd(start: number, end: number, level: 1 | 2): number {
    const pages = LEVEL_PAGES[level];
    return this.#spans[level - 1]!.runEnd(start / pages, end / pages) * pages;
  }
}
