/** The sorted region arrays memblock is made of (include/linux/memblock.h, Linux 6.12). */

import type { AddressRange } from "../units.js";

/** Attributes of a region (include/linux/memblock.h: enum memblock_flags, 7.3). */
export const MemblockFlags = {
  NONE: 0x0,
  /** Firmware says the range may be removed; avoided only when `movable_node` is on the command line. */
  HOTPLUG: 0x1,
  /** Mirrored RAM, known only with `kernelcore=mirror`. */
  MIRROR: 0x2,
  /** Not in the direct map; skipped by iterators unless asked for. */
  NOMAP: 0x4,
  /** Added by a driver; skipped unless asked for. */
  DRIVER_MANAGED: 0x8,
  /** Reserved region whose struct pages stay uninitialised. */
  RSRV_NOINIT: 0x10,
  /** Reserved for the kernel's own use (6.16). */
  RSRV_KERN: 0x20,
  /** Memory that a kexec may pass on to the next kernel (6.16). */
  KHO_SCRATCH: 0x40,
} as const;
/** A bit mask of {@link MemblockFlags} values. */
export type MemblockFlags = number;

/**
 * "No node" in the nid of a region that was added without one. CONFIG_NODES_SHIFT is 10 in
 * Debian's kernels; that the number is no valid node is all that matters.
 */
export const MAX_NUMNODES = 1024;
/** "Any node" in a request (include/linux/numa.h). Compares unequal to {@link MAX_NUMNODES} when regions merge. */
export const NUMA_NO_NODE = -1;

/** Whether `nid` names a node (include/linux/numa.h: numa_valid_node). */
export function numaValidNode(nid: number): boolean {
  return nid >= 0 && nid < MAX_NUMNODES;
}

export interface MemblockRegion {
  base: number;
  size: number;
  flags: MemblockFlags;
  nid: number;
}

/** Entries of both static arrays on x86 (mm/memblock.c: INIT_MEMBLOCK_REGIONS). */
const INIT_REGIONS = 128;
/** sizeof(struct memblock_region) with CONFIG_NUMA. */
const REGION_BYTES = 24;

/**
 * One array: regions ascending by base, disjoint, and merged wherever two neighbours touch and
 * agree in node and flags (struct memblock_type).
 */
export class MemblockType {
  readonly name: "memory" | "reserved";
  readonly regions: MemblockRegion[] = [];
  /** Capacity in regions; doubles when the array is full. */
  max: number = INIT_REGIONS;
  /**
   * Bytes in all regions. trim_memory() does not correct it, in the kernel neither
   * (mm/memblock.c: memblock_trim_memory).
   */
  totalSize = 0;
  /** Physical address of the array once it was moved out of the kernel image. */
  arrayAddress: number | undefined = undefined;

  /** Makes the array larger; the range that is about to be added must be left alone. */
  readonly grow: (newStart: number, newSizeBytes: number) => void;

  constructor(name: "memory" | "reserved", grow: (newStart: number, newSizeBytes: number) => void) {
    this.name = name;
    this.grow = grow;
  }

  /** The regions as address ranges, ascending. */
  get ranges(): AddressRange[] {
    return this.regions.map(({ base, size }) => ({ start: base, end: base + size }));
  }

  /** Bytes of an array of the present capacity, not rounded to pages. */
  arrayBytes(): number {
    return this.max * REGION_BYTES;
  }

  insert(index: number, base: number, size: number, nid: number, flags: MemblockFlags): void {
    this.regions.splice(index, 0, { base, size, flags, nid });
    this.totalSize += size;
  }

  removeRegions(start: number, end: number): void {
    for (let i = start; i < end; i++) this.totalSize -= this.regions[i]!.size;
    this.regions.splice(start, end - start);
  }

  /** Index of the region that contains `address`, or -1 (mm/memblock.c: memblock_search). */
  search(address: number): number {
    let left = 0;
    let right = this.regions.length;
    while (left < right) {
      const middle = Math.floor((left + right) / 2);
      const region = this.regions[middle]!;
      if (address < region.base) right = middle;
      else if (address >= region.base + region.size) left = middle + 1;
      else return middle;
    }
    return -1;
  }

  /** Whether any region shares a byte with [base, base + size) (memblock_overlaps_region). */
  overlaps(base: number, size: number): boolean {
    const end = base + size;
    return this.regions.some((region) => base < region.base + region.size && region.base < end);
  }
}
