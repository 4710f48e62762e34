import { Gfp, GfpMask } from "../page-alloc/gfp.js";
import { NO_PAGE } from "../page-alloc/page-frames.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { asPage, PAGE_SIZE, PAGES_PER_SECTION, roundDown, roundUp } from "../units.js";
import type { Kernel } from "./kernel.js";

const PAGE_EXT_BYTES = 8; // sizeof(struct page_ext)
const PAGE_OWNER_BYTES = 64; // sizeof(struct page_owner)
const PAGE_TABLE_CHECK_BYTES = 8; // sizeof(struct page_table_check)

/**
 * Extensions of struct page, a table for each section of 128 MiB that has memory: for `page_owner=on`
 * and `page_table_check=on` (mm/page_ext.c: page_ext_init, alloc_page_ext, Linux 6.12). A table
 * that finds no room in a row is put together of single pages.
 *
 * @throws GuestEnded where the kernel panics
 */
export function pageExtInit({ allocator, early }: Kernel): void {
  const { pageOwner, pageTableCheck } = early.options;
  const users = (pageOwner ? PAGE_OWNER_BYTES : 0) + (pageTableCheck ? PAGE_TABLE_CHECK_BYTES : 0);
  if (users === 0) return;
  const pages = Math.ceil(((PAGE_EXT_BYTES + users) * PAGES_PER_SECTION) / PAGE_SIZE);
  const order = Math.ceil(Math.log2(pages));
  const gfp = GfpMask.KERNEL | Gfp.ZERO | Gfp.NOWARN;
  for (const nid of sections(early.memblock.memPfnRanges())) {
    const table = allocator.allocPages(gfp, order, nid, 0);
    if (table !== NO_PAGE) {
      for (let page: number = table + pages; page < table + 2 ** order; page++)
        allocator.freePagesPastPcp(asPage(page), 0, 0);
      continue;
    }
    for (let page = 0; page < pages; page++) {
      if (allocator.allocPages(gfp, 0, nid, 0) === NO_PAGE) {
        throw new GuestEnded("oom", "the kernel panics: no memory for page_owner= or page_table_check=");
      }
    }
  }
}

/** The node of every section with memory, ascending. */
function sections(ranges: Iterable<{ startPfn: number; endPfn: number; nid: number }>): number[] {
  const nodes = new Map<number, number>();
  for (const { startPfn, endPfn, nid } of ranges) {
    const end = roundUp(endPfn, PAGES_PER_SECTION);
    for (let pfn = roundDown(startPfn, PAGES_PER_SECTION); pfn < end; pfn += PAGES_PER_SECTION) {
      if (!nodes.has(pfn)) nodes.set(pfn, nid);
    }
  }
  return [...nodes.values()];
}
