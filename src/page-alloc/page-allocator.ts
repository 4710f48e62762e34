import type { PageAllocRules } from "../linux/rules.js";
import type { ZonelistIndices } from "../mm/zonelists.js";
import type { ZoneSpan } from "../mm/zones.js";
import {
  addressOf,
  asPage,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGE_SIZE,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Page,
  type PageArray,
  type Pfn,
} from "../units.js";
import { ALLOC_WMARK_MASK, AllocFlag, cmaFlag, slowPathFlags, Watermark } from "./alloc-flags.js";
import { drainPcp, freeToBuddy, freeToPcp, pcpType, prepareFree } from "./buddy.js";
import { Gfp, gfpMigrateType, gfpZone } from "./gfp.js";
import { reserveHighatomic, unreserveHighatomic } from "./highatomic.js";
import { MigrateType } from "./migratetype.js";
import { ALLOCATED, ALLOCATED_MOVABLE, NO_PAGE, PageFrames, TOUCHED } from "./page-frames.js";
import { pcpAllowedOrder } from "./pcp.js";
import { Rmqueue } from "./rmqueue.js";
import { condAcceptMemory, type MemoryAcceptor } from "./unaccepted-list.js";
import { balanceNode, watermarkFast, watermarkPages } from "./watermark.js";
import { firstAllowed, LISTS_PER_ZONE, Zone, Zonelists } from "./zone.js";

/** Largest order the allocator tries hard for (PAGE_ALLOC_COSTLY_ORDER). */
const COSTLY_ORDER = 3;

/** Why a request came back empty. */
export type AllocFailure = "order too large" | "atomic request" | "would reclaim";

export interface PageblockTypes {
  /** Type of the pageblock that starts at a frame number. */
  typeAt(pfn: number): number;
}

export interface PageAllocatorOptions extends ZonelistIndices {
  readonly zones: readonly ZoneSpan[];
  readonly cpus: number;
  readonly rules: PageAllocRules;
  readonly acceptor: MemoryAcceptor;
  readonly pageblockTypes: PageblockTypes;
}

/**
 * The zoned page allocator of Linux 6.12 (mm/page_alloc.c): the same requests on the same
 * machine give the same frames.
 *
 * Pages are indices into `frames`; `frames.pfnOf(page)` is the frame number.
 */
export class PageAllocator {
  readonly frames: PageFrames;
  readonly zones: Zone[];
  readonly rules: PageAllocRules;
  acceptor: MemoryAcceptor;
  /** gfp bits that count at this stage of boot (gfp_allowed_mask). */
  gfpAllowedMask = -1;
  /** kswapd exists (from device initcalls on); a wake-up takes the watermark boost away. */
  kswapdRunning = false;
  /** What kswapd does is told from outside, as a recorded kernel's did: a wake-up by itself changes nothing. */
  kswapdTold = false;
  /** Grows a zone whose struct pages are initialised late (deferred_grow_zone); undefined once that is done. */
  growZone: ((zone: Zone, order: number) => boolean) | undefined = undefined;
  /** Frames that were handed out at least once and not in use before the allocator was. */
  touchedPages = 0;
  /** Why the last request that returned NO_PAGE failed. */
  lastFailure: AllocFailure = "would reclaim";

  #zonelists: Zonelists;
  readonly #pageblockTypes: PageblockTypes;
  readonly #lists: Rmqueue;
  #pcpLocked = false;

  constructor(options: PageAllocatorOptions) {
    const guestPages = options.zones.reduce((sum, zone) => sum + zone.presentPages, 0);
    // Lists for two zones more, Normal and Movable, which memory that is plugged in may need.
    this.frames = new PageFrames((options.zones.length + 2) * LISTS_PER_ZONE, guestPages);
    this.rules = options.rules;
    this.zones = options.zones.map(
      (span, index) => new Zone(this.frames, options.rules, index, span, options.cpus),
    );
    this.#lists = new Rmqueue(options.rules);
    this.acceptor = options.acceptor;
    this.#pageblockTypes = options.pageblockTypes;
    this.#zonelists = new Zonelists(this.zones, options);
  }

  /**
   * Adds a zone of a node that had no memory in it at boot; there is room for two. No request finds it
   * before `setZonelists`.
   */
  addZone(span: ZoneSpan): Zone {
    const zone = new Zone(this.frames, this.rules, this.zones.length, span, this.zones[0]!.pcp.length);
    this.zones.push(zone);
    return zone;
  }

  /** The order in which requests try zones from now on (build_all_zonelists). */
  setZonelists(indices: ZonelistIndices): void {
    this.#zonelists = new Zonelists(this.zones, indices);
  }

  zoneOf(page: Page): Zone {
    return this.zones[this.frames.blockZone[page >> MAX_PAGE_ORDER]!]!;
  }

  /**
   * Zone of a frame number. Memory plugged in after ZONE_MOVABLE makes a lower zone span it as well;
   * then the one that begins higher has the frame.
   */
  zoneOfPfn(pfn: Pfn): Zone {
    let zone: Zone | undefined;
    for (const candidate of this.zones) {
      if (pfn < candidate.startPfn || pfn >= candidate.endPfn) continue;
      if (zone === undefined || candidate.startPfn > zone.startPfn) zone = candidate;
    }
    if (zone === undefined) throw new Error(`page-alloc: no zone spans pfn 0x${pfn.toString(16)}`);
    return zone;
  }

  /** The page of a frame number; its block gets frames if it has none yet. */
  pageAt(pfn: Pfn): Page {
    const page = this.frames.pageOf(pfn);
    if (page !== NO_PAGE) return page;
    const block = Math.floor(pfn / MAX_ORDER_PAGES);
    const first = block * MAX_ORDER_PAGES;
    const types = this.#pageblockTypes;
    const base = this.frames.materialise(
      block,
      this.zoneOfPfn(pfn).index,
      types.typeAt(first),
      types.typeAt(first + PAGEBLOCK_PAGES),
    );
    return asPage(base + (pfn - first));
  }

  /**
   * Allocates 2^order pages (__alloc_pages).
   *
   * @param gfp request flags, bits of Gfp
   * @param order 0 to 10
   * @param nodeId node to prefer
   * @param cpu CPU the request runs on
   * @returns the first page, or NO_PAGE; `lastFailure` then says why
   */
  allocPages(gfp: number, order: number, nodeId: number, cpu: number): Page | typeof NO_PAGE {
    if (order > MAX_PAGE_ORDER) {
      this.lastFailure = "order too large";
      return NO_PAGE;
    }
    const flags = gfp & this.gfpAllowedMask;
    const type = gfpMigrateType(flags);
    const highestType = gfpZone(flags);
    const zonelist = this.#zonelists.of(flags, nodeId);
    const first = firstAllowed(zonelist, highestType);
    const noFragment = first < zonelist.length ? this.#zonelists.noFragment[zonelist[first]!.index]! : 0;
    const allocFlags = AllocFlag.WMARK_LOW | noFragment | (flags & Gfp.KSWAPD_RECLAIM) | cmaFlag(type);
    let page = this.#getPageFromFreelist(order, allocFlags, zonelist, first, highestType, type, cpu);
    if (page === NO_PAGE) page = this.#slowPath(flags, order, zonelist, first, highestType, type, cpu);
    if (page !== NO_PAGE) this.#prepare(page, order, type);
    return page;
  }

  /** The same in an interrupt that finds its CPU's list locked by what it interrupted (rmqueue_pcplist). */
  allocPagesPastPcp(gfp: number, order: number, nodeId: number, cpu: number): Page | typeof NO_PAGE {
    this.#pcpLocked = true;
    try {
      return this.allocPages(gfp, order, nodeId, cpu);
    } finally {
      this.#pcpLocked = false;
    }
  }

  /**
   * Allocates single pages, several at once (alloc_pages_bulk): one visit to a zone, then straight
   * from the per-CPU list. May stop short; callers ask for the rest one by one.
   *
   * @param pages filled from the start; its length is how many are wanted
   * @returns how many pages were filled in
   */
  allocPagesBulk(gfp: number, pages: PageArray, nodeId: number, cpu: number): number {
    const flags = gfp & this.gfpAllowedMask;
    const type = gfpMigrateType(flags);
    const zone = pages.length > 1 ? this.#zoneForBulk(flags, type, pages.length, nodeId, cpu) : undefined;
    let filled = 0;
    if (zone !== undefined) {
      const pcp = zone.pcp[cpu]!;
      for (; filled < pages.length; filled++) {
        const page = this.#lists.fromPcp(zone, pcp, 0, type, AllocFlag.WMARK_LOW | cmaFlag(type), cpu);
        if (page === NO_PAGE) break;
        this.#prepare(page, 0, type);
        pages[filled] = page;
      }
    }
    if (filled > 0) return filled;
    const page = this.allocPages(gfp, 0, nodeId, cpu);
    if (page === NO_PAGE) return 0;
    pages[0] = page;
    return 1;
  }

  /** The first zone of the node that would stay above its low watermark with `count` pages less. */
  #zoneForBulk(gfp: number, type: number, count: number, nodeId: number, cpu: number): Zone | undefined {
    const allocFlags = AllocFlag.WMARK_LOW | cmaFlag(type);
    const highestType = gfpZone(gfp);
    const zonelist = this.#zonelists.of(gfp, nodeId);
    const preferred = zonelist[firstAllowed(zonelist, highestType)];
    for (const zone of zonelist) {
      if (zone.type > highestType) continue;
      if (zone.nodeId !== preferred!.nodeId) return undefined;
      const { bulkAccepts } = this.rules;
      if (bulkAccepts) condAcceptMemory(zone, 0, this.acceptor, this.rules, cpu);
      do {
        const mark = watermarkPages(zone, Watermark.LOW) + count;
        if (watermarkFast(zone, 0, mark, preferred!.type, allocFlags)) return zone;
      } while (
        bulkAccepts &&
        (condAcceptMemory(zone, 0, this.acceptor, this.rules, cpu) || this.growZone?.(zone, 0) === true)
      );
    }
    return undefined;
  }

  /** Frees 2^order pages, the last reference to them (__free_pages, free_unref_page). */
  freePages(page: Page, order: number, cpu: number): void {
    this.#free(page, order, cpu, true);
  }

  /**
   * Frees pages where no lock may be waited for (free_pages_nolock, FPI_NOLOCK, from 6.15 on): the per-CPU lists
   * take them, and do not drain.
   */
  freePagesNoLock(page: Page, order: number, cpu: number): void {
    this.#free(page, order, cpu, false);
  }

  /** The same where a lock is held: the next ordinary free to the zone's lists frees them first (add_page_to_zone_llist). */
  putOffFree(page: Page, order: number): void {
    prepareFree(this.frames, page, order);
    this.zoneOf(page).putOff.push(page, order);
  }

  #free(page: Page, order: number, cpu: number, mayDrain: boolean): void {
    const frames = this.frames;
    prepareFree(this.frames, page, order);
    const zone = this.zoneOf(page);
    const blockType = frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
    if (!pcpAllowedOrder(order) || blockType === MigrateType.ISOLATE) {
      freeToBuddy(zone, page, order, false, cpu);
      return;
    }
    freeToPcp(zone, page, order, pcpType(blockType), cpu, mayDrain);
  }

  /**
   * The same in an interrupt that finds its CPU's list locked by what it interrupted: the pages
   * go straight to the buddy lists (free_unref_page, where pcp_spin_trylock fails).
   */
  freePagesPastPcp(page: Page, order: number, cpu: number): void {
    prepareFree(this.frames, page, order);
    freeToBuddy(this.zoneOf(page), page, order, false, cpu);
  }

  /**
   * Hands a page that was reserved since early boot to the allocator (free_reserved_page):
   * it becomes managed and is freed like any other, without a look at acceptance.
   */
  freeReservedPage(pfn: Pfn, cpu: number): void {
    const page = this.pageAt(pfn);
    this.zoneOf(page).managedPages += 1;
    // In use since early boot, and counted there.
    this.frames.meta[page]! |= ALLOCATED | TOUCHED;
    this.freePages(page, 0, cpu);
  }

  /** Frees every page on the per-CPU lists of all zones (drain_all_pages): `cpu` is the one that does it. */
  drainAllPcp(cpu: number): void {
    for (const zone of this.zones) this.drainZonePcp(zone, cpu);
  }

  drainZonePcp(zone: Zone, cpu: number): void {
    for (const pcp of zone.pcp) drainPcp(zone, pcp, pcp.count, 0, cpu);
  }

  /** Walks the zones for a page (get_page_from_freelist). */
  #getPageFromFreelist(
    order: number,
    flags: number,
    zonelist: readonly Zone[],
    first: number,
    highestType: number,
    type: number,
    cpu: number,
  ): Page | typeof NO_PAGE {
    const preferred = zonelist[first];
    const { nodes } = this.#zonelists;
    let allocFlags = flags;
    for (;;) {
      const avoidFragments = (allocFlags & AllocFlag.NOFRAGMENT) !== 0;
      let restart = false;
      for (let at = first; at < zonelist.length; at++) {
        const zone = zonelist[at]!;
        if (zone.type > highestType) continue;
        if (avoidFragments && nodes > 1 && zone !== preferred && zone.nodeId !== preferred!.nodeId) {
          restart = true;
          break;
        }
        if (this.rules.acceptOnVisit) condAcceptMemory(zone, order, this.acceptor, this.rules, cpu);
        if (!this.#zoneMayServe(zone, order, allocFlags, highestType, cpu)) continue;
        for (;;) {
          const page = this.#rmqueue(zone, order, type, allocFlags, cpu);
          if (page !== NO_PAGE) {
            if ((allocFlags & AllocFlag.HIGHATOMIC) !== 0) reserveHighatomic(zone, page, order, cpu);
            return page;
          }
          if (condAcceptMemory(zone, order, this.acceptor, this.rules, cpu)) continue;
          if (this.growZone?.(zone, order)) continue;
          break;
        }
      }
      if (!restart && !avoidFragments) return NO_PAGE;
      // Every zone is fragmented, or the next one is on another node: mixing types is the lesser evil.
      allocFlags &= ~AllocFlag.NOFRAGMENT;
    }
  }

  /** The watermark part of a visit; notes a zone below its high watermark. */
  #zoneMayServe(zone: Zone, order: number, allocFlags: number, highestType: number, cpu: number): boolean {
    if (!zone.belowHigh) {
      if (watermarkFast(zone, order, watermarkPages(zone, Watermark.HIGH), highestType, allocFlags))
        return true;
      zone.belowHigh = true;
    }
    const mark = watermarkPages(zone, allocFlags & ALLOC_WMARK_MASK);
    if (watermarkFast(zone, order, mark, highestType, allocFlags)) return true;
    if (condAcceptMemory(zone, order, this.acceptor, this.rules, cpu)) return true;
    if (this.growZone?.(zone, order)) return true;
    return (allocFlags & AllocFlag.NO_WATERMARKS) !== 0;
  }

  /** Takes a block from a zone, by way of the per-CPU lists where they hold that order (rmqueue). */
  #rmqueue(zone: Zone, order: number, type: number, allocFlags: number, cpu: number): Page | typeof NO_PAGE {
    let page: Page | typeof NO_PAGE = NO_PAGE;
    if (pcpAllowedOrder(order) && !this.#pcpLocked) {
      const pcp = zone.pcp[cpu]!;
      pcp.freeCount >>= 1;
      page = this.#lists.fromPcp(zone, pcp, order, type, allocFlags, cpu);
    }
    if (page === NO_PAGE) page = this.#lists.fromBuddy(zone, order, type, allocFlags, cpu);
    if (zone.boosted && (allocFlags & AllocFlag.KSWAPD) !== 0) {
      zone.boosted = false;
      this.#wakeKswapd(zone.nodeId, zone.type);
    }
    return page;
  }

  /**
   * The second attempt (__alloc_pages_slowpath) without reclaim, compaction and the OOM
   * killer: where the kernel would start reclaiming, this model frees what per-CPU lists and
   * the highatomic reserve hold, tries once more, and then reports failure.
   */
  #slowPath(
    gfp: number,
    order: number,
    zonelist: readonly Zone[],
    first: number,
    highestType: number,
    type: number,
    cpu: number,
  ): Page | typeof NO_PAGE {
    let allocFlags = slowPathFlags(gfp, order, type);
    this.#wakeAllKswapds(allocFlags, zonelist, first, highestType);
    let page = this.#getPageFromFreelist(order, allocFlags, zonelist, first, highestType, type, cpu);
    if (page !== NO_PAGE) return page;
    this.#wakeAllKswapds(allocFlags, zonelist, first, highestType);
    // A PF_MEMALLOC context may dip into all reserves (__gfp_pfmemalloc_flags).
    if ((gfp & (Gfp.MEMALLOC | Gfp.NOMEMALLOC)) === Gfp.MEMALLOC) {
      allocFlags = AllocFlag.NO_WATERMARKS | (allocFlags & (AllocFlag.KSWAPD | AllocFlag.CMA));
    }
    page = this.#getPageFromFreelist(order, allocFlags, zonelist, first, highestType, type, cpu);
    if (page !== NO_PAGE) return page;
    if ((gfp & Gfp.DIRECT_RECLAIM) === 0) {
      this.lastFailure = "atomic request";
      return NO_PAGE;
    }
    unreserveHighatomic(this.frames, zonelist, highestType, type, cpu);
    this.drainAllPcp(cpu);
    page = this.#getPageFromFreelist(order, allocFlags, zonelist, first, highestType, type, cpu);
    if (page === NO_PAGE && (gfp & Gfp.NOFAIL) !== 0 && order <= COSTLY_ORDER) {
      const reserve = AllocFlag.MIN_RESERVE | AllocFlag.CPUSET;
      page = this.#getPageFromFreelist(order, reserve, zonelist, first, highestType, type, cpu);
    }
    if (page === NO_PAGE) this.lastFailure = "would reclaim";
    return page;
  }

  #wakeAllKswapds(allocFlags: number, zonelist: readonly Zone[], first: number, highestType: number): void {
    if ((allocFlags & AllocFlag.KSWAPD) === 0 || !this.kswapdRunning) return;
    for (let at = first; at < zonelist.length; at++) this.#wakeKswapd(zonelist[at]!.nodeId, highestType);
  }

  #wakeKswapd(nodeId: number, highestType: number): void {
    if (this.kswapdRunning && !this.kswapdTold) balanceNode(this.zones, nodeId, highestType);
  }

  #prepare(page: Page, order: number, type: number): void {
    const meta = this.frames.meta;
    const flags =
      type === MigrateType.MOVABLE ? ALLOCATED | ALLOCATED_MOVABLE | TOUCHED : ALLOCATED | TOUCHED;
    let fresh = 0;
    for (let at: number = page; at < page + (1 << order); at++) {
      if ((meta[at]! & TOUCHED) === 0) fresh++;
      meta[at] = flags;
    }
    this.touchedPages += fresh;
    if (fresh > 0) this.acceptor.touch?.(addressOf(this.frames.pfnOf(page)), PAGE_SIZE << order);
  }
}
