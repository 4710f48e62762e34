import { HIGHATOMIC, MAX_ORDER, type OracleZone, PAGEBLOCK, PAGEBLOCK_PAGES } from "./oracle-zone.js";

/** The naive model's reserves for atomic requests of more than a page. */

/** reserve_highatomic_pageblock */
export function reserveHighatomic(zone: OracleZone, pfn: number, order: number, cpu: number): void {
  const percent = Math.floor(zone.managed / 100);
  if (percent < PAGEBLOCK_PAGES) return;
  const limit = Math.ceil(percent / PAGEBLOCK_PAGES) * PAGEBLOCK_PAGES;
  const blockType = zone.typeOf(pfn);
  if (zone.reservedHighatomic >= limit || blockType >= HIGHATOMIC) return;
  if (order >= PAGEBLOCK) {
    zone.setType(pfn, 2 ** order, HIGHATOMIC);
    zone.reservedHighatomic += 2 ** order;
    return;
  }
  const start = zone.wholePageblock(pfn);
  if (start < 0) return;
  zone.moveFreeBlocks(start, blockType, HIGHATOMIC, cpu);
  zone.reservedHighatomic += PAGEBLOCK_PAGES;
}

/** unreserve_highatomic_pageblock, forced: gives back the first free block of the first zone that has one. */
export function unreserveHighatomic(zones: readonly OracleZone[], type: number, cpu: number): void {
  for (const zone of zones) {
    for (let order = 0; order <= MAX_ORDER; order++) {
      const pfn = zone.freeLists[order]![HIGHATOMIC]![0];
      if (pfn === undefined) continue;
      const pages = Math.max(PAGEBLOCK_PAGES, 2 ** order);
      zone.reservedHighatomic -= Math.min(pages, zone.reservedHighatomic);
      if (order < PAGEBLOCK) {
        zone.moveFreeBlocks(pfn - (pfn % PAGEBLOCK_PAGES), HIGHATOMIC, type, cpu);
      } else {
        zone.moveBlock(pfn, order, HIGHATOMIC, type, cpu);
        zone.setType(pfn, 2 ** order, type);
      }
      return;
    }
  }
}
