import { asPfn, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES, type Pfn } from "../units.js";
import { MigrateType } from "./migratetype.js";
import type { PageAllocator } from "./page-allocator.js";

/**
 * Areas of the contiguous memory allocator (CONFIG_CMA): movable memory may borrow their free
 * pages, nothing else may, so that a large allocation can always clear one.
 */

/**
 * Hands an area that boot reserved to the allocator (mm/cma.c:cma_activate_area with
 * mm/mm_init.c:init_cma_reserved_pageblock, 6.12, a core initcall). Each pageblock is freed like
 * an allocated huge page: with transparent huge pages the first ones stay on the movable per-CPU
 * list of `cpu`. The memory was accepted when memblock reserved it.
 *
 * @param startPfn first frame, on the border of a pageblock
 * @param pages whole pageblocks in one zone
 * @throws Error when the area is not one that the kernel would activate
 */
export function releaseCmaArea(allocator: PageAllocator, startPfn: Pfn, pages: number, cpu: number): void {
  const zone = allocator.zoneOfPfn(startPfn);
  if (startPfn % PAGEBLOCK_PAGES !== 0 || pages % PAGEBLOCK_PAGES !== 0 || startPfn + pages > zone.endPfn) {
    throw new Error(`page-alloc: CMA area of ${pages} pages at pfn 0x${startPfn.toString(16)} is not whole`);
  }
  const { frames } = allocator;
  for (let pfn: number = startPfn; pfn < startPfn + pages; pfn += PAGEBLOCK_PAGES) {
    const page = allocator.pageAt(asPfn(pfn));
    frames.pageblockType[page >> PAGEBLOCK_ORDER] = MigrateType.CMA;
    frames.markAllocated(page, PAGEBLOCK_ORDER, false);
    allocator.freePages(page, PAGEBLOCK_ORDER, cpu);
    allocator.adjustManagedPages(zone, PAGEBLOCK_PAGES);
    zone.cmaPages += PAGEBLOCK_PAGES;
  }
}
