import { CostEvent } from "../../sim/cost-events.js";
import type { CostLedger } from "../../sim/cost-ledger.js";
import { roundDown, roundUp } from "../../units.js";
import type { HostSupply } from "../host-supply.js";
import { LEVEL_PAGES, type PageLevel } from "../page-level.js";
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

/** What the host does for the private memory of an SNP guest. */
export interface BackingRules {
  /** Largest page of the host; the reverse map table has no entry above 2 MiB (level 1). */
  readonly level: PageLevel;
  /** Probability that the host finds a page of that size; otherwise it takes pages of 4 KiB. */
  readonly contiguity: number;
  /** A number from 0 to below 1 for each page of that size, by its position in the guest. */
  readonly chance: (position: number) => number;
  /** Whether the host keeps the private copy of memory that the guest has made shared. */
  readonly keepsConverted: boolean;
  /** What the host has left. */
  readonly supply: HostSupply;
}

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
  readonly #rules: BackingRules;
  /** Spans of 2 MiB in one page of the host. */
  readonly #spansPerPage: number;

  constructor(rmp: Rmp, ledger: CostLedger, rules: BackingRules) {
    this.#rmp = rmp;
    this.#ledger = ledger;
    this.#rules = rules;
    this.#spansPerPage = rules.level === 2 ? LEVEL_PAGES[2] / SPAN_PAGES : 1;
  }

  /** Level of the entries that the span around a page has or will get. */
  levelAt(pfn: number): 0 | 1 {
    const { level, contiguity, chance } = this.#rules;
    if (level === 0 || this.#rmp.tables.levelOf(pfn) === 0) return 0;
    if (contiguity >= 1) return 1;
    return chance(Math.floor(pfn / SPAN_PAGES / this.#spansPerPage)) < contiguity ? 1 : 0;
  }

  /** Where the level at a page stops to hold, on a boundary of a span or `end`. */
  levelRunEnd(pfn: number, end: number): number {
    const { level, contiguity } = this.#rules;
    if (level === 0) return end;
    const start = roundDown(pfn, SPAN_PAGES);
    if (contiguity >= 1) {
      return Math.min(this.#rmp.tables.splitRunEnd(start, roundUp(end, SPAN_PAGES), 1), end);
    }
    const first = this.levelAt(start);
    let runEnd = start + SPAN_PAGES;
    while (runEnd < end && this.levelAt(runEnd) === first) runEnd += SPAN_PAGES;
    return Math.min(runEnd, end);
  }

  /**
   * How far pages of a range find memory.
   *
   * @param small whether they are of 4 KiB wherever they are, as those of the launch
   * @returns `end`, or the first page frame that finds none
   */
  reach(start: number, end: number, small = false): number {
    const free = Math.max(this.#rules.supply.freePages, 0);
    if (free === Number.POSITIVE_INFINITY || this.#pagesFor(start, end, small) <= free) return end;
    let [enough, tooMany] = [start, end];
    while (tooMany - enough > 1) {
      const middle = Math.floor((enough + tooMany) / 2);
      if (this.#pagesFor(start, middle, small) <= free) enough = middle;
      else tooMany = middle;
    }
    return enough;
  }

  /** For what `reach` says finds no memory. */
  shortage(pfn: number, launching = false): Error {
    return this.#rules.supply.shortage(pfn, launching);
  }

  /** Maps a range in pages of 4 KiB, giving memory where there is none. */
  mapSmall(start: number, end: number, cause: Cause): void {
    this.#ledger.charge(MAPPED_4K[cause], this.#rmp.unmappedIn(start, end));
    // Assumption: the host's memory for one span of the guest is one span of the host's direct map.
    this.#ledger.charge(CostEvent.directMapSplit, this.#rmp.splitDirectMapOfHypervisor(start, end));
    this.#rmp.assign(start, end, 0);
  }

  /** Maps whole spans in pages of 2 MiB, giving memory where there is none. */
  mapLarge(start: number, end: number, cause: Cause): void {
    this.#ledger.charge(MAPPED_2M[cause], this.#rmp.unmappedIn(start, end) / SPAN_PAGES);
    this.#rmp.assign(start, end, 1);
  }

  /** A fault for the wrong size: the host splits the 2 MiB entry around a page. */
  smash(pfn: number): void {
    if (this.#rules.supply.freePages < 1) throw this.shortage(pfn);
    this.#ledger.charge(CostEvent.psmash, 1);
    this.#rmp.smash(pfn);
  }

  /** An ordinary access to one page, in whatever size the host likes. */
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

  /**
   * The guest has made a range shared. The host punches a hole into its memory, which makes each
   * entry the hypervisor's again, unless it keeps the private copy.
   */
  takeBack(start: number, end: number): void {
    this.#rmp.share(start, end);
    if (this.#rules.keepsConverted) {
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

  /**
   * A hostile host puts other memory in the place of assigned pages, in its own time: nothing is
   * charged.
   */
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
   * What the host needs to back all pages of a range: in spans of 2 MiB the whole span, and a table more
   * where the guest validates only part of it.
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
