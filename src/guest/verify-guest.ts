import type { AcceptMemory } from "../accept/accept-memory.js";
import { type AcceptedBy, acceptedPagesOf } from "../accept/accept-meter.js";
import type { CocoPlatform } from "../coco/platform.js";
import { subtractRanges } from "../firmware/ranges.js";
import { NO_PAGE, type PageAllocator, pcpIndexOrder, verifyInvariants } from "../page-alloc/index.js";
import type { GuestClock } from "../sim/guest-clock.js";
import {
  type AddressRange,
  addressOf,
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGE_SIZE,
  type Pfn,
  pfnDown,
  pfnUp,
} from "../units.js";
import type { Kernel } from "./kernel.js";

/** Things that would be wrong in most guests and are right in some. */
export interface Allowed {
  /** Free memory may be unaccepted, because touching it makes it usable. */
  readonly usableOnTouch?: boolean;
  /** Parked blocks may be accepted, because the kernel accepted some in no allocator's name. */
  readonly parkedAccepted?: boolean;
  /** Memory that the kernel shares may be private, because the firmware accepted it behind the kernel's back. */
  readonly sharedAccepted?: boolean;
}

/**
 * Walks the whole guest and throws at the first thing that cannot be: what
 * `verifyInvariants` finds, a parked block that is accepted, or memory in use or free that
 * the platform would not let the guest touch, or free memory that is shared with the host.
 *
 * @throws Error naming the frame
 */
export function verifyGuest(
  kernel: Kernel,
  acceptance: AcceptMemory,
  platform: CocoPlatform,
  { usableOnTouch = false, parkedAccepted = false, sharedAccepted = false }: Allowed,
): void {
  const { allocator } = kernel;
  verifyInvariants(allocator);
  if (!parkedAccepted) verifyParked(allocator, acceptance);
  const map = kernel.early.earlyMap.map;
  // Set aside, and not accepted before a touch; or a CMA area at a fixed address, which never is.
  const { cmaAreas, untouched } = kernel.early;
  const unaccepted = usableOnTouch ? untouched : cmaAreas.filter(({ accepted }) => !accepted);
  const isUnaccepted = (pfn: number): boolean =>
    unaccepted.some(({ start, end }) => pfn * PAGE_SIZE >= start && pfn * PAGE_SIZE < end);
  verifyListed(allocator, (pfn, pages) => {
    if (!usableOnTouch && !isUnaccepted(pfn)) requireUsable(platform, pfn, pages);
    if (map.sharedBytesIn(pfn * PAGE_SIZE, (pfn + pages) * PAGE_SIZE) > 0) {
      throw new Error(`guest: some of ${pages} pages at pfn 0x${pfn.toString(16)} are free, but shared`);
    }
  });
  verifyReserved(kernel, platform, unaccepted);
  verifyShared(kernel, platform, sharedAccepted);
  if (!usableOnTouch) verifyTable(acceptance, kernel, platform, unaccepted);
}

/** The acceptors' sum is what the platform accepted, and no more than RAM. @throws Error with both */
export function verifyAccepted(
  acceptedBy: Readonly<AcceptedBy>,
  platform: CocoPlatform,
  memoryBytes: number,
): void {
  const acceptedBytes = acceptedPagesOf(platform) * PAGE_SIZE;
  const sum = Object.values(acceptedBy).reduce((bytes: number, own: number) => bytes + own, 0);
  if (sum !== acceptedBytes) {
    throw new Error(
      `guest: ${platform.type.title} has accepted ${acceptedBytes} bytes, but its acceptors together ${sum}`,
    );
  }
  if (acceptedBytes > memoryBytes) {
    throw new Error(`guest: ${acceptedBytes} bytes are accepted in a guest of ${memoryBytes}`);
  }
}

/** The phases of a boot, one after the other, are all of its time. @throws Error with the two sums */
export function verifyPhases({ phases, bootCpuNs }: GuestClock): void {
  const sumNs = phases.reduce((sum, { ns }) => sum + ns, 0);
  if (Math.abs(sumNs - bootCpuNs) > phases.length) {
    throw new Error(`guest: its phases take ${sumNs} ns, and the boot ${bootCpuNs} ns`);
  }
}

function verifyParked(allocator: PageAllocator, acceptance: AcceptMemory): void {
  const { frames } = allocator;
  for (const { unacceptedList } of allocator.zones) {
    for (let node = frames.next[unacceptedList]!; node !== unacceptedList; node = frames.next[node]!) {
      const slot = node - frames.firstRangeNode;
      const startPfn = frames.rangeStart[slot]! * MAX_ORDER_PAGES;
      for (let block = 0; block < frames.rangeCount[slot]!; block++) {
        const pfn = asPfn(startPfn + block * MAX_ORDER_PAGES);
        if (!acceptance.rangeContainsUnaccepted(addressOf(pfn), MAX_ORDER_PAGES * PAGE_SIZE)) {
          throw new Error(`guest: pfn 0x${pfn.toString(16)} is parked, but accepted`);
        }
      }
    }
  }
}

function verifyListed(allocator: PageAllocator, look: (pfn: number, pages: number) => void): void {
  const { frames } = allocator;
  for (const zone of allocator.zones) {
    for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
      for (let type = 0; type < 6; type++) {
        const list = zone.list(order, type);
        for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) {
          const slot = node - frames.firstRangeNode;
          if (!frames.isRange(node)) look(frames.pfnOf(node), 2 ** order);
          else look(frames.rangeStart[slot]! * MAX_ORDER_PAGES, frames.rangeCount[slot]! * MAX_ORDER_PAGES);
        }
      }
    }
    for (const pcp of zone.pcp) {
      pcp.lists.forEach((pcpList, index) => {
        for (let at = 0; at < pcpList.size; at++) {
          look(frames.pfnOf(pcpList.at(at)), 2 ** pcpIndexOrder(index));
        }
      });
    }
  }
}

/** Everything memblock gave away, where it is memory: tables, the memmap, buffers. */
function verifyReserved(
  { early }: Kernel,
  platform: CocoPlatform,
  unaccepted: readonly AddressRange[],
): void {
  const { memory, reserved } = early.memblock;
  for (const { start, end } of subtractRanges(reserved.ranges, unaccepted)) {
    for (const { base, size } of memory.regions) {
      const startPfn = pfnUp(Math.max(base, start));
      const endPfn = pfnDown(Math.min(base + size, end));
      if (startPfn < endPfn) requireUsable(platform, startPfn, endPfn - startPfn);
    }
  }
}

/**
 * Memory shared in the direct map is memory the platform has made shared, has been allocated, and is not
 * part of the kernel's image.
 */
function verifyShared({ allocator, early }: Kernel, platform: CocoPlatform, sharedAccepted: boolean): void {
  const map = early.earlyMap.map;
  if (!sharedAccepted && map.sharedBytes !== platform.sharedPages * PAGE_SIZE) {
    throw new Error(
      `guest: ${map.sharedBytes} bytes of the direct map are shared, and ${platform.type.title} knows of ` +
        `${platform.sharedPages * PAGE_SIZE}`,
    );
  }
  const { kernelStart } = early.machine;
  // Init memory of the image is freed and may be allocated again; memblock's record of it stays.
  const image = { start: kernelStart, end: kernelStart + early.build.imageBytes };
  const byMemblock = subtractRanges(early.memblock.reserved.ranges, [image]);
  for (const shared of map.sharedLeaves()) {
    for (const { start, end } of subtractRanges([shared], byMemblock)) {
      for (let pfn: number = pfnDown(start); pfn < pfnUp(end); pfn++) requireAllocated(allocator, asPfn(pfn));
    }
  }
}

function requireAllocated({ frames }: PageAllocator, pfn: Pfn): void {
  const page = frames.pageOf(pfn);
  if (page !== NO_PAGE && frames.isAllocated(page)) return;
  throw new Error(`guest: pfn 0x${pfn.toString(16)} is shared, but not allocated`);
}

/** Memory that the kernel's table does not call unaccepted can be used. */
function verifyTable(
  { table }: AcceptMemory,
  { early }: Kernel,
  platform: CocoPlatform,
  unaccepted: readonly AddressRange[],
): void {
  if (table === undefined) return;
  const { physBase, unitSizeBytes, unitCount } = table;
  const waiting: AddressRange[] = [...unaccepted];
  for (let set = table.nextSet(0, unitCount); set < unitCount; ) {
    const clear = table.nextClear(set, unitCount);
    waiting.push({ start: physBase + set * unitSizeBytes, end: physBase + clear * unitSizeBytes });
    set = table.nextSet(clear, unitCount);
  }
  for (const { start, end } of subtractRanges(early.memblock.memory.ranges, waiting)) {
    const [startPfn, endPfn] = [pfnUp(start), pfnDown(end)];
    if (startPfn < endPfn) requireUsable(platform, startPfn, endPfn - startPfn);
  }
}

function requireUsable(platform: CocoPlatform, pfn: number, pages: number): void {
  const usable = platform.usableBytesIn(pfn * PAGE_SIZE, (pfn + pages) * PAGE_SIZE);
  if (usable !== pages * PAGE_SIZE) {
    throw new Error(
      `guest: of ${pages} pages at pfn 0x${pfn.toString(16)} in use, ` +
        `only ${usable / PAGE_SIZE} are accepted by ${platform.type.title}`,
    );
  }
}
