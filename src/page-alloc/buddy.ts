import {
  asPage,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Page,
} from "../units.js";
import { isMergeable, MIGRATE_PCPTYPES, MigrateType } from "./migratetype.js";
import { ALLOCATED, FREE_BLOCK, NO_PAGE, ORDER_MASK, type PageFrames, TOUCHED } from "./page-frames.js";
import type { PcpList } from "./pcp.js";
import type { Zone } from "./zone.js";

/**
 * The buddy lists of a zone (mm/page_alloc.c, 6.12): order of insertion and removal is
 * the kernel's, so that the same requests give the same frames.
 */

/**
 * Free pages of a type come or go (account_freepages): isolated ones do not count.
 *
 * @param times how often, one after the other
 */
export function accountFreePages(zone: Zone, pages: number, type: number, cpu: number, times = 1): void {
  if (type === MigrateType.ISOLATE) return;
  zone.addFreePages(pages, cpu, times);
  if (type < MIGRATE_PCPTYPES) return;
  if (type === MigrateType.CMA) zone.addFreeCmaPages(pages, cpu, times);
  else zone.freeHighatomicPages += pages * times;
}

export function addToFreeList(zone: Zone, page: Page, order: number, type: number, toTail: boolean): void {
  const { frames } = zone;
  const list = zone.list(order, type);
  if (toTail) frames.addTail(list, page);
  else frames.addHead(list, page);
  frames.meta[page]! |= order + 1;
  zone.nrFree[order]!++;
  zone.orderMask[type]! |= 1 << order;
}

/** Takes a free block off the list it is on. */
export function removeFromFreeList(zone: Zone, page: Page, order: number, type: number): void {
  const { frames } = zone;
  frames.unlink(page);
  frames.meta[page]! &= ~ORDER_MASK;
  zone.nrFree[order]!--;
  const list = zone.list(order, type);
  if (frames.next[list] === list) zone.orderMask[type]! &= ~(1 << order);
}

/** The block at the head of a list that is not empty. Untouched memory gets its frames here. */
export function firstOnList(zone: Zone, order: number, type: number): Page {
  const { frames } = zone;
  const head = frames.next[zone.list(order, type)]!;
  if (!frames.isRange(head)) return head;
  return detachFromRun(zone, head, frames.firstBlock(head), type);
}

/** Gives one block of an untouched run of free memory frames of its own; it keeps its place on the list. */
export function detachFromRun(zone: Zone, node: Page, block: number, type: number): Page {
  const { frames } = zone;
  const before = frames.takeFromRange(node, block);
  const page = frames.materialise(block, zone.index, type, type);
  frames.meta[page] = MAX_PAGE_ORDER + 1;
  frames.addHead(before, page);
  return page;
}

/** Frees one block and merges it with its buddies (__free_one_page); its pages are counted already. */
function mergeAndAdd(zone: Zone, freed: Page, freedOrder: number, type: number, toTail: boolean): void {
  const { frames } = zone;
  const meta = frames.meta;
  let page = freed;
  let order = freedOrder;
  let buddy = page;
  while (order < MAX_PAGE_ORDER) {
    buddy = (page ^ (1 << order)) as Page;
    if ((meta[buddy]! & FREE_BLOCK) !== order + 1) break;
    let buddyType = type;
    if (order >= PAGEBLOCK_ORDER) {
      buddyType = frames.pageblockType[buddy >> PAGEBLOCK_ORDER]!;
      // Pageblocks of reserved kinds keep to themselves.
      if (buddyType !== type && !(isMergeable(buddyType) && isMergeable(type))) break;
    }
    removeFromFreeList(zone, buddy, order, buddyType);
    if (buddyType !== type) frames.pageblockType[buddy >> PAGEBLOCK_ORDER] = type;
    page = (page & buddy) as Page;
    order++;
  }
  const tail = toTail || buddyMergeLikely(meta, page, buddy, order);
  addToFreeList(zone, page, order, type, tail);
}

/** Whether the parent of a block is about to become whole: then the block is best left alone (buddy_merge_likely). */
function buddyMergeLikely(meta: Uint8Array, page: Page, buddy: Page, order: number): boolean {
  if (order >= MAX_PAGE_ORDER - 1) return false;
  const parent = page & buddy;
  return (meta[parent ^ (1 << (order + 1))]! & FREE_BLOCK) === order + 2;
}

/** Frees a block directly; what had been put off comes first, the latest before others (free_one_page). */
export function freeToBuddy(zone: Zone, page: Page, order: number, toTail: boolean, cpu: number): void {
  if (zone.putOff.length > 0) freePutOff(zone, toTail, cpu);
  freePageblocks(zone, page, order, toTail, cpu);
}

function freePutOff(zone: Zone, toTail: boolean, cpu: number): void {
  const { putOff } = zone;
  while (putOff.length > 0) {
    const order = putOff.pop()!;
    freePageblocks(zone, putOff.pop()! as Page, order, toTail, cpu);
  }
}

/** Frees a block one pageblock at a time, each with its own type (split_large_buddy). */
export function freePageblocks(zone: Zone, page: Page, order: number, toTail: boolean, cpu: number): void {
  const { frames } = zone;
  const pieceOrder = Math.min(order, PAGEBLOCK_ORDER);
  const end = page + (1 << order);
  for (let piece: number = page; piece < end; piece += 1 << pieceOrder) {
    const type = frames.pageblockType[piece >> PAGEBLOCK_ORDER]!;
    accountFreePages(zone, 1 << pieceOrder, type, cpu);
    mergeAndAdd(zone, piece as Page, pieceOrder, type, toTail);
  }
}

/**
 * Frees blocks of one order and type that lie one after the other in a pageblock, from the first on. Those that make up
 * an aligned block merge among themselves before they meet any other: it is freed as one.
 */
export function freeRun(
  zone: Zone,
  first: Page,
  blocks: number,
  order: number,
  type: number,
  cpu: number,
): void {
  accountFreePages(zone, 1 << order, type, cpu, blocks);
  const end = first + (blocks << order);
  for (let at: number = first; at < end; ) {
    let whole = order;
    while ((at & ((2 << whole) - 1)) === 0 && at + (2 << whole) <= end) whole++;
    mergeAndAdd(zone, at as Page, whole, type, false);
    at += 1 << whole;
  }
}

/**
 * Frees a run of untouched, aligned blocks of order 10 to the tail of the movable list: what
 * freeing each of them there would give, without giving them frames.
 */
export function addFreeRun(zone: Zone, startBlock: number, blocks: number, cpu: number): void {
  if (zone.putOff.length > 0) freePutOff(zone, true, cpu);
  zone.frames.addRangeTail(zone.list(MAX_PAGE_ORDER, MigrateType.MOVABLE), startBlock, blocks);
  zone.nrFree[MAX_PAGE_ORDER]! += blocks;
  zone.orderMask[MigrateType.MOVABLE]! |= 1 << MAX_PAGE_ORDER;
  accountFreePages(zone, blocks * MAX_ORDER_PAGES, MigrateType.MOVABLE, cpu);
}

/** Puts back the upper halves of a block that is cut down to size (expand). Returns the pages put back. */
export function expand(zone: Zone, page: Page, low: number, high: number, type: number): number {
  for (let order = high - 1; order >= low; order--) {
    addToFreeList(zone, (page + (1 << order)) as Page, order, type, false);
  }
  return (1 << high) - (1 << low);
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** Order of the smallest free block of a type that will do for one of an order, or -1. */
function smallestOrder(zone: Zone, order: number, type: number): number {
  const candidates = zone.orderMask[type]! >> order;
  return candidates === 0 ? -1 : order + lowestBit(candidates);
}

/** Takes the first block of the smallest order that will do (__rmqueue_smallest), or NO_PAGE. */
export function removeSmallest(zone: Zone, order: number, type: number, cpu: number): Page | typeof NO_PAGE {
  const found = smallestOrder(zone, order, type);
  if (found < 0) return NO_PAGE;
  const page = firstOnList(zone, found, type);
  cutFront(zone, page, order, found, type, 1, cpu);
  return page;
}

/**
 * The same several times over, as far as one free block reaches: lists of lower orders being empty, what one request
 * leaves of it is where the next one looks, so that they get its blocks in turn.
 *
 * @param most blocks wanted, 1 or more
 * @param to list that gets them at its tail
 * @returns how many there were, 0 to most
 */
export function removeSmallestRun(
  zone: Zone,
  order: number,
  type: number,
  most: number,
  to: PcpList,
  cpu: number,
): number {
  const found = smallestOrder(zone, order, type);
  if (found < 0) return 0;
  const page = firstOnList(zone, found, type);
  const blocks = Math.min(most, 1 << (found - order));
  cutFront(zone, page, order, found, type, blocks, cpu);
  to.pushTailRun(page, 1 << order, blocks);
  return blocks;
}

/** Takes a free block off its list and puts back what follows its first blocks of an order, on lists that are empty. */
function cutFront(
  zone: Zone,
  page: Page,
  order: number,
  found: number,
  type: number,
  blocks: number,
  cpu: number,
): void {
  removeFromFreeList(zone, page, found, type);
  const { next, prev, meta } = zone.frames;
  const end = page + (1 << found);
  for (let at = asPage(page + (blocks << order)); at < end; ) {
    const rest = lowestBit(at);
    const list = zone.list(rest, type);
    next[list] = at;
    prev[list] = at;
    next[at] = list;
    prev[at] = list;
    meta[at]! |= rest + 1;
    zone.nrFree[rest]!++;
    zone.orderMask[type]! |= 1 << rest;
    at = asPage(at + (1 << rest));
  }
  accountFreePages(zone, -(1 << order), type, cpu, blocks);
}

/** Takes a block off its list and puts back what is not needed (page_del_and_expand). */
export function removeAndExpand(
  zone: Zone,
  page: Page,
  low: number,
  high: number,
  type: number,
  cpu: number,
): Page {
  removeFromFreeList(zone, page, high, type);
  const putBack = expand(zone, page, low, high, type);
  accountFreePages(zone, putBack - (1 << high), type, cpu);
  return page;
}

/**
 * Moves every free block of a pageblock to the tail of another type's lists (move_freepages_block).
 *
 * @returns whether it did: a pageblock that a zone holds in part keeps its type
 */
export function moveFreePagesBlock(zone: Zone, page: Page, from: number, to: number, cpu: number): boolean {
  const { frames } = zone;
  const start = page - (page % PAGEBLOCK_PAGES);
  const startPfn = frames.pfnOf(start as Page);
  if (startPfn < zone.startPfn || startPfn + PAGEBLOCK_PAGES > zone.endPfn) return false;
  for (let at = start; at < start + PAGEBLOCK_PAGES; ) {
    const state = frames.meta[at]!;
    const order = (state & ORDER_MASK) - 1;
    if (order >= 0 && (state & ALLOCATED) === 0) moveToFreeList(zone, at as Page, order, from, to, cpu);
    at += order < 0 ? 1 : 1 << order;
  }
  frames.pageblockType[start >> PAGEBLOCK_ORDER] = to;
  return true;
}

/** Moves a free block to the tail of another type's list; it leaves and enters the counters (move_to_free_list). */
export function moveToFreeList(
  zone: Zone,
  page: Page,
  order: number,
  from: number,
  to: number,
  cpu: number,
): void {
  removeFromFreeList(zone, page, order, from);
  addToFreeList(zone, page, order, to, true);
  accountFreePages(zone, -(1 << order), from, cpu);
  accountFreePages(zone, 1 << order, to, cpu);
}

/** Takes a free block off the lists for compaction; whole pageblocks, nearly, become movable (__isolate_free_page). */
export function isolateFreePage(zone: Zone, page: Page, order: number, cpu: number): void {
  const { frames } = zone;
  const type = frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
  removeFromFreeList(zone, page, order, type);
  accountFreePages(zone, -(1 << order), type, cpu);
  frames.markAllocated(page, order, false);
  if (order < PAGEBLOCK_ORDER - 1) return;
  for (let at: number = page; at < page + (1 << order); at += PAGEBLOCK_PAGES) {
    const blockType = frames.pageblockType[at >> PAGEBLOCK_ORDER]!;
    if (isMergeable(blockType)) moveFreePagesBlock(zone, at as Page, blockType, MigrateType.MOVABLE, cpu);
  }
}

/**
 * Puts the blocks in front of one behind all others of its list (mm/compaction.c: move_freelist_head, or with the
 * block itself move_freelist_tail).
 */
export function cutFreeList(zone: Zone, page: Page, order: number, type: number, withPage: boolean): void {
  const { frames } = zone;
  const list = zone.list(order, type);
  frames.unlink(list);
  frames.addHead(withPage ? page : frames.prev[page]!, list);
}

/** Gives all pageblocks of a block a type (change_pageblock_range). */
export function changePageblocks(frames: PageFrames, page: Page, order: number, type: number): void {
  const first = page >> PAGEBLOCK_ORDER;
  frames.pageblockType.fill(type, first, first + (1 << (order - PAGEBLOCK_ORDER)));
}

/** Pages leave the hands of their owner (free_pages_prepare). */
export function prepareFree(frames: PageFrames, page: Page, order: number): void {
  const { meta } = frames;
  const state = meta[page]!;
  if ((state & FREE_BLOCK) === (ALLOCATED | (order + 1))) meta[page] = state & TOUCHED;
  else frames.releasePart(page, order);
}
