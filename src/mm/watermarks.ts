import { fls, KiB, MiB, PAGE_SIZE, PAGEBLOCK_PAGES } from "../units.js";
import { MAX_NR_ZONES, ZoneType } from "./zones.js";

export interface SizedZone {
  readonly type: ZoneType;
  /** Pages the allocator manages. Unaccepted memory is among them, so it raises watermarks like any other. */
  readonly managedPages: number;
}

export interface ZoneWatermarks {
  readonly min: number;
  readonly low: number;
  readonly high: number;
  readonly promo: number;
}

/** vm.watermark_scale_factor unless set: the distance between watermarks in 1/10000 of a zone. */
const DEFAULT_WATERMARK_SCALE_FACTOR = 10;

const PAGE_KIB = PAGE_SIZE / KiB;

/**
 * Pages that ordinary kernel requests may use beyond the high watermarks
 * (mm/page_alloc.c:nr_free_buffer_pages, 6.12).
 *
 * @param zones every zone, of all nodes; those above Normal are not counted
 * @param highPages high watermark of a zone in pages, with its boost; 0 before watermarks are set up
 */
export function freeBufferPages<Z extends SizedZone>(
  zones: Iterable<Z>,
  highPages: (zone: Z) => number,
): number {
  let pages = 0;
  for (const zone of zones) {
    if (zone.type <= ZoneType.NORMAL) pages += Math.max(0, zone.managedPages - highPages(zone));
  }
  return pages;
}

/** vm.min_free_kbytes at boot: KiB, 128 to 262144 (mm/page_alloc.c:calculate_min_free_kbytes, 6.12). */
export function minFreeKbytes(bufferPages: number): number {
  const root = Math.floor(Math.sqrt(bufferPages * PAGE_KIB * 16));
  return clamp(root, 128, 256 * KiB);
}

/** Below 512 MiB boot switches huge pages off (mm/huge_memory.c:hugepage_init, 6.12). */
export function hugePagesStayOn(totalRamPages: number): boolean {
  return totalRamPages >= (512 * MiB) / PAGE_SIZE;
}

/** Migrate types with lists of their own (MIGRATE_PCPTYPES): each may have to fall back to each. */
const MIGRATE_PCPTYPES = 3;

/**
 * The vm.min_free_kbytes that khugepaged sets, so that pageblocks of different types stay
 * apart (mm/khugepaged.c:set_recommended_min_free_kbytes, 6.12). Never lowers it.
 *
 * @param populatedZones zones with memory up to Normal, of all nodes together
 * @param bufferPages freeBufferPages() with the watermarks as they are now
 */
export function recommendedMinFreeKbytes(
  currentKbytes: number,
  populatedZones: number,
  bufferPages: number,
): number {
  const pageblocks = populatedZones * (2 + MIGRATE_PCPTYPES * MIGRATE_PCPTYPES);
  const pages = Math.min(pageblocks * PAGEBLOCK_PAGES, Math.floor(bufferPages / 20));
  return Math.max(currentKbytes, pages * PAGE_KIB);
}

/** mm/page_alloc.c:__setup_per_zone_wmarks, 6.12, in the order given. @param scaleFactor 1 to 3000 */
export function zoneWatermarks(
  zones: readonly SizedZone[],
  minFreeKbytesNow: number,
  scaleFactor: number = DEFAULT_WATERMARK_SCALE_FACTOR,
): ZoneWatermarks[] {
  const minPages = Math.floor(minFreeKbytesNow / PAGE_KIB);
  let lowmemPages = 0;
  for (const zone of zones) if (zone.type !== ZoneType.MOVABLE) lowmemPages += zone.managedPages;
  return zones.map(({ type, managedPages }) => {
    // Exact for guests of petabytes, where the product leaves the integers a double can hold.
    const share = Number((BigInt(minPages) * BigInt(managedPages)) / BigInt(lowmemPages));
    // The kernel never takes from ZONE_MOVABLE, it only needs a little there to get reclaim going.
    const min = type === ZoneType.MOVABLE ? clamp(Math.floor(managedPages / 1024), 32, 128) : share;
    const gap = Math.max(Math.floor(share / 4), fractionOf(managedPages, scaleFactor, 10_000));
    return { min, low: min + gap, high: min + 2 * gap, promo: min + 3 * gap };
  });
}

/** vm.lowmem_reserve_ratio unless set, by zone type. */
const LOWMEM_RESERVE_RATIO: readonly number[] = [256, 256, 32, 0];

/**
 * Pages each zone of a node keeps from requests that could have used a higher zone
 * (mm/page_alloc.c:setup_per_zone_lowmem_reserve, 6.12; "protection" in /proc/zoneinfo).
 * Boot computes this once, together with the first watermarks.
 *
 * @param type of the zone whose reserve is wanted
 * @param managedPages of its node's zones, by zone type
 * @param reserve filled in: pages, by type of the highest zone the request may use
 */
export function lowmemReserve(
  type: ZoneType,
  managedPages: ArrayLike<number>,
  reserve: Float64Array | number[],
): void {
  const ratio = LOWMEM_RESERVE_RATIO[type] ?? 0;
  const keepsNone = ratio === 0 || (managedPages[type] ?? 0) === 0;
  let above = 0;
  for (let highest = 0; highest < MAX_NR_ZONES; highest++) {
    if (highest > type) above += managedPages[highest] ?? 0;
    reserve[highest] = keepsNone ? 0 : Math.floor(above / ratio);
  }
}

/** value * numerator / denominator, rounded as the kernel rounds without overflowing (mult_frac). */
function fractionOf(value: number, numerator: number, denominator: number): number {
  const rest = value % denominator;
  const whole = (value - rest) / denominator;
  return whole * numerator + Math.floor((rest * numerator) / denominator);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/**
 * How far a CPU's own count of a zone's pages may drift before it is added to the zone's
 * (mm/vmstat.c:calculate_normal_threshold, 6.12; "vm stats threshold" in /proc/zoneinfo).
 * Computed when watermarks are first set up and whenever a CPU comes or goes.
 *
 * @returns pages, 2 to 125
 */
export function statThreshold(onlineCpus: number, managedPages: number): number {
  const memory = Math.floor(managedPages / ((128 * MiB) / PAGE_SIZE));
  return Math.min(125, 2 * fls(onlineCpus) * (1 + fls(memory)));
}

export interface PcpSizes {
  readonly batch: number;
  /** Between these two the limit of a list moves by itself. */
  readonly highMin: number;
  readonly highMax: number;
}

/** Lists may hold up to this part of a zone, all CPUs together (MIN_PERCPU_PAGELIST_HIGH_FRACTION). */
const HIGH_MAX_FRACTION = 8;

/**
 * Sizes a zone's per-CPU lists (mm/page_alloc.c:zone_set_pageset_high_and_batch,
 * zone_batchsize and zone_highsize, 6.12, vm.percpu_pagelist_high_fraction not set).
 *
 * The kernel does so in setup_per_cpu_pageset() (for populated zones; watermarks are still
 * zero and managed pages are the early ones), when a CPU comes or goes (populated zones),
 * and at every change of the watermarks (all zones). It does not when deferred
 * initialisation ends.
 *
 * @param lowPages low watermark with its boost
 * @param cpus result of pcpSplitCpus()
 */
export function pcpSizes(managedPages: number, lowPages: number, cpus: number): PcpSizes {
  const batch = batchSize(managedPages);
  return {
    batch,
    highMin: Math.max(Math.floor(lowPages / cpus), 4 * batch),
    highMax: Math.max(Math.floor(Math.floor(managedPages / HIGH_MAX_FRACTION) / cpus), 4 * batch),
  };
}

/**
 * Among how many CPUs a zone's limits are split (mm/page_alloc.c:zone_highsize, 6.12).
 *
 * @param nodeCpus online CPUs of the zone's node
 * @param comingOnline a CPU is being brought up, of whatever node, and is in no mask yet
 * @param onlineCpus online CPUs of the machine, for a node that has none
 */
export function pcpSplitCpus(nodeCpus: number, comingOnline: boolean, onlineCpus: number): number {
  const cpus = nodeCpus + (comingOnline ? 1 : 0);
  return cpus === 0 ? onlineCpus : cpus;
}

/** A quarter of a thousandth of the zone, of 1 MiB at most, as 2^n - 1 so that two tasks do not share cache colours. */
function batchSize(managedPages: number): number {
  const share = Math.min(Math.floor(managedPages / 1024), MiB / PAGE_SIZE);
  const batch = Math.max(Math.floor(share / 4), 1);
  // zone_batchsize() can return 0; its caller takes 1 then.
  return Math.max(2 ** Math.floor(Math.log2(batch + Math.floor(batch / 2))) - 1, 1);
}
