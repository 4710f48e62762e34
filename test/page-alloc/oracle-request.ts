import { ALLOC_CMA, ALLOC_HIGHATOMIC, NON_BLOCK } from "./oracle-rmqueue.js";
import { MOVABLE, type OracleZone } from "./oracle-zone.js";

/** What the naive model makes of a request's flags (include/linux/gfp_types.h, mm/page_alloc.c). */

export const GFP_HIGH = 0x20;
const GFP_IO = 0x40;
export const GFP_DIRECT_RECLAIM = 0x400;
export const GFP_KSWAPD_RECLAIM = 0x800;
export const GFP_NOFAIL = 0x8000;
const GFP_NORETRY = 0x10000;
export const GFP_MEMALLOC = 0x20000;
export const GFP_NOMEMALLOC = 0x80000;
export const GFP_THISNODE = 0x200000;
/** NOWARN, ZERO, NOMEMALLOC and COMP, of which none makes a difference here. */
export const GFP_NOLOCK = 0xc2100;

export const NORMAL_ZONE = 2;
export const DMA32_ZONE = 1;

/** gfp_zone by the low four bits. */
export const HIGHEST_ZONE: Record<number, number> = { 0: 2, 1: 0, 2: 2, 4: 1, 8: 2, 9: 0, 10: 3, 12: 1 };

export interface Request {
  readonly order: number;
  readonly type: number;
  readonly highest: number;
  /** Zones that may be used, best first. */
  readonly zones: readonly OracleZone[];
  readonly cpu: number;
  /** What it interrupts holds the lock of the CPU's lists. */
  readonly pcpLocked: boolean;
}

/** Movable memory may use CMA areas (gfp_to_alloc_flags_cma). */
export function cmaFlag(request: Request): number {
  return request.type === MOVABLE ? ALLOC_CMA : 0;
}

/** alloc_flags_nonblocking, or gfp_to_alloc_flags */
export function nonBlocking(gfp: number, order: number): number {
  if ((gfp & (GFP_DIRECT_RECLAIM | GFP_NOMEMALLOC)) !== 0) return 0;
  return NON_BLOCK | (order > 0 && (gfp & GFP_HIGH) !== 0 ? ALLOC_HIGHATOMIC : 0);
}

/** Whether compaction is tried before reclaim, and the lists once more behind it (compact_first, 7.3). */
export function compactsFirst(gfp: number, { order, type }: Request): boolean {
  if ((gfp & GFP_DIRECT_RECLAIM) === 0 || (gfp & GFP_IO) === 0) return false;
  return order > 3 || (order > 0 && type !== MOVABLE);
}

/** A huge page that had better be small pages than take what other nodes need (the check behind compact_first, 7.3). */
export function isOfOneNodeOnly(gfp: number): boolean {
  return (gfp & GFP_NORETRY) !== 0 && (gfp & GFP_THISNODE) !== 0;
}
