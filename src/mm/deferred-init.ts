import type { BootRules } from "../linux/rules.js";
import { asPfn, MAX_ORDER_PAGES, PAGES_PER_SECTION, type Pfn, roundDown, roundUp } from "../units.js";
import { clipRanges, firstEndingAfter, type PfnRange } from "./pfn-range.js";

/**
 * Deferred initialisation of struct pages: those of a node's last zone that boot left out are
 * initialised and freed by threads (mm/mm_init.c:page_alloc_init_late and
 * deferred_init_memmap, kernel/padata.c, 6.12 and 7.3), or, before those run, by the CPU that finds the
 * zone empty (deferred_grow_zone).
 */

/** What of a zone is left to initialise. */
export interface DeferredPages {
  /** memblock's free memory in the zone: whole pages that are not reserved, ascending, disjoint and clipped to it. */
  readonly free: readonly PfnRange[];
  /** Infinity when nothing is left. */
  readonly firstDeferredPfn: number;
  /** End of the zone. */
  readonly endPfn: number;
}

/** Receives the pages, in the order in which the kernel frees them. */
export interface DeferredSink {
  /** A run of whole, aligned, free blocks of order 10. Both pageblocks of each become MOVABLE. */
  maxOrderBlocks(startPfn: Pfn, blockCount: number): void;
  /**
   * A free run inside one block of order 10. It is accepted at once by a single request and
   * then freed page by page as order 0. Only pageblocks whose first page is in the run become
   * MOVABLE; one that begins with a reserved page stays UNMOVABLE.
   */
  singlePages(startPfn: Pfn, pageCount: number): void;
}

/** The jobs a node's thread hands to padata (deferred_init_memmap). */
export function deferredJobs(
  { free, firstDeferredPfn, endPfn }: DeferredPages,
  rule: BootRules["deferredJobs"],
): PfnRange[] {
  if (rule === "node") {
    if (firstDeferredPfn >= endPfn) return [];
    return [{ startPfn: firstDeferredPfn, endPfn: roundUp(endPfn, PAGES_PER_SECTION) }];
  }
  const jobs: PfnRange[] = [];
  let nextPfn = firstDeferredPfn;
  for (;;) {
    const range = free[firstEndingAfter(free, nextPfn)];
    if (range === undefined) return jobs;
    const job = {
      startPfn: Math.max(range.startPfn, nextPfn),
      endPfn: roundUp(range.endPfn, PAGES_PER_SECTION),
    };
    jobs.push(job);
    nextPfn = job.endPfn;
  }
}

export interface PadataPlan {
  /** Threads that take chunks, one after another, as each gets ready. */
  readonly workers: number;
  readonly chunks: readonly PfnRange[];
}

/** Chunks that each worker gets on average (kernel/padata.c: load_balance_factor). */
const LOAD_BALANCE_FACTOR = 4;

/**
 * Cuts a job into chunks (kernel/padata.c:padata_do_multithreaded, 6.12 and 7.3). Chunk borders are
 * multiples of the chunk size, so that the first chunk can be short. That padata's pool of
 * work items could run out, which would mean fewer workers, is left out.
 *
 * @param maxThreads CPUs of the node, at least 1
 */
export function padataChunks(job: PfnRange, maxThreads: number): PadataPlan {
  const size = job.endPfn - job.startPfn;
  const sections = Math.max(Math.floor(size / PAGES_PER_SECTION), 1);
  const workers = Math.min(sections, Math.max(maxThreads, 1));
  if (workers === 1) return { workers, chunks: [job] };
  const share = Math.max(Math.floor(size / (workers * LOAD_BALANCE_FACTOR)), PAGES_PER_SECTION);
  const chunkPages = roundUp(share, PAGES_PER_SECTION);
  const chunks: PfnRange[] = [];
  for (let startPfn = job.startPfn; startPfn < job.endPfn; ) {
    const endPfn = Math.min(roundUp(startPfn + 1, chunkPages), job.endPfn);
    chunks.push({ startPfn, endPfn });
    startPfn = endPfn;
  }
  return { workers, chunks };
}

/**
 * Initialises and frees what is free in a span, ascending (deferred_init_memmap_chunk).
 * Takes time proportional to the number of free ranges, not of pages.
 *
 * @param span ends at a multiple of 4 MiB, as chunks do
 */
export function deferredInitChunk(free: readonly PfnRange[], span: PfnRange, sink: DeferredSink): number {
  let pages = 0;
  for (const { startPfn, endPfn } of clipRanges(free, span)) {
    releaseRun(asPfn(startPfn), asPfn(endPfn), sink);
    pages += endPfn - startPfn;
  }
  return pages;
}

/** Frees one free run: its unaligned head, its whole blocks, its unaligned tail (deferred_init_maxorder). */
function releaseRun(startPfn: Pfn, endPfn: Pfn, sink: DeferredSink): void {
  const firstBlock = roundUp(startPfn, MAX_ORDER_PAGES);
  const lastBlock = roundDown(endPfn, MAX_ORDER_PAGES);
  if (firstBlock > lastBlock) {
    sink.singlePages(startPfn, endPfn - startPfn);
    return;
  }
  if (startPfn < firstBlock) sink.singlePages(startPfn, firstBlock - startPfn);
  if (firstBlock < lastBlock) sink.maxOrderBlocks(firstBlock, (lastBlock - firstBlock) / MAX_ORDER_PAGES);
  if (lastBlock < endPfn) sink.singlePages(lastBlock, endPfn - lastBlock);
}

export interface GrowResult {
  /** Whether the caller should try to allocate again. That does not promise pages it may use: they can be unaccepted. */
  readonly grown: boolean;
  /** Where deferred initialisation goes on; Infinity when nothing is left. */
  readonly firstDeferredPfn: number;
  readonly pages: number;
}

/**
 * Initialises at least a section's worth of free pages because an allocation failed before
 * the threads ran (mm/mm_init.c:deferred_grow_zone). It stops only when it leaves a
 * section. The size of the request plays no role: no order exceeds a section.
 *
 * For a node's last zone only; in any other zone nothing is deferred and the kernel returns false.
 */
export function growZone(area: DeferredPages, rule: BootRules["zoneGrowth"], sink: DeferredSink): GrowResult {
  return rule === "sections" ? growBySections(area, sink) : growByFreeMemory(area, sink);
}

function growBySections({ free, firstDeferredPfn, endPfn }: DeferredPages, sink: DeferredSink): GrowResult {
  let pages = 0;
  let nextPfn = firstDeferredPfn;
  while (pages < PAGES_PER_SECTION && nextPfn < endPfn) {
    const section = { startPfn: nextPfn, endPfn: roundUp(nextPfn + 1, PAGES_PER_SECTION) };
    pages += deferredInitChunk(free, section, sink);
    nextPfn = section.endPfn;
  }
  const left = nextPfn < endPfn ? nextPfn : Number.POSITIVE_INFINITY;
  return { grown: pages > 0, firstDeferredPfn: left, pages };
}

function growByFreeMemory({ free, firstDeferredPfn }: DeferredPages, sink: DeferredSink): GrowResult {
  const first = free[firstEndingAfter(free, firstDeferredPfn)];
  if (first === undefined) {
    // Others may have emptied the area since: have the caller look again, once.
    const grown = firstDeferredPfn !== Number.POSITIVE_INFINITY;
    return { grown, firstDeferredPfn: Number.POSITIVE_INFINITY, pages: 0 };
  }
  let pages = 0;
  let nextPfn = Math.max(first.startPfn, firstDeferredPfn);
  while (pages < PAGES_PER_SECTION && nextPfn !== Number.POSITIVE_INFINITY) {
    const section = { startPfn: nextPfn, endPfn: roundUp(nextPfn + 1, PAGES_PER_SECTION) };
    pages += deferredInitChunk(free, section, sink);
    const next = free[firstEndingAfter(free, section.endPfn)];
    nextPfn = next === undefined ? Number.POSITIVE_INFINITY : Math.max(next.startPfn, section.endPfn);
  }
  return { grown: true, firstDeferredPfn: nextPfn, pages };
}
