import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { roundDown, roundUp } from "../../units.js";
import { HostPages } from "../host-pages.js";
import { LEVEL_PAGES } from "../page-tables.js";
import type { PlatformOptions } from "../platform.js";
import type { Rmp } from "./rmp.js";

const SPAN_PAGES = LEVEL_PAGES[1];

/** Why the host maps memory: the guest touched it, or the VMM prefaults. */
export type Cause = "touch" | "prefault";

const MAPPED_4K: Readonly<Record<Cause, CostEvent>> = {
  touch: CostEvent.npf4k,
  prefault: CostEvent.prefault4k,
};
const MAPPED_2M: Readonly<Record<Cause, CostEvent>> = {
  touch: CostEvent.npf2m,
  prefault: CostEvent.prefault2m,
};

/**
 * The host's side: guest_memfd, RMPUPDATE, PSMASH and nested page faults (6.12
 * virt/kvm/guest_memfd.c, arch/x86/kvm/svm/sev.c: sev_gmem_prepare, sev_handle_rmp_fault,
 * sev_gmem_invalidate; arch/x86/virt/svm/sev.c: rmpupdate, psmash). Memory is private from the
 * start as far as KVM is concerned (QEMU 9.1 accel/kvm/kvm-all.c: kvm_set_phys_mem), so a first
 * touch anywhere in a span that the host backs with 2 MiB maps all of it. Ranges are in page frames.
 */
export class SnpHost {
  readonly #rmp: Rmp;
  readonly #ledger: CostLedger;
  readonly #pages: HostPages;
  readonly #keepsConverted: boolean;

  constructor(rmp: Rmp, ledger: CostLedger, options: PlatformOptions) {
    this.#rmp = rmp;
    this.#ledger = ledger;
    this.#pages = new HostPages(options);
    this.#keepsConverted = options.keepsConverted ?? false;
  }

  /** Level of the entries that the span around a page has or will get. */
  levelAt(pfn: number): 0 | 1 {
    return this.#pages.level === 0 || this.#rmp.tables.levelOf(pfn) === 0 || this.#pages.levelAt(pfn) === 0
      ? 0
      : 1;
  }

  /** Where the level at a page stops to hold, on a boundary of a span or `end`. */
  levelRunEnd(pfn: number, end: number): number {
    if (this.#pages.level === 0) return end;
    const start = roundDown(pfn, SPAN_PAGES);
    if (this.#pages.uniform) {
      return Math.min(this.#rmp.tables.splitRunEnd(start, roundUp(end, SPAN_PAGES), 1), end);
    }
    const first = this.levelAt(start);
    let runEnd = start + SPAN_PAGES;
    while (runEnd < end && this.levelAt(runEnd) === first) runEnd += SPAN_PAGES;
    return Math.min(runEnd, end);
  }

  /** How far pages of a range find memory. @param small whether all are of 4 KiB, as those of the launch */
  reach(start: number, end: number, small = false): number {
    if (this.#pages.endless) return end;
    return this.#pages.reach(start, end, 1, (until) => this.#pagesFor(start, until, small));
  }

  shortage(pfn: number, launching = false): Error {
    return this.#pages.supply.shortage(pfn, launching);
  }

  /** Maps a range in pages of 4 KiB, giving memory where there is none. */
  mapSmall(start: number, end: number, cause: Cause): void {
    this.#ledger.charge(MAPPED_4K[cause], this.#rmp.unmappedIn(start, end));
    this.#pages.chargeClear(this.#ledger, 0, this.#unassignedIn(start, end));
    // Assumption: the host's memory for one span of the guest is one span of the host's direct map.
    this.#ledger.charge(CostEvent.directMapSplit, this.#rmp.splitDirectMapOfHypervisor(start, end));
    this.#rmp.assign(start, end, 0);
  }

  /** Maps whole spans in pages of 2 MiB, giving memory where there is none. */
  mapLarge(start: number, end: number, cause: Cause): void {
    this.#ledger.charge(MAPPED_2M[cause], this.#rmp.unmappedIn(start, end) / SPAN_PAGES);
    this.#pages.chargeClear(this.#ledger, 1, this.#unassignedIn(start, end) / SPAN_PAGES);
    this.#rmp.assign(start, end, 1);
  }

  /** A fault for the wrong size: the host splits the 2 MiB entry around a page. */
  smash(pfn: number): void {
    if (this.#pages.supply.freePages < 1) throw this.shortage(pfn);
    this.#ledger.charge(CostEvent.psmash, 1);
    this.#rmp.smash(pfn);
  }

  /** Whether whole spans of 2 MiB over [start, end) are all without memory, get entries of one size, and find memory. */
  isAlike(start: number, end: number): boolean {
    if (!this.#pages.uniform || this.#rmp.assignedIn(start, end) > 0) return false;
    if (this.#pages.level === 0) {
      if (!this.#rmp.isDirectMapWhole(start, end)) return false;
    } else if (this.levelAt(start) === 0 || this.levelRunEnd(start, end) < end) return false;
    return this.reach(start, end) === end;
  }

  /** Maps whole spans that are without memory, and charges nothing. */
  mapAbsent(start: number, end: number): void {
    const level = this.#pages.level === 0 ? 0 : 1;
    if (level === 0) this.#rmp.splitDirectMap(start, end);
    this.#rmp.assign(start, end, level);
  }

  touch(pfn: number): void {
    if (this.#rmp.unmappedIn(pfn, pfn + 1) === 0) return;
    if (this.reach(pfn, pfn + 1) === pfn) throw this.shortage(pfn);
    if (this.levelAt(pfn) === 0) {
      this.mapSmall(pfn, pfn + 1, "touch");
      return;
    }
    const start = roundDown(pfn, SPAN_PAGES);
    this.mapLarge(start, start + SPAN_PAGES, "touch");
  }

  /** The guest has made a range shared: its entries are the hypervisor's again, unless the host keeps its copy. */
  zapRange(start: number, end: number): void {
    this.#rmp.unmap(start, end);
    if (this.#keepsConverted) {
      this.#rmp.keep(start, end);
      return;
    }
    for (let position = start; position < end; ) {
      const runEnd = this.levelRunEnd(position, end);
      if (this.levelAt(position) === 0) {
        this.#ledger.charge(CostEvent.rmpupdateShared, runEnd - position);
        this.#ledger.charge(CostEvent.directMapSplit, this.#rmp.splitDirectMap(position, runEnd));
      } else {
        this.#ledger.charge(CostEvent.rmpupdateShared, (runEnd - position) / SPAN_PAGES);
      }
      position = runEnd;
    }
    this.#rmp.unassign(start, end);
  }

  /** A hostile host puts other memory in the place of assigned pages; nothing is charged. */
  replace(start: number, end: number): void {
    this.#smashAll(start, end);
    this.#rmp.replace(start, end);
  }

  /**
   * A hostile host maps the memory of one page at another one as well. Where the reverse map table lets no
   * access through, it moves the entry, and gives the first page new memory.
   */
  alias(page: number, other: number): "unnoticed" | "blocked" {
    for (const one of [page, other]) this.#smashAll(one, one + 1);
    const hostPage = this.#rmp.hostPageOf(page);
    this.#rmp.mapAt(other, hostPage);
    if (this.#rmp.letsThrough(other)) return "unnoticed";
    this.#rmp.update(hostPage, other);
    this.#rmp.replace(page, page + 1);
    return "blocked";
  }

  /**
   * Pages the host needs to back a range: in spans of 2 MiB the whole span, and a table more where the
   * guest validates only part of it.
   */
  #pagesFor(start: number, end: number, small: boolean): number {
    const { tables } = this.#rmp;
    let pages = tables.missing(start, end, 1);
    for (let position = start; position < end; ) {
      const runEnd = small ? end : this.levelRunEnd(position, end);
      if (small || this.levelAt(position) === 0) {
        pages += this.#unassignedIn(position, runEnd);
        pages += tables.missing(position, runEnd, 0) - tables.missing(position, runEnd, 1);
      } else {
        const [first, last] = [roundDown(position, SPAN_PAGES), roundUp(runEnd, SPAN_PAGES)];
        pages += this.#unassignedIn(first, last) + (first < position ? 1 : 0) + (last > runEnd ? 1 : 0);
      }
      position = runEnd;
    }
    return pages;
  }

  #unassignedIn(start: number, end: number): number {
    return end - start - this.#rmp.assignedIn(start, end);
  }

  #smashAll(start: number, end: number): void {
    for (let position = start; position < end; position = roundDown(position, SPAN_PAGES) + SPAN_PAGES) {
      if (this.levelAt(position) === 1) this.#rmp.smash(position);
    }
  }
}
