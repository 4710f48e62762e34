/** page_alloc_init_late(), once all CPUs are online (mm/mm_init.c, Linux 6.12 and 7.3). */

import { EagerChunk } from "../accept/eager-chunks.js";
import { discardedArrays } from "../memblock/hand-over.js";
import { deferredInitChunk, deferredJobs, padataChunks } from "../mm/deferred-init.js";
import type { PfnRange } from "../mm/pfn-range.js";
import { Gfp, GfpMask, NO_PAGE, shuffleZone } from "../page-alloc/index.js";
import { CostEvent } from "../sim/cost-events.js";
import { GuestEnded } from "../sim/guest-ended.js";
import {
  asPage,
  formatBytes,
  GiB,
  MAX_ORDER_PAGES,
  PAGE_SIZE,
  PAGES_PER_SECTION,
  pfnDown,
  roundDown,
  roundUp,
} from "../units.js";
import { gatherBootPages } from "../x86/hugetlb.js";
import type { DeferredArea, Kernel } from "./kernel.js";

/** Most memory whose blocks are put into a random order: each then has frames of its own here. */
const SHUFFLED_BYTES_MAX: number = 64 * GiB;

const PAGE_EXT_BYTES = 8; // sizeof(struct page_ext)
const PAGE_OWNER_BYTES = 64; // sizeof(struct page_owner)
const PAGE_TABLE_CHECK_BYTES = 8; // sizeof(struct page_table_check)

/**
 * Initialises the remaining struct pages and frees their memory (deferred_init_memmap). All CPUs but the
 * first are idle until then. The boot CPU waits for all.
 */
export function deferredInit(kernel: Kernel): void {
  const { clock, acceptingCpus = Number.POSITIVE_INFINITY } = kernel.start;
  kernel.allocator.growZone = undefined;
  for (const area of kernel.deferredAreas) {
    const nodeCpus = kernel.cpuNodes.flatMap((nodeId, cpu) => (nodeId === area.nodeId ? [cpu] : []));
    for (const job of deferredJobs(area, kernel.early.bootRules.deferredJobs)) {
      const { workers, chunks } = padataChunks(job, Math.min(nodeCpus.length, acceptingCpus));
      runChunks(kernel, area, chunks, nodeCpus.slice(0, workers));
      clock.joinAll();
    }
  }
  gatherBootPages(kernel, "page_alloc_init_late");
  discardMemblock(kernel);
}

/**
 * Each CPU takes chunk after chunk. Where several accept them they take turns, block by block; a chunk's
 * memory goes to the allocator when all of it is accepted.
 */
function runChunks(
  { start, sink }: Kernel,
  { free }: DeferredArea,
  chunks: readonly PfnRange[],
  cpus: readonly number[],
): void {
  const { clock, acceptance, lazy } = start;
  const { scheduler, idle, ledger } = clock;
  for (const cpu of cpus) {
    idle.busy[cpu] = 1;
    clock.wake(cpu);
    scheduler.add(cpu);
  }
  // Where nobody accepts with others, it does not matter in what pieces time passes.
  const whole = lazy || cpus.length === 1;
  const current: (EagerChunk | undefined)[] = [];
  let taken = 0;
  for (let cpu = scheduler.next(); cpu >= 0; cpu = scheduler.next()) {
    let chunk = current[cpu];
    if (chunk === undefined) {
      if (taken === chunks.length) {
        idle.busy[cpu] = 0;
        continue;
      }
      chunk = new EagerChunk(chunks[taken++]!, free, acceptance);
    }
    clock.begin(cpu);
    if (!whole && chunk.findBlock()) {
      ledger.charge(CostEvent.initStructPage, MAX_ORDER_PAGES);
      chunk.acceptBlock();
      current[cpu] = chunk;
    } else {
      const pages = deferredInitChunk(free, chunk.span, sink);
      ledger.charge(CostEvent.initStructPage, pages - chunk.blocks * MAX_ORDER_PAGES);
      current[cpu] = undefined;
    }
    clock.settle(cpu);
    scheduler.add(cpu);
  }
}

/** Gives back the region arrays that had to grow; the others lie in the kernel image (memblock_discard). */
function discardMemblock({ allocator, early, release }: Kernel): void {
  for (const { start, end } of discardedArrays(early.memblock)) {
    for (let pfn = pfnDown(start); pfn < end / PAGE_SIZE; pfn++) {
      if (early.bootRules.lateFrees === "free_reserved_page") allocator.freeReservedPage(pfn, 0);
      else release.block(pfn, 0);
    }
  }
}

/** Puts free blocks into a random order, where the command line asks for it. */
export function shuffleFreeMemory({ allocator, early }: Kernel, memoryBytes: number, seed: number): void {
  if (!early.options.shuffle) return;
  if (memoryBytes > SHUFFLED_BYTES_MAX) {
    early.remarks.push(
      `ignored: page_alloc.shuffle in a guest of more than ${formatBytes(SHUFFLED_BYTES_MAX)}`,
    );
    return;
  }
  for (const zone of allocator.zones) shuffleZone(zone, seed);
}

/**
 * Extensions of struct page, a table for each section of 128 MiB that has memory: for `page_owner=on`
 * and `page_table_check=on` (mm/page_ext.c: page_ext_init, alloc_page_ext, Linux 6.12). A table
 * that finds no room in a row is put together of single pages.
 *
 * @throws GuestEnded where the kernel panics
 */
export function pageExtInit({ allocator, early }: Kernel): void {
  const { pageOwner, pageTableCheck } = early.options;
  const users = (pageOwner ? PAGE_OWNER_BYTES : 0) + (pageTableCheck ? PAGE_TABLE_CHECK_BYTES : 0);
  if (users === 0) return;
  const pages = Math.ceil(((PAGE_EXT_BYTES + users) * PAGES_PER_SECTION) / PAGE_SIZE);
  const order = Math.ceil(Math.log2(pages));
  const gfp = GfpMask.KERNEL | Gfp.ZERO | Gfp.NOWARN;
  for (const nid of sections(early.memblock.memPfnRanges())) {
    const table = allocator.allocPages(gfp, order, nid, 0);
    if (table !== NO_PAGE) {
      for (let page: number = table + pages; page < table + 2 ** order; page++)
        allocator.freePagesPastPcp(asPage(page), 0, 0);
      continue;
    }
    for (let page = 0; page < pages; page++) {
      if (allocator.allocPages(gfp, 0, nid, 0) === NO_PAGE) {
        throw new GuestEnded("oom", "the kernel panics: no memory for page_owner= or page_table_check=");
      }
    }
  }
}

function sections(ranges: Iterable<{ startPfn: number; endPfn: number; nid: number }>): number[] {
  const nodes = new Map<number, number>();
  for (const { startPfn, endPfn, nid } of ranges) {
    const end = roundUp(endPfn, PAGES_PER_SECTION);
    for (let pfn = roundDown(startPfn, PAGES_PER_SECTION); pfn < end; pfn += PAGES_PER_SECTION) {
      if (!nodes.has(pfn)) nodes.set(pfn, nid);
    }
  }
  return [...nodes.values()];
}
