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

/** The combinations that callers use (include/linux/gfp_types.h: GFP_*, 6.12). */
export const GfpMask = {
  ATOMIC: (Gfp.HIGH | Gfp.KSWAPD_RECLAIM) as number,
  KERNEL: kernel as number,
  KERNEL_ACCOUNT: (kernel | Gfp.ACCOUNT) as number,
  NOWAIT: (Gfp.KSWAPD_RECLAIM | Gfp.NOWARN) as number,
  NOIO: reclaim as number,
  NOFS: (reclaim | Gfp.IO) as number,
  USER: user as number,
  HIGHUSER: (user | Gfp.HIGHMEM) as number,
  HIGHUSER_MOVABLE: highuserMovable as number,
  TRANSHUGE_LIGHT: transhugeLight as number,
  TRANSHUGE: (transhugeLight | Gfp.DIRECT_RECLAIM) as number,
};

/** Combinations, the larger before those that they contain (include/trace/events/mmflags.h: gfpflag_string). */
const COMBINATIONS = `
  GFP_TRANSHUGE GFP_TRANSHUGE_LIGHT GFP_HIGHUSER_MOVABLE GFP_HIGHUSER GFP_USER GFP_KERNEL_ACCOUNT GFP_KERNEL
  GFP_NOFS GFP_ATOMIC GFP_NOIO GFP_NOWAIT`;

/** Names in the order in which the kernel looks for them up to 6.14. */
const PRINTED: readonly string[] = wordsOf(`${COMBINATIONS}
  GFP_DMA __GFP_HIGHMEM GFP_DMA32 __GFP_HIGH __GFP_IO __GFP_FS
  __GFP_NOWARN __GFP_RETRY_MAYFAIL __GFP_NOFAIL __GFP_NORETRY __GFP_COMP __GFP_ZERO __GFP_NOMEMALLOC
  __GFP_MEMALLOC __GFP_HARDWALL __GFP_THISNODE __GFP_RECLAIMABLE __GFP_MOVABLE __GFP_ACCOUNT __GFP_WRITE
  __GFP_RECLAIM __GFP_DIRECT_RECLAIM __GFP_KSWAPD_RECLAIM __GFP_ZEROTAGS`);

/** From 6.15 on single flags come in the order of their bits (ca29a0bf1221). */
const PRINTED_BY_BIT: readonly string[] = [
  ...wordsOf(`${COMBINATIONS} GFP_DMA GFP_DMA32 __GFP_RECLAIM`),
  ...Object.keys(Gfp).map((name) => `__GFP_${name}`),
];

function wordsOf(text: string): string[] {
  return text.trim().split(/\s+/);
}

const BITS: Readonly<Record<string, number>> = { RECLAIM: reclaim, ...Gfp, ...GfpMask };

/**
 * Prints flags as a trace does: the largest names that fit, bits without a name in hex.
 *
 * @param flags 32 bits
 * @param inBitOrder whether of a kernel from 6.15 on
 * @returns such as `GFP_KERNEL|__GFP_ZERO`, `GFP_KERNEL|0x1000000`, or `none` for 0
 */
export function formatGfp(flags: number, inBitOrder = false): string {
  let rest = flags >>> 0;
  if (rest === 0) return "none";
  const names: string[] = [];
  for (const name of inBitOrder ? PRINTED_BY_BIT : PRINTED) {
    const bits = BITS[name.replace(/^(__)?GFP_/, "")]!;
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
