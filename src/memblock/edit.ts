/**
 * The operations every change of a region array is built from (mm/memblock.c, Linux 6.12).
 *
 * Sizes may be Infinity for "to the end of the address space", as the kernel's -1 after
 * memblock_cap_size().
 */
import { roundDown, roundUp } from "../units.js";
import type { MemblockFlags, MemblockType } from "./regions.js";

export interface IndexRange {
  readonly start: number;
  readonly end: number;
}

/** Number of regions the holes of [base, end) would become. */
function countHoles(type: MemblockType, base: number, end: number): number {
  let cursor = base;
  let holes = 0;
  for (const region of type.regions) {
    if (region.base >= end) break;
    const regionEnd = region.base + region.size;
    if (regionEnd <= cursor) continue;
    if (region.base > cursor) holes++;
    cursor = Math.min(regionEnd, end);
  }
  return cursor < end ? holes + 1 : holes;
}

/**
 * Adds [base, base + size). Existing regions keep their node and flags, only the holes get
 * the new ones; neighbours that agree are merged (memblock_add_range).
 */
export function addRange(
  type: MemblockType,
  base: number,
  size: number,
  nid: number,
  flags: MemblockFlags,
): void {
  if (size === 0) return;
  const end = base + size;
  const regions = type.regions;
  if (regions.length === 0) {
    type.insert(0, base, size, nid, flags);
    return;
  }
  // n regions leave at most n + 1 holes, so up to half of the capacity nothing has to be counted
  if (regions.length * 2 + 1 > type.max) {
    const holes = countHoles(type, base, end);
    if (holes === 0) return;
    while (regions.length + holes > type.max) type.grow(base, size);
  }
  let cursor = base;
  let index = 0;
  let firstInserted = -1;
  let lastInserted = -1;
  for (; index < regions.length; index++) {
    const region = regions[index]!;
    const regionEnd = region.base + region.size;
    if (region.base >= end) break;
    if (regionEnd <= cursor) continue;
    if (region.base > cursor) {
      if (firstInserted === -1) firstInserted = index;
      lastInserted = index;
      type.insert(index++, cursor, region.base - cursor, nid, flags);
    }
    cursor = Math.min(regionEnd, end);
  }
  if (cursor < end) {
    if (firstInserted === -1) firstInserted = index;
    lastInserted = index;
    type.insert(index, cursor, end - cursor, nid, flags);
  }
  if (firstInserted !== -1) mergeRegions(type, { start: firstInserted, end: lastInserted + 1 });
}

/** Merges touching regions that agree, from one before the window to its end (memblock_merge_regions). */
export function mergeRegions(type: MemblockType, window: IndexRange): void {
  const regions = type.regions;
  let index = Math.max(window.start - 1, 0);
  let end = Math.min(window.end, regions.length - 1);
  while (index < end) {
    const region = regions[index]!;
    const next = regions[index + 1]!;
    if (region.base + region.size !== next.base || region.nid !== next.nid || region.flags !== next.flags) {
      if (region.base + region.size > next.base) throw new Error(`memblock: ${type.name} regions overlap`);
      index++;
      continue;
    }
    region.size += next.size;
    regions.splice(index + 1, 1);
    end--;
  }
}

/**
 * Splits regions at both borders of [base, base + size) so that whole regions cover what is
 * there of it, and names those (memblock_isolate_range).
 */
export function isolateRange(type: MemblockType, base: number, size: number): IndexRange {
  if (size === 0) return { start: 0, end: 0 };
  const end = base + size;
  const regions = type.regions;
  while (regions.length + 2 > type.max) type.grow(base, size);
  let first = 0;
  let last = 0;
  for (let index = 0; index < regions.length; index++) {
    const region = regions[index]!;
    const regionEnd = region.base + region.size;
    if (region.base >= end) break;
    if (regionEnd <= base) continue;
    if (region.base < base) {
      splitRegion(type, index, base);
    } else if (regionEnd > end) {
      splitRegion(type, index, end);
      index--; // the lower piece is now wholly inside: look at it again
    } else {
      if (last === 0) first = index;
      last = index + 1;
    }
  }
  return { start: first, end: last };
}

function splitRegion(type: MemblockType, index: number, address: number): void {
  const region = type.regions[index]!;
  const lower = { ...region, size: address - region.base };
  region.size -= lower.size;
  region.base = address;
  type.regions.splice(index, 0, lower);
}

/** Takes [base, base + size) out of the array (memblock_remove_range). */
export function removeRange(type: MemblockType, base: number, size: number): void {
  const { start, end } = isolateRange(type, base, size);
  type.removeRegions(start, end);
}

/** Sets or clears one flag on [base, base + size) (memblock_setclr_flag). */
export function setclrFlag(
  type: MemblockType,
  base: number,
  size: number,
  set: boolean,
  flag: MemblockFlags,
): void {
  const window = isolateRange(type, base, size);
  for (let i = window.start; i < window.end; i++) {
    const region = type.regions[i]!;
    region.flags = set ? region.flags | flag : region.flags & ~flag;
  }
  mergeRegions(type, window);
}

/** Gives [base, base + size) to a node (memblock_set_node). */
export function setNode(type: MemblockType, base: number, size: number, nid: number): void {
  const window = isolateRange(type, base, size);
  for (let i = window.start; i < window.end; i++) type.regions[i]!.nid = nid;
  mergeRegions(type, window);
}

/**
 * Shrinks every region to whole multiples of `align` and drops what becomes empty. totalSize
 * follows only the dropped regions, as in the kernel (memblock_trim_memory).
 */
export function trimRegions(type: MemblockType, align: number): void {
  for (let i = 0; i < type.regions.length; i++) {
    const region = type.regions[i]!;
    const start = roundUp(region.base, align);
    const end = roundDown(region.base + region.size, align);
    if (start < end) {
      region.base = start;
      region.size = end - start;
    } else {
      type.removeRegions(i, i + 1);
      i--;
    }
  }
}
