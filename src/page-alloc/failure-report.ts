/** Says why a request came back empty, zone by zone, as a reader of `Mem-Info` would work out (mm/show_mem.c). */

import { ZoneType } from "../mm/zones.js";
import { formatBytes, PAGE_SIZE } from "../units.js";
import { slowPathFlags, Watermark } from "./alloc-flags.js";
import { formatGfp, Gfp, gfpMigrateType, gfpZone } from "./gfp.js";
import type { PageAllocator } from "./page-allocator.js";
import { unusableFree, watermarkOk, watermarkPages } from "./watermark.js";
import type { Zone } from "./zone.js";

/** Names of the zone types at which a gfp ends (include/linux/gfp.h: gfp_zone, 6.12). */
const TYPE_NAMES: readonly string[] = ["DMA", "DMA32", "Normal", "Movable"];

/**
 * One line on a request that has just failed: what it asked for, the zones it may use and what kept it from
 * each, then the zones it may not use and why. Zones without memory are left out.
 *
 * @param gfp as given to `allocPages`, with the order and the node
 */
export function failureReport(allocator: PageAllocator, gfp: number, order: number, nodeId: number): string {
  const asked = `order ${order} (${sizeOf(1 << order)}), ${formatGfp(gfp)}, found no page`;
  const flags = gfp & allocator.gfpAllowedMask;
  const nodes = new Set(allocator.zones.map((zone) => zone.nodeId));
  const told = allocator.zones
    .filter(({ managedPages }) => managedPages > 0)
    .map((zone) => {
      const why = exclusion(zone, flags, nodeId);
      const name = nodes.size > 1 ? `${zone.name} of node ${zone.nodeId}` : zone.name;
      const text = `${name} ${memoryOf(zone)}, ${why ?? hindrance(zone, order, flags)}`;
      return { mayUse: why === undefined, text };
    })
    .reverse();
  const list = (mayUse: boolean): string =>
    told.flatMap((zone) => (zone.mayUse === mayUse ? [zone.text] : [])).join("; ");
  const [allowed, barred] = [list(true), list(false)];
  return (
    `${asked} (${allocator.lastFailure}): ` +
    `it may use ${allowed === "" ? "no zone with memory" : allowed}` +
    (barred === "" ? "" : `; and not: ${barred}`)
  );
}

/** Why a zone is not in the list of a request; undefined for one that is. */
function exclusion(zone: Zone, flags: number, nodeId: number): string | undefined {
  if ((flags & Gfp.THISNODE) !== 0 && zone.nodeId !== nodeId) return `__GFP_THISNODE is for node ${nodeId}`;
  const highest = gfpZone(flags);
  if (zone.type <= highest) return undefined;
  return zone.type === ZoneType.MOVABLE
    ? "for requests with __GFP_HIGHMEM|__GFP_MOVABLE alone"
    : `above ${TYPE_NAMES[highest]}, where the gfp ends`;
}

function memoryOf(zone: Zone): string {
  const unaccepted = zone.unacceptedPages === 0 ? "" : ` (${sizeOf(zone.unacceptedPages)} unaccepted)`;
  return `${sizeOf(Math.max(zone.exactFreePages(), 0))} free${unaccepted}`;
}

/** What stands between a request and a zone that it may use: memory kept from it, or no block so large. */
function hindrance(zone: Zone, order: number, flags: number): string {
  const type = gfpMigrateType(flags);
  const allocFlags = slowPathFlags(flags, order, type);
  const highest = gfpZone(flags);
  const min = watermarkPages(zone, Watermark.MIN);
  if (watermarkOk(zone, 0, min, highest, allocFlags, zone.freePages)) {
    return `no free block of ${sizeOf(1 << order)} that it may take`;
  }
  // All that a watermark check takes off, but the request's own size.
  const inReserves = unusableFree(zone, 0, allocFlags);
  const kept = [
    [min, "min watermark"],
    [zone.lowmemReserve[highest]!, "lowmem reserve"],
    [inReserves, "CMA, highatomic or unaccepted"],
  ] as const;
  const parts = kept.flatMap(([pages, what]) => (pages > 0 ? [`${sizeOf(pages)} ${what}`] : []));
  return parts.length === 0 ? "nothing to spare" : `of which it has to leave ${parts.join(" and ")}`;
}

function sizeOf(pages: number): string {
  return formatBytes(pages * PAGE_SIZE);
}
