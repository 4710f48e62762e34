import { GfpMask } from "../page-alloc/gfp.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { NO_PAGE } from "../page-alloc/page-frames.js";
import type { Page } from "../units.js";
import type { TablePages } from "../x86/table-pages.js";

/** Tables of the direct map come from the page allocator, now that it runs. */
export function serveTables(tables: TablePages, allocator: PageAllocator): void {
  let last: Page | typeof NO_PAGE = NO_PAGE;
  tables.fromBuddy = () => {
    last = allocator.allocPages(GfpMask.KERNEL, 0, 0, 0);
    return last !== NO_PAGE;
  };
  tables.toBuddy = () => {
    if (last !== NO_PAGE) allocator.freePages(last, 0, 0);
  };
}
