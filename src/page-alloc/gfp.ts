/** Request flags of the page allocator: bits, common combinations, and the text the kernel prints for them. */

/** gfp bits (include/linux/gfp_types.h, 6.12; bit 0x200 is unused there). */
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

const reclaim: number = Gfp.DIRECT_RECLAIM | Gfp.KSWAPD_RECLAIM;
const kernel: number = reclaim | Gfp.IO | Gfp.FS;
const user: number = kernel | Gfp.HARDWALL;
const highuserMovable: number = user | Gfp.HIGHMEM | Gfp.MOVABLE;
const transhugeLight: number = (highuserMovable | Gfp.COMP | Gfp.NOMEMALLOC | Gfp.NOWARN) & ~reclaim;

type GfpMaskName =
  | "ATOMIC"
  | "KERNEL"
  | "KERNEL_ACCOUNT"
  | "NOWAIT"
  | "NOIO"
  | "NOFS"
  | "USER"
  | "HIGHUSER"
  | "HIGHUSER_MOVABLE"
  | "TRANSHUGE_LIGHT"
  | "TRANSHUGE";

/** The combinations that callers use (include/linux/gfp_types.h: GFP_*, 6.12). */
export const GfpMask: Readonly<Record<GfpMaskName, number>> = {
  ATOMIC: Gfp.HIGH | Gfp.KSWAPD_RECLAIM,
  KERNEL: kernel,
  KERNEL_ACCOUNT: kernel | Gfp.ACCOUNT,
  NOWAIT: Gfp.KSWAPD_RECLAIM | Gfp.NOWARN,
  NOIO: reclaim,
  NOFS: reclaim | Gfp.IO,
  USER: user,
  HIGHUSER: user | Gfp.HIGHMEM,
  HIGHUSER_MOVABLE: highuserMovable,
  TRANSHUGE_LIGHT: transhugeLight,
  TRANSHUGE: transhugeLight | Gfp.DIRECT_RECLAIM,
};

/**
 * Names in the order in which the kernel looks for them (include/trace/events/mmflags.h:
 * gfpflag_string). Larger combinations stand before the smaller ones that they contain.
 */
const PRINTED: readonly (readonly [name: string, bits: number])[] = [
  ["GFP_TRANSHUGE", GfpMask.TRANSHUGE],
  ["GFP_TRANSHUGE_LIGHT", GfpMask.TRANSHUGE_LIGHT],
  ["GFP_HIGHUSER_MOVABLE", GfpMask.HIGHUSER_MOVABLE],
  ["GFP_HIGHUSER", GfpMask.HIGHUSER],
  ["GFP_USER", GfpMask.USER],
  ["GFP_KERNEL_ACCOUNT", GfpMask.KERNEL_ACCOUNT],
  ["GFP_KERNEL", GfpMask.KERNEL],
  ["GFP_NOFS", GfpMask.NOFS],
  ["GFP_ATOMIC", GfpMask.ATOMIC],
  ["GFP_NOIO", GfpMask.NOIO],
  ["GFP_NOWAIT", GfpMask.NOWAIT],
  ["GFP_DMA", Gfp.DMA],
  ["__GFP_HIGHMEM", Gfp.HIGHMEM],
  ["GFP_DMA32", Gfp.DMA32],
  ["__GFP_HIGH", Gfp.HIGH],
  ["__GFP_IO", Gfp.IO],
  ["__GFP_FS", Gfp.FS],
  ["__GFP_NOWARN", Gfp.NOWARN],
  ["__GFP_RETRY_MAYFAIL", Gfp.RETRY_MAYFAIL],
  ["__GFP_NOFAIL", Gfp.NOFAIL],
  ["__GFP_NORETRY", Gfp.NORETRY],
  ["__GFP_COMP", Gfp.COMP],
  ["__GFP_ZERO", Gfp.ZERO],
  ["__GFP_NOMEMALLOC", Gfp.NOMEMALLOC],
  ["__GFP_MEMALLOC", Gfp.MEMALLOC],
  ["__GFP_HARDWALL", Gfp.HARDWALL],
  ["__GFP_THISNODE", Gfp.THISNODE],
  ["__GFP_RECLAIMABLE", Gfp.RECLAIMABLE],
  ["__GFP_MOVABLE", Gfp.MOVABLE],
  ["__GFP_ACCOUNT", Gfp.ACCOUNT],
  ["__GFP_WRITE", Gfp.WRITE],
  ["__GFP_RECLAIM", reclaim],
  ["__GFP_DIRECT_RECLAIM", Gfp.DIRECT_RECLAIM],
  ["__GFP_KSWAPD_RECLAIM", Gfp.KSWAPD_RECLAIM],
  ["__GFP_ZEROTAGS", Gfp.ZEROTAGS],
];

/**
 * Prints flags as a trace does: the largest names that fit, bits without a name in hex.
 *
 * @param flags 32 bits
 * @returns such as `GFP_KERNEL|__GFP_ZERO`, `GFP_KERNEL|0x1000000`, or `none` for 0
 */
export function formatGfp(flags: number): string {
  let rest = flags >>> 0;
  if (rest === 0) return "none";
  const names: string[] = [];
  for (const [name, bits] of PRINTED) {
    if ((rest & bits) !== bits) continue;
    names.push(name);
    rest = (rest & ~bits) >>> 0;
  }
  if (rest !== 0) names.push(`0x${rest.toString(16)}`);
  return names.join("|");
}

/** Migrate type a request asks for (gfp_migratetype). */
export function gfpMigrateType(gfp: number): number {
  return (gfp & 0x18) >> 3;
}

const ZONE_OF_LOW_BITS: Int8Array = Int8Array.of(2, 0, 2, -1, 1, -1, -1, -1, 2, 0, 3, -1, 1, -1, -1, -1);

/** Highest zone type a request may use (gfp_zone). */
export function gfpZone(gfp: number): number {
  return ZONE_OF_LOW_BITS[gfp & 0xf]!;
}
