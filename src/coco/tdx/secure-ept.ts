import type { PageLevel } from "../page-level.js";
import { PageTables } from "../page-tables.js";
import { RangeSet } from "../range-set.js";

/**
 * State of a private page in the secure EPT (TDX module ABI, SEPT entry states): without
 * memory from the host; given memory by the host (TDH.MEM.PAGE.AUG); accepted by the guest, or
 * added before it ran (TDH.MEM.PAGE.ADD).
 */
export type SeptState = "absent" | "pending" | "mapped";

/**
 * The secure EPT of one guest: which page is in which state, at which leaf size. A page only
 * goes forward, absent to pending to mapped; all pages of a leaf share its state. Ranges are
 * in page frames.
 */
export class SecureEpt {
  readonly tables: PageTables = new PageTables();
  readonly #pending = new RangeSet();
  readonly #mapped = new RangeSet();

  /** Pages the guest can use. */
  get mappedPages(): number {
    return this.#mapped.size;
  }

  /** Pages the host has given memory for. */
  get backedPages(): number {
    return this.#mapped.size + this.#pending.size;
  }

  /** State of one page. */
  stateOf(pfn: number): SeptState {
    if (this.#mapped.has(pfn)) return "mapped";
    return this.#pending.has(pfn) ? "pending" : "absent";
  }

  /** The first mapped page of a range, or its end. */
  firstMapped(start: number, end: number): number {
    return this.#mapped.firstIn(start, end);
  }

  /** Mapped pages in a range. */
  mappedIn(start: number, end: number): number {
    return this.#mapped.countIn(start, end);
  }

  /** Pending pages in a range. */
  pendingIn(start: number, end: number): number {
    return this.#pending.countIn(start, end);
  }

  /**
   * The host gives memory before the guest accepts it (KVM_PRE_FAULT_MEMORY): pages go from
   * absent to pending, as leaves of 4 KiB, because only an accept tells the host a larger size
   * (Yan Zhao, RFC v2 "KVM: TDX huge page support", 2025-08-07).
   *
   * @returns table pages added
   */
  augment(start: number, end: number): number {
    if (this.#mapped.countIn(start, end) + this.#pending.countIn(start, end) > 0) {
      throw new Error("tdx: TDH.MEM.PAGE.AUG needs absent pages.");
    }
    this.#pending.add(start, end);
    return this.tables.map(start, end, 0);
  }

  /**
   * Makes leaves of one level mapped: after a successful accept, or TDH.MEM.PAGE.ADD at launch.
   * Pages that are mapped already stay so.
   *
   * @returns table pages added
   */
  map(start: number, end: number, level: PageLevel): number {
    this.#pending.remove(start, end);
    this.#mapped.add(start, end);
    return this.tables.map(start, end, level);
  }
}
