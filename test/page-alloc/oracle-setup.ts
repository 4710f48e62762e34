import type { OracleZone } from "./oracle-zone.js";

/** How boot sizes zones, computed afresh from the kernel's formulas (mm/page_alloc.c, mm/vmstat.c, mm/khugepaged.c, 6.12). */

/** Pages of up to ZONE_NORMAL above the high watermarks (nr_free_buffer_pages). */
function bufferPages(zones: readonly OracleZone[]): number {
  return zones
    .filter((zone) => zone.type <= 2)
    .reduce((sum, zone) => sum + Math.max(0, zone.managed - zone.watermark[2]! - zone.boost), 0);
}

/** setup_per_cpu_pageset */
export function expectPcpSizes(zones: readonly OracleZone[], cpuNodes: readonly number[]): void {
  for (const zone of zones) {
    let batch = Math.max(1, Math.floor(Math.min(Math.floor(zone.managed / 1024), 256) / 4));
    const raised = batch + Math.floor(batch / 2);
    batch = 1;
    while (batch * 2 <= raised) batch *= 2;
    batch = Math.max(1, batch - 1);
    const own = cpuNodes.filter((nodeId) => nodeId === zone.nodeId).length;
    const cpus = own === 0 ? cpuNodes.length : own;
    const low = zone.watermark[1]! + zone.boost;
    const highMin = Math.max(Math.floor(low / cpus), 4 * batch);
    const highMax = Math.max(Math.floor(Math.floor(zone.managed / 8) / cpus), 4 * batch);
    for (const pcp of zone.pcp) Object.assign(pcp, { batch, highMin, highMax });
  }
}

function expectWatermarks(zones: readonly OracleZone[], kbytes: number, cpuNodes: readonly number[]): void {
  const pagesMin = Math.floor(kbytes / 4);
  const lowmem = zones.filter((zone) => zone.type !== 3).reduce((sum, zone) => sum + zone.managed, 0);
  for (const zone of zones) {
    const share = lowmem === 0 ? 0 : Math.floor((pagesMin * zone.managed) / lowmem);
    const min = zone.type === 3 ? Math.min(Math.max(Math.floor(zone.managed / 1024), 32), 128) : share;
    const delta = Math.max(Math.floor(share / 4), Math.floor((zone.managed * 10) / 10000));
    zone.watermark = [min, min + delta, min + 2 * delta, min + 3 * delta];
    zone.boost = 0;
  }
  expectPcpSizes(zones, cpuNodes);
}

/** init_per_zone_wmark_min; returns min_free_kbytes */
export function expectFirstWatermarks(zones: readonly OracleZone[], cpuNodes: readonly number[]): number {
  const kbytes = Math.min(Math.max(Math.floor(Math.sqrt(bufferPages(zones) * 4 * 16)), 128), 262144);
  expectWatermarks(zones, kbytes, cpuNodes);
  for (const zone of zones) {
    const bits = (value: number): number => (value === 0 ? 0 : value.toString(2).length);
    const threshold = 2 * bits(cpuNodes.length) * (1 + bits(Math.floor(zone.managed / 32768)));
    zone.statThreshold = Math.min(125, threshold);
  }
  expectLowmemReserve(zones);
  return kbytes;
}

/** setup_per_zone_lowmem_reserve */
export function expectLowmemReserve(zones: readonly OracleZone[]): void {
  for (const zone of zones) {
    const ratio = [256, 256, 32, 0][zone.type]!;
    zone.lowmemReserve = [0, 1, 2, 3, 4].map((type) => {
      const above = zones.filter((z) => z.nodeId === zone.nodeId && z.type > zone.type && z.type <= type);
      const pages = above.reduce((sum, z) => sum + z.managed, 0);
      return ratio === 0 || zone.managed === 0 ? 0 : Math.floor(pages / ratio);
    });
  }
}

/** set_recommended_min_free_kbytes, when transparent huge pages are on; returns min_free_kbytes */
export function expectHugePageWatermarks(
  zones: readonly OracleZone[],
  kbytesNow: number,
  cpuNodes: readonly number[],
): number {
  if (zones.reduce((sum, zone) => sum + zone.managed, 0) < 131072) return kbytesNow;
  const count = zones.filter((zone) => zone.type <= 2).length;
  const wanted = Math.min(512 * count * 2 + 512 * count * 9, Math.floor(bufferPages(zones) / 20)) * 4;
  const kbytes = Math.max(wanted, kbytesNow);
  expectWatermarks(zones, kbytes, cpuNodes);
  return kbytes;
}
