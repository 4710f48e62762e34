import { ZoneType } from "../mm/zones.js";
import {
  asPage,
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Page,
  type Pfn,
  roundDown,
  roundUp,
} from "../units.js";
import {
  accountFreePages,
  detachFromRun,
  freeOnePage,
  freeToBuddy,
  moveFreePagesBlock,
  pageblockInZone,
  removeFromFreeList,
} from "./buddy.js";
import { MigrateType } from "./migratetype.js";
import type { PageAllocator } from "./page-allocator.js";
import { ALLOCATED, ALLOCATED_MOVABLE, NO_PAGE, ORDER_MASK, type PageFrames } from "./page-frames.js";
import { pcpIndexOrder } from "./pcp.js";
import { acceptBlock, parkedBlockPage } from "./unaccepted-list.js";
import type { Zone } from "./zone.js";

/**
 * Isolation of pageblocks (mm/page_isolation.c, and move_freepages_block_isolate() of
 * mm/page_alloc.c, 6.12): their free pages leave the counters and cannot be allocated. What
 * contiguous allocations, memory hot-unplug and virtio-mem begin with.
 *
 * Not modelled: compound pages of order 10 that reach over the border of a range (EBUSY in the
 * kernel), and huge pages of hugetlb.
 */

/** What an isolated pageblock is to be afterwards; CMA also says who asks. */
export type IsolationType = typeof MigrateType.MOVABLE | typeof MigrateType.CMA;

/**
 * Isolates the pageblocks of a range of frames (start_isolate_page_range): the first, the last,
 * then those between. An unaccepted block is accepted when its first pageblock is isolated; the
 * second one alone leaves it unaccepted.
 *
 * @param type MOVABLE for hot-unplug and alloc_contig_pages(), CMA for cma_alloc() from its areas
 * @returns whether all are isolated now; if not, none is that was not before (EBUSY)
 */
export function startIsolatePageRange(
  allocator: PageAllocator,
  startPfn: Pfn,
  endPfn: Pfn,
  type: IsolationType,
  cpu: number,
): boolean {
  const first = roundDown(startPfn, PAGEBLOCK_PAGES);
  const last = asPfn(roundUp(endPfn, PAGEBLOCK_PAGES) - PAGEBLOCK_PAGES);
  if (!setMigratetypeIsolate(allocator, first, type, cpu)) return false;
  if (last !== first && !setMigratetypeIsolate(allocator, last, type, cpu)) {
    unsetMigratetypeIsolate(allocator, first, type, cpu);
    return false;
  }
  for (let at = first + PAGEBLOCK_PAGES; at < last; at += PAGEBLOCK_PAGES) {
    const pfn = asPfn(at);
    if (setMigratetypeIsolate(allocator, pfn, type, cpu)) continue;
    undoIsolatePageRange(allocator, first, pfn, type, cpu);
    unsetMigratetypeIsolate(allocator, last, type, cpu);
    return false;
  }
  return true;
}

/** Ends the isolation of every pageblock of a range that is isolated (undo_isolate_page_range). */
export function undoIsolatePageRange(
  allocator: PageAllocator,
  startPfn: Pfn,
  endPfn: Pfn,
  type: IsolationType,
  cpu: number,
): void {
  const end = roundUp(endPfn, PAGEBLOCK_PAGES);
  for (let pfn: number = roundDown(startPfn, PAGEBLOCK_PAGES); pfn < end; pfn += PAGEBLOCK_PAGES) {
    unsetMigratetypeIsolate(allocator, asPfn(pfn), type, cpu);
  }
}

/**
 * Isolates one pageblock unless it is isolated already, holds a page that cannot be moved, or
 * lies in its zone only in part (set_migratetype_isolate).
 *
 * @param blockPfn first frame of the pageblock
 */
export function setMigratetypeIsolate(
  allocator: PageAllocator,
  blockPfn: Pfn,
  type: IsolationType,
  cpu: number,
): boolean {
  const { frames } = allocator;
  const zone = allocator.zoneOfPfn(blockPfn);
  const page = pageToIsolate(allocator, zone, blockPfn, cpu);
  // Memory that boot has not handed over is reserved.
  if (page === NO_PAGE) return false;
  if (frames.pageblockType[page >> PAGEBLOCK_ORDER] === MigrateType.ISOLATE) return false;
  if (hasUnmovablePages(frames, zone, page, type)) return false;
  if (!moveFreePagesBlockIsolate(frames, zone, page, MigrateType.ISOLATE, cpu)) return false;
  zone.isolatedPageblocks++;
  return true;
}

/** Ends the isolation of a pageblock (unset_migratetype_isolate); nothing happens to one that is not isolated. */
export function unsetMigratetypeIsolate(
  allocator: PageAllocator,
  blockPfn: Pfn,
  type: IsolationType,
  cpu: number,
): void {
  const { frames } = allocator;
  const page = frames.pageOf(blockPfn);
  if (page === NO_PAGE || frames.pageblockType[page >> PAGEBLOCK_ORDER] !== MigrateType.ISOLATE) return;
  const zone = allocator.zoneOf(page);
  zone.isolatedPageblocks--;
  if (isFree(frames, page, PAGEBLOCK_ORDER)) {
    const buddy = asPage(page ^ PAGEBLOCK_PAGES);
    const buddyType = frames.pageblockType[buddy >> PAGEBLOCK_ORDER];
    if (isFree(frames, buddy, PAGEBLOCK_ORDER) && buddyType !== MigrateType.ISOLATE) {
      // Isolation kept the two apart: free the block anew, so that they merge (__putback_isolated_page).
      removeFromFreeList(frames, zone, page, PAGEBLOCK_ORDER, MigrateType.ISOLATE);
      frames.pageblockType[page >> PAGEBLOCK_ORDER] = type;
      freeOnePage(frames, zone, page, PAGEBLOCK_ORDER, type, true, cpu);
      return;
    }
  }
  moveFreePagesBlockIsolate(frames, zone, page, type, cpu);
}

function isFree(frames: PageFrames, page: Page, order: number): boolean {
  return (frames.meta[page]! & ORDER_MASK) === order + 1;
}

/**
 * First page of a pageblock, with frames of its own, or NO_PAGE where there is no memory to
 * isolate; an unaccepted block that begins with it is accepted (accept_page).
 */
function pageToIsolate(
  allocator: PageAllocator,
  zone: Zone,
  blockPfn: Pfn,
  cpu: number,
): Page | typeof NO_PAGE {
  const { frames } = allocator;
  const block = Math.floor(blockPfn / MAX_ORDER_PAGES);
  const parked = zone.unacceptedPages === 0 ? NO_PAGE : frames.rangeWith(zone.unacceptedList, block);
  if (parked !== NO_PAGE) {
    // Only the first page of the block is marked as unaccepted.
    if (blockPfn % MAX_ORDER_PAGES !== 0)
      return asPage(parkedBlockPage(frames, zone, block) + PAGEBLOCK_PAGES);
    acceptBlock(frames, zone, parked, block, allocator.acceptor, cpu);
  } else if (frames.pageOf(blockPfn) === NO_PAGE) {
    const run = frames.rangeWith(zone.list(MAX_PAGE_ORDER, MigrateType.MOVABLE), block);
    if (run !== NO_PAGE) detachFromRun(frames, zone, run, block, MigrateType.MOVABLE);
  }
  return frames.pageOf(blockPfn);
}

/**
 * Whether a pageblock holds a page that is reserved or cannot be moved (has_unmovable_pages). As
 * for claims, allocated pages count as movable when they were requested as movable.
 */
function hasUnmovablePages(frames: PageFrames, zone: Zone, first: Page, type: IsolationType): boolean {
  // Only cma_alloc() may clear a CMA area, and it need not ask.
  if (frames.pageblockType[first >> PAGEBLOCK_ORDER] === MigrateType.CMA) return type !== MigrateType.CMA;
  if (isUnaccepted(frames, zone, first)) return false;
  if (isFree(frames, largeBuddy(frames, first), MAX_PAGE_ORDER)) return false;
  let onPcp: ReadonlySet<number> | undefined;
  for (let page: number = first; page < first + PAGEBLOCK_PAGES; ) {
    const flags = frames.meta[page]!;
    const order = (flags & ORDER_MASK) - 1;
    if (order >= 0) {
      page += 1 << order;
      continue;
    }
    if ((flags & ALLOCATED) !== 0) {
      if ((flags & ALLOCATED_MOVABLE) === 0 && zone.type !== ZoneType.MOVABLE) return true;
    } else {
      onPcp ??= pcpPages(zone, first >> PAGEBLOCK_ORDER);
      // Neither free nor in use nor held for a CPU: boot has never handed it over.
      if (!onPcp.has(page)) return true;
    }
    page++;
  }
  return false;
}

/** Whether a page belongs to a block that waits for acceptance: no reference is held on it, so nothing is in the way. */
function isUnaccepted(frames: PageFrames, zone: Zone, page: Page): boolean {
  const block = Math.floor(frames.pfnOf(page) / MAX_ORDER_PAGES);
  return zone.unacceptedPages !== 0 && frames.rangeWith(zone.unacceptedList, block) !== NO_PAGE;
}

/** Pages of a pageblock that wait on per-CPU lists. */
function pcpPages(zone: Zone, pageblock: number): Set<number> {
  const pages = new Set<number>();
  for (const pcp of zone.pcp) {
    pcp.lists.forEach((list, index) => {
      for (let at = 0; at < list.size; at++) {
        const first = list.at(at);
        if (first >> PAGEBLOCK_ORDER !== pageblock) continue;
        for (let page: number = first; page < first + (1 << pcpIndexOrder(index)); page++) pages.add(page);
      }
    });
  }
  return pages;
}

/** First page of the free block that a page is part of, or the page itself (find_large_buddy). */
export function largeBuddy(frames: PageFrames, page: Page): Page {
  for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
    const head = asPage(page - (page % (1 << order)));
    const free = (frames.meta[head]! & ORDER_MASK) - 1;
    if (free >= 0) return head + (1 << free) > page ? head : page;
  }
  return page;
}

/**
 * Gives a pageblock another type and moves its free blocks to that type's lists; a free block
 * that reaches over the pageblock is split into pageblocks first (move_freepages_block_isolate).
 */
function moveFreePagesBlockIsolate(
  frames: PageFrames,
  zone: Zone,
  page: Page,
  type: number,
  cpu: number,
): boolean {
  if (!pageblockInZone(frames, zone, page)) return false;
  const head = largeBuddy(frames, page);
  if (!isFree(frames, head, MAX_PAGE_ORDER)) {
    const from = frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
    return moveFreePagesBlock(frames, zone, page, from, type, cpu);
  }
  const from = frames.pageblockType[head >> PAGEBLOCK_ORDER]!;
  removeFromFreeList(frames, zone, head, MAX_PAGE_ORDER, from);
  accountFreePages(zone, -MAX_ORDER_PAGES, from, cpu);
  frames.pageblockType[page >> PAGEBLOCK_ORDER] = type;
  freeToBuddy(frames, zone, head, MAX_PAGE_ORDER, false, cpu);
  return true;
}
