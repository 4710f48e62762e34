import { ALLOC_RESERVES, ALLOC_WMARK_MASK, AllocFlag, Watermark } from "./alloc-flags.js";
import { MigrateType } from "./migratetype.js";
import type { Zone } from "./zone.js";

const { HIGH } = Watermark;
const { UNMOVABLE, MOVABLE } = MigrateType;

/** A watermark with the boost that stands on it (wmark_pages). */
export function watermarkPages(zone: Zone, index: number): number {
  return zone.watermark[index]! + zone.watermarkBoost;
}

/**
 * Free pages a request cannot use (__zone_watermark_unusable_free): one block less a page,
 * and reserves it may not dip into; before 6.11 unaccepted pages too (commit 807174a93d24).
 */
export function unusableFree(zone: Zone, order: number, allocFlags: number): number {
  const reserves = (allocFlags & ALLOC_RESERVES) !== 0 ? 0 : zone.freeHighatomicPages;
  const unaccepted = zone.rules.unacceptedUnusable ? zone.unacceptedPages : 0;
  // A reader of the global counter never sees a negative number (zone_page_state).
  const cma = (allocFlags & AllocFlag.CMA) !== 0 ? 0 : Math.max(zone.freeCmaPages, 0);
  return (1 << order) - 1 + unaccepted + reserves + cma;
}

/** Whether a zone with that many free pages may serve a request (__zone_watermark_ok). */
export function watermarkOk(
  zone: Zone,
  order: number,
  mark: number,
  highestZoneType: number,
  allocFlags: number,
  freePages: number,
): boolean {
  const free = freePages - unusableFree(zone, order, allocFlags);
  let min = mark;
  if ((allocFlags & ALLOC_RESERVES) !== 0) {
    if ((allocFlags & AllocFlag.MIN_RESERVE) !== 0) {
      min -= Math.floor(min / 2);
      if ((allocFlags & AllocFlag.NON_BLOCK) !== 0) min -= Math.floor(min / 4);
    }
    if ((allocFlags & AllocFlag.OOM) !== 0) min -= Math.floor(min / 2);
  }
  if (free <= min + zone.lowmemReserve[highestZoneType]!) return false;
  if (order === 0) return true;
  const ordinary =
    zone.orderMask[MigrateType.UNMOVABLE]! |
    zone.orderMask[MigrateType.MOVABLE]! |
    zone.orderMask[MigrateType.RECLAIMABLE]!;
  if (ordinary >> order !== 0) return true;
  if ((allocFlags & AllocFlag.CMA) !== 0 && zone.orderMask[MigrateType.CMA]! >> order !== 0) return true;
  const mayUseHighatomic = (allocFlags & (AllocFlag.HIGHATOMIC | AllocFlag.OOM)) !== 0;
  return mayUseHighatomic && zone.orderMask[MigrateType.HIGHATOMIC]! >> order !== 0;
}

/** The same with a short cut for single pages, and a second chance without the boost (zone_watermark_fast). */
export function watermarkFast(
  zone: Zone,
  order: number,
  mark: number,
  highestZoneType: number,
  allocFlags: number,
): boolean {
  const freePages = zone.freePages;
  if (order === 0) {
    const usable = freePages - Math.min(freePages, unusableFree(zone, 0, allocFlags));
    if (usable > mark + zone.lowmemReserve[highestZoneType]!) return true;
  }
  if (watermarkOk(zone, order, mark, highestZoneType, allocFlags, freePages)) return true;
  const unboosted =
    order === 0 &&
    (allocFlags & AllocFlag.MIN_RESERVE) !== 0 &&
    zone.watermarkBoost !== 0 &&
    (allocFlags & ALLOC_WMARK_MASK) === Watermark.MIN;
  return (
    unboosted &&
    watermarkOk(zone, order, zone.watermark[Watermark.MIN]!, highestZoneType, allocFlags, freePages)
  );
}

/**
 * Whether a zone is far enough above its watermarks that an ordinary request is served and nothing is accepted before.
 * False where it takes a closer look, which may come to the same.
 */
export function hasPlenty(zone: Zone, order: number, highestZoneType: number): boolean {
  const target = zone.watermark[zone.acceptMark]!;
  const mark = Math.max(target, zone.watermark[HIGH]!);
  const kept = zone.freeHighatomicPages + Math.max(zone.freeCmaPages, 0) + (1 << order) - 1;
  const usable = zone.freePages - zone.unacceptedPages - kept;
  if (target === 0 || usable <= mark + zone.watermarkBoost + zone.lowmemReserve[highestZoneType]!)
    return false;
  return order === 0 || (zone.orderMask[UNMOVABLE]! | zone.orderMask[MOVABLE]!) >> order !== 0;
}

/**
 * Whether more than half of a zone's free memory is in CMA areas: then movable requests take from
 * there first, so that other requests are not left with CMA pages only (__rmqueue). Both counters are
 * read as the global ones (zone_page_state).
 */
export function mostFreeIsCma(zone: Zone): boolean {
  return Math.max(zone.freeCmaPages, 0) * 2 > Math.max(zone.freePages, 0);
}

/** kswapd as far as it is modelled: it takes the boost of the zones it balances away (balance_pgdat). */
export function balanceNode(zones: readonly Zone[], nodeId: number, highestType: number): void {
  for (const zone of zones) {
    if (zone.nodeId === nodeId && zone.type <= highestType) zone.watermarkBoost = 0;
  }
}
