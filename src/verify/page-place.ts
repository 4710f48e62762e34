import { MigrateType } from "../page-alloc/migratetype.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { ALLOCATED, NO_PAGE, ORDER_MASK } from "../page-alloc/page-frames.js";
import { type PcpList, type PerCpuPages, pcpIndexOrder } from "../page-alloc/pcp.js";
import { asPage, asPfn, MAX_ORDER_PAGES, MAX_PAGE_ORDER, type Page } from "../units.js";

/** Where a model has a page. */
export type PagePlace = "free" | "unaccepted" | "per-CPU list" | "allocated" | "reserved";

/** Where the model has the page of a frame number; nothing is changed, and no block gets frames. */
export function placeOf(allocator: PageAllocator, pfn: number): PagePlace {
  const { frames } = allocator;
  const page = frames.pageOf(asPfn(pfn));
  if (page !== NO_PAGE && (frames.meta[page]! & ALLOCATED) !== 0) return "allocated";
  const zone = allocator.zoneOfPfn(asPfn(pfn));
  const block = Math.floor(pfn / MAX_ORDER_PAGES);
  if (frames.rangeWith(zone.unacceptedList, block) !== NO_PAGE) return "unaccepted";
  if (page === NO_PAGE) {
    const run = frames.rangeWith(zone.list(MAX_PAGE_ORDER, MigrateType.MOVABLE), block);
    return run === NO_PAGE ? "reserved" : "free";
  }
  if (freeBlockOf(allocator, page) !== undefined) return "free";
  return pcpListOf(allocator, page) === undefined ? "reserved" : "per-CPU list";
}

/** The free block that holds a page. */
export function freeBlockOf(
  { frames: { meta } }: PageAllocator,
  page: Page,
): { readonly head: Page; readonly order: number } | undefined {
  for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
    const head = asPage(page - (page % 2 ** order));
    if ((meta[head]! & ORDER_MASK) === order + 1) return { head, order };
  }
  return undefined;
}

/** The per-CPU list that holds a page. */
export function pcpListOf(
  allocator: PageAllocator,
  page: Page,
): { readonly pcp: PerCpuPages; readonly list: PcpList; readonly index: number } | undefined {
  for (const pcp of allocator.zoneOf(page).pcp) {
    for (const [index, list] of pcp.lists.entries()) {
      const block = page - (page % 2 ** pcpIndexOrder(index));
      for (let at = 0; at < list.size; at++) if (list.at(at) === block) return { pcp, list, index };
    }
  }
  return undefined;
}
