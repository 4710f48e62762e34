import { ALLOC_CMA, ALLOC_HIGHATOMIC, MIN_RESERVE, NOLOCK, NON_BLOCK, OOM } from "./oracle-rmqueue.js";
import { BLOCK_PAGES, CMA, HIGHATOMIC, MAX_ORDER, type OracleZone, RECLAIMABLE } from "./oracle-zone.js";

/** Watermark checks of the naive model, and what they accept. */

const RESERVES = OOM | NON_BLOCK | MIN_RESERVE | ALLOC_HIGHATOMIC;

/** Free pages a request cannot count on (__zone_watermark_unusable_free). */
function unusable(zone: OracleZone, order: number, flags: number): number {
  const reserve = (flags & RESERVES) !== 0 ? 0 : zone.freeHighatomic;
  const cma = (flags & ALLOC_CMA) !== 0 ? 0 : Math.max(0, zone.freeCma);
  return 2 ** order - 1 + reserve + cma;
}

/** __zone_watermark_ok */
export function watermarkOk(
  zone: OracleZone,
  order: number,
  mark: number,
  highest: number,
  flags: number,
): boolean {
  let min = mark;
  if ((flags & RESERVES) !== 0) {
    if ((flags & MIN_RESERVE) !== 0) {
      min -= Math.floor(min / 2);
      if ((flags & NON_BLOCK) !== 0) min -= Math.floor(min / 4);
    }
    if ((flags & OOM) !== 0) min -= Math.floor(min / 2);
  }
  if (zone.freePages - unusable(zone, order, flags) <= min + zone.lowmemReserve[highest]!) return false;
  if (order === 0) return true;
  for (let from = order; from <= MAX_ORDER; from++) {
    for (let type = 0; type <= RECLAIMABLE; type++) {
      if (zone.freeLists[from]![type]!.length > 0) return true;
    }
    if ((flags & ALLOC_CMA) !== 0 && zone.freeLists[from]![CMA]!.length > 0) return true;
    const reserves = (flags & (ALLOC_HIGHATOMIC | OOM)) !== 0;
    if (reserves && zone.freeLists[from]![HIGHATOMIC]!.length > 0) return true;
  }
  return false;
}

/**
 * zone_watermark_fast
 *
 * @param index 0 min, 1 low, 2 high; what `flags` say of the watermark only counts for the boost
 * @param more pages on top of the watermark
 */
export function watermarkFast(
  zone: OracleZone,
  order: number,
  index: number,
  highest: number,
  flags: number,
  more = 0,
): boolean {
  const mark = zone.watermark[index]! + zone.boost + more;
  if (order === 0) {
    const usable = zone.freePages - Math.min(zone.freePages, unusable(zone, 0, flags));
    if (usable > mark + zone.lowmemReserve[highest]!) return true;
  }
  if (watermarkOk(zone, order, mark, highest, flags)) return true;
  // Urgent small requests against the min watermark do without the boost.
  const urgent = order === 0 && (flags & MIN_RESERVE) !== 0 && zone.boost !== 0 && (flags & 3) === 0;
  return urgent && watermarkOk(zone, 0, zone.watermark[0]!, highest, flags);
}

/** Accepts the oldest block; false if none waits (try_to_accept_memory_one). */
function acceptOne(zone: OracleZone, cpu: number): boolean {
  if (zone.unacceptedList.length === 0) return false;
  acceptParked(zone, 0, cpu);
  return true;
}

/** Accepts one of the blocks that wait (__accept_page). */
function acceptParked(zone: OracleZone, position: number, cpu: number): void {
  const pfn = zone.unacceptedList.splice(position, 1)[0]!;
  zone.addFree(-BLOCK_PAGES, cpu);
  zone.unaccepted -= BLOCK_PAGES;
  zone.machine.acceptMemory(pfn * 4096, BLOCK_PAGES * 4096);
  zone.freeDirect(pfn, MAX_ORDER, true, cpu);
}

/** Accepts what is missing to the promo watermark (cond_accept_memory); true if anything was accepted. */
export function condAccept(zone: OracleZone, order: number, cpu: number, flags = 0): boolean {
  if (zone.unacceptedList.length === 0 || (flags & NOLOCK) !== 0) return false;
  const mark = zone.watermark[3]! + zone.boost;
  if (mark === 0 && zone.machine.rules.acceptsBeforeWatermarks) return acceptOne(zone, cpu);
  let missing = mark - (zone.freePages - unusable(zone, order, 0) - zone.unaccepted);
  let accepted = false;
  while (missing > 0 && acceptOne(zone, cpu)) {
    accepted = true;
    missing -= BLOCK_PAGES;
  }
  return accepted;
}
