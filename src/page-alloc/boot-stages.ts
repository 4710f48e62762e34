import {
  freeBufferPages,
  hugePagesStayOn,
  minFreeKbytes,
  pcpSizes,
  pcpSplitCpus,
  recommendedMinFreeKbytes,
  statThreshold,
  zoneWatermarks,
} from "../mm/watermarks.js";
import { ZoneType } from "../mm/zones.js";
import { Watermark } from "./alloc-flags.js";
import type { PageAllocator } from "./page-allocator.js";
import { FREE_HIGH_BATCH } from "./pcp.js";
import { watermarkPages } from "./watermark.js";
import type { Zone } from "./zone.js";

/**
 * The moments of boot at which the zones of an allocator are tuned, in the order of the kernel, and what
 * one leaves for the next. When each is reached is up to the caller.
 */
export class BootStages {
  readonly #allocator: PageAllocator;
  readonly #cpuNodes: CpuNodes;
  readonly #wantsHugePages: boolean;
  #online = 1;
  #minFreeKbytes = 0;
  #hugePages = false;

  /**
   * @param cpuNodes node of each CPU that comes online at boot, the one that boots first
   * @param wantsHugePages whether transparent huge pages are on, where there is enough memory for them
   */
  constructor(allocator: PageAllocator, cpuNodes: CpuNodes, wantsHugePages: boolean) {
    this.#allocator = allocator;
    this.#cpuNodes = cpuNodes;
    this.#wantsHugePages = wantsHugePages;
  }

  /** start_kernel(), with one CPU. */
  setupPerCpuPageset(): void {
    setupPerCpuPageset(this.#allocator, this.#cpuNodes.slice(0, 1));
  }

  /** smp_init() brings the next CPU up. */
  pageAllocCpuOnline(): void {
    cpuComesOnline(this.#allocator, this.#cpuNodes.slice(0, this.#online));
    this.#online++;
  }

  /** A postcore initcall. */
  initPerZoneWmarkMin(): void {
    this.#minFreeKbytes = initPerZoneWmarkMin(this.#allocator, this.#cpuNodes);
  }

  /** A subsys initcall. Whether huge pages stay on is not looked at again. */
  hugepageInit(): void {
    const staysOn = hugePagesInUse(this.#allocator);
    this.#hugePages = this.#wantsHugePages && staysOn;
    if (this.#hugePages) raiseForHugePages(this.#allocator, this.#minFreeKbytes, this.#cpuNodes);
    else if (staysOn) {
      // set_recommended_min_free_kbytes() without hugepage_pmd_enabled.
      const kbytes = minFreeKbytes(freeBufferPages(this.#allocator.zones, highPages));
      setupPerZoneWmarks(this.#allocator, kbytes, this.#cpuNodes);
    }
  }

  /**
   * A module initcall. The caches of the CPUs are known by then (drivers/base/cacheinfo.c at device initcalls,
   * then zone_pcp_update_cacheinfo): where a CPU's share holds three batches of pages, blocks of order 1 to 3
   * are drained only when a batch of them has gathered. Three batches are 756 KiB; that every guest's
   * processor has as much is an assumption.
   */
  kswapdInit(): void {
    this.#allocator.kswapdRunning = true;
    for (const zone of this.#allocator.zones) for (const pcp of zone.pcp) pcp.flags |= FREE_HIGH_BATCH;
  }

  /** Memory has come online (6.12 mm/memory_hotplug.c: online_pages): watermarks are computed again from all that is managed. */
  onlinePages(): void {
    this.initPerZoneWmarkMin();
    if (this.#hugePages) raiseForHugePages(this.#allocator, this.#minFreeKbytes, this.#cpuNodes);
  }
}

/**
 * The moments of boot at which zones are tuned (mm/page_alloc.c, 6.12): the sizes come from
 * the pages that are managed then, unaccepted ones included.
 */

/** Node of each CPU that is online. */
export type CpuNodes = readonly number[];

/** Gives every zone real per-CPU lists (setup_per_cpu_pageset); watermarks are still zero. */
export function setupPerCpuPageset(allocator: PageAllocator, cpuNodes: CpuNodes): void {
  for (const zone of allocator.zones) sizePcp(zone, cpuNodes, false);
}

/**
 * A further CPU is being brought up (page_alloc_cpu_online): every zone counts it as one of its
 * own node's, whichever it belongs to.
 *
 * @param cpuNodes nodes of the CPUs that are online already
 */
export function cpuComesOnline(allocator: PageAllocator, cpuNodes: CpuNodes): void {
  for (const zone of allocator.zones) sizePcp(zone, cpuNodes, true);
}

/** Sets the first watermarks (init_per_zone_wmark_min, a postcore initcall). Returns min_free_kbytes. */
export function initPerZoneWmarkMin(allocator: PageAllocator, cpuNodes: CpuNodes): number {
  const { zones } = allocator;
  const kbytes = minFreeKbytes(freeBufferPages(zones, highPages));
  setupPerZoneWmarks(allocator, kbytes, cpuNodes);
  for (const zone of zones) zone.statThreshold = statThreshold(cpuNodes.length, zone.managedPages);
  allocator.nodes.setupLowmemReserve();
  return kbytes;
}

/**
 * Raises the watermarks for transparent huge pages (khugepaged starts: hugepage_init, a
 * subsys initcall). Returns min_free_kbytes.
 */
export function raiseForHugePages(allocator: PageAllocator, kbytesNow: number, cpuNodes: CpuNodes): number {
  const { zones } = allocator;
  if (!hugePagesInUse(allocator)) return kbytesNow;
  const populated = zones.filter((zone) => zone.presentPages > 0 && zone.type <= ZoneType.NORMAL).length;
  const kbytes = recommendedMinFreeKbytes(kbytesNow, populated, freeBufferPages(zones, highPages));
  setupPerZoneWmarks(allocator, kbytes, cpuNodes);
  return kbytes;
}

/** Whether there is memory enough that huge pages, if wanted, stay on. */
function hugePagesInUse({ zones }: PageAllocator): boolean {
  return hugePagesStayOn(zones.reduce((sum, { managedPages }) => sum + managedPages, 0));
}

function setupPerZoneWmarks(allocator: PageAllocator, kbytes: number, cpuNodes: CpuNodes): void {
  const { zones } = allocator;
  zoneWatermarks(zones, kbytes).forEach((marks, index) => {
    const zone = zones[index]!;
    zone.watermarkBoost = 0;
    zone.watermark.set([marks.min, marks.low, marks.high, marks.promo]);
    sizePcp(zone, cpuNodes, false);
  });
}

function sizePcp(zone: Zone, cpuNodes: CpuNodes, comingOnline: boolean): void {
  let nodeCpus = 0;
  for (const nodeId of cpuNodes) if (nodeId === zone.nodeId) nodeCpus++;
  const cpus = pcpSplitCpus(nodeCpus, comingOnline, cpuNodes.length);
  const { batch, highMin, highMax } = pcpSizes(zone.managedPages, watermarkPages(zone, Watermark.LOW), cpus);
  for (const pcp of zone.pcp) {
    pcp.batch = batch;
    pcp.highMin = highMin;
    pcp.highMax = highMax;
  }
}

function highPages(zone: Zone): number {
  return watermarkPages(zone, Watermark.HIGH);
}
