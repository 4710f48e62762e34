import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { roundDown } from "../../units.js";
import { HostPages } from "../host-pages.js";
import { LEVEL_PAGES, type PageLevel } from "../page-tables.js";
import type { AcceptDone, PlatformOptions } from "../platform.js";
import { RangeSet } from "../range-set.js";
import { PAIR_PAGES, PamtPairs } from "./pamt.js";
import type { SecureEpt } from "./secure-ept.js";

const EPT_VIOLATION: readonly CostEvent[] = [
  CostEvent.eptViolation4k,
  CostEvent.eptViolation2m,
  CostEvent.eptViolation1g,
];

/** Pages of the host for a table: the module's, and the copy in which KVM mirrors what it cannot read. */
export const TABLE_PAGES = 2;

/**
 * The host's side: KVM's faults and the secure EPT (Linux 6.16 arch/x86/kvm/vmx/tdx.c, which maps
 * 4 KiB only; larger pages as in Yan Zhao, RFC v2 "KVM: TDX huge page support", 2025-08-07: an
 * accept tells the host how much it may map at once, an access does not). Ranges are in page frames.
 */
export class TdxHost {
  readonly sept: SecureEpt;
  /** Pages that the guest has made shared and of which the host keeps the private copy. */
  readonly kept: RangeSet = new RangeSet();
  readonly done: AcceptDone;
  readonly ledger: CostLedger;
  readonly #pages: HostPages;
  readonly #dynamicPamt: boolean;
  readonly #pairs = new PamtPairs();

  constructor(sept: SecureEpt, ledger: CostLedger, done: AcceptDone, options: PlatformOptions) {
    this.sept = sept;
    this.done = done;
    this.ledger = ledger;
    this.#pages = new HostPages(options);
    this.#dynamicPamt = options.dynamicPamt ?? false;
  }

  get pamtPages(): number {
    return this.#pairs.pages;
  }

  /** Level of the leaf that maps a page frame, or of the largest that the host could map there. */
  levelAt(pfn: number): PageLevel {
    return Math.min(this.sept.tables.levelOf(pfn), this.#pages.levelAt(pfn)) as PageLevel;
  }

  /**
   * End of the run of spans of 2 MiB (level 1) or 1 GiB (level 2) in which the host's leaves are all
   * at least so large, or all smaller.
   *
   * @param start first page frame of a span
   * @param end a multiple of the span as well
   */
  levelRunEnd(start: number, end: number, level: 1 | 2): number {
    const { tables } = this.sept;
    if (this.#pages.level < level) return end;
    if (this.#pages.uniform) return tables.splitRunEnd(start, end, level);
    const first = this.levelAt(start) >= level;
    let runEnd = start + LEVEL_PAGES[level];
    while (runEnd < end && this.levelAt(runEnd) >= level === first) runEnd += LEVEL_PAGES[level];
    return runEnd;
  }

  /** Pages are there before the guest runs; that is part of its launch and costs nothing more. */
  launch(start: number, end: number): void {
    const reached = this.reach(start, end, 0);
    this.sept.map(start, reached, 0);
    this.#track(start, reached);
    if (reached < end) throw this.#pages.supply.shortage(reached, true);
  }

  /** How far whole leaves over [start, end) find memory: `end`, or the first page frame of one that finds none. */
  reach(start: number, end: number, level: PageLevel): number {
    if (this.#pages.endless) return end;
    return this.#pages.reach(start, end, LEVEL_PAGES[level], (until) => this.#pagesFor(start, until, level));
  }

  shortage(pfn: number): Error {
    return this.#pages.supply.shortage(pfn, false);
  }

  /**
   * The guest's accepts of whole leaves of one level leave it where there is no memory yet; the host
   * gives it, and they are executed again and succeed. Mapped leaves stay as they are.
   */
  accept(start: number, end: number, level: PageLevel): void {
    const absent = end - start - this.sept.backedIn(start, end);
    const faults = absent / LEVEL_PAGES[level];
    this.ledger.charge(EPT_VIOLATION[level]!, faults);
    this.done.exits += faults;
    this.#pages.chargeClear(this.ledger, level, faults - this.#keptLeaves(start, end, level));
    this.ledger.charge(CostEvent.septAdd, this.sept.map(start, end, level));
    this.kept.remove(start, end);
    if (level === 0) this.ledger.charge(CostEvent.pamtAdd, this.#track(start, end));
  }

  /** Level of the leaves in a span of 2 MiB that the guest accepts whole and in which there are none yet. */
  get spanLevel(): 0 | 1 {
    return this.#pages.level === 0 ? 0 : 1;
  }

  /**
   * Whether whole spans of 2 MiB over [start, end) are all without memory, get leaves of one level, need a table and a
   * pair of their own where the level asks for that, and find memory.
   */
  isAlike(start: number, end: number): boolean {
    const { tables } = this.sept;
    const level = this.spanLevel;
    if (!this.#pages.uniform || tables.levelOf(start) === 0) return false;
    if (tables.splitRunEnd(start, end, 1) < end) return false;
    if (this.sept.backedIn(start, end) + this.kept.countIn(start, end) > 0) return false;
    const { pairs } = this.missing(start, end);
    if (level === 0 && this.#dynamicPamt && pairs < (end - start) / LEVEL_PAGES[1]) return false;
    return this.reach(start, end, level) === end;
  }

  /** What the module is short of to map whole spans over [start, end). */
  missing(start: number, end: number): { readonly tables: number; readonly pairs: number } {
    const level = this.spanLevel;
    return {
      tables: this.sept.tables.missing(start, end, level),
      pairs: level === 0 && this.#dynamicPamt ? this.#pairs.missing(start, end) : 0,
    };
  }

  /** Maps whole spans that are without memory; charges nothing but tables and pairs. */
  mapAbsent(start: number, end: number): void {
    const level = this.spanLevel;
    this.ledger.charge(CostEvent.septAdd, this.sept.map(start, end, level));
    if (level === 0) this.ledger.charge(CostEvent.pamtAdd, this.#track(start, end));
  }

  touch(pfn: number): void {
    if (this.sept.stateOf(pfn) !== "absent") return;
    if (this.reach(pfn, pfn + 1, 0) === pfn) throw this.shortage(pfn);
    this.ledger.charge(CostEvent.eptViolation4k, 1);
    this.done.exits++;
    this.#pages.chargeClear(this.ledger, 0, 1 - this.kept.countIn(pfn, pfn + 1));
    this.ledger.charge(CostEvent.septAdd, this.sept.augment(pfn, pfn + 1));
    this.ledger.charge(CostEvent.pamtAdd, this.#track(pfn, pfn + 1));
  }

  /**
   * Takes a range away leaf by leaf. Before a leaf goes, no CPU may be in the guest that entered it earlier, so
   * each one gets all of them out (Linux 6.16 arch/x86/kvm/vmx/tdx.c: tdx_track, KVM_REQ_OUTSIDE_GUEST_MODE).
   * Leaves that reach across an end are broken up first, which takes as many calls of the module and interrupts
   * as taking one away.
   */
  zapRange(start: number, end: number): void {
    const { tables, pairs } = this.#breakUp(start, end);
    this.ledger.charge(CostEvent.septAdd, tables);
    this.ledger.charge(CostEvent.pamtAdd, pairs);
    const leaves = this.sept.leavesIn(start, end);
    this.ledger.charge(CostEvent.septDemote, tables);
    this.ledger.charge(CostEvent.septRemove, leaves);
    this.done.removals += tables + leaves;
    this.sept.unmap(start, end);
    this.#pairs.release(this.sept, start, end);
  }

  /** A hostile host puts new pages of 4 KiB in the place of the guest's; nothing is charged. */
  replace(start: number, end: number): void {
    this.#breakUp(start, end);
    this.sept.unmap(start, end);
    this.sept.augment(start, end);
    this.#track(start, end);
  }

  /** Makes no leaf reach across an end of a range. @returns tables, one a broken leaf, and pairs that it took */
  #breakUp(start: number, end: number): { readonly tables: number; readonly pairs: number } {
    let [tables, pairs] = [0, 0];
    for (const edge of [start, end]) {
      while (this.sept.reachesAcross(edge)) {
        const pairPages = this.#dynamicPamt ? PAIR_PAGES : 0;
        if (this.#pages.supply.freePages < TABLE_PAGES + pairPages) throw this.shortage(edge);
        tables++;
        if (this.sept.demoteBefore(edge) === 0) pairs += this.#track(edge, edge + 1);
      }
    }
    return { tables, pairs };
  }

  /** Leaves of a range, as yet without memory, for which the host has kept some, which it cleared before the guest had it first. */
  #keptLeaves(start: number, end: number, level: PageLevel): number {
    if (level === 0) return this.kept.countIn(start, end);
    let leaves = 0;
    for (let pfn = this.kept.firstIn(start, end); pfn < end; leaves++) {
      pfn = this.kept.firstIn(roundDown(pfn, LEVEL_PAGES[level]) + LEVEL_PAGES[level], end);
    }
    return leaves;
  }

  /** Memory the host needs to map leaves of one level over [start, end), where there are none yet. */
  #pagesFor(start: number, end: number, level: PageLevel): number {
    const pairs = this.#dynamicPamt && level === 0 ? this.#pairs.missing(start, end) : 0;
    const absent = end - start - this.sept.backedIn(start, end) - this.kept.countIn(start, end);
    return absent + this.sept.tables.missing(start, end, level) * TABLE_PAGES + pairs * PAIR_PAGES;
  }

  /** @returns pairs of pages that the host had to give for pages of 4 KiB */
  #track(start: number, end: number): number {
    return this.#dynamicPamt ? this.#pairs.add(start, end) : 0;
  }
}
