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
