/** How SLUB chooses the size of its slabs (mm/slub.c, Linux 6.12). */

import { fls, PAGE_SHIFT, PAGE_SIZE } from "../../units.js";

/** slub_max_order: PAGE_ALLOC_COSTLY_ORDER. */
const MAX_ORDER = 3;
/** MAX_OBJS_PER_PAGE. */
const MAX_OBJECTS = 32767;

/**
 * Order of the slabs of a cache (calculate_order, calc_slab_order): as many objects as CPUs want at
 * a time, with little waste at the end.
 *
 * @param objectBytes size of an object with what SLUB adds to it; at most 32 KiB
 * @param cpus that are present, and none can be added
 */
export function slabOrder(objectBytes: number, cpus: number): number {
  const most = Math.max(Math.floor((PAGE_SIZE << MAX_ORDER) / objectBytes), 1);
  const wanted = Math.min(4 * (fls(cpus) + 1), most);
  const least = pagesOrder(wanted * objectBytes);
  if ((PAGE_SIZE << least) / objectBytes > MAX_OBJECTS) return pagesOrder(objectBytes * MAX_OBJECTS) - 1;
  for (let fraction = 16; fraction > 1; fraction /= 2) {
    for (let order = least; order <= MAX_ORDER; order++) {
      const bytes = PAGE_SIZE << order;
      if (bytes % objectBytes <= bytes / fraction) return order;
    }
  }
  return pagesOrder(objectBytes);
}

export function objectsPerSlab(objectBytes: number, order: number): number {
  return Math.floor((PAGE_SIZE << order) / objectBytes);
}

/** The lowest order with room for `bytes` (get_order); above 0. */
export function pagesOrder(bytes: number): number {
  return Math.max(0, Math.ceil(Math.log2(bytes)) - PAGE_SHIFT);
}
