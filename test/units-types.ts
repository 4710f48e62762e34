/**
 * What must not compile, as `npm run types` checks: each line below an expectation is a mistake that was
 * made once, or one step from it. Nothing here runs.
 */

import type { PageAllocator } from "../src/page-alloc/page-allocator.js";
import { NO_PAGE } from "../src/page-alloc/page-frames.js";
import {
  addressOf,
  PAGE_SIZE,
  type Page,
  type Pfn,
  type PhysAddr,
  type PhysRange,
  physRange,
} from "../src/units.js";
import type { EarlyMap } from "../src/x86/early-map.js";
import { setMemoryShared } from "../src/x86/set-memory-shared.js";

type Machine = Parameters<typeof setMemoryShared>[1];

/** A page is no frame, so its number times the page size is no address: DMA buffers once shared the kernel's image so. */
export function shareAPage(page: Page, allocator: PageAllocator, machine: Machine, early: EarlyMap): void {
  const start = page * PAGE_SIZE;
  // @ts-expect-error: the address was computed from a page
  setMemoryShared({ start, end: start + PAGE_SIZE }, machine, early, 1);
  // @ts-expect-error: the same for the direct map
  early.convert({ start, end: start + PAGE_SIZE }, 1);
  // @ts-expect-error: the same for the host
  machine.host.share(start, start + PAGE_SIZE);
  // @ts-expect-error: the same for acceptance
  allocator.acceptor.acceptMemory(start, PAGE_SIZE);
  // @ts-expect-error: a page has no address, its frame has
  addressOf(page);

  setMemoryShared(physRange(addressOf(allocator.frames.pfnOf(page)), PAGE_SIZE), machine, early, 1);
}

/** The page allocator gives pages, and takes pages back: page tables of splits were once described as frames. */
export function takeATable(pfn: Pfn, allocator: PageAllocator, early: EarlyMap): Page | undefined {
  const page = allocator.allocPages(0, 0, 0, 0);
  // @ts-expect-error: what was handed out is a page
  const frame: Pfn = page;
  // @ts-expect-error: there may be none
  allocator.freePages(page, 0, 0);
  // @ts-expect-error: a frame is not what the allocator takes back
  early.tables.toBuddy = () => allocator.freePages(pfn, 0, 0);
  // @ts-expect-error: whether there is a table, not which one
  early.tables.fromBuddy = () => allocator.allocPages(0, 0, 0, 0);
  // @ts-expect-error: a page is looked up by its frame
  allocator.frames.pageOf(page);

  early.tables.serveFrom(allocator);
  return page === NO_PAGE || allocator.frames.pfnOf(page) === frame ? undefined : page;
}

/** None of the three is any of the others, nor any number. */
export function mix(page: Page, pfn: Pfn, address: PhysAddr): readonly [Page, Pfn, PhysAddr, PhysRange] {
  // @ts-expect-error: a frame for a page
  const first: Page = pfn;
  // @ts-expect-error: an address for a frame
  const second: Pfn = address;
  // @ts-expect-error: a page for an address
  const third: PhysAddr = page;
  // @ts-expect-error: arithmetic on frames gives a number
  const next: Pfn = pfn + 1;
  return [first, second, third, physRange(addressOf(next), PAGE_SIZE)];
}
