/**
 * The orders in which memblock is walked (include/linux/memblock.h for_each_* macros,
 * mm/memblock.c: should_skip_region, __next_mem_range, __next_mem_range_rev; Linux 6.12).
 *
 * The arrays must not change while a walk is under way.
 */
import { type AddressRange, PAGE_SIZE, pfnDown, pfnUp } from "../units.js";
import { MemblockFlags, type MemblockRegion, type MemblockType, numaValidNode } from "./regions.js";

export interface RegionFilter {
  /** Only this node; an invalid node number means any. */
  readonly nid: number;
  /** Flags asked for: MIRROR restricts, HOTPLUG, NOMAP and DRIVER_MANAGED admit. */
  readonly flags: MemblockFlags;
  /** `movable_node` was given: hotpluggable memory is avoided. */
  readonly movableNode: boolean;
}

export interface NodePfnRange {
  readonly startPfn: number;
  readonly endPfn: number;
  readonly nid: number;
}

function lacks(region: MemblockRegion, filter: RegionFilter, flag: number): boolean {
  return (region.flags & flag) !== 0 && (filter.flags & flag) === 0;
}

/** Whether a walk over the memory array leaves this region out (should_skip_region). */
function shouldSkipRegion(region: MemblockRegion, filter: RegionFilter): boolean {
  if (numaValidNode(filter.nid) && filter.nid !== region.nid) return true;
  if (filter.movableNode && lacks(region, filter, MemblockFlags.HOTPLUG)) return true;
  if ((filter.flags & MemblockFlags.MIRROR) !== 0 && (region.flags & MemblockFlags.MIRROR) === 0) return true;
  return lacks(region, filter, MemblockFlags.NOMAP) || lacks(region, filter, MemblockFlags.DRIVER_MANAGED);
}

/** Free byte ranges, memory minus reserved, ascending (for_each_free_mem_range). */
export function* freeMemRanges(
  memory: MemblockType,
  reserved: MemblockType,
  filter: RegionFilter,
): Generator<AddressRange> {
  // Gap k lies between reservation k-1 and reservation k.
  const taken = reserved.regions;
  let gap = 0;
  for (const region of memory.regions) {
    if (shouldSkipRegion(region, filter)) continue;
    const regionEnd = region.base + region.size;
    while (gap < taken.length && taken[gap]!.base <= region.base) gap++;
    for (; ; gap++) {
      const gapStart = gap === 0 ? 0 : taken[gap - 1]!.base + taken[gap - 1]!.size;
      const gapEnd = gap === taken.length ? Infinity : taken[gap]!.base;
      const start = Math.max(region.base, gapStart);
      const end = Math.min(regionEnd, gapEnd);
      if (start < end) yield { start, end };
      if (regionEnd <= gapEnd) break;
    }
  }
}

/** The same ranges, descending (for_each_free_mem_range_reverse). */
export function* freeMemRangesReverse(
  memory: MemblockType,
  reserved: MemblockType,
  filter: RegionFilter,
): Generator<AddressRange> {
  const taken = reserved.regions;
  let gap = taken.length;
  for (let i = memory.regions.length - 1; i >= 0; i--) {
    const region = memory.regions[i]!;
    if (shouldSkipRegion(region, filter)) continue;
    const regionEnd = region.base + region.size;
    while (gap > 0 && taken[gap - 1]!.base + taken[gap - 1]!.size >= regionEnd) gap--;
    for (; ; gap--) {
      const gapEnd = gap === taken.length ? Infinity : taken[gap]!.base;
      const gapStart = gap === 0 ? 0 : taken[gap - 1]!.base + taken[gap - 1]!.size;
      const start = Math.max(region.base, gapStart);
      const end = Math.min(regionEnd, gapEnd);
      if (start < end) yield { start, end };
      if (gapStart <= region.base) break;
    }
  }
}

/**
 * Whole page frames of memory, ascending, NOMAP and HOTPLUG included
 * (for_each_mem_pfn_range: only the node is looked at).
 */
export function* memPfnRanges(memory: MemblockType, nid: number): Generator<NodePfnRange> {
  for (const region of memory.regions) {
    if (numaValidNode(nid) && region.nid !== nid) continue;
    const startPfn = pfnUp(region.base);
    const endPfn = pfnDown(region.base + region.size);
    if (startPfn < endPfn) yield { startPfn, endPfn, nid: region.nid };
  }
}

/**
 * Whole free page frames of a zone, ascending, clipped to it. A page that a reservation touches
 * is not free; ranges that round to nothing are left out
 * (for_each_free_mem_pfn_range_in_zone_from).
 */
export function* freePfnRangesInZone(
  memory: MemblockType,
  reserved: MemblockType,
  zone: NodePfnRange,
  movableNode: boolean,
): Generator<NodePfnRange> {
  const filter = { nid: zone.nid, flags: MemblockFlags.NONE, movableNode };
  for (const range of freeMemRanges(memory, reserved, filter)) {
    if (range.start >= zone.endPfn * PAGE_SIZE) return;
    const startPfn = Math.max(pfnUp(range.start), zone.startPfn);
    const endPfn = Math.min(pfnDown(range.end), zone.endPfn);
    if (startPfn < endPfn) yield { startPfn, endPfn, nid: zone.nid };
  }
}
