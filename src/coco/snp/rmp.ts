import { LEVEL_PAGES } from "../page-level.js";
import { PageTables } from "../page-tables.js";
import { RangeSet } from "../range-set.js";

/**
 * State of a guest page in the reverse map table (AMD APM volume 2, 15.36): still the
 * hypervisor's; assigned to the guest, not validated; validated by the guest.
 */
export type RmpState = "hypervisor" | "guestInvalid" | "guestValid";

/**
 * The reverse map table as far as one guest's private memory is concerned, and the nested page
 * tables that map it. Entries of 2 MiB and nested leaves of 2 MiB go together: a span of 2 MiB
 * has either, or 512 of the small ones. Pages only go forward. Ranges are in page frames.
 */
export class Rmp {
  readonly tables: PageTables = new PageTables();
  readonly #assigned = new RangeSet();
  readonly #valid = new RangeSet();

  /** Pages assigned to the guest: the host has given memory for them. */
  get assignedPages(): number {
    return this.#assigned.size;
  }

  /** Pages the guest can use. */
  get validPages(): number {
    return this.#valid.size;
  }

  /** State of one page. */
  stateOf(pfn: number): RmpState {
    if (this.#valid.has(pfn)) return "guestValid";
    return this.#assigned.has(pfn) ? "guestInvalid" : "hypervisor";
  }

  /** The first validated page of a range, or its end. */
  firstValid(start: number, end: number): number {
    return this.#valid.firstIn(start, end);
  }

  /** Validated pages in a range. */
  validIn(start: number, end: number): number {
    return this.#valid.countIn(start, end);
  }

  /**
   * RMPUPDATE: assigns those pages of a range that are the hypervisor's, with entries of 4 KiB
   * (level 0) or, for whole spans without small entries, of 2 MiB (level 1).
   *
   * @returns entries written
   */
  assign(start: number, end: number, level: 0 | 1): number {
    const assigned = this.#assigned.add(start, end);
    this.tables.map(start, end, level);
    return assigned / LEVEL_PAGES[level];
  }

  /** PVALIDATE: makes a range of assigned pages usable. */
  validate(start: number, end: number): void {
    if (this.#assigned.countIn(start, end) < end - start) {
      throw new Error("snp: PVALIDATE needs pages that are assigned to the guest.");
    }
    if (this.#valid.add(start, end) < end - start) {
      throw new Error("snp: a page was validated twice.");
    }
  }
}
