import type { PageAllocRules } from "../linux/rules.js";
import { lowmemReserve } from "../mm/watermarks.js";
import { MAX_NR_ZONES, type ZoneSpan, type ZoneType } from "../mm/zones.js";
import { asPage, MAX_PAGE_ORDER, type Page } from "../units.js";
import { Watermark } from "./alloc-flags.js";
import { MIGRATE_TYPES } from "./migratetype.js";
import type { PageFrames } from "./page-frames.js";
import { PerCpuPages } from "./pcp.js";

const ORDERS: number = MAX_PAGE_ORDER + 1;

/** List heads a zone needs: one for each order and type, and one for unaccepted blocks. */
export const LISTS_PER_ZONE: number = ORDERS * MIGRATE_TYPES + 1;

/** Bits of Zone.flags (include/linux/mmzone.h: enum zone_flags). */
const ZoneFlag = { BOOSTED: 0x1, RECLAIM_ACTIVE: 0x2, BELOW_HIGH: 0x4 } as const;

/** One zone of one node: its free lists, watermarks, counters and per-CPU lists (struct zone, 6.12). */
export class Zone {
  /** Those of all zones of its allocator. */
  readonly frames: PageFrames;
  readonly rules: PageAllocRules;
  readonly index: number;
  readonly nodeId: number;
  readonly type: ZoneType;
  readonly name: string;
  startPfn: number;
  endPfn: number;
  presentPages: number;
  /** Pages the allocator manages, unaccepted ones included. */
  managedPages = 0;

  /** NR_FREE_PAGES as a reader of the global counter sees it: without what CPUs still hold back. */
  freePages = 0;
  /** Changes of NR_FREE_PAGES that each CPU holds back (per_cpu_zonestat.vm_stat_diff). */
  readonly freePagesDiff: Int32Array;
  /** Largest difference a CPU may hold back (stat_threshold); 0 until watermarks are set up. */
  statThreshold = 0;
  /** Pages on the unaccepted list (NR_UNACCEPTED): part of freePages and of managedPages. */
  unacceptedPages = 0;
  freeHighatomicPages = 0;
  reservedHighatomicPages = 0;
  /** Pages of CMA areas, free or not (cma_pages); 0 in a zone without any. */
  cmaPages = 0;
  /** NR_FREE_CMA_PAGES as a reader of the global counter sees it, and what each CPU holds back of it. */
  freeCmaPages = 0;
  readonly freeCmaDiff: Int32Array;

  /** Free blocks of each order, all types together. */
  readonly nrFree: Float64Array = new Float64Array(ORDERS);
  /** For each type, a bit for each order whose list is not empty. */
  readonly orderMask: Int32Array = new Int32Array(MIGRATE_TYPES);
  /** List head of order 0, type 0. */
  readonly firstList: number;
  /** List head of the blocks that are not accepted yet, oldest first. */
  readonly unacceptedList: Page;

  /** Pages: min, low, high, promo (see Watermark). Zero until init_per_zone_wmark_min(). */
  readonly watermark: Float64Array = new Float64Array(4);
  /** The one up to which blocks are accepted. */
  readonly acceptMark: number;
  /** Pages added to every watermark after a fallback mixed pageblocks. */
  watermarkBoost = 0;
  /** Pages kept from requests that could have been served by a higher zone, by that zone's type. */
  readonly lowmemReserve: Float64Array = new Float64Array(MAX_NR_ZONES);
  /** Any of the flags below; none of them is set in a zone that has memory enough. */
  flags = 0;
  /** Frees that must not wait for a lock and would have had to (trylock_free_pages), the latest last: page and order in turn. */
  readonly putOff: number[] = [];
  /** Movable pages in the pageblock of a page of which so many are free, where a recorded kernel has counted them. */
  toldMovable: ((page: Page, free: number) => number | undefined) | undefined = undefined;

  readonly pcp: readonly PerCpuPages[];

  constructor(frames: PageFrames, rules: PageAllocRules, index: number, span: ZoneSpan, cpus: number) {
    this.frames = frames;
    this.rules = rules;
    this.acceptMark = rules.acceptTarget === "promo" ? Watermark.PROMO : Watermark.HIGH;
    this.index = index;
    this.nodeId = span.nodeId;
    this.type = span.type;
    this.name = span.name;
    this.startPfn = span.startPfn;
    this.endPfn = span.endPfn;
    this.presentPages = span.presentPages;
    this.firstList = index * LISTS_PER_ZONE;
    this.unacceptedList = asPage(this.firstList + LISTS_PER_ZONE - 1);
    this.freePagesDiff = new Int32Array(cpus);
    this.freeCmaDiff = new Int32Array(cpus);
    this.pcp = Array.from({ length: cpus }, () => new PerCpuPages());
  }

  /** ZONE_BOOSTED_WATERMARK: kswapd is to be woken after this allocation. */
  get boosted(): boolean {
    return (this.flags & ZoneFlag.BOOSTED) !== 0;
  }
  set boosted(set: boolean) {
    this.#setFlag(ZoneFlag.BOOSTED, set);
  }

  /** ZONE_RECLAIM_ACTIVE: kswapd works on this node. */
  get reclaimActive(): boolean {
    return (this.flags & ZoneFlag.RECLAIM_ACTIVE) !== 0;
  }
  set reclaimActive(set: boolean) {
    this.#setFlag(ZoneFlag.RECLAIM_ACTIVE, set);
  }

  /** ZONE_BELOW_HIGH: free memory was below the high watermark when last looked at. */
  get belowHigh(): boolean {
    return (this.flags & ZoneFlag.BELOW_HIGH) !== 0;
  }
  set belowHigh(set: boolean) {
    this.#setFlag(ZoneFlag.BELOW_HIGH, set);
  }

  #setFlag(flag: number, set: boolean): void {
    this.flags = set ? this.flags | flag : this.flags & ~flag;
  }

  /** Spans [startPfn, endPfn), too, which is all memory (mm/memory_hotplug.c: resize_zone_range). */
  grow(startPfn: number, endPfn: number): void {
    this.startPfn = this.presentPages === 0 ? startPfn : Math.min(this.startPfn, startPfn);
    this.endPfn = Math.max(this.endPfn, endPfn);
    this.presentPages += endPfn - startPfn;
  }

  list(order: number, type: number): Page {
    return (this.firstList + order * MIGRATE_TYPES + type) as Page;
  }

  /**
   * Changes NR_FREE_PAGES from one CPU, which keeps small changes to itself (mm/vmstat.c:__mod_zone_page_state).
   *
   * @param times how often, one after the other
   */
  addFreePages(delta: number, cpu: number, times = 1): void {
    const { freePagesDiff, statThreshold } = this;
    let held = freePagesDiff[cpu]!;
    for (let left = times; left > 0; left--) {
      held += delta;
      if (held <= statThreshold && -held <= statThreshold) continue;
      this.freePages += held;
      held = 0;
    }
    freePagesDiff[cpu] = held;
  }

  addFreeCmaPages(delta: number, cpu: number, times = 1): void {
    let held = this.freeCmaDiff[cpu]!;
    for (let left = times; left > 0; left--) {
      held += delta;
      if (Math.abs(held) <= this.statThreshold) continue;
      this.freeCmaPages += held;
      held = 0;
    }
    this.freeCmaDiff[cpu] = held;
  }

  /** The vmstat worker adds what a CPU holds back to the global counters (mm/vmstat.c:refresh_cpu_vm_stats). */
  foldFreePages(cpu: number): void {
    this.freePages += this.freePagesDiff[cpu]!;
    this.freePagesDiff[cpu] = 0;
    this.freeCmaPages += this.freeCmaDiff[cpu]!;
    this.freeCmaDiff[cpu] = 0;
  }

  /** NR_FREE_PAGES with what the CPUs hold back: the true number. */
  exactFreePages(): number {
    let pages = this.freePages;
    for (const held of this.freePagesDiff) pages += held;
    return pages;
  }

  exactFreeCmaPages(): number {
    let pages = this.freeCmaPages;
    for (const held of this.freeCmaDiff) pages += held;
    return pages;
  }
}

interface Node {
  readonly id: number;
  readonly zones: Zone[];
  /** By zone type. */
  readonly managedPages: Float64Array;
}

/** Zones by their node (pg_data_t). */
export class Nodes {
  readonly #nodes: Node[] = [];

  add(zone: Zone): void {
    const id = zone.nodeId;
    const node = this.#nodes.find((one) => one.id === id);
    if (node !== undefined) node.zones.push(zone);
    else this.#nodes.push({ id, zones: [zone], managedPages: new Float64Array(MAX_NR_ZONES) });
  }

  /**
   * Pages that zones keep from requests which a higher zone could serve (setup_per_zone_lowmem_reserve). Done for each
   * page that comes to be managed late, so it allocates nothing.
   */
  setupLowmemReserve(): void {
    for (let at = 0; at < this.#nodes.length; at++) {
      const { zones, managedPages } = this.#nodes[at]!;
      for (let i = 0; i < zones.length; i++) managedPages[zones[i]!.type] = zones[i]!.managedPages;
      for (let i = 0; i < zones.length; i++)
        lowmemReserve(zones[i]!.type, managedPages, zones[i]!.lowmemReserve);
    }
  }
}
