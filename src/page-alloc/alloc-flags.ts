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

/** Flags of the second attempt, below the low watermark (gfp_to_alloc_flags). */
export function slowPathFlags(gfp: number, order: number, type: number): number {
  let flags: number = AllocFlag.WMARK_MIN | AllocFlag.CPUSET | (gfp & (Gfp.HIGH | Gfp.KSWAPD_RECLAIM));
  if ((gfp & Gfp.DIRECT_RECLAIM) === 0) {
    if ((gfp & Gfp.NOMEMALLOC) === 0) {
      flags |= AllocFlag.NON_BLOCK;
      if (order > 0 && (flags & AllocFlag.MIN_RESERVE) !== 0) flags |= AllocFlag.HIGHATOMIC;
    }
    if ((flags & AllocFlag.MIN_RESERVE) !== 0) flags &= ~AllocFlag.CPUSET;
  }
  return flags | cmaFlag(type);
}
