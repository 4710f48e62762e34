import type { PageAllocRules } from "../linux/rules.js";
import {
  PAGE_SIZE,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Page,
  type PageArray,
  pageArray,
} from "../units.js";
import { MIGRATE_PCPTYPES, MigrateType } from "./migratetype.js";
import { NO_PAGE } from "./page-frames.js";

/**
 * Per-CPU page lists (include/linux/mmzone.h: struct per_cpu_pages; mm/page_alloc.c, 6.12).
 *
 * Orders 0 to 3 of the three ordinary migrate types have a list each, then there are two
 * for huge pages of order 9: movable ones, and all others. Pages are taken from and freed
 * to the head; refills go to the tail and drains come from it.
 */
const PCP_COSTLY_ORDER = 3;
const PCP_LOW_LISTS: number = MIGRATE_PCPTYPES * (PCP_COSTLY_ORDER + 1);
/** Lists of a zone on one CPU (NR_PCP_LISTS with CONFIG_TRANSPARENT_HUGEPAGE). */
export const PCP_LISTS: number = PCP_LOW_LISTS + 2;

/** CONFIG_PCP_BATCH_SCALE_MAX: how far a burst may scale the batch. */
const PCP_BATCH_SCALE_MAX = 5;

/** The last free was of order 1 to 3 (PCPF_PREV_FREE_HIGH_ORDER). */
const PREV_FREE_HIGH_ORDER = 1;
/** Drain high orders in batches only: the CPU's cache slice is large (PCPF_FREE_HIGH_BATCH). */
export const FREE_HIGH_BATCH = 2;

/** Whether blocks of an order go through the per-CPU lists (mm/page_alloc.c:pcp_allowed_order). */
export function pcpAllowedOrder(order: number): boolean {
  return order <= PCP_COSTLY_ORDER || order === PAGEBLOCK_ORDER;
}

/** List of an order and migrate type (mm/page_alloc.c:order_to_pindex). */
export function pcpIndex(order: number, type: number): number {
  return order <= PCP_COSTLY_ORDER
    ? order + order + order + type // times MIGRATE_PCPTYPES; a product of 0 may be -0 to the compiler
    : PCP_LOW_LISTS + (type === MigrateType.MOVABLE ? 1 : 0);
}

/** Order of the blocks on a list (mm/page_alloc.c:pindex_to_order). */
export function pcpIndexOrder(index: number): number {
  return index >= PCP_LOW_LISTS ? PAGEBLOCK_ORDER : Math.trunc(index / MIGRATE_PCPTYPES);
}

const PAGEBLOCK_MASK = PAGEBLOCK_PAGES - 1;

/** No CPU uses all of its lists, and a machine of many CPUs has thousands. */
const EMPTY_RING: PageArray = pageArray(0);
const FIRST_RING = 64;

/** A list of pages open at both ends: a ring in one typed array that doubles when full. */
export class PcpList {
  #ring: PageArray = EMPTY_RING;
  #head = 0;
  size = 0;

  pushHead(page: Page): void {
    if (this.size === this.#ring.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#ring.length - 1);
    this.#ring[this.#head] = page;
    this.size++;
  }

  pushTail(page: Page): void {
    if (this.size === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.size) & (this.#ring.length - 1)] = page;
    this.size++;
  }

  /** Takes the head; the list must not be empty. */
  popHead(): Page {
    const page = this.#ring[this.#head]!;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.size--;
    return page;
  }

  /** Puts blocks behind the tail that lie one after the other, each of so many pages. */
  pushTailRun(first: Page, pages: number, blocks: number): void {
    while (this.size + blocks > this.#ring.length) this.#grow();
    const ring = this.#ring;
    const mask = ring.length - 1;
    const at = this.#head + this.size;
    for (let i = 0; i < blocks; i++) ring[(at + i) & mask] = (first + i * pages) as Page;
    this.size += blocks;
  }

  /**
   * Takes the tail, and after it those of the same pageblock that each begin where the one before ends.
   *
   * @param pages of each block
   * @param most blocks to take, 1 or more; the list must not be empty
   * @returns how many were taken; the first was at position size - 1
   */
  popTailRun(pages: number, most: number): number {
    const ring = this.#ring;
    const mask = ring.length - 1;
    const tail = this.#head + this.size - 1;
    const limit = Math.min(most, this.size);
    let next = ring[tail & mask]! + pages;
    let taken = 1;
    while (taken < limit && ring[(tail - taken) & mask] === next && (next & PAGEBLOCK_MASK) !== 0) {
      next += pages;
      taken++;
    }
    this.size -= taken;
    return taken;
  }

  /** The page at a position from the head, 0 <= position < size. */
  at(position: number): Page {
    return this.#ring[(this.#head + position) & (this.#ring.length - 1)]!;
  }

  #grow(): void {
    const old = this.#ring;
    const ring = pageArray(Math.max(FIRST_RING, old.length * 2));
    for (let i = 0; i < this.size; i++) ring[i] = old[(this.#head + i) & (old.length - 1)]!;
    this.#ring = ring;
    this.#head = 0;
  }
}

export class PerCpuPages {
  readonly lists: readonly PcpList[] = Array.from({ length: PCP_LISTS }, () => new PcpList());
  /** Base pages on all lists. */
  count = 0;
  /** Current limit; it moves between highMin and highMax. */
  high = 0;
  highMin = 0;
  highMax = 0;
  /** Pages a refill or drain moves; 1 and a high of 0 are the boot pageset, which switches the lists off. */
  batch = 1;
  allocFactor = 0;
  freeCount = 0;
  flags = 0;
  /** Batches that a free drains before it loses the lists to an interrupt or another CPU, of a recorded kernel. */
  batchesUntilLost: number = Number.POSITIVE_INFINITY;
  /** Pages that the latest free has left to drain, from this list on. */
  toDrain = 0;
  drainIndex = 0;

  /** The same limits and counters on empty lists: a dry run. */
  withoutPages(): PerCpuPages {
    const copy = new PerCpuPages();
    copy.count = this.count;
    copy.high = this.high;
    copy.highMin = this.highMin;
    copy.highMax = this.highMax;
    copy.batch = this.batch;
    copy.allocFactor = this.allocFactor;
    copy.freeCount = this.freeCount;
    copy.flags = this.flags;
    return copy;
  }

  /** A block of an order and type for a request, or NO_PAGE where none waits here (rmqueue_pcplist). */
  take(order: number, type: number): Page | typeof NO_PAGE {
    const list = order === 0 || pcpAllowedOrder(order) ? this.lists[pcpIndex(order, type)]! : undefined;
    if (list === undefined || list.size === 0) return NO_PAGE;
    this.freeCount >>= 1;
    this.count -= 1 << order;
    return list.popHead();
  }

  /**
   * A single page comes in whose zone has memory enough, and stays (free_unref_page_commit).
   *
   * @returns false for a larger block, and when something has to be drained; then nothing has changed
   */
  put(page: Page, order: number, type: number): boolean {
    const high = Math.min(Math.max(this.high, this.highMin), this.highMax);
    if (order > 0 || this.count + 1 >= high) return false;
    this.lists[type]!.pushHead(page);
    this.high = high;
    this.count++;
    this.allocFactor >>= 1;
    this.flags &= ~PREV_FREE_HIGH_ORDER;
    if (this.freeCount < this.batch << PCP_BATCH_SCALE_MAX) this.freeCount++;
    return true;
  }

  /**
   * How many blocks of an order a refill takes (nr_pcp_alloc). A run of allocations doubles
   * it each time; the limit grows with it unless the zone is short of memory.
   */
  refillBlocks(order: number, belowHigh: boolean): number {
    const baseBatch = this.batch;
    let high = Math.min(Math.max(this.high, this.highMin), this.highMax);
    this.high = high;
    // The lists are switched off (boot pageset, memory being offlined).
    if (high < baseBatch) return 1;
    let batch = order === 0 ? baseBatch << this.allocFactor : baseBatch;
    if (this.highMin !== this.highMax && !belowHigh) {
      high = Math.min(high + batch, this.highMax);
      this.high = high;
    }
    if (order === 0) {
      const room = Math.max(high - this.count - baseBatch, baseBatch);
      if (batch <= room && this.allocFactor < PCP_BATCH_SCALE_MAX) this.allocFactor++;
      batch = Math.min(batch, room);
    }
    // Two blocks at least: one for the request, one for the next.
    return batch > 1 ? Math.max(batch >> order, 2) : batch;
  }

  /** A free of this order on these lists: bookkeeping of bursts; returns whether high orders must be drained. */
  noteFree(order: number, { highOrdersDrainFrom }: PageAllocRules): boolean {
    this.allocFactor >>= 1;
    this.count += 1 << order;
    let freeHigh = false;
    if (order > 0 && order <= PCP_COSTLY_ORDER) {
      const half = highOrdersDrainFrom === "batch" ? 0 : Math.trunc(this.highMin / 2);
      freeHigh =
        this.freeCount >= this.batch + half &&
        (this.flags & PREV_FREE_HIGH_ORDER) !== 0 &&
        ((this.flags & FREE_HIGH_BATCH) === 0 || this.count >= this.batch);
      this.flags |= PREV_FREE_HIGH_ORDER;
    } else {
      this.flags &= ~PREV_FREE_HIGH_ORDER;
    }
    if (this.freeCount < this.batch << PCP_BATCH_SCALE_MAX) this.freeCount += 1 << order;
    return freeHigh;
  }

  /** Count at which a free starts to drain (nr_pcp_high). */
  drainThreshold(reclaimActive: boolean, belowHigh: boolean, freeHigh: boolean): number {
    const high = Math.min(Math.max(this.high, this.highMin), this.highMax);
    this.high = high;
    if (high === 0) return 0;
    if (freeHigh) {
      this.high = Math.max(high - (this.batch << PCP_BATCH_SCALE_MAX), this.highMin);
      return 0;
    }
    if (reclaimActive) {
      this.high = Math.max(high - Math.max(this.freeCount, this.batch), this.highMin);
      return Math.min(this.batch << 2, this.high);
    }
    if (this.highMin === this.highMax) return high;
    if (belowHigh) {
      this.high = Math.max(high - Math.max(this.freeCount, this.batch), this.highMin);
      return Math.max(this.count, this.highMin);
    }
    if (this.count >= high) {
      const needed = this.freeCount + this.batch;
      if (high < needed) this.high = Math.min(Math.max(needed, this.highMin), this.highMax);
    }
    return high;
  }

  /** The share of the caches that a CPU has is known (zone_pcp_update_cacheinfo). */
  noteCacheSlice(sizeBytes: number): void {
    if (Math.floor(sizeBytes / PAGE_SIZE) > 3 * this.batch) this.flags |= FREE_HIGH_BATCH;
    else this.flags &= ~FREE_HIGH_BATCH;
  }

  /** Pages that one step frees of all that the lists hold (drain_pages_zone). */
  fullDrainPages(): number {
    return Math.min(this.count, this.batch << PCP_BATCH_SCALE_MAX);
  }

  /** Pages a drain frees (nr_pcp_free). */
  drainPages(high: number, freeHigh: boolean): number {
    if (freeHigh) return Math.min(this.count, this.batch << PCP_BATCH_SCALE_MAX);
    if (high < this.batch) return 1;
    return Math.min(Math.max(this.freeCount, this.batch), high - this.batch);
  }
}
