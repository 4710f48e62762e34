/**
 * How memblock gives its free memory to the page allocator (mm/memblock.c: memblock_free_all,
 * free_low_memory_core_early, __free_pages_memory; Linux 6.12).
 */
import {
  type AddressRange,
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGE_SIZE,
  type Pfn,
  pfnDown,
  pfnUp,
  roundUp,
} from "../units.js";
import type { NodePfnRange } from "./iterate.js";
import type { Memblock } from "./memblock.js";
import { MemblockFlags, type MemblockRegion, numaValidNode } from "./regions.js";

/** `blockCount` blocks of one order in a row; only blocks of the highest order come in runs. */
export interface BlockRun {
  readonly startPfn: Pfn;
  readonly order: number;
  readonly blockCount: number;
}

/** Largest order a block starting at `pfn` may have: its alignment, at most MAX_PAGE_ORDER. */
function alignmentOrder(pfn: number): number {
  if (pfn === 0) return MAX_PAGE_ORDER;
  let order = 0;
  let rest = pfn;
  while (order < MAX_PAGE_ORDER && rest % 2 === 0) {
    rest /= 2;
    order++;
  }
  return order;
}

/**
 * Cuts the page frames [startPfn, endPfn) into the blocks that memblock_free_pages() sees, in
 * order (__free_pages_memory). A stretch of order-10 blocks comes as one run, so that the cost
 * does not grow with the size of the guest.
 */
export function* freePagesMemory(startPfn: number, endPfn: number): Generator<BlockRun> {
  let pfn = startPfn;
  while (pfn < endPfn) {
    let order = alignmentOrder(pfn);
    while (pfn + 2 ** order > endPfn) order--;
    const blockCount = order === MAX_PAGE_ORDER ? Math.floor((endPfn - pfn) / MAX_ORDER_PAGES) : 1;
    yield { startPfn: asPfn(pfn), order, blockCount };
    pfn += blockCount * 2 ** order;
  }
}

/**
 * The first half of memblock_free_all(): hot-plug marks are dropped, every reservation learns its
 * node, and the page frames that become PG_reserved are named in the order they are initialised:
 * NOMAP memory, then reservations, rounded outwards to pages (memmap_init_reserved_pages).
 * Reservations marked RSRV_NOINIT are left out.
 */
export function reservedPfnRanges(memblock: Memblock): NodePfnRange[] {
  memblock.clearHotplug(0, Infinity);
  const ranges: NodePfnRange[] = [];
  let capacity: number;
  do {
    capacity = memblock.reserved.max;
    ranges.length = 0;
    for (const region of memblock.memory.regions) {
      if ((region.flags & MemblockFlags.NOMAP) !== 0) ranges.push(touchedPfns(region, region.nid));
      memblock.setNode(region.base, region.size, memblock.reserved, region.nid);
    }
  } while (capacity !== memblock.reserved.max);
  for (const region of memblock.reserved.regions) {
    if ((region.flags & MemblockFlags.RSRV_NOINIT) !== 0) continue;
    ranges.push(
      touchedPfns(region, numaValidNode(region.nid) ? region.nid : earlyPfnToNid(memblock, region)),
    );
  }
  return ranges;
}

/** All page frames a region touches: a partly reserved page is reserved. */
function touchedPfns(region: MemblockRegion, nid: number): NodePfnRange {
  return { startPfn: pfnDown(region.base), endPfn: pfnUp(region.base + region.size), nid };
}

/** Node of a reservation's first page; outside of memory that is node 0 (early_pfn_to_nid). */
function earlyPfnToNid(memblock: Memblock, region: MemblockRegion): number {
  const nid = memblock.searchPfnNid(pfnDown(region.base))?.nid ?? 0;
  return numaValidNode(nid) ? nid : 0;
}

/**
 * The second half of memblock_free_all(): every free range of every node, ascending, rounded
 * inwards to pages and cut into blocks. Blocks whose struct pages are deferred are in it too;
 * memblock_free_pages() skips those.
 *
 * @param maxLowPfn end of what the kernel maps (max_low_pfn; on x86_64 the end of memory)
 */
export function* handOver(memblock: Memblock, maxLowPfn: number): Generator<BlockRun> {
  for (const range of memblock.freeMemRanges()) {
    yield* freePagesMemory(pfnUp(range.start), Math.min(pfnDown(range.end), maxLowPfn));
  }
}

/**
 * Pages of arrays that had to be moved out of the kernel image; memblock_discard() gives them to
 * the page allocator one by one after deferred initialisation, those of the reserved array first.
 */
export function discardedArrays(memblock: Memblock): AddressRange[] {
  const moved: AddressRange[] = [];
  for (const type of [memblock.reserved, memblock.memory]) {
    const start = type.arrayAddress;
    if (start !== undefined) moved.push({ start, end: start + roundUp(type.arrayBytes(), PAGE_SIZE) });
  }
  return moved;
}
