import { MiB, PAGE_SIZE } from "../units.js";

/** Sizes of a zone's per-CPU lists, the same on every CPU. */
export interface PcpSizes {
  /** Pages moved at once. */
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
 * @param managedPages as they are at that moment
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
