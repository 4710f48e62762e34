/** Areas of vmalloc(): which pages belong to one, and how newer kernels fill it (mm/vmalloc.c). */

import { Gfp, NO_PAGE, type PageAllocator } from "../page-alloc/index.js";
import { asPage, MAX_PAGE_ORDER, PAGEBLOCK_ORDER, type PageArray } from "../units.js";

/** Pages of a kernel stack: THREAD_SIZE of x86-64 (arch/x86/include/asm/page_64_types.h). */
export const STACK_PAGES = 4;

/**
 * Whether a request for a block can only be one of vmalloc(): nobody else asks for high memory that is
 * neither movable nor compound.
 */
export function isAreaRequest(gfp: number): boolean {
  return (gfp & Gfp.HIGHMEM) !== 0 && (gfp & (Gfp.MOVABLE | Gfp.COMP)) === 0;
}

/**
 * The first part of vm_area_alloc_pages() (6.19): the largest block that fits, without reclaim, and after a
 * failure none as large. What is left, single pages are for.
 *
 * @returns how many of `pages` are filled
 */
export function allocLargestFirst(
  allocator: PageAllocator,
  gfp: number,
  pages: PageArray,
  node: number,
  cpu: number,
): number {
  const largeGfp = (gfp | Gfp.NOWARN) & ~(Gfp.DIRECT_RECLAIM | Gfp.NOFAIL);
  let filled = 0;
  let limit = MAX_PAGE_ORDER;
  for (;;) {
    const left = pages.length - filled;
    const order = left === 0 ? 0 : Math.min(limit, 31 - Math.clz32(left));
    if (order === 0) return filled;
    const page = allocator.allocPages(largeGfp, order, node, cpu);
    if (page === NO_PAGE) limit = order - 1;
    else for (let at = 0; at < 2 ** order; at++) pages[filled++] = asPage(page + at);
  }
}

/**
 * Whether an area that got a block of one order can go on with one of another: each is as large as fits, so
 * the next one is smaller, unless that was the largest order or that of a huge mapping.
 */
export function canFollow(order: number, before: number): boolean {
  return order < before || (order === before && order >= PAGEBLOCK_ORDER);
}

/**
 * Which allocations of a replay are parts of one area. A kernel from 6.19 on asks for one block right after the
 * other; an older one for many pages at a time, which are one area as far as a replay can tell.
 */
export class VmallocAreas {
  /** By handle; 0 where it is none. */
  readonly #areaOf: Int32Array;
  #areas = 0;
  /** By CPU: the request that may go on with its last area, and the order of the block before. */
  readonly #next: Int32Array;
  readonly #before: Uint8Array;

  constructor(handles: number, cpus: number) {
    this.#areaOf = new Int32Array(handles);
    this.#next = new Int32Array(cpus).fill(-1);
    this.#before = new Uint8Array(cpus);
  }

  /** @returns 0 for an allocation that is not known to be one of vmalloc() */
  of(handle: number): number {
    return this.#areaOf[handle]!;
  }

  /** The area of the block or the single pages that requests from one on are for. @param next the first on its CPU after them */
  areaFor(request: number, next: number, cpu: number, order: number): number {
    if (this.#next[cpu] !== request || !canFollow(order, this.#before[cpu]!)) this.#areas++;
    this.#next[cpu] = next;
    this.#before[cpu] = order;
    return this.#areas;
  }

  add(handle: number, area: number): void {
    this.#areaOf[handle] = area;
  }
}
