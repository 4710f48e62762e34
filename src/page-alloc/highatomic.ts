import { PAGEBLOCK_ORDER, PAGEBLOCK_PAGES, type Page } from "../units.js";
import { changePageblocks, moveFreePagesBlock, moveToFreeList } from "./buddy.js";
import { MigrateType } from "./migratetype.js";
import type { PageFrames } from "./page-frames.js";
import type { Zone } from "./zone.js";
import type { AllocContext } from "./zonelists.js";

/** Keeps the pageblock of an atomic allocation for further ones (reserve_highatomic_pageblock). */
export function reserveHighatomic(zone: Zone, page: Page, order: number, cpu: number): void {
  const { frames } = zone;
  const onePercent = Math.floor(zone.managedPages / 100);
  if (onePercent < PAGEBLOCK_PAGES) return;
  const max = Math.ceil(onePercent / PAGEBLOCK_PAGES) * PAGEBLOCK_PAGES;
  if (zone.reservedHighatomicPages >= max) return;
  const type = frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
  if (type >= MigrateType.HIGHATOMIC) return;
  if (order >= PAGEBLOCK_ORDER) {
    changePageblocks(frames, page, order, MigrateType.HIGHATOMIC);
    zone.reservedHighatomicPages += 1 << order;
  } else if (moveFreePagesBlock(zone, page, type, MigrateType.HIGHATOMIC, cpu)) {
    zone.reservedHighatomicPages += PAGEBLOCK_PAGES;
  }
}

/** Gives one reserved block back before a request fails (unreserve_highatomic_pageblock). */
export function unreserveHighatomic(
  frames: PageFrames,
  { zonelist, highestType, type }: AllocContext,
  cpu: number,
): void {
  for (const zone of zonelist) {
    const mask = zone.orderMask[MigrateType.HIGHATOMIC]!;
    if (mask === 0 || zone.type > highestType) continue;
    const order = 31 - Math.clz32(mask & -mask);
    const page = frames.next[zone.list(order, MigrateType.HIGHATOMIC)]!;
    const pages = Math.min(Math.max(PAGEBLOCK_PAGES, 1 << order), zone.reservedHighatomicPages);
    zone.reservedHighatomicPages -= pages;
    if (order < PAGEBLOCK_ORDER) {
      moveFreePagesBlock(zone, page, MigrateType.HIGHATOMIC, type, cpu);
    } else {
      moveToFreeList(zone, page, order, MigrateType.HIGHATOMIC, type, cpu);
      changePageblocks(frames, page, order, type);
    }
    return;
  }
}
