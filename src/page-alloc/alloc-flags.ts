import { Gfp } from "./gfp.js";
import { MigrateType } from "./migratetype.js";

/**
 * Flags of one allocation attempt inside the allocator (mm/internal.h: ALLOC_*, 6.12).
 * The low two bits select the watermark.
 */
export const AllocFlag = {
  WMARK_MIN: 0x0,
  WMARK_LOW: 0x1,
  WMARK_HIGH: 0x2,
  NO_WATERMARKS: 0x4,
  OOM: 0x8,
  NON_BLOCK: 0x10,
  MIN_RESERVE: 0x20,
  CPUSET: 0x40,
  CMA: 0x80,
  NOFRAGMENT: 0x100,
  HIGHATOMIC: 0x200,
  NOLOCK: 0x400,
  KSWAPD: 0x800,
} as const;

/** Bits that select the watermark (ALLOC_WMARK_MASK). */
export const ALLOC_WMARK_MASK = 0x3;

/** Flags that may dip into the reserves (ALLOC_RESERVES). */
export const ALLOC_RESERVES: number =
  AllocFlag.OOM | AllocFlag.NON_BLOCK | AllocFlag.MIN_RESERVE | AllocFlag.HIGHATOMIC;

/** Index of a watermark in Zone.watermark (include/linux/mmzone.h: enum zone_watermarks). */
export const Watermark = { MIN: 0, LOW: 1, HIGH: 2, PROMO: 3 } as const;

/** CMA pages are for movable memory only (gfp_to_alloc_flags_cma). */
export function cmaFlag(type: number): number {
  return type === MigrateType.MOVABLE ? AllocFlag.CMA : 0;
}

/** Flags of a request that cannot wait for reclaim (alloc_flags_nonblocking; 6.12 in gfp_to_alloc_flags). */
export function nonBlockingFlags(gfp: number, order: number): number {
  if ((gfp & (Gfp.DIRECT_RECLAIM | Gfp.NOMEMALLOC)) !== 0) return 0;
  const isHigh = order > 0 && (gfp & Gfp.HIGH) !== 0;
  return isHigh ? AllocFlag.NON_BLOCK | AllocFlag.HIGHATOMIC : AllocFlag.NON_BLOCK;
}

/** Flags of the second attempt, below the low watermark (gfp_to_alloc_flags). */
export function slowPathFlags(gfp: number, order: number, type: number): number {
  let flags: number = AllocFlag.WMARK_MIN | AllocFlag.CPUSET | (gfp & (Gfp.HIGH | Gfp.KSWAPD_RECLAIM));
  if ((gfp & Gfp.DIRECT_RECLAIM) === 0) {
    flags |= nonBlockingFlags(gfp, order);
    if ((flags & AllocFlag.MIN_RESERVE) !== 0) flags &= ~AllocFlag.CPUSET;
  }
  return flags | cmaFlag(type);
}

/** Largest order the allocator tries hard for (PAGE_ALLOC_COSTLY_ORDER). */
export const COSTLY_ORDER = 3;

/**
 * Whether compaction comes before reclaim (__alloc_pages_slowpath: compact_first). Requests look at the lists again
 * after it.
 */
export function compactsFirst(gfp: number, order: number, type: number): boolean {
  const mayCompact = (gfp & Gfp.DIRECT_RECLAIM) !== 0 && (gfp & Gfp.IO) !== 0;
  return mayCompact && (order > COSTLY_ORDER || (order > 0 && type !== MigrateType.MOVABLE));
}

/**
 * A request that compaction alone may serve, because memory of other nodes is better than reclaim on this one: the
 * first try of a fault for a huge page (mm/mempolicy.c: alloc_pages_mpol).
 */
export function isLocalOnly(gfp: number): boolean {
  const localOnly = Gfp.NORETRY | Gfp.THISNODE;
  return (gfp & localOnly) === localOnly;
}
