import { MAX_PAGE_ORDER, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES, type Page } from "../units.js";
import { AllocFlag, Watermark } from "./alloc-flags.js";
import {
  accountFreePages,
  changePageblocks,
  expand,
  firstOnList,
  moveFreePagesBlock,
  removeAndExpand,
  removeFromFreeList,
  removeSmallest,
} from "./buddy.js";
import { FALLBACKS, FALLBACKS_PER_TYPE, MigrateType } from "./migratetype.js";
import { ALLOCATED, ALLOCATED_MOVABLE, NO_PAGE, ORDER_MASK } from "./page-frames.js";
import type { Zone } from "./zone.js";

/**
 * The fallback when a migrate type has no block left: claim whole pageblocks of another type,
 * or steal a block from it (mm/page_alloc.c: __rmqueue_claim, __rmqueue_steal; the rework
 * of 6.15 and 6.16 that 6.12 stable carries). 6.12.0 did both in one step.
 */

/** How far a request has had to go; kept over one refill, so that a refill that stole goes on stealing. */
export const RmqueueMode = { NORMAL: 0, CLAIM: 1, STEAL: 2 } as const;

/** Default of vm.watermark_boost_factor: a boost reaches 150 % of the high watermark. */
const WATERMARK_BOOST_FACTOR = 15000;
/** Zones smaller than four pageblocks are never boosted (boost_watermark). */
const BOOST_MIN_MANAGED: number = 4 * PAGEBLOCK_PAGES;

/** Whether a whole pageblock may change hands for a request of this order and type (should_try_claim_block). */
function maySteal(order: number, type: number): boolean {
  return (
    order >= Math.floor(PAGEBLOCK_ORDER / 2) ||
    type === MigrateType.RECLAIMABLE ||
    type === MigrateType.UNMOVABLE
  );
}

/** First fallback type with a block of exactly this order, or -1 (find_suitable_fallback). */
function fallbackType(zone: Zone, order: number, type: number): number {
  if (zone.nrFree[order] === 0) return -1;
  for (let i = 0; i < FALLBACKS_PER_TYPE; i++) {
    const candidate = FALLBACKS[type * FALLBACKS_PER_TYPE + i]!;
    if ((zone.orderMask[candidate]! & (1 << order)) !== 0) return candidate;
  }
  return -1;
}

/** Mixing types in a pageblock raises the watermarks for a while, so that kswapd restores order (boost_watermark). */
function boostWatermark(zone: Zone): boolean {
  if (zone.managedPages < BOOST_MIN_MANAGED) return false;
  const high = zone.watermark[Watermark.HIGH]!;
  const max = Math.floor((high * WATERMARK_BOOST_FACTOR) / 10000);
  if (max === 0) return false;
  zone.watermarkBoost = Math.min(zone.watermarkBoost + PAGEBLOCK_PAGES, Math.max(PAGEBLOCK_PAGES, max));
  return true;
}

/**
 * Whether enough of a pageblock is free or of a compatible type for it to change hands.
 * Pages count as movable when they are allocated and were requested as movable: the
 * kernel looks at the LRU, which a model of the allocator does not have.
 */
function mostlyCompatible(zone: Zone, page: Page, type: number, blockType: number): boolean {
  const { frames } = zone;
  const start = page - (page % PAGEBLOCK_PAGES);
  let free = 0;
  let movable = 0;
  for (let at = start; at < start + PAGEBLOCK_PAGES; ) {
    const meta = frames.meta[at]!;
    const order = (meta & ORDER_MASK) - 1;
    const pages = order < 0 ? 1 : 1 << order;
    if ((meta & ALLOCATED) === 0) free += order < 0 ? 0 : pages;
    else if ((meta & ALLOCATED_MOVABLE) !== 0) movable += pages;
    at += pages;
  }
  movable = zone.toldMovable?.(page, free) ?? movable;
  const alike =
    type === MigrateType.MOVABLE
      ? movable
      : blockType === MigrateType.MOVABLE
        ? PAGEBLOCK_PAGES - (free + movable)
        : 0;
  return free + alike >= PAGEBLOCK_PAGES / 2;
}

/** Tries to turn the pageblock of a free block over to a type and take a block from it (try_to_claim_block). */
function tryClaimBlock(
  zone: Zone,
  page: Page,
  order: number,
  blockOrder: number,
  type: number,
  from: number,
  allocFlags: number,
  cpu: number,
): Page | typeof NO_PAGE {
  const { frames } = zone;
  const blockType = frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
  if (blockType === MigrateType.HIGHATOMIC) return NO_PAGE;
  if (blockOrder >= PAGEBLOCK_ORDER) {
    removeFromFreeList(zone, page, blockOrder, from);
    accountFreePages(zone, -(1 << blockOrder), from, cpu);
    changePageblocks(frames, page, blockOrder, type);
    accountFreePages(zone, expand(zone, page, order, blockOrder, type), type, cpu);
    return page;
  }
  if (boostWatermark(zone) && (allocFlags & AllocFlag.KSWAPD) !== 0) zone.boosted = true;
  if (!mostlyCompatible(zone, page, type, blockType)) return NO_PAGE;
  if (!moveFreePagesBlock(zone, page, blockType, type, cpu)) return NO_PAGE;
  return removeSmallest(zone, order, type, cpu);
}

/** Claims the pageblock of the largest block of another type (__rmqueue_claim), or NO_PAGE. */
export function claim(
  zone: Zone,
  order: number,
  type: number,
  allocFlags: number,
  cpu: number,
): Page | typeof NO_PAGE {
  const minOrder =
    order < PAGEBLOCK_ORDER && (allocFlags & AllocFlag.NOFRAGMENT) !== 0 ? PAGEBLOCK_ORDER : order;
  for (let at = MAX_PAGE_ORDER; at >= minOrder; at--) {
    const from = fallbackType(zone, at, type);
    if (from < 0) continue;
    if (!maySteal(at, type)) return NO_PAGE;
    const head = firstOnList(zone, at, from);
    const page = tryClaimBlock(zone, head, order, at, type, from, allocFlags, cpu);
    if (page !== NO_PAGE) return page;
  }
  return NO_PAGE;
}

/** Takes the smallest block of another type and leaves its pageblock alone (__rmqueue_steal), or NO_PAGE. */
export function steal(zone: Zone, order: number, type: number, cpu: number): Page | typeof NO_PAGE {
  for (let at = order; at <= MAX_PAGE_ORDER; at++) {
    const from = fallbackType(zone, at, type);
    if (from < 0) continue;
    const head = firstOnList(zone, at, from);
    return removeAndExpand(zone, head, order, at, from, cpu);
  }
  return NO_PAGE;
}

/**
 * The single step of 6.12.0 (__rmqueue_fallback with steal_suitable_fallback): the largest
 * block is taken, and split when its pageblock cannot be claimed.
 */
export function fallback6120(
  zone: Zone,
  order: number,
  type: number,
  allocFlags: number,
  cpu: number,
): Page | typeof NO_PAGE {
  const minOrder =
    order < PAGEBLOCK_ORDER && (allocFlags & AllocFlag.NOFRAGMENT) !== 0 ? PAGEBLOCK_ORDER : order;
  for (let at = MAX_PAGE_ORDER; at >= minOrder; at--) {
    const from = fallbackType(zone, at, type);
    if (from < 0) continue;
    if (!maySteal(at, type) && type === MigrateType.MOVABLE && at > order) {
      // Second search, bottom up, so that a movable request splits the smallest block.
      let low = order;
      while (fallbackType(zone, low, type) < 0) low++;
      return take6120(zone, order, low, type, fallbackType(zone, low, type), allocFlags, cpu);
    }
    return take6120(zone, order, at, type, from, allocFlags, cpu);
  }
  return NO_PAGE;
}

function take6120(
  zone: Zone,
  order: number,
  blockOrder: number,
  type: number,
  from: number,
  allocFlags: number,
  cpu: number,
): Page {
  const page = firstOnList(zone, blockOrder, from);
  if (maySteal(blockOrder, type)) {
    const claimed = tryClaimBlock(zone, page, order, blockOrder, type, from, allocFlags, cpu);
    if (claimed !== NO_PAGE) return claimed;
  } else if (boostWatermark(zone) && (allocFlags & AllocFlag.KSWAPD) !== 0) {
    zone.boosted = true;
  }
  return removeAndExpand(zone, page, order, blockOrder, from, cpu);
}
