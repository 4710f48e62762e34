/** The lines of free_area_init() about zones and the memory of nodes, in the kernel's words (mm/mm_init.c). */

import { ZONE_NAMES, ZoneType, zoneLimits } from "../mm/zones.js";
import { PAGE_SIZE } from "../units.js";
import type { Booted } from "./boot-replay.js";

/** Whether a line, without its time, is one of them. */
export function isZoneLine(line: string): boolean {
  return /^ {2}(DMA|DMA32|Normal) +(\[mem|empty)|^ {2}node +\d+: |^Initmem setup node|^last_pfn/.test(line);
}

/** What a booted kernel would print, from `last_pfn` on. */
export function zoneLines({ kernel }: Pick<Booted, "kernel">): string[] {
  const { memblock, maxPfn } = kernel.early;
  const ranges = [...memblock.memPfnRanges()];
  const limits = zoneLimits(ranges);
  const span = (startPfn: number, endPfn: number): string =>
    `[mem 0x${hex16(startPfn * PAGE_SIZE)}-0x${hex16(endPfn * PAGE_SIZE - 1)}]`;
  const zones = [ZoneType.DMA, ZoneType.DMA32, ZoneType.NORMAL].map((type) => {
    const { startPfn, endPfn } = limits[type]!;
    return `  ${ZONE_NAMES[type]!.padEnd(8)} ${startPfn < endPfn ? span(startPfn, endPfn) : "empty"}`;
  });
  const nodes = ranges.map(
    ({ nid, startPfn, endPfn }) => `  node ${String(nid).padStart(3)}: ${span(startPfn, endPfn)}`,
  );
  const spans = [...new Set(ranges.map(({ nid }) => nid))].map((nid) => {
    const own = ranges.filter((range) => range.nid === nid);
    return `Initmem setup node ${nid} ${span(own[0]!.startPfn, own.at(-1)!.endPfn)}`;
  });
  return [`last_pfn = 0x${maxPfn.toString(16)}`, ...zones, ...nodes, ...spans];
}

function hex16(address: number): string {
  return address.toString(16).padStart(16, "0");
}
