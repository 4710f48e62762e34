import { GuestEnded } from "../sim/guest-ended.js";
import { type AddressRange, asPhys, PAGE_SIZE, type PhysAddr, roundDown, roundUp } from "../units.js";
import { requestLine } from "./debug.js";
import { freeMemRanges, freeMemRangesReverse } from "./iterate.js";
import { MemblockMap } from "./memblock-map.js";
import { MemblockFlags, type MemblockType, NUMA_NO_NODE, numaValidNode } from "./regions.js";
import { type RequestRow, requestsInTurns } from "./request-rows.js";

/**
 * The allocator of early boot: takes memory from the free ranges, accepts it, and reserves it
 * (mm/memblock.c, Linux 6.12).
 *
 * Physical addresses are returned; 0 means that nothing was found, as page 0 is never given out.
 */

/** As an upper limit: whatever `currentLimit` is (MEMBLOCK_ALLOC_ACCESSIBLE). */
export const MEMBLOCK_ALLOC_ACCESSIBLE = 0;
/** As ACCESSIBLE, for allocations that kmemleak need not see (MEMBLOCK_ALLOC_NOLEAKTRACE). */
export const MEMBLOCK_ALLOC_NOLEAKTRACE = 1;
/** Upper limit of memblock_alloc_low(): 4 GiB less one byte (ARCH_LOW_ADDRESS_LIMIT). */
export const ARCH_LOW_ADDRESS_LIMIT = 0xffff_ffff;
/** Default alignment of allocations (SMP_CACHE_BYTES on x86). */
export const SMP_CACHE_BYTES = 64;

/** memblock as the running kernel sees it: one instance is one boot. */
export class Memblock extends MemblockMap {
  /** Limit of requests that name none (memblock_set_current_limit); Infinity is "anywhere". */
  currentLimit: number = Infinity;
  /** Places below are taken first, in requests of every kind; Infinity is no preference. */
  preferBelow: number = Infinity;
  /** Search from below, as between `movable_node` and NUMA setup (memblock_set_bottom_up). */
  bottomUp = false;
  /** Off while a caller allocates memory that it is going to make usable in another way. */
  accepts = true;
  #canResize = false;

  /** From here on full arrays are moved to memory that memblock allocates (memblock_allow_resize). */
  allowResize(): void {
    this.#canResize = true;
  }

  /** Lowest or highest free place for a request (memblock_find_in_range_node). */
  #findInRangeNode(
    size: number,
    align: number,
    start: number,
    end: number,
    nid: number,
    flags: MemblockFlags,
  ): PhysAddr {
    const limit =
      end === MEMBLOCK_ALLOC_ACCESSIBLE || end === MEMBLOCK_ALLOC_NOLEAKTRACE ? this.currentLimit : end;
    const from = Math.max(start, PAGE_SIZE);
    const to = Math.max(from, limit);
    const filter = this.filter(nid, flags);
    const findBelow = (top: number): number =>
      this.bottomUp
        ? findBottomUp(freeMemRanges(this.memory, this.reserved, filter), size, align, from, top)
        : findTopDown(freeMemRangesReverse(this.memory, this.reserved, filter), size, align, from, top);
    const preferred = this.preferBelow < to ? findBelow(Math.max(from, this.preferBelow)) : 0;
    return asPhys(preferred === 0 ? findBelow(to) : preferred);
  }

  #preferredFlags(): MemblockFlags {
    return this.hasMirror ? MemblockFlags.MIRROR : MemblockFlags.NONE;
  }

  /**
   * The core of every allocation: the node asked for, then (unless exactly that node is wanted)
   * any node, then the same without the preference for mirrored memory. The range found is
   * reserved and accepted as it is, byte for byte (memblock_alloc_range_nid).
   *
   * @param end used as given, even above `currentLimit`, unless it is ACCESSIBLE or NOLEAKTRACE
   * @returns the address, or 0
   */
  allocRangeNid(
    size: number,
    align: number,
    start: number,
    end: number,
    nid: number,
    exactNid: boolean,
  ): PhysAddr {
    let flags = this.#preferredFlags();
    for (;;) {
      let found = this.#findInRangeNode(size, align, start, end, nid, flags);
      let foundFor = nid;
      if (found === 0 && numaValidNode(nid) && !exactNid) {
        foundFor = NUMA_NO_NODE;
        found = this.#findInRangeNode(size, align, start, end, foundFor, flags);
      }
      if (found !== 0) {
        this.reserveKern(found, size, foundFor);
        if (this.accepts) this.options.accept?.(found, size);
        return found;
      }
      if (flags === MemblockFlags.NONE) return found;
      flags = MemblockFlags.NONE;
    }
  }

  /** Reserves memory where it lies, and makes it usable as an allocation does. */
  reserveAndAccept(base: PhysAddr, size: number): void {
    this.reserve(base, size);
    if (this.accepts) this.options.accept?.(base, size);
  }

  /** memblock_phys_alloc(): anywhere below the current limit. */
  physAlloc(size: number, align: number): PhysAddr {
    return this.physAllocRange(size, align, 0, MEMBLOCK_ALLOC_ACCESSIBLE);
  }

  /** memblock_phys_alloc_range(): within [start, end), with no fallback outside of it. */
  physAllocRange(size: number, align: number, start: number, end: number): PhysAddr {
    this.options.debug?.(requestLine("memblock_phys_alloc_range", size, align, start, end));
    return this.allocRangeNid(size, align, start, end, NUMA_NO_NODE, false);
  }

  /** memblock_phys_alloc_try_nid(): a node is preferred. The kernel prints no request here. */
  physAllocTryNid(size: number, align: number, nid: number): PhysAddr {
    return this.allocRangeNid(size, align, 0, MEMBLOCK_ALLOC_ACCESSIBLE, nid, false);
  }

  /**
   * Behind all functions that return a virtual address in the kernel: the limit is at most
   * `currentLimit`, and a lower bound that cannot be kept is dropped (memblock_alloc_internal).
   */
  #allocInternal(
    operation: string,
    size: number,
    align: number,
    minAddr: number,
    maxAddr: number,
    nid: number,
    exactNid: boolean,
  ): PhysAddr {
    this.options.debug?.(requestLine(operation, size, align, minAddr, maxAddr, nid));
    const limit = Math.min(maxAddr, this.currentLimit);
    const found = this.allocRangeNid(size, align, minAddr, limit, nid, exactNid);
    if (found !== 0 || minAddr === 0) return found;
    return this.allocRangeNid(size, align, 0, limit, nid, exactNid);
  }

  /** memblock_alloc_try_nid(): zeroed in the kernel. */
  allocTryNid(size: number, align: number, minAddr: number, maxAddr: number, nid: number): PhysAddr {
    return this.#allocInternal("memblock_alloc_try_nid", size, align, minAddr, maxAddr, nid, false);
  }

  /** memblock_alloc_try_nid_raw(): not zeroed. */
  allocTryNidRaw(size: number, align: number, minAddr: number, maxAddr: number, nid: number): PhysAddr {
    return this.#allocInternal("memblock_alloc_try_nid_raw", size, align, minAddr, maxAddr, nid, false);
  }

  /** memblock_alloc_exact_nid_raw(): this node or nothing; not zeroed. */
  allocExactNidRaw(size: number, align: number, minAddr: number, maxAddr: number, nid: number): PhysAddr {
    return this.#allocInternal("memblock_alloc_exact_nid_raw", size, align, minAddr, maxAddr, nid, true);
  }

  alloc(size: number, align: number): PhysAddr {
    return this.allocTryNid(size, align, 0, MEMBLOCK_ALLOC_ACCESSIBLE, NUMA_NO_NODE);
  }

  /** memblock_alloc_from(): above `minAddr` if that is possible. */
  allocFrom(size: number, align: number, minAddr: number): PhysAddr {
    return this.allocTryNid(size, align, minAddr, MEMBLOCK_ALLOC_ACCESSIBLE, NUMA_NO_NODE);
  }

  /** memblock_alloc_low(): below 4 GiB. */
  allocLow(size: number, align: number): PhysAddr {
    return this.allocTryNid(size, align, 0, ARCH_LOW_ADDRESS_LIMIT, NUMA_NO_NODE);
  }

  /** memblock_alloc_node(): a node is preferred. */
  allocNode(size: number, align: number, nid: number): PhysAddr {
    return this.allocTryNid(size, align, 0, MEMBLOCK_ALLOC_ACCESSIBLE, nid);
  }

  /**
   * Makes `count` equal requests, one after the other. Searched for is only where one of them begins a row: as long
   * as its free range has room, the next one lies right below.
   *
   * @param size of each, a multiple of its alignment
   * @param minAddr the lower bound of each
   * @param alloc makes one request
   * @returns the address of the last one, or 0 where one found no room and for no request
   */
  allocEach(count: number, size: number, minAddr: number, alloc: () => PhysAddr): PhysAddr {
    let address = asPhys(0);
    for (let left = count; left > 0; ) {
      address = alloc();
      if (address === 0) break;
      const below = Math.min(left - 1, this.roomBelow(address, size, minAddr));
      [address] = this.takeInTurns(below, [{ start: address, sizeBytes: size, each: 1 }]) as [PhysAddr];
      left -= 1 + below;
    }
    return address;
  }

  /**
   * How many requests like the last one find their memory right below it, and below each other, with nothing else to
   * be done for them. That holds until memory above is freed or a request of another kind takes some of it. A search
   * from below leaves no room there.
   *
   * @param address of the last request
   * @param size of each, a multiple of its alignment
   * @param minAddr the lower bound of each
   */
  roomBelow(address: PhysAddr, size: number, minAddr: number): number {
    if (!this.growsSilently) return 0;
    const at = this.reserved.search(address);
    const below = this.reserved.regions[at - 1];
    const bottom = Math.max(
      this.memory.regions[this.memory.search(address)]!.base,
      below === undefined ? 0 : below.base + below.size,
      // A request that found nothing above its bound has dropped it.
      address >= minAddr ? minAddr : 0,
      PAGE_SIZE,
    );
    return this.reserved.regions[at]!.base === address ? Math.floor(Math.max(0, address - bottom) / size) : 0;
  }

  /**
   * Makes some of the requests that `roomBelow` speaks of, in rows that take turns and do not meet.
   *
   * @param last the request of each row that was made before, and how many there are to be in a turn
   * @returns the address of the last request of each row
   */
  takeInTurns(turns: number, last: readonly RequestRow[]): PhysAddr[] {
    const rows = last.map(({ start, sizeBytes, each }) => {
      const bytes = turns * each * sizeBytes;
      if (bytes > 0) this.extendDown(start, bytes);
      return { start: asPhys(start - bytes), sizeBytes, each };
    });
    const { accept, acceptInTurns } = this.options;
    if (this.accepts && turns > 0) {
      if (acceptInTurns !== undefined) acceptInTurns(turns, rows);
      else if (accept !== undefined) requestsInTurns(turns, rows, accept);
    }
    return rows.map(({ start }) => start);
  }

  /** memblock_find_in_range(): nothing is reserved. */
  #findInRange(start: number, end: number, size: number, align: number): PhysAddr {
    let flags = this.#preferredFlags();
    for (;;) {
      const found = this.#findInRangeNode(size, align, start, end, NUMA_NO_NODE, flags);
      if (found !== 0 || flags === MemblockFlags.NONE) return found;
      flags = MemblockFlags.NONE;
    }
  }

  /**
   * Moves an array to one of twice the size. For the reserved array the place must not overlap
   * the range being reserved: above it if possible, else below (memblock_double_array).
   *
   * @throws before allowResize(), where the kernel panics, and when no memory is left
   */
  protected growArray(type: MemblockType, newStart: number, newSizeBytes: number): void {
    if (!this.#canResize) throw new Error(`memblock: cannot resize ${type.name} array`);
    const avoidStart = type === this.reserved ? newStart : 0;
    const avoidSize = type === this.reserved ? newSizeBytes : 0;
    const oldBytes = type.arrayBytes();
    const newAllocBytes = roundUp(oldBytes * 2, PAGE_SIZE);
    let address = this.#findInRange(avoidStart + avoidSize, this.currentLimit, newAllocBytes, PAGE_SIZE);
    if (address === 0 && avoidSize !== 0) {
      address = this.#findInRange(0, Math.min(avoidStart, this.currentLimit), newAllocBytes, PAGE_SIZE);
    }
    if (address === 0) throw new Error(`memblock: no room for a larger ${type.name} array`);
    this.options.accept?.(address, newAllocBytes);
    const oldAddress = type.arrayAddress;
    type.max *= 2;
    type.arrayAddress = address;
    if (oldAddress !== undefined) this.free(oldAddress, roundUp(oldBytes, PAGE_SIZE));
    this.reserveKern(address, newAllocBytes);
  }
}

/**
 * Where an allocation goes: first fit on free byte ranges (mm/memblock.c:
 * __memblock_find_range_top_down, __memblock_find_range_bottom_up; Linux 6.12).
 */

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/**
 * Highest place for `size` bytes in the first range, from the top, that has one. The size is not
 * rounded: only the start is aligned, so what is above it in the range stays free.
 *
 * @param ranges free ranges, descending
 * @returns the address, or 0
 */
function findTopDown(
  ranges: Iterable<AddressRange>,
  size: number,
  align: number,
  start: number,
  end: number,
): number {
  for (const range of ranges) {
    const rangeStart = clamp(range.start, start, end);
    const rangeEnd = clamp(range.end, start, end);
    const candidate = roundDown(rangeEnd - size, align);
    if (candidate >= rangeStart) return candidate;
  }
  return 0;
}

/** Lowest place, used while memblock is bottom-up; 0 for none. @param ranges free ranges, ascending */
function findBottomUp(
  ranges: Iterable<AddressRange>,
  size: number,
  align: number,
  start: number,
  end: number,
): number {
  for (const range of ranges) {
    const rangeStart = clamp(range.start, start, end);
    const rangeEnd = clamp(range.end, start, end);
    const candidate = roundUp(rangeStart, align);
    if (candidate < rangeEnd && rangeEnd - candidate >= size) return candidate;
  }
  return 0;
}

/**
 * An allocation that the kernel cannot start without (6.14 mm/memblock.c: __memblock_alloc_or_panic;
 * before that each caller panics by itself).
 *
 * @param address 0 where memblock had no room
 * @throws GuestEnded
 */
export function panicIfNull<Address extends number>(address: Address, what: string): Address {
  if (address === 0) throw new GuestEnded("oom", `the kernel panics without memory for ${what}`);
  return address;
}
