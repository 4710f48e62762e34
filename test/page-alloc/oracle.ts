import { reserveHighatomic, unreserveHighatomic } from "./oracle-highatomic.js";
import { allocateFromZone, drainZone, freeToPcp, onPcp, takeFromList } from "./oracle-pcp.js";
import {
  cmaFlag,
  compactsFirst,
  DMA32_ZONE,
  GFP_DIRECT_RECLAIM,
  GFP_HIGH,
  GFP_KSWAPD_RECLAIM,
  GFP_MEMALLOC,
  GFP_NOFAIL,
  GFP_NOLOCK,
  GFP_NOMEMALLOC,
  GFP_THISNODE,
  HIGHEST_ZONE,
  isOfOneNodeOnly,
  NORMAL_ZONE,
  nonBlocking,
  type Request,
} from "./oracle-request.js";
import {
  ALLOC_HIGHATOMIC,
  CPUSET,
  KSWAPD,
  MIN_RESERVE,
  NO_WATERMARKS,
  NOFRAGMENT,
  NOLOCK,
  WMARK_LOW,
  WMARK_MIN,
} from "./oracle-rmqueue.js";
import type { OracleRules } from "./oracle-rules.js";
import { expectLowmemReserve } from "./oracle-setup.js";
import { condAccept, watermarkFast } from "./oracle-watermark.js";
import {
  BLOCK_PAGES,
  CMA,
  ISOLATE,
  MAX_ORDER,
  MOVABLE,
  type OracleMachine,
  OracleZone,
  PAGEBLOCK_PAGES,
} from "./oracle-zone.js";

/**
 * A deliberately naive model of the zoned page allocator of Linux 6.12 to 7.3: arrays, maps and
 * searches, one function for one paragraph of the algorithm. What it returns is what the
 * allocator has to return.
 */
export interface OracleOptions {
  readonly zones: readonly { nodeId: number; type: number; startPfn: number; endPfn: number }[];
  readonly zonelists: readonly (readonly number[])[];
  readonly nodeZonelists: readonly (readonly number[])[];
  readonly cpus: number;
  readonly rules: OracleRules;
  readonly initialType: (pageblockStartPfn: number) => number;
  readonly acceptMemory: (start: number, sizeBytes: number) => void;
  readonly containsUnaccepted: (start: number, sizeBytes: number) => boolean;
  /** accept_memory=lazy */
  readonly lazy: boolean;
}

export class Oracle {
  readonly zones: readonly OracleZone[];
  readonly #options: OracleOptions;
  readonly #machine: OracleMachine;
  /** Where a rule of a later release made a difference so far. */
  readonly met = new Set<string>();
  readonly touched = new Set<number>();
  /** Pages in use since before there was an allocator. */
  readonly usedBefore = new Set<number>();
  gfpAllowedMask = -1;
  kswapdRunning = false;
  growZone: ((zone: OracleZone) => boolean) | undefined = undefined;
  lastFailure = "";

  constructor(options: OracleOptions) {
    this.#options = options;
    this.#machine = {
      rules: options.rules,
      met: this.met,
      pageblockTypes: new Map(),
      initialType: options.initialType,
      movableInUse: new Set(),
      inUse: new Set(),
      acceptMemory: options.acceptMemory,
    };
    this.zones = options.zones.map((span) => new OracleZone(this.#machine, span, options.cpus));
  }

  zoneOf(pfn: number): OracleZone {
    return this.zones.find((zone) => pfn >= zone.startPfn && pfn < zone.endPfn)!;
  }

  #request(gfp: number, order: number, nodeId: number, cpu: number, pcpLocked = false): Request {
    const highest = HIGHEST_ZONE[gfp & 0xf]!;
    const lists = (gfp & GFP_THISNODE) !== 0 ? this.#options.nodeZonelists : this.#options.zonelists;
    const zones = lists[nodeId]!.map((index) => this.zones[index]!).filter((zone) => zone.type <= highest);
    return { order, type: Math.floor(gfp / 8) % 4, highest, zones, cpu, pcpLocked };
  }

  /** __alloc_pages; -1 on failure, `lastFailure` says why. */
  allocPages(requested: number, order: number, nodeId: number, cpu: number, pcpLocked = false): number {
    if (order > MAX_ORDER) return this.#fail("order too large");
    const gfp = requested & this.gfpAllowedMask;
    const request = this.#request(gfp, order, nodeId, cpu, pcpLocked);
    const noFragment = this.#noFragment(request.zones[0]);
    const { atomicFromFirstAttempt } = this.#options.rules;
    const atomic = atomicFromFirstAttempt ? nonBlocking(gfp, order) & ALLOC_HIGHATOMIC : 0;
    const first = WMARK_LOW | (gfp & GFP_KSWAPD_RECLAIM) | noFragment | cmaFlag(request) | atomic;
    let pfn = this.#walk(request, first);
    if (pfn < 0) pfn = this.#slowPath(request, gfp);
    if (pfn >= 0) this.#prepare(request, pfn);
    return pfn;
  }

  /** alloc_pages_nolock: one walk at the min watermark, which accepts nothing; -1 on failure. */
  allocPagesNolock(order: number, nodeId: number, cpu: number): number {
    if (!onPcp(order) || this.growZone !== undefined) return -1;
    const request = this.#request(GFP_NOLOCK & this.gfpAllowedMask, order, nodeId, cpu);
    const pfn = this.#walk(request, WMARK_MIN | NOLOCK);
    if (request.zones.some((zone) => zone.unacceptedList.length > 0)) this.met.add("no lock, unaccepted");
    if (pfn >= 0) this.#prepare(request, pfn);
    return pfn;
  }

  #prepare({ order, type }: Request, pfn: number): void {
    for (let page = pfn; page < pfn + 2 ** order; page++) {
      if (!this.usedBefore.has(page)) this.touched.add(page);
      this.#machine.inUse.add(page);
      if (type === MOVABLE) this.#machine.movableInUse.add(page);
    }
  }

  /** __alloc_pages_bulk of single pages; may return fewer than wanted. */
  allocPagesBulk(requested: number, wanted: number, nodeId: number, cpu: number): number[] {
    const request = this.#request(requested & this.gfpAllowedMask, 0, nodeId, cpu);
    const zone = wanted > 1 ? this.#zoneForBulk(request, wanted) : undefined;
    const pfns: number[] = [];
    while (zone !== undefined && pfns.length < wanted) {
      const pfn = takeFromList(zone, 0, request.type, WMARK_LOW | cmaFlag(request), cpu);
      if (pfn < 0) break;
      this.#prepare(request, pfn);
      pfns.push(pfn);
    }
    if (pfns.length > 0) return pfns;
    const single = this.allocPages(requested, 0, nodeId, cpu);
    return single < 0 ? [] : [single];
  }

  /** A zone of the preferred node that keeps its low watermark with so many pages less. */
  #zoneForBulk(request: Request, wanted: number): OracleZone | undefined {
    const { zones, cpu } = request;
    const flags = WMARK_LOW | cmaFlag(request);
    for (const zone of zones) {
      if (zone.nodeId !== zones[0]!.nodeId) return undefined;
      condAccept(zone, 0, cpu);
      for (;;) {
        if (watermarkFast(zone, 0, 1, zones[0]!.type, flags, wanted)) return zone;
        if (!condAccept(zone, 0, cpu) && !this.growZone?.(zone)) break;
      }
    }
    return undefined;
  }

  #fail(reason: string): number {
    this.lastFailure = reason;
    return -1;
  }

  /** Avoid mixing types in Normal as long as a lower zone can help (alloc_flags_nofragment). */
  #noFragment(preferred: OracleZone | undefined): number {
    if (preferred?.type !== NORMAL_ZONE) return 0;
    const oneNode = this.#options.zonelists.length === 1;
    const hasDma32 = this.zones.some((zone) => zone.nodeId === preferred.nodeId && zone.type === DMA32_ZONE);
    return oneNode || hasDma32 ? NOFRAGMENT : 0;
  }

  /** get_page_from_freelist: once around, or again with less care where that found nothing. */
  #walk(request: Request, flags: number): number {
    const severalNodes = this.#options.zonelists.length > 1;
    return this.#walkZones(request, flags, severalNodes && this.#options.rules.passesBusyNodes, false);
  }

  #walkZones(request: Request, flags: number, passBusy: boolean, passedBefore: boolean): number {
    const { zones, order } = request;
    let passed = passedBefore;
    for (const zone of zones) {
      // Before going to another node, mixing types is allowed.
      if ((flags & NOFRAGMENT) !== 0 && zone.nodeId !== zones[0]!.nodeId) {
        return this.#walkZones(request, flags - NOFRAGMENT, passBusy, passed);
      }
      if (passBusy && !this.#kswapdSleeps(zone.nodeId)) {
        passed = true;
        this.met.add("busy node");
        continue;
      }
      condAccept(zone, order, request.cpu, flags);
      if (!this.#mayAllocate(zone, request, flags)) continue;
      const pfn = this.#takeFromZone(zone, request, flags);
      if (pfn >= 0) return pfn;
    }
    if (passBusy && passed) return this.#walkZones(request, flags, false, passed);
    // Mixing types is better than failing.
    return (flags & NOFRAGMENT) !== 0 ? this.#walkZones(request, flags - NOFRAGMENT, passBusy, passed) : -1;
  }

  /** Whether anybody waits in kswapd_wait of a node: not before there is a kswapd, and not while it reclaims. */
  #kswapdSleeps(nodeId: number): boolean {
    return this.kswapdRunning && !this.zones.some((zone) => zone.nodeId === nodeId && zone.reclaimActive);
  }

  /** Watermarks, and what can be done to reach them. */
  #mayAllocate(zone: OracleZone, request: Request, flags: number): boolean {
    const { order, highest, cpu } = request;
    if (!zone.belowHigh) {
      if (watermarkFast(zone, order, 2, highest, flags)) return true;
      zone.belowHigh = true;
    }
    if (watermarkFast(zone, order, flags % 4, highest, flags)) return true;
    if (condAccept(zone, order, cpu, flags)) return true;
    if (this.growZone?.(zone)) return true;
    return (flags & NO_WATERMARKS) !== 0;
  }

  #takeFromZone(zone: OracleZone, request: Request, flags: number): number {
    const { order, type, cpu, pcpLocked } = request;
    for (;;) {
      const pfn = allocateFromZone(zone, order, type, flags, cpu, pcpLocked);
      if (zone.boosted && (flags & KSWAPD) !== 0) {
        zone.boosted = false;
        this.#wakeKswapd(zone.nodeId, zone.type);
      }
      if (pfn >= 0) {
        const ofBuddyOnly = this.#options.rules.atomicPassesEmptyPcp;
        if ((flags & ALLOC_HIGHATOMIC) !== 0 && !ofBuddyOnly) reserveHighatomic(zone, pfn, order, cpu);
        return pfn;
      }
      if (!condAccept(zone, order, cpu, flags) && !this.growZone?.(zone)) return -1;
    }
  }

  /** kswapd of a node is not modelled: it only takes the boost of the zones it balances away (balance_pgdat). */
  #wakeKswapd(nodeId: number, highest: number): void {
    if (!this.kswapdRunning) return;
    for (const zone of this.zones) if (zone.nodeId === nodeId && zone.type <= highest) zone.boost = 0;
  }

  #wakeAllKswapds({ zones, highest }: Request, flags: number): void {
    if ((flags & KSWAPD) === 0) return;
    for (const zone of zones) this.#wakeKswapd(zone.nodeId, highest);
  }

  /** __alloc_pages_slowpath without reclaim and compaction */
  #slowPath(request: Request, gfp: number): number {
    const { order } = request;
    let flags = CPUSET | (gfp & (GFP_HIGH | GFP_KSWAPD_RECLAIM)) | nonBlocking(gfp, order);
    if ((gfp & GFP_DIRECT_RECLAIM) === 0 && (gfp & GFP_HIGH) !== 0) flags &= ~CPUSET;
    flags |= cmaFlag(request);
    this.#wakeAllKswapds(request, flags);
    let pfn = this.#walk(request, flags);
    if (pfn >= 0) return pfn;
    const allReserves = (gfp & GFP_MEMALLOC) !== 0 && (gfp & GFP_NOMEMALLOC) === 0;
    if (allReserves) flags = NO_WATERMARKS | (flags & KSWAPD) | cmaFlag(request);
    const anyNode = (flags & CPUSET) === 0;
    const walkAgain = (): number => {
      this.#wakeAllKswapds(request, flags);
      return this.#walk(request, flags);
    };
    const { walksAgainOnlyForReserves } = this.#options.rules;
    if (allReserves || anyNode || !walksAgainOnlyForReserves) pfn = walkAgain();
    if (pfn >= 0) return pfn;
    if ((gfp & GFP_DIRECT_RECLAIM) === 0) return this.#fail("atomic request");
    if (walksAgainOnlyForReserves && compactsFirst(gfp, request)) {
      if (isOfOneNodeOnly(gfp)) {
        this.met.add("no reclaim for one node only");
        return this.#fail("would reclaim");
      }
      pfn = walkAgain();
      if (pfn >= 0) return pfn;
    }
    unreserveHighatomic(request.zones, request.type, request.cpu);
    this.drainAllPcp(request.cpu);
    pfn = this.#walk(request, flags);
    if (pfn < 0 && order <= 3 && (gfp & GFP_NOFAIL) !== 0) pfn = this.#walk(request, MIN_RESERVE | CPUSET);
    return pfn >= 0 ? pfn : this.#fail("would reclaim");
  }

  /** __free_pages; past the per-CPU lists where those do not take the order, or are locked. */
  freePages(pfn: number, order: number, cpu: number, locked = false, mostBatches = Infinity): void {
    this.#release(pfn, order);
    const zone = this.zoneOf(pfn);
    if (!locked && this.#mayList(zone, pfn, order)) freeToPcp(zone, pfn, order, cpu, mostBatches);
    else zone.freeDirect(pfn, order, false, cpu);
  }

  /** free_pages_nolock: the lists do not drain, and what was put off stays so. */
  freePagesNolock(pfn: number, order: number, cpu: number): void {
    this.#release(pfn, order);
    const zone = this.zoneOf(pfn);
    if (this.#mayList(zone, pfn, order)) freeToPcp(zone, pfn, order, cpu, 0);
    else zone.freeParts(pfn, order, false, cpu);
  }

  /** free_pages_nolock where the zone's lock is held and the lists are locked too. */
  putOffFree(pfn: number, order: number): void {
    this.#release(pfn, order);
    this.zoneOf(pfn).putOff.push({ pfn, order });
  }

  #mayList(zone: OracleZone, pfn: number, order: number): boolean {
    return onPcp(order) && zone.typeOf(pfn) !== ISOLATE;
  }

  #release(pfn: number, order: number): void {
    for (let page = pfn; page < pfn + 2 ** order; page++) {
      this.#machine.movableInUse.delete(page);
      this.#machine.inUse.delete(page);
    }
  }

  /** free_contig_range, and vfree() of a run of pages: page by page, or as the largest aligned blocks. */
  freeRange(start: number, pages: number, cpu: number): void {
    const asBlocks = this.#options.rules.rangesAsBlocks;
    for (let pfn = start; pfn < start + pages; ) {
      let order = 0;
      while (asBlocks && order < MAX_ORDER && pfn % 2 ** (order + 1) === 0) {
        if (pfn + 2 ** (order + 1) > start + pages) break;
        order++;
      }
      this.freePages(pfn, order, cpu);
      if (order > 0) this.met.add(`range in blocks, ${onPcp(order) ? "listed by CPU" : "straight"}`);
      pfn += 2 ** order;
    }
  }

  /** free_reserved_page */
  freeReservedPage(pfn: number, cpu: number): void {
    if (!this.touched.has(pfn)) this.usedBefore.add(pfn);
    this.#manage(pfn, 1);
    this.freePages(pfn, 0, cpu);
  }

  /** adjust_managed_page_count */
  #manage(pfn: number, pages: number): void {
    this.zoneOf(pfn).managed += pages;
    if (!this.#options.rules.reservesFollowManaged) return;
    expectLowmemReserve(this.zones);
    this.met.add("reserves follow");
  }

  /** init_cma_reserved_pageblock for every pageblock of an area */
  releaseCma(start: number, pages: number, cpu: number): void {
    for (let pfn = start; pfn < start + pages; pfn += PAGEBLOCK_PAGES) {
      const zone = this.zoneOf(pfn);
      zone.setType(pfn, PAGEBLOCK_PAGES, CMA);
      this.freePages(pfn, 9, cpu);
      this.#manage(pfn, PAGEBLOCK_PAGES);
      zone.cmaPages += PAGEBLOCK_PAGES;
    }
  }

  /** drain_all_pages: the calling CPU empties the lists of all. */
  drainAllPcp(cpu: number): void {
    for (const zone of this.zones) drainZone(zone, cpu);
  }

  /** __free_pages_core of a block that boot hands over. */
  releaseBlock(pfn: number, order: number, cpu: number): void {
    const zone = this.zoneOf(pfn);
    zone.managed += 2 ** order;
    if (this.#options.containsUnaccepted(pfn * 4096, 2 ** order * 4096)) {
      if (order === MAX_ORDER && this.#options.lazy) {
        zone.unacceptedList.push(pfn);
        zone.unaccepted += BLOCK_PAGES;
        zone.addFree(BLOCK_PAGES, cpu);
        return;
      }
      this.#options.acceptMemory(pfn * 4096, 2 ** order * 4096);
    }
    zone.freeDirect(pfn, order, true, cpu);
  }

  /** deferred_free_pages of less than a whole 4 MiB block */
  releaseSinglePages(start: number, pages: number, cpu: number): void {
    this.#options.acceptMemory(start * 4096, pages * 4096);
    for (let pfn = start; pfn < start + pages; pfn++) {
      if (pfn % PAGEBLOCK_PAGES === 0) this.#machine.pageblockTypes.set(pfn / PAGEBLOCK_PAGES, MOVABLE);
      this.releaseBlock(pfn, 0, cpu);
    }
  }
}
