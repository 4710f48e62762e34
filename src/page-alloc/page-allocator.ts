import type { PageAllocRules } from "../linux/rules.js";
import type { ZonelistIndices } from "../mm/zonelists.js";
import type { ZoneSpan } from "../mm/zones.js";
import {
  addressOf,
  asPage,
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGE_SIZE,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Page,
  type PageArray,
  type Pfn,
} from "../units.js";
import {
  AllocFlag,
  COSTLY_ORDER,
  cmaFlag,
  compactsFirst,
  isLocalOnly,
  nonBlockingFlags,
  slowPathFlags,
} from "./alloc-flags.js";
import { freePageblocks, freeToBuddy, prepareFree } from "./buddy.js";
import { Gfp } from "./gfp.js";
import { unreserveHighatomic } from "./highatomic.js";
import { MIGRATE_PCPTYPES, MigrateType, type PageblockTypes } from "./migratetype.js";
import { NO_PAGE, PageFrames } from "./page-frames.js";
import { pcpAllowedOrder } from "./pcp.js";
import { drainPcp, freeToPcp, pcpType } from "./pcp-free.js";
import type { MemoryAcceptor } from "./unaccepted-list.js";
import { balanceNode, hasPlenty } from "./watermark.js";
import { LISTS_PER_ZONE, Nodes, Zone } from "./zone.js";
import { ZoneWalk } from "./zone-walk.js";
import { type AllocContext, Zonelists } from "./zonelists.js";

/** Why a request came back empty. */
export type AllocFailure = "order too large" | "atomic request" | "would reclaim";

export interface PageAllocatorOptions extends ZonelistIndices {
  readonly zones: readonly ZoneSpan[];
  readonly cpus: number;
  readonly rules: PageAllocRules;
  readonly acceptor: MemoryAcceptor;
  readonly pageblockTypes: PageblockTypes;
}

// An import is read anew each time, what is declared here is part of the code.
const { HIGH } = Gfp;
const BLOCK_SHIFT = MAX_PAGE_ORDER;
const PAGEBLOCK_SHIFT = PAGEBLOCK_ORDER;
const PCPTYPES = MIGRATE_PCPTYPES;

/**
 * The zoned page allocator of Linux 6.12 (mm/page_alloc.c): the same requests on the same
 * machine give the same frames.
 *
 * Pages are indices into `frames`; `frames.pfnOf(page)` is the frame number.
 */
export class PageAllocator {
  readonly frames: PageFrames;
  readonly zones: Zone[] = [];
  readonly nodes: Nodes = new Nodes();
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

  readonly #cpus: number;
  #zonelists: Zonelists;
  readonly #pageblockTypes: PageblockTypes;
  readonly #walk: ZoneWalk;

  constructor(options: PageAllocatorOptions) {
    // Lists for two zones more, Normal and Movable, which memory that is plugged in may need.
    this.frames = new PageFrames((options.zones.length + 2) * LISTS_PER_ZONE);
    this.rules = options.rules;
    this.#cpus = options.cpus;
    for (const span of options.zones) this.addZone(span);
    this.#walk = new ZoneWalk(this);
    this.acceptor = options.acceptor;
    this.#pageblockTypes = options.pageblockTypes;
    this.#zonelists = new Zonelists(this.zones, options);
  }

  /**
   * Adds a zone of a node that had no memory in it at boot; there is room for two. No request finds it
   * before `setZonelists`.
   */
  addZone(span: ZoneSpan): Zone {
    const { frames, rules, zones } = this;
    const zone = new Zone(frames, rules, zones.length, span, this.#cpus);
    zones.push(zone);
    this.nodes.add(zone);
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
    const flags = gfp & this.gfpAllowedMask;
    const context = this.#zonelists.context(flags, nodeId);
    // Most find a page on the CPU's list of a zone that has plenty; not those that may have a reserve of their own.
    const zone = context.plainZone;
    const isPlain = zone !== undefined && zone.flags === 0 && (order === 0 || (flags & HIGH) === 0);
    if (isPlain && hasPlenty(zone, order, context.highestType)) {
      const page = zone.pcp[cpu]!.take(order, context.type);
      if (page !== NO_PAGE) return this.#prepare(page, order, context.marks);
    }
    return this.#searchPages(context, flags, order, cpu);
  }

  /** Looks at one zone after the other, first as they are, then as the slow path leaves them. */
  #searchPages(context: AllocContext, flags: number, order: number, cpu: number): Page | typeof NO_PAGE {
    if (order > MAX_PAGE_ORDER) return this.#fail("order too large");
    const highatomic = this.rules.highatomicInFastPath
      ? nonBlockingFlags(flags, order) & AllocFlag.HIGHATOMIC
      : 0;
    const allocFlags = AllocFlag.WMARK_LOW | context.allocFlags | (flags & Gfp.KSWAPD_RECLAIM) | highatomic;
    let page = this.#walk.pageFrom(context, order, allocFlags, cpu);
    if (page === NO_PAGE) page = this.#slowPath(context, flags, order, cpu);
    return page === NO_PAGE ? page : this.#prepare(page, order, context.marks);
  }

  /**
   * Allocates pages where no lock may be waited for (alloc_pages_nolock, 6.15 as try_alloc_pages): one attempt down to
   * the min watermark, which never accepts memory, and none while struct pages are still initialised.
   *
   * @param gfp 0 or Gfp.ACCOUNT
   * @param order one that the per-CPU lists hold
   */
  allocPagesNoLock(gfp: number, order: number, nodeId: number, cpu: number): Page | typeof NO_PAGE {
    this.lastFailure = pcpAllowedOrder(order) ? "atomic request" : "order too large";
    if (!pcpAllowedOrder(order) || this.growZone !== undefined) return NO_PAGE;
    const flags = (gfp | Gfp.NOWARN | Gfp.ZERO | Gfp.NOMEMALLOC | Gfp.COMP) & this.gfpAllowedMask;
    const context = this.#zonelists.context(flags, nodeId);
    const page = this.#walk.pageFrom(context, order, AllocFlag.WMARK_MIN | AllocFlag.NOLOCK, cpu);
    return page === NO_PAGE ? page : this.#prepare(page, order, context.marks);
  }

  /** The same in an interrupt that finds its CPU's list locked by what it interrupted (rmqueue_pcplist). */
  allocPagesPastPcp(gfp: number, order: number, nodeId: number, cpu: number): Page | typeof NO_PAGE {
    const flags = gfp & this.gfpAllowedMask;
    this.#walk.pcpLocked = true;
    try {
      return this.#searchPages(this.#zonelists.context(flags, nodeId), flags, order, cpu);
    } finally {
      this.#walk.pcpLocked = false;
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
    const context = this.#zonelists.context(flags, nodeId);
    const zone = pages.length > 1 ? this.#walk.zoneForBulk(context, pages.length, cpu) : undefined;
    let filled = 0;
    if (zone !== undefined) {
      const { type } = context;
      const pcp = zone.pcp[cpu]!;
      for (; filled < pages.length; filled++) {
        const page = this.#walk.lists.fromPcp(zone, pcp, 0, type, AllocFlag.WMARK_LOW | cmaFlag(type), cpu);
        if (page === NO_PAGE) break;
        pages[filled] = this.#prepare(page, 0, context.marks);
      }
    }
    if (filled > 0) return filled;
    const page = this.allocPages(gfp, 0, nodeId, cpu);
    if (page === NO_PAGE) return 0;
    pages[0] = page;
    return 1;
  }

  /** Frees 2^order pages, the last reference to them (__free_pages, free_unref_page). */
  freePages(page: Page, order: number, cpu: number): void {
    const { frames } = this;
    prepareFree(frames, page, order);
    const zone = this.zones[frames.blockZone[page >> BLOCK_SHIFT]!]!;
    const type = frames.pageblockType[page >> PAGEBLOCK_SHIFT]!;
    // Most stay on the CPU's list.
    if (zone.flags === 0 && type < PCPTYPES && zone.pcp[cpu]!.put(page, order, type)) return;
    this.#giveBack(zone, page, order, type, cpu, true);
  }

  /**
   * Frees pages where no lock may be waited for (free_pages_nolock, FPI_NOLOCK, from 6.15 on): the per-CPU lists
   * take them, and do not drain.
   */
  freePagesNoLock(page: Page, order: number, cpu: number): void {
    prepareFree(this.frames, page, order);
    const type = this.frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
    this.#giveBack(this.zoneOf(page), page, order, type, cpu, false);
  }

  /** The same where a lock is held: the next ordinary free to the zone's lists frees them first (add_page_to_zone_llist). */
  putOffFree(page: Page, order: number): void {
    prepareFree(this.frames, page, order);
    this.zoneOf(page).putOff.push(page, order);
  }

  #giveBack(zone: Zone, page: Page, order: number, blockType: number, cpu: number, mayDrain: boolean): void {
    if (!pcpAllowedOrder(order) || blockType === MigrateType.ISOLATE) {
      if (mayDrain) freeToBuddy(zone, page, order, false, cpu);
      else freePageblocks(zone, page, order, false, cpu);
      return;
    }
    freeToPcp(zone, page, order, pcpType(blockType), cpu, mayDrain);
  }

  /**
   * Frees single pages that adjoin (__free_contig_range; vfree for each run of its pages): one by one, or as the largest
   * aligned blocks, which the per-CPU lists take where they hold that order (free_prepared_contig_range).
   */
  freeRange(startPfn: Pfn, pages: number, cpu: number): void {
    const maxOrder = this.rules.rangesFreedAsBlocks ? MAX_PAGE_ORDER : 0;
    const endPfn = startPfn + pages;
    for (let pfn = startPfn, order = 0; pfn < endPfn; pfn = asPfn(pfn + 2 ** order)) {
      order = 0;
      while (order < maxOrder && pfn % 2 ** (order + 1) === 0 && pfn + 2 ** (order + 1) <= endPfn) order++;
      this.freePages(this.pageAt(pfn), order, cpu);
    }
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
    this.adjustManagedPages(this.zoneOf(page), 1);
    // In use since early boot, and counted there.
    this.frames.touch(page, 0);
    this.frames.markAllocated(page, 0, false);
    this.freePages(page, 0, cpu);
  }

  /** A zone manages more pages from now on (adjust_managed_page_count). */
  adjustManagedPages(zone: Zone, pages: number): void {
    zone.managedPages += pages;
    if (this.rules.lowmemReserveFollows) this.nodes.setupLowmemReserve();
  }

  /** Frees every page on the per-CPU lists of all zones (drain_all_pages): `cpu` is the one that does it. */
  drainAllPcp(cpu: number): void {
    for (const zone of this.zones) this.drainZonePcp(zone, cpu);
  }

  drainZonePcp(zone: Zone, cpu: number): void {
    for (const pcp of zone.pcp) drainPcp(zone, pcp, pcp.count, 0, cpu);
  }

  /**
   * The second attempt (__alloc_pages_slowpath) without reclaim, compaction and the OOM
   * killer: where the kernel would start reclaiming, this model frees what per-CPU lists and
   * the highatomic reserve hold, tries once more, and then reports failure.
   */
  #slowPath(context: AllocContext, gfp: number, order: number, cpu: number): Page | typeof NO_PAGE {
    const { type } = context;
    const oneWalk = this.rules.slowPath === "one-walk";
    const wakeAndWalk = (flags: number): Page | typeof NO_PAGE => {
      this.#wakeAllKswapds(context, flags);
      return this.#walk.pageFrom(context, order, flags, cpu);
    };
    let allocFlags = slowPathFlags(gfp, order, type);
    let page = wakeAndWalk(allocFlags);
    if (page !== NO_PAGE) return page;
    // A PF_MEMALLOC context may dip into all reserves (__gfp_pfmemalloc_flags).
    const usesReserves = (gfp & (Gfp.MEMALLOC | Gfp.NOMEMALLOC)) === Gfp.MEMALLOC;
    const usesAnyNode = (allocFlags & AllocFlag.CPUSET) === 0;
    if (usesReserves) {
      allocFlags = AllocFlag.NO_WATERMARKS | (allocFlags & (AllocFlag.KSWAPD | AllocFlag.CMA));
    }
    if (!oneWalk || usesReserves || usesAnyNode) page = wakeAndWalk(allocFlags);
    if (page !== NO_PAGE) return page;
    if ((gfp & Gfp.DIRECT_RECLAIM) === 0) return this.#fail("atomic request");
    if (oneWalk && compactsFirst(gfp, order, type)) {
      if (isLocalOnly(gfp)) return this.#fail("would reclaim");
      page = wakeAndWalk(allocFlags);
      if (page !== NO_PAGE) return page;
    }
    unreserveHighatomic(this.frames, context, cpu);
    this.drainAllPcp(cpu);
    page = this.#walk.pageFrom(context, order, allocFlags, cpu);
    if (page === NO_PAGE && (gfp & Gfp.NOFAIL) !== 0 && order <= COSTLY_ORDER) {
      const reserve = AllocFlag.MIN_RESERVE | AllocFlag.CPUSET;
      page = this.#walk.pageFrom(context, order, reserve, cpu);
    }
    return page !== NO_PAGE ? page : this.#fail("would reclaim");
  }

  #fail(reason: AllocFailure): typeof NO_PAGE {
    this.lastFailure = reason;
    return NO_PAGE;
  }

  #wakeAllKswapds({ zonelist, first, highestType }: AllocContext, allocFlags: number): void {
    if ((allocFlags & AllocFlag.KSWAPD) === 0 || !this.kswapdRunning) return;
    for (let at = first; at < zonelist.length; at++) this.wakeKswapd(zonelist[at]!.nodeId, highestType);
  }

  /** Whether a node's kswapd works, or does not exist yet: it is not asleep on its wait queue. */
  isKswapdAwake(nodeId: number): boolean {
    if (!this.kswapdRunning) return true;
    for (const zone of this.zones) if (zone.nodeId === nodeId && zone.reclaimActive) return true;
    return false;
  }

  /** A node's kswapd wakes up and balances its zones. */
  wakeKswapd(nodeId: number, highestType: number): void {
    if (this.kswapdRunning && !this.kswapdTold) balanceNode(this.zones, nodeId, highestType);
  }

  /** @param marks what the request is for, of its AllocContext */
  #prepare(page: Page, order: number, marks: number): Page {
    const fresh = this.frames.handOut(page, order, marks);
    if (fresh > 0) this.#noteTouched(page, order, fresh);
    return page;
  }

  #noteTouched(page: Page, order: number, fresh: number): void {
    this.touchedPages += fresh;
    this.acceptor.touch?.(addressOf(this.frames.pfnOf(page)), PAGE_SIZE << order);
  }
}
