import { CostEvent } from "../sim/cost-events.js";
import type { CostLedger } from "../sim/cost-ledger.js";
import { roundDown } from "../units.js";
import { LEVEL_PAGES, type PageLevel, pageLevel } from "./page-tables.js";
import { ENDLESS_SUPPLY, type HostSupply, type PlatformOptions } from "./platform.js";

/** Pages of 2 MiB in one of each level. */
const PIECES: Readonly<Record<1 | 2, number>> = { 1: 1, 2: LEVEL_PAGES[2] / LEVEL_PAGES[1] };

/** The host's pages that back a guest's private memory, and those it has left. */
export class HostPages {
  readonly level: PageLevel;
  /** Whether the host finds a page of that level wherever it looks for one. */
  readonly uniform: boolean;
  readonly supply: HostSupply;
  readonly #contiguity: number;
  readonly #chance: (position: number) => number;
  readonly #largeClear: CostEvent;

  constructor(options: PlatformOptions) {
    const { pageSizeBytes, contiguity = 1, chance = () => 0, supply = ENDLESS_SUPPLY } = options;
    this.#largeClear =
      options.clearsInOrder === true ? CostEvent.hostClear2mSequential : CostEvent.hostClear2m;
    this.level = pageLevel(pageSizeBytes);
    this.uniform = this.level === 0 || contiguity >= 1;
    this.supply = supply;
    this.#contiguity = contiguity;
    this.#chance = chance;
  }

  /** Level of the host's page at a page frame of the guest. */
  levelAt(pfn: number): PageLevel {
    if (this.uniform) return this.level;
    const pages = LEVEL_PAGES[this.level];
    return this.#chance(roundDown(pfn, pages) / pages) < this.#contiguity ? this.level : 0;
  }

  /**
   * Charges what the host clears as it gives pages to the guest (6.12 virt/kvm/guest_memfd.c: kvm_gmem_prepare_folio),
   * each once as long as it keeps it.
   */
  chargeClear(ledger: CostLedger, level: PageLevel, pages: number): void {
    if (level === 0) ledger.charge(CostEvent.hostClear4k, pages);
    else ledger.charge(this.#largeClear, pages * PIECES[level]);
  }

  get endless(): boolean {
    return this.supply.freePages === Number.POSITIVE_INFINITY;
  }

  /**
   * How far [start, end) finds memory, in steps of some page frames.
   *
   * @param pagesFor what the host needs for all from `start` up to a step
   * @returns `end`, or the first page frame of the step that finds none
   */
  reach(start: number, end: number, step: number, pagesFor: (end: number) => number): number {
    const free = Math.max(this.supply.freePages, 0);
    if (pagesFor(end) <= free) return end;
    let enough = 0;
    let tooMany = (end - start) / step;
    while (tooMany - enough > 1) {
      const middle = Math.floor((enough + tooMany) / 2);
      if (pagesFor(start + middle * step) <= free) enough = middle;
      else tooMany = middle;
    }
    return start + enough * step;
  }
}
