import {
  asPage,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Page,
  type Pfn,
} from "../units.js";
import { MIGRATE_TYPES, MigrateType } from "./migratetype.js";
import type { PageAllocator } from "./page-allocator.js";
import { NO_PAGE, ORDER_MASK, type PageFrames } from "./page-frames.js";
import { pcpIndexOrder } from "./pcp.js";
import type { Zone } from "./zone.js";

/**
 * Walks the whole allocator and throws at the first thing that cannot be: a page in two
 * states, a list that disagrees with its counters, two free buddies side by side.
 *
 * @throws Error naming the zone and the frame
 */
export function verifyInvariants(allocator: PageAllocator): void {
  // A byte for each page, not a set: free pages are most of the memory of a guest.
  const seen = new Uint8Array(allocator.frames.meta.length);
  for (const zone of allocator.zones) {
    const free = checkFreeLists(zone, seen);
    const parked = checkUnaccepted(zone);
    checkPcp(zone, seen);
    const exact = zone.exactFreePages();
    if (exact !== free + parked) {
      fail(zone, `NR_FREE_PAGES is ${exact}, lists hold ${free} free and ${parked} unaccepted pages`);
    }
  }
}

function fail(zone: Zone, what: string): never {
  throw new Error(`page-alloc: node ${zone.nodeId} zone ${zone.name}: ${what}`);
}

function claimPages(zone: Zone, seen: Uint8Array, page: Page, pages: number, pfn: Pfn): void {
  for (let at: number = page; at < page + pages; at++) {
    if (seen[at] !== 0) fail(zone, `pfn 0x${(pfn + at - page).toString(16)} is on two lists`);
    seen[at] = 1;
  }
}

/** Returns the pages on free lists that NR_FREE_PAGES counts. */
function checkFreeLists(zone: Zone, seen: Uint8Array): number {
  const { frames } = zone;
  let counted = 0;
  let highatomic = 0;
  let cma = 0;
  for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
    let blocks = 0;
    for (let type = 0; type < MIGRATE_TYPES; type++) {
      const list = zone.list(order, type);
      const empty = frames.next[list] === list;
      if (empty === ((zone.orderMask[type]! & (1 << order)) !== 0)) {
        fail(zone, `order mask of type ${type} is wrong at order ${order}`);
      }
      for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) {
        if (frames.prev[frames.next[node]!] !== node)
          fail(zone, `list of order ${order} type ${type} is broken`);
        const here = frames.isRange(node) ? frames.rangeCount[node - frames.firstRangeNode]! : 1;
        blocks += here;
        if (type !== MigrateType.ISOLATE) counted += here * 2 ** order;
        if (type === MigrateType.HIGHATOMIC) highatomic += here * 2 ** order;
        if (type === MigrateType.CMA) cma += here * 2 ** order;
        if (!frames.isRange(node)) checkFreeBlock(zone, seen, node, order, type);
      }
    }
    if (blocks !== zone.nrFree[order])
      fail(zone, `nr_free of order ${order} is ${zone.nrFree[order]}, not ${blocks}`);
  }
  if (highatomic !== zone.freeHighatomicPages) {
    fail(zone, `nr_free_highatomic is ${zone.freeHighatomicPages}, not ${highatomic}`);
  }
  const exactCma = zone.exactFreeCmaPages();
  if (exactCma !== cma) fail(zone, `NR_FREE_CMA_PAGES is ${exactCma}, not ${cma}`);
  return counted;
}

function checkFreeBlock(zone: Zone, seen: Uint8Array, page: Page, order: number, type: number): void {
  const { frames } = zone;
  const pfn = frames.pfnOf(page);
  const where = `pfn 0x${pfn.toString(16)}`;
  if (pfn % 2 ** order !== 0) fail(zone, `${where} is not aligned to order ${order}`);
  if (pfn < zone.startPfn || pfn + 2 ** order > zone.endPfn) fail(zone, `${where} lies outside the zone`);
  if (frames.freeOrder(page) !== order) fail(zone, `${where} is not marked as order ${order}`);
  for (let at: number = page; at < page + 2 ** order; at += PAGEBLOCK_PAGES) {
    if (frames.pageblockType[at >> PAGEBLOCK_ORDER] !== type) {
      fail(zone, `${where} is on a list of type ${type}, its pageblock is of another`);
    }
  }
  for (let at: number = page + 1; at < page + 2 ** order; at++) {
    if ((frames.meta[at]! & ORDER_MASK) !== 0) fail(zone, `${where} has a block inside it`);
  }
  for (let larger = order + 1; larger <= MAX_PAGE_ORDER; larger++) {
    if (blockReaches(frames, page, larger)) fail(zone, `${where} is part of another block`);
  }
  // A pageblock given back by the highatomic reserve does not merge with its free neighbour.
  const buddy = page ^ (1 << order);
  if (order < PAGEBLOCK_ORDER && frames.freeOrder(asPage(buddy)) === order) {
    fail(zone, `${where} and its buddy of order ${order} are both free`);
  }
  claimPages(zone, seen, page, 2 ** order, pfn);
}

/** Whether the block that begins where one of an order with a page in it would, has the page. */
function blockReaches(frames: PageFrames, page: Page, order: number): boolean {
  const head = (page >> order) << order;
  return head !== page && (frames.meta[head]! & ORDER_MASK) > order;
}

function checkUnaccepted(zone: Zone): number {
  const { frames } = zone;
  let pages = 0;
  const list = zone.unacceptedList;
  for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) {
    pages += frames.rangeCount[node - frames.firstRangeNode]! * MAX_ORDER_PAGES;
  }
  if (pages !== zone.unacceptedPages) fail(zone, `NR_UNACCEPTED is ${zone.unacceptedPages}, not ${pages}`);
  return pages;
}

function checkPcp(zone: Zone, seen: Uint8Array): void {
  const { frames } = zone;
  zone.pcp.forEach((pcp, cpu) => {
    let pages = 0;
    pcp.lists.forEach((list, index) => {
      const order = pcpIndexOrder(index);
      for (let at = 0; at < list.size; at++) {
        const page = list.at(at);
        const pfn = frames.pfnOf(page);
        for (let part: number = page; part < page + 2 ** order; part++) {
          if (frames.headOf(asPage(part)) !== NO_PAGE)
            fail(zone, `pfn 0x${pfn.toString(16)} is on a list of CPU ${cpu} and in use`);
        }
        claimPages(zone, seen, page, 2 ** order, pfn);
        pages += 2 ** order;
      }
    });
    if (pages !== pcp.count) fail(zone, `count of CPU ${cpu} is ${pcp.count}, its lists hold ${pages}`);
  });
}
