import { LEVEL_PAGES, type PageLevel, PageTables } from "../page-tables.js";
import { RangeSet } from "../range-set.js";

/**
 * State of a private page in the secure EPT (TDX module ABI, SEPT entry states): without
 * memory from the host; given memory by the host (TDH.MEM.PAGE.AUG); accepted by the guest, or
 * added before it ran (TDH.MEM.PAGE.ADD). While the host takes pages away they are blocked and their
 * entries locked (TDX_OPERAND_BUSY); no guest meets that here, as it has given such pages up before.
 */
export type SeptState = "absent" | "pending" | "mapped";

/**
 * The secure EPT of one guest: which page is in which state, at which leaf size. A page goes from
 * absent to pending to mapped, and back to absent when the host takes it away; all pages of a
 * leaf share its state. Ranges are in page frames.
 */
export class SecureEpt {
  readonly tables: PageTables = new PageTables();
  readonly mapped: RangeSet = new RangeSet();
  readonly pending: RangeSet = new RangeSet();

  get backedPages(): number {
    return this.mapped.size + this.pending.size;
  }

  stateOf(pfn: number): SeptState {
    if (this.mapped.has(pfn)) return "mapped";
    return this.pending.has(pfn) ? "pending" : "absent";
  }

  stateRunEnd(pfn: number, end: number): number {
    return Math.min(this.mapped.runEnd(pfn, end), this.pending.runEnd(pfn, end));
  }

  backedIn(start: number, end: number): number {
    return this.mapped.countIn(start, end) + this.pending.countIn(start, end);
  }

  /** Leaves in a range that none reaches across the ends of. */
  leavesIn(start: number, end: number): number {
    let leaves = 0;
    for (let position = start; position < end; ) {
      const runEnd = this.tables.levelRunEnd(position, end);
      leaves += this.backedIn(position, runEnd) / LEVEL_PAGES[this.tables.levelOf(position)];
      position = runEnd;
    }
    return leaves;
  }

  /**
   * The host gives memory before the guest accepts it (KVM_PRE_FAULT_MEMORY, or because the guest
   * touched it): pages go from absent to pending, as leaves of 4 KiB, because only an accept tells
   * the host a larger size (Yan Zhao, RFC v2 "KVM: TDX huge page support", 2025-08-07).
   */
  augment(start: number, end: number): number {
    if (this.backedIn(start, end) > 0) throw new Error("tdx: TDH.MEM.PAGE.AUG needs absent pages.");
    this.pending.add(start, end);
    return this.tables.map(start, end, 0);
  }

  /** After a successful accept, or TDH.MEM.PAGE.ADD at launch. @returns table pages added */
  map(start: number, end: number, level: PageLevel): number {
    this.pending.remove(start, end);
    this.mapped.add(start, end);
    return this.tables.map(start, end, level);
  }

  reachesAcross(pfn: number): boolean {
    const level = this.tables.levelOf(pfn);
    return level > 0 && pfn % LEVEL_PAGES[level] !== 0 && this.backedIn(pfn, pfn + 1) > 0;
  }

  /**
   * Breaks the leaf around a page into 512 smaller ones in the same state (TDH.MEM.PAGE.DEMOTE) if
   * it begins before that page.
   *
   * @returns level of the smaller leaves; undefined if nothing was to do
   */
  demoteBefore(pfn: number): 0 | 1 | undefined {
    if (!this.reachesAcross(pfn)) return undefined;
    const smaller = this.tables.levelOf(pfn) === 2 ? 1 : 0;
    // The tables above are there, so this adds the one table for the smaller leaves.
    this.tables.map(pfn, pfn + 1, smaller);
    return smaller;
  }

  /** The host takes pages away (TDH.MEM.RANGE.BLOCK, TRACK, PAGE.REMOVE); the tables stay. */
  unmap(start: number, end: number): void {
    this.pending.remove(start, end);
    this.mapped.remove(start, end);
  }
}
