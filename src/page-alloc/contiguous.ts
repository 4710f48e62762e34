import { asPfn, type Pfn } from "../units.js";
import { removeFromFreeList } from "./buddy.js";
import { type IsolationType, largeBuddy, startIsolatePageRange, undoIsolatePageRange } from "./isolation.js";
import { MigrateType } from "./migratetype.js";
import type { PageAllocator } from "./page-allocator.js";
import { ALLOCATED, ORDER_MASK, TOUCHED } from "./page-frames.js";

/**
 * What became of a request for certain frames. The kernel would migrate movable pages out of the
 * way where this model, which has no page cache and no page tables, says "needs migration".
 */
export type ContiguousOutcome = "allocated" | "not isolated" | "needs migration";

/**
 * Allocates just these frames (mm/page_alloc.c:alloc_contig_range, 6.12, without migration):
 * isolates their pageblocks, drains the zone's per-CPU lists, takes the frames off the free lists
 * and ends the isolation. They are given back page by page.
 *
 * @param startPfn first frame, inside memory that has been handed over
 * @param endPfn frame after the last, in the same zone
 * @param type CMA for cma_alloc(), MOVABLE for alloc_contig_pages()
 */
export function allocContigRange(
  allocator: PageAllocator,
  startPfn: Pfn,
  endPfn: Pfn,
  type: IsolationType,
  cpu: number,
): ContiguousOutcome {
  if (!startIsolatePageRange(allocator, startPfn, endPfn, type, cpu)) return "not isolated";
  allocator.drainZonePcp(allocator.zoneOfPfn(startPfn), cpu);
  const { frames } = allocator;
  // A free block may begin before the range.
  const outerStart = frames.pfnOf(largeBuddy(frames, allocator.pageAt(startPfn)));
  const free = isFreeRange(allocator, outerStart, endPfn);
  if (free) take(allocator, outerStart, startPfn, endPfn, cpu);
  undoIsolatePageRange(allocator, startPfn, endPfn, type, cpu);
  return free ? "allocated" : "needs migration";
}

/** Whether free blocks follow each other from the first frame on (test_pages_isolated). */
function isFreeRange(allocator: PageAllocator, startPfn: Pfn, endPfn: Pfn): boolean {
  const { frames } = allocator;
  for (let pfn: number = startPfn; pfn < endPfn; ) {
    const order = (frames.meta[allocator.pageAt(asPfn(pfn))]! & ORDER_MASK) - 1;
    if (order < 0) return false;
    pfn += 1 << order;
  }
  return true;
}

/** Takes whole free blocks, then frees what was not asked for, page by page (isolate_freepages_range). */
function take(allocator: PageAllocator, outerStart: Pfn, startPfn: Pfn, endPfn: Pfn, cpu: number): void {
  const { frames } = allocator;
  const zone = allocator.zoneOfPfn(startPfn);
  let outerEnd: number = outerStart;
  while (outerEnd < endPfn) {
    const page = allocator.pageAt(asPfn(outerEnd));
    const order = (frames.meta[page]! & ORDER_MASK) - 1;
    removeFromFreeList(frames, zone, page, order, MigrateType.ISOLATE);
    for (let at: number = page; at < page + (1 << order); at++) frames.meta[at]! |= ALLOCATED;
    outerEnd += 1 << order;
  }
  for (let pfn = startPfn; pfn < endPfn; pfn++) {
    const page = allocator.pageAt(pfn);
    if ((frames.meta[page]! & TOUCHED) === 0) allocator.touchedPages++;
    frames.meta[page]! |= TOUCHED;
  }
  for (let pfn = outerStart; pfn < startPfn; pfn++) allocator.freePages(allocator.pageAt(pfn), 0, cpu);
  for (let pfn = endPfn; pfn < outerEnd; pfn++) allocator.freePages(allocator.pageAt(pfn), 0, cpu);
}
