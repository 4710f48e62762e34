import type { AcceptMemory } from "../accept/accept-memory.js";
import type { CocoPlatform } from "../coco/platform.js";
import { subtractRanges } from "../firmware/ranges.js";
import { verifyInvariants } from "../page-alloc/invariants.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { pcpIndexOrder } from "../page-alloc/pcp.js";
import { type AddressRange, MAX_ORDER_PAGES, MAX_PAGE_ORDER, PAGE_SIZE, pfnDown, pfnUp } from "../units.js";
import type { Kernel } from "./kernel.js";

/**
 * Walks the whole guest and throws at the first thing that cannot be: what
 * `verifyInvariants` finds, a parked block that is accepted, or memory in use or free that
 * the platform would not let the guest touch.
 *
 * @param usableOnTouch free memory may be unaccepted, because touching it makes it usable
 * @throws Error naming the frame
 */
export function verifyGuest(
  kernel: Kernel,
  acceptance: AcceptMemory,
  platform: CocoPlatform,
  usableOnTouch: boolean,
): void {
  const { allocator } = kernel;
  verifyInvariants(allocator);
  verifyParked(allocator, acceptance);
  // Set aside, and not accepted before a touch; or a CMA area at a fixed address, which never is.
  const { cmaAreas, untouched } = kernel.early;
  const unaccepted = usableOnTouch ? untouched : cmaAreas.filter(({ accepted }) => !accepted);
  if (!usableOnTouch) verifyListed(allocator, platform, unaccepted);
  verifyReserved(kernel, platform, unaccepted);
}

function verifyParked(allocator: PageAllocator, acceptance: AcceptMemory): void {
  const { frames } = allocator;
  for (const { unacceptedList } of allocator.zones) {
    for (let node = frames.next[unacceptedList]!; node !== unacceptedList; node = frames.next[node]!) {
      const slot = node - frames.firstRangeNode;
      const startPfn = frames.rangeStart[slot]! * MAX_ORDER_PAGES;
      for (let block = 0; block < frames.rangeCount[slot]!; block++) {
        const pfn = startPfn + block * MAX_ORDER_PAGES;
        if (!acceptance.rangeContainsUnaccepted(pfn * PAGE_SIZE, MAX_ORDER_PAGES * PAGE_SIZE)) {
          throw new Error(`guest: pfn 0x${pfn.toString(16)} is parked, but accepted`);
        }
      }
    }
  }
}

/** Every block that a request could get without another accept. */
function verifyListed(
  allocator: PageAllocator,
  platform: CocoPlatform,
  unaccepted: readonly AddressRange[],
): void {
  const { frames } = allocator;
  const inArea = (pfn: number): boolean =>
    unaccepted.some(({ start, end }) => pfn * PAGE_SIZE >= start && pfn * PAGE_SIZE < end);
  for (const zone of allocator.zones) {
    for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
      for (let type = 0; type < 6; type++) {
        const list = zone.list(order, type);
        for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) {
          const slot = node - frames.firstRangeNode;
          if (inArea(frames.isRange(node) ? frames.rangeStart[slot]! * MAX_ORDER_PAGES : frames.pfnOf(node)))
            continue;
          if (!frames.isRange(node)) requireUsable(platform, frames.pfnOf(node), 2 ** order);
          else {
            const pages = frames.rangeCount[slot]! * MAX_ORDER_PAGES;
            requireUsable(platform, frames.rangeStart[slot]! * MAX_ORDER_PAGES, pages);
          }
        }
      }
    }
    for (const pcp of zone.pcp) {
      pcp.lists.forEach((pcpList, index) => {
        for (let at = 0; at < pcpList.size; at++) {
          if (inArea(frames.pfnOf(pcpList.at(at)))) continue;
          requireUsable(platform, frames.pfnOf(pcpList.at(at)), 2 ** pcpIndexOrder(index));
        }
      });
    }
  }
}

/** What memblock gave away, where it is memory: tables, the memmap, buffers. */
function verifyReserved(
  { early }: Kernel,
  platform: CocoPlatform,
  unaccepted: readonly AddressRange[],
): void {
  const { memory, reserved } = early.memblock;
  const ranges = reserved.regions.map(({ base, size }) => ({ start: base, end: base + size }));
  for (const { start, end } of subtractRanges(ranges, unaccepted)) {
    for (const { base, size } of memory.regions) {
      const startPfn = pfnUp(Math.max(base, start));
      const endPfn = pfnDown(Math.min(base + size, end));
      if (startPfn < endPfn) requireUsable(platform, startPfn, endPfn - startPfn);
    }
  }
}

function requireUsable(platform: CocoPlatform, pfn: number, pages: number): void {
  const usable = platform.usableBytesIn(pfn * PAGE_SIZE, (pfn + pages) * PAGE_SIZE);
  if (usable !== pages * PAGE_SIZE) {
    throw new Error(
      `guest: of ${pages} pages at pfn 0x${pfn.toString(16)} in use, ` +
        `only ${usable / PAGE_SIZE} are accepted by ${platform.name}`,
    );
  }
}
