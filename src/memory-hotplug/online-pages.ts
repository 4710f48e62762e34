import { zonelistIndices } from "../mm/zonelists.js";
import { type NodeSpan, ZONE_NAMES, type ZoneSpan, type ZoneType } from "../mm/zones.js";
import type { BootRelease, BootStages, PageAllocator, Zone } from "../page-alloc/index.js";
import { type AddressRange, MAX_ORDER_PAGES, pfnDown } from "../units.js";

/** Without SRAT entries new memory belongs to node 0 (6.12 drivers/acpi/acpi_memhotplug.c: acpi_get_node). */
const NODE = 0;

/** What memory goes online in. */
export interface OnlineTarget {
  readonly allocator: PageAllocator;
  readonly release: BootRelease;
  readonly stages: BootStages;
}

/**
 * A block goes online (6.12 mm/memory_hotplug.c: online_pages): a zone of the node grows, its pages go to the tail of the
 * free lists or, not accepted, to that of the zone's list, and watermarks are computed anew from all
 * memory that is managed now. The short time in which its pageblocks are isolated changes nothing.
 *
 * @param block with struct pages, outside of every zone
 * @param type NORMAL, for a block above 4 GiB, or MOVABLE where memory goes online as online_movable
 */
export function onlinePages(
  { allocator, release, stages }: OnlineTarget,
  { start, end }: AddressRange,
  type: typeof ZoneType.NORMAL | typeof ZoneType.MOVABLE,
): void {
  const [startPfn, endPfn] = [pfnDown(start), pfnDown(end)];
  growZone(allocator, type, startPfn, endPfn);
  release.maxOrderRun(startPfn, (endPfn - startPfn) / MAX_ORDER_PAGES);
  stages.onlinePages();
}

/** move_pfn_range_to_zone; a zone without memory is new to all zone lists. */
function growZone(allocator: PageAllocator, type: ZoneType, startPfn: number, endPfn: number): void {
  const { zones } = allocator;
  const zone = zones.find((candidate) => candidate.nodeId === NODE && candidate.type === type);
  if (zone !== undefined) {
    zone.grow(startPfn, endPfn);
    return;
  }
  const presentPages = endPfn - startPfn;
  allocator.addZone({ nodeId: NODE, type, name: ZONE_NAMES[type]!, startPfn, endPfn, presentPages });
  allocator.setZonelists(zonelistIndices(nodesOf(zones), zones));
}

function nodesOf(zones: readonly Zone[]): NodeSpan[] {
  const nodeIds = [...new Set(zones.map(({ nodeId }) => nodeId))].sort((a, b) => a - b);
  return nodeIds.map((nid) => {
    const own: ZoneSpan[] = zones.filter(({ nodeId }) => nodeId === nid).sort((a, b) => a.type - b.type);
    return { nid, startPfn: own[0]!.startPfn, endPfn: own.at(-1)!.endPfn, zones: own };
  });
}
