import { kernelRules } from "../linux/kernel-rules.js";
import { statThreshold } from "../mm/stat-threshold.js";
import { defaultDistance, nodeFallbackOrders } from "../mm/zonelists.js";
import { MAX_NR_ZONES, type ZoneType } from "../mm/zones.js";
import { addToFreeList } from "../page-alloc/buddy.js";
import { PageAllocator } from "../page-alloc/page-allocator.js";
import { ALLOCATED, ALLOCATED_MOVABLE, ORDER_MASK } from "../page-alloc/page-frames.js";
import { pcpIndexOrder } from "../page-alloc/pcp.js";
import { type MemoryAcceptor, parkUnaccepted } from "../page-alloc/unaccepted-list.js";
import type { Zone } from "../page-alloc/zone.js";
import { asPfn, MAX_ORDER_PAGES, PAGEBLOCK_ORDER, PAGEBLOCK_PAGES, roundDown } from "../units.js";
import { freeListKey, type SnapshotZone } from "./snapshot-zone.js";

/** ZONE_BELOW_HIGH in the flags of a zone (include/linux/mmzone.h: enum zone_flags). */
const BELOW_HIGH_FLAG = 4;

/** Whether the zone was below its high watermark when last looked at. */
export function isBelowHigh(zone: SnapshotZone): boolean {
  return (zone.flags & BELOW_HIGH_FLAG) !== 0;
}

/** Zones of nodes, in the order given; within a node the highest first. */
function zonesOf(zones: readonly SnapshotZone[], nodes: readonly number[]): number[] {
  return nodes.flatMap((node) =>
    zones
      .map((zone, index) => ({ zone, index }))
      .filter(({ zone }) => zone.nodeId === node)
      .sort((a, b) => b.zone.type - a.zone.type)
      .map(({ index }) => index),
  );
}

/** Builds an allocator in the state of a snapshot: what was neither free nor parked counts as allocated. */
export function allocatorOf(snapshot: readonly SnapshotZone[], acceptor: MemoryAcceptor): PageAllocator {
  const populated = snapshot.filter((zone) => zone.presentPages > 0);
  const nodes = [...new Set(populated.map((zone) => zone.nodeId))].sort((a, b) => a - b);
  const cpus = Math.max(...populated.flatMap((zone) => zone.pcp.map((pcp) => pcp.cpu))) + 1;
  const types = pageblockTypes(populated);
  const allocator = new PageAllocator({
    zones: populated.map((zone) => ({ ...zone, type: zone.type as ZoneType })),
    zonelists: nodeFallbackOrders(nodes, defaultDistance).map((order) => zonesOf(populated, order)),
    nodeZonelists: nodes.map((node) => zonesOf(populated, [node])),
    cpus,
    rules: kernelRules("6.12").pageAlloc,
    acceptor,
    pageblockTypes: { typeAt: (pfn) => types.get(pfn) ?? 0 },
  });
  for (const [index, zone] of populated.entries()) {
    loadZone(allocator, allocator.zones[index]!, zone, types, cpus);
  }
  allocator.kswapdRunning = true;
  return allocator;
}

function pageblockTypes(zones: readonly SnapshotZone[]): Map<number, number> {
  const types = new Map<number, number>();
  for (const zone of zones) {
    let pfn = roundDown(zone.startPfn, PAGEBLOCK_PAGES);
    for (const [type, count] of zone.blocks) {
      for (let block = 0; block < count; block++, pfn += PAGEBLOCK_PAGES) types.set(pfn, type);
    }
  }
  return types;
}

function loadZone(
  allocator: PageAllocator,
  zone: Zone,
  from: SnapshotZone,
  types: ReadonlyMap<number, number>,
  cpus: number,
): void {
  zone.managedPages = from.managedPages;
  zone.watermark.set(from.watermark);
  zone.watermarkBoost = from.boost;
  zone.reservedHighatomicPages = from.reservedHighatomicPages;
  zone.statThreshold = statThreshold(cpus, from.managedPages);
  zone.belowHigh = isBelowHigh(from);
  for (let type = 0; type < MAX_NR_ZONES; type++) {
    zone.lowmemReserve[type] = from.lowmemReserve[type] ?? from.lowmemReserve.at(-1)!;
  }
  const { frames } = allocator;
  const parked = new Set(from.unaccepted);
  for (const pfn of from.unaccepted) parkUnaccepted(frames, zone, pfn / MAX_ORDER_PAGES, 1, 0);
  let free = 0;
  for (let order = 0; order <= 10; order++) {
    for (let type = 0; type < 6; type++) {
      for (const pfn of from.free.get(freeListKey(order, type)) ?? []) {
        addToFreeList(frames, zone, allocator.pageAt(asPfn(pfn)), order, type, true);
        free += 2 ** order;
        if (type === 3) zone.freeHighatomicPages += 2 ** order;
      }
    }
  }
  loadPcp(allocator, zone, from);
  markAllocated(allocator, zone, parked, types);
  // The log does not say which CPU holds back what; the first one is as good as any.
  zone.freePages = from.freePages;
  zone.freePagesDiff.fill(0);
  zone.freePagesDiff[0] = free + from.unacceptedPages - from.freePages;
}

function loadPcp(allocator: PageAllocator, zone: Zone, from: SnapshotZone): void {
  for (const { cpu, lists, ...fields } of from.pcp) {
    const pcp = zone.pcp[cpu]!;
    Object.assign(pcp, fields);
    for (const [index, pfns] of lists)
      for (const pfn of pfns) pcp.lists[index]!.pushTail(allocator.pageAt(asPfn(pfn)));
  }
}

/** Everything that is on no list is in use; what a movable pageblock holds is taken for movable. */
function markAllocated(
  allocator: PageAllocator,
  zone: Zone,
  parked: ReadonlySet<number>,
  types: ReadonlyMap<number, number>,
): void {
  const { frames } = allocator;
  const onPcp = new Set<number>();
  for (const pcp of zone.pcp) {
    pcp.lists.forEach((list, index) => {
      for (let at = 0; at < list.size; at++) {
        for (let page = 0; page < 2 ** pcpIndexOrder(index); page++) onPcp.add(list.at(at) + page);
      }
    });
  }
  for (let start = roundDown(zone.startPfn, MAX_ORDER_PAGES); start < zone.endPfn; start += MAX_ORDER_PAGES) {
    if (parked.has(start)) continue;
    if (!types.has(start) && !types.has(start + PAGEBLOCK_PAGES)) continue;
    const first = Math.max(start, zone.startPfn);
    const last = Math.min(start + MAX_ORDER_PAGES, zone.endPfn);
    let page: number = allocator.pageAt(asPfn(first));
    for (let pfn = first; pfn < last; ) {
      const order = (frames.meta[page]! & ORDER_MASK) - 1;
      const step = order >= 0 ? 2 ** order : 1;
      if (order < 0 && !onPcp.has(page)) {
        const movable = frames.pageblockType[page >> PAGEBLOCK_ORDER] === 1;
        frames.meta[page]! |= movable ? ALLOCATED | ALLOCATED_MOVABLE : ALLOCATED;
      }
      page += step;
      pfn += step;
    }
  }
}
