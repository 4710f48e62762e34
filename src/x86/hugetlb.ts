/** `hugepages=`: what memblock gives at boot, and what the page allocator gives later (mm/hugetlb.c, Linux 6.12). */

import type { AllocationWaits } from "../accept/waits.js";
import { hugePagePools, PMD_PAGE_BYTES, PUD_PAGE_BYTES } from "../command-line/hugepages.js";
import type { BootRules } from "../linux/rules.js";
import { MEMBLOCK_ALLOC_ACCESSIBLE } from "../memblock/memblock.js";
import { Gfp, GfpMask, NO_PAGE, withTouch } from "../page-alloc/index.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { type AddressRange, PAGE_SIZE, PAGEBLOCK_ORDER, type Page, pfnDown } from "../units.js";
import type { EarlyBoot, KernelMemory } from "./early-machine.js";

/**
 * Pages of 1 GiB for `hugepages=`, which only memblock can give: page after page, each accepted in
 * one go while there is one CPU (mm/hugetlb.c: hugepages_setup, from 6.15 on hugetlb_bootmem_alloc ->
 * hugetlb_hstate_alloc_pages, __alloc_bootmem_huge_page, Linux 6.12). That the head of each is touched does not count.
 */
export function hugetlbBootmem(boot: EarlyBoot): void {
  const { pools, dropped } = hugePagePools(boot.options.words, boot.nodeIds);
  for (const { word, why } of dropped) boot.remarks.push(`ignored: ${word}: ${why}`);
  for (const { pageBytes, pages, byNode } of pools) {
    if (pageBytes !== PUD_PAGE_BYTES) continue;
    if (boot.hugetlbCma) {
      boot.remarks.push("hugepages=: none of 1 GiB are taken at boot, as hugetlb_cma= has an area for them");
      continue;
    }
    const ranges: AddressRange[] = [];
    if (byNode === undefined)
      takePages(boot, pages, (page) => boot.nodeIds[page % boot.nodeIds.length]!, ranges);
    else for (const [nid, count] of byNode) takePages(boot, count, () => nid, ranges);
    boot.hugeBootPages.push({ pageBytes, askedPages: pages, ranges });
    if (ranges.length < pages) {
      boot.remarks.push(`hugepages=: of ${pages} pages of 1 GiB there is room for ${ranges.length}`);
    }
  }
}

/** Takes pages until one does not fit. */
function takePages(
  boot: EarlyBoot,
  pages: number,
  nodeOf: (page: number) => number,
  ranges: AddressRange[],
): void {
  const { memblock } = boot;
  for (let page = 0; page < pages; page++) {
    const start = boot.setAside(PUD_PAGE_BYTES, () =>
      memblock.allocTryNidRaw(PUD_PAGE_BYTES, PUD_PAGE_BYTES, 0, MEMBLOCK_ALLOC_ACCESSIBLE, nodeOf(page)),
    );
    if (start === 0) return;
    memblock.reservedMarkNoinit(start + PAGE_SIZE, PUD_PAGE_BYTES - PAGE_SIZE);
    ranges.push({ start, end: start + PUD_PAGE_BYTES });
  }
}

export interface HugePagePoolResult {
  readonly pageBytes: number;
  readonly askedPages: number;
  readonly pages: number;
}

export interface HugePagePools {
  readonly pools: readonly HugePagePoolResult[];
  /** Pages in them that nobody has touched. */
  readonly untouchedPages: number;
}

const GFP: number = GfpMask.HIGHUSER_MOVABLE | Gfp.THISNODE | Gfp.COMP | Gfp.NOWARN | Gfp.RETRY_MAYFAIL;

/** What memblock gave becomes managed, at this step or at the other (gather_bootmem_prealloc). */
export function gatherBootPages(
  { allocator, early }: KernelMemory,
  step: BootRules["hugePagesManagedFrom"],
): void {
  if (early.bootRules.hugePagesManagedFrom !== step) return;
  for (const { pageBytes, ranges } of early.hugeBootPages) {
    for (const { start } of ranges) {
      allocator.adjustManagedPages(allocator.zoneOfPfn(pfnDown(start)), pageBytes / PAGE_SIZE);
    }
  }
}

/**
 * Fills the pools (mm/hugetlb.c: hugetlb_init, a subsys initcall, Linux 6.12): what memblock gave
 * becomes managed, and pages of 2 MiB come from the page allocator until one fails. From 6.9 on two
 * threads for each node take half of them each (hugetlb_pages_alloc_boot). Nobody touches the pages,
 * unless `init_on_alloc=1` clears them.
 */
export function hugetlbInit(kernel: KernelMemory, clock: GuestClock, waits: AllocationWaits): HugePagePools {
  const { allocator, early } = kernel;
  gatherBootPages(kernel, "hugetlb_init");
  const results: HugePagePoolResult[] = early.hugeBootPages.map(({ pageBytes, askedPages, ranges }) => ({
    pageBytes,
    askedPages,
    pages: ranges.length,
  }));
  const pool = hugePagePools(early.options.words, early.nodeIds).pools.find(
    ({ pageBytes }) => pageBytes === PMD_PAGE_BYTES,
  );
  if (pool === undefined) return { pools: results, untouchedPages: 0 };
  const touchedBefore = allocator.touchedPages;
  const { acceptor } = allocator;
  if (!early.options.initOnAlloc) allocator.acceptor = withTouch(acceptor, undefined);
  const filler = new PoolFiller(kernel, clock, waits);
  const pages =
    pool.byNode === undefined
      ? filler.fill(pool.pages, early.nodeIds)
      : [...pool.byNode].reduce((sum, [nid, count]) => sum + filler.fill(count, [nid]), 0);
  allocator.acceptor = acceptor;
  const untouchedPages = early.options.initOnAlloc ? 0 : allocator.touchedPages - touchedBefore;
  if (pages < pool.pages) {
    early.remarks.push(`hugepages=: of ${pool.pages} pages of 2 MiB there is room for ${pages}`);
  }
  return {
    pools: [...results, { pageBytes: PMD_PAGE_BYTES, askedPages: pool.pages, pages }],
    untouchedPages,
  };
}

class PoolFiller {
  readonly #kernel: KernelMemory;
  readonly #clock: GuestClock;
  readonly #waits: AllocationWaits;

  constructor(kernel: KernelMemory, clock: GuestClock, waits: AllocationWaits) {
    this.#kernel = kernel;
    this.#clock = clock;
    this.#waits = waits;
  }

  /** @returns pages that there was room for */
  fill(pages: number, nodeIds: readonly number[]): number {
    const { early, cpuNodes } = this.#kernel;
    const threads = early.rules.parallelHugePages ? Math.min(2 * nodeIds.length, cpuNodes.length, pages) : 1;
    const { scheduler } = this.#clock;
    const left: number[] = [];
    for (let cpu = 0; cpu < threads; cpu++) {
      left.push(Math.floor(pages / threads) + (cpu < pages % threads ? 1 : 0));
      this.#clock.wake(cpu);
      if (left[cpu]! > 0) scheduler.add(cpu);
    }
    let filled = 0;
    let node = 0;
    for (let cpu = scheduler.next(); cpu >= 0; cpu = scheduler.next()) {
      left[cpu]!--;
      const taken = this.#takePage(cpu, nodeIds, node++);
      if (taken) filled++;
      if (taken && left[cpu]! > 0) scheduler.add(cpu);
    }
    this.#clock.joinAll();
    return filled;
  }

  /** Asks node after node, in turn (alloc_pool_huge_folio). */
  #takePage(cpu: number, nodeIds: readonly number[], turn: number): boolean {
    const { allocator } = this.#kernel;
    this.#clock.begin(cpu);
    let page: Page | typeof NO_PAGE = NO_PAGE;
    for (let at = 0; at < nodeIds.length && page === NO_PAGE; at++) {
      page = allocator.allocPages(GFP, PAGEBLOCK_ORDER, nodeIds[(turn + at) % nodeIds.length]!, cpu);
    }
    this.#waits.record(this.#clock.settle(cpu));
    return page !== NO_PAGE;
  }
}
