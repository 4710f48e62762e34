import {
  CMA,
  HIGHATOMIC,
  MAX_ORDER,
  MOVABLE,
  type OracleZone,
  PAGEBLOCK,
  PAGEBLOCK_PAGES,
  RECLAIMABLE,
  UNMOVABLE,
} from "./oracle-zone.js";

/** Taking pages from the buddy lists of a zone, other types included: the naive model's __rmqueue(). */

/** Bits of alloc_flags (mm/internal.h, 6.12 and 7.3). */
export const WMARK_MIN = 0x0;
export const WMARK_LOW = 0x1;
export const WMARK_MASK = 0x3;
export const NO_WATERMARKS = 0x4;
export const OOM = 0x8;
export const NON_BLOCK = 0x10;
export const MIN_RESERVE = 0x20;
export const CPUSET = 0x40;
export const ALLOC_CMA = 0x80;
export const NOFRAGMENT = 0x100;
export const ALLOC_HIGHATOMIC = 0x200;
export const NOLOCK = 0x400;
export const KSWAPD = 0x800;

const FALLBACKS: Record<number, readonly number[]> = {
  [UNMOVABLE]: [RECLAIMABLE, MOVABLE],
  [MOVABLE]: [RECLAIMABLE, UNMOVABLE],
  [RECLAIMABLE]: [UNMOVABLE, MOVABLE],
};

/** How far one refill of a per-CPU list has had to go. */
export interface RmqueueMode {
  name: "normal" | "cma" | "steal";
}

/** __rmqueue: a block of the type, or of another one; -1 if there is none. */
export function rmqueue(
  zone: OracleZone,
  order: number,
  type: number,
  flags: number,
  mode: RmqueueMode,
  cpu: number,
): number {
  const cma = (flags & ALLOC_CMA) !== 0;
  let pfn = -1;
  // More than half of the free memory is in CMA areas: take from there first.
  if (cma && Math.max(0, zone.freeCma) > Math.floor(Math.max(0, zone.freePages) / 2)) {
    pfn = zone.takeSmallest(order, CMA, cpu);
    if (pfn >= 0) return pfn;
  }
  if (zone.machine.rules.fallback === "6.12.0") {
    pfn = zone.takeSmallest(order, type, cpu);
    if (pfn < 0 && cma) pfn = zone.takeSmallest(order, CMA, cpu);
    return pfn >= 0 ? pfn : fallback6120(zone, order, type, flags, cpu);
  }
  if (mode.name === "normal") {
    pfn = zone.takeSmallest(order, type, cpu);
    if (pfn >= 0) return pfn;
  }
  if (mode.name !== "steal" && cma) {
    pfn = zone.takeSmallest(order, CMA, cpu);
    if (pfn >= 0) {
      mode.name = "cma";
      return pfn;
    }
  }
  if (mode.name !== "steal") {
    pfn = claim(zone, order, type, flags, cpu);
    if (pfn >= 0) {
      mode.name = "normal";
      return pfn;
    }
  }
  if ((flags & NOFRAGMENT) === 0) {
    pfn = steal(zone, order, type, cpu);
    if (pfn >= 0) mode.name = "steal";
  }
  return pfn;
}

interface Fallback {
  readonly type: number;
  readonly wholeBlock: boolean;
}

/** First other type with a free block of just this order (find_suitable_fallback). */
function findFallback(zone: OracleZone, order: number, type: number): Fallback | undefined {
  const from = FALLBACKS[type]!.find((candidate) => zone.freeLists[order]![candidate]!.length > 0);
  if (from === undefined) return undefined;
  return { type: from, wholeBlock: order >= 4 || type === UNMOVABLE || type === RECLAIMABLE };
}

function lowestOrderToMix(order: number, flags: number): number {
  return order < PAGEBLOCK && (flags & NOFRAGMENT) !== 0 ? PAGEBLOCK : order;
}

/** Takes over a whole pageblock of another type, largest block first (__rmqueue_claim). */
function claim(zone: OracleZone, order: number, type: number, flags: number, cpu: number): number {
  for (let from = MAX_ORDER; from >= lowestOrderToMix(order, flags); from--) {
    const found = findFallback(zone, from, type);
    if (found === undefined) continue;
    if (!found.wholeBlock) break;
    const head = zone.freeLists[from]![found.type]![0]!;
    if (zone.typeOf(head) === HIGHATOMIC) continue;
    const pfn =
      from >= PAGEBLOCK
        ? takeOver(zone, head, order, from, type, found.type, cpu)
        : claimPageblock(zone, head, order, type, flags, cpu);
    if (pfn >= 0) return pfn;
  }
  return -1;
}

/** Retypes all pageblocks of a large block and takes its lowest pages. */
function takeOver(
  zone: OracleZone,
  pfn: number,
  order: number,
  from: number,
  type: number,
  fromType: number,
  cpu: number,
): number {
  zone.unlink(pfn, from, fromType);
  zone.account(-(2 ** from), fromType, cpu);
  zone.setType(pfn, 2 ** from, type);
  zone.expand(pfn, order, from, type);
  zone.account(2 ** from - 2 ** order, type, cpu);
  return pfn;
}

/** Takes over the pageblock of a small block if enough of it is free or alike (try_to_steal_block). */
function claimPageblock(
  zone: OracleZone,
  pfn: number,
  order: number,
  type: number,
  flags: number,
  cpu: number,
): number {
  boostWatermark(zone, flags);
  return moveWholePageblock(zone, pfn, type, cpu) ? zone.takeSmallest(order, type, cpu) : -1;
}

function moveWholePageblock(zone: OracleZone, pfn: number, type: number, cpu: number): boolean {
  const start = zone.wholePageblock(pfn);
  if (start < 0) return false;
  const blockType = zone.typeOf(pfn);
  let free = 0;
  let movable = 0;
  for (let at = start; at < start + PAGEBLOCK_PAGES; at++) {
    const order = zone.freeOrder.get(at);
    if (order !== undefined) free += 2 ** order;
    if (zone.machine.movableInUse.has(at)) movable++;
  }
  let alike = 0;
  if (type === MOVABLE) alike = movable;
  else if (blockType === MOVABLE) alike = PAGEBLOCK_PAGES - (free + movable);
  if (free + alike < PAGEBLOCK_PAGES / 2) return false;
  zone.moveFreeBlocks(start, blockType, type, cpu);
  return true;
}

/** Raises the watermarks for a while after types have been mixed (boost_watermark). */
function boostWatermark(zone: OracleZone, flags: number): void {
  const high = zone.watermark[2]!;
  if (zone.managed < 4 * PAGEBLOCK_PAGES || high === 0) return;
  const limit = Math.max(PAGEBLOCK_PAGES, Math.floor((high * 15000) / 10000));
  zone.boost = Math.min(zone.boost + PAGEBLOCK_PAGES, limit);
  if ((flags & KSWAPD) !== 0) zone.boosted = true;
}

/** Takes one block of another type, smallest first, and leaves its pageblock as it is (__rmqueue_steal). */
function steal(zone: OracleZone, order: number, type: number, cpu: number): number {
  for (let from = order; from <= MAX_ORDER; from++) {
    const found = findFallback(zone, from, type);
    if (found !== undefined) return takeSingle(zone, order, from, found.type, cpu);
  }
  return -1;
}

function takeSingle(zone: OracleZone, order: number, from: number, fromType: number, cpu: number): number {
  const pfn = zone.freeLists[from]![fromType]![0]!;
  zone.unlink(pfn, from, fromType);
  zone.expand(pfn, order, from, fromType);
  zone.account(-(2 ** order), fromType, cpu);
  return pfn;
}

/** The one search of 6.12.0 (__rmqueue_fallback, steal_suitable_fallback). */
function fallback6120(zone: OracleZone, order: number, type: number, flags: number, cpu: number): number {
  let from = MAX_ORDER;
  const lowest = lowestOrderToMix(order, flags);
  while (from >= lowest && findFallback(zone, from, type) === undefined) from--;
  if (from < lowest) return -1;
  if (!findFallback(zone, from, type)!.wholeBlock && type === MOVABLE && from > order) {
    from = order;
    while (findFallback(zone, from, type) === undefined) from++;
  }
  const found = findFallback(zone, from, type)!;
  const pfn = zone.freeLists[from]![found.type]![0]!;
  if (from >= PAGEBLOCK) return takeOver(zone, pfn, order, from, type, found.type, cpu);
  boostWatermark(zone, flags);
  if (found.wholeBlock && moveWholePageblock(zone, pfn, type, cpu))
    return zone.takeSmallest(order, type, cpu);
  return takeSingle(zone, order, from, found.type, cpu);
}
