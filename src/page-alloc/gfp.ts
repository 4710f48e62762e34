/** gfp bits (include/linux/gfp_types.h, 6.12). */
export const Gfp = {
  DMA: 0x1,
  HIGHMEM: 0x2,
  DMA32: 0x4,
  MOVABLE: 0x8,
  RECLAIMABLE: 0x10,
  HIGH: 0x20,
  IO: 0x40,
  FS: 0x80,
  ZERO: 0x100,
  DIRECT_RECLAIM: 0x400,
  KSWAPD_RECLAIM: 0x800,
  WRITE: 0x1000,
  NOWARN: 0x2000,
  RETRY_MAYFAIL: 0x4000,
  NOFAIL: 0x8000,
  NORETRY: 0x10000,
  MEMALLOC: 0x20000,
  COMP: 0x40000,
  NOMEMALLOC: 0x80000,
  HARDWALL: 0x100000,
  THISNODE: 0x200000,
  ACCOUNT: 0x400000,
  ZEROTAGS: 0x800000,
} as const;

/** Migrate type a request asks for (gfp_migratetype). */
export function gfpMigrateType(gfp: number): number {
  return (gfp & 0x18) >> 3;
}

const ZONE_OF_LOW_BITS: Int8Array = Int8Array.of(2, 0, 2, -1, 1, -1, -1, -1, 2, 0, 3, -1, 1, -1, -1, -1);

/** Highest zone type a request may use (gfp_zone). */
export function gfpZone(gfp: number): number {
  return ZONE_OF_LOW_BITS[gfp & 0xf]!;
}
