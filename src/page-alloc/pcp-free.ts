import { ZoneType } from "../mm/zones.js";
import { PAGEBLOCK_ORDER, type Page } from "../units.js";
import { Watermark } from "./alloc-flags.js";
import { freeRun } from "./buddy.js";
import { MIGRATE_PCPTYPES, MigrateType } from "./migratetype.js";
import { PCP_LISTS, type PerCpuPages, pcpIndex, pcpIndexOrder } from "./pcp.js";
import { watermarkOk, watermarkPages } from "./watermark.js";
import type { Zone } from "./zone.js";

/** Frees that the lists of a CPU take, and what these give to the buddy lists (mm/page_alloc.c, 6.12). */

/**
 * Drains per-CPU lists into the buddy lists, oldest pages first, round the lists from the
 * one of the latest free (free_pcppages_bulk). May free more than asked by part of a block.
 */
export function drainPcp(zone: Zone, pcp: PerCpuPages, pages: number, startIndex: number, cpu: number): void {
  const { frames } = zone;
  let left = Math.min(pages, pcp.count);
  let index = startIndex;
  while (left > 0) {
    let list = pcp.lists[index]!;
    while (list.size === 0) {
      index = index + 1 === PCP_LISTS ? 0 : index + 1;
      list = pcp.lists[index]!;
    }
    const order = pcpIndexOrder(index);
    const blockPages = 1 << order;
    do {
      const page = list.at(list.size - 1);
      const blocks = list.popTailRun(blockPages, Math.ceil(left / blockPages));
      left -= blocks * blockPages;
      pcp.count -= blocks * blockPages;
      // The pageblock may have changed its type while the page waited here.
      const type = frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
      freeRun(zone, page, blocks, order, type, cpu);
    } while (left > 0 && list.size > 0);
    index = index + 1 === PCP_LISTS ? 0 : index + 1;
  }
}

/** Migrate type of the per-CPU list a page of a pageblock goes to: reserved kinds share the movable one. */
export function pcpType(pageblockType: number): number {
  return pageblockType < MIGRATE_PCPTYPES ? pageblockType : MigrateType.MOVABLE;
}

/**
 * A free on the per-CPU lists, which drain when they hold too much (free_unref_page_commit, free_frozen_page_commit).
 *
 * @param mayDrain false where the zone's lock must not be waited for
 */
export function freeToPcp(
  zone: Zone,
  page: Page,
  order: number,
  type: number,
  cpu: number,
  mayDrain: boolean,
): void {
  const pcp = zone.pcp[cpu]!;
  const index = pcpIndex(order, type);
  pcp.lists[index]!.pushHead(page);
  const freeHigh = pcp.noteFree(order, zone.rules);
  if (!mayDrain) return;
  const high = pcp.drainThreshold(zone.reclaimActive, zone.belowHigh, freeHigh);
  if (pcp.count < high) return;
  pcp.toDrain = pcp.drainPages(high, freeHigh);
  pcp.drainIndex = index;
  continueDrain(zone, pcp, cpu);
}

/** The drain of a free, or what is left of it. */
export function continueDrain(zone: Zone, pcp: PerCpuPages, cpu: number): void {
  const step = zone.rules.drainsInBatches ? pcp.batch : pcp.toDrain;
  for (let batches = pcp.batchesUntilLost; batches > 0 && pcp.toDrain > 0 && pcp.count > 0; batches--) {
    drainPcp(zone, pcp, Math.min(pcp.toDrain, step), pcp.drainIndex, cpu);
    pcp.toDrain -= step;
  }
  if (zone.belowHigh) {
    const mark = watermarkPages(zone, Watermark.HIGH);
    if (watermarkOk(zone, 0, mark, ZoneType.MOVABLE, 0, zone.freePages)) zone.belowHigh = false;
  }
}
