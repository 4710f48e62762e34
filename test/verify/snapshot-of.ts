import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import type { Zone } from "../../src/page-alloc/zone.js";
import { asPfn, PAGEBLOCK_PAGES, type Pfn, roundDown } from "../../src/units.js";
import { pfnsOn } from "../../src/verify/page-place.js";
import { freeListKey, type SnapshotPcp, type SnapshotZone } from "../../src/verify/snapshot.js";

/** The snapshot that a kernel in the state of an allocator would print. */
export function snapshotOf(allocator: PageAllocator): SnapshotZone[] {
  return allocator.zones.map((zone) => ({
    nodeId: zone.nodeId,
    type: zone.type,
    name: zone.name,
    startPfn: zone.startPfn,
    endPfn: zone.endPfn,
    presentPages: zone.presentPages,
    managedPages: zone.managedPages,
    watermark: [...zone.watermark],
    boost: zone.watermarkBoost,
    freePages: zone.freePages,
    unacceptedPages: zone.unacceptedPages,
    reservedHighatomicPages: zone.reservedHighatomicPages,
    lowmemReserve: [...zone.lowmemReserve],
    flags: zone.belowHigh ? 4 : 0,
    free: freeListsOf(allocator, zone),
    unaccepted: pfnsOn(allocator, zone.unacceptedList),
    pcp: zone.pcp.map((_, cpu) => pcpOf(allocator, zone, cpu)),
    blocks: blocksOf(allocator, zone),
  }));
}

function freeListsOf(allocator: PageAllocator, zone: Zone): Map<string, Pfn[]> {
  const lists = new Map<string, Pfn[]>();
  for (let order = 0; order <= 10; order++) {
    for (let type = 0; type < 6; type++) {
      const pfns = pfnsOn(allocator, zone.list(order, type));
      if (pfns.length > 0) lists.set(freeListKey(order, type), pfns);
    }
  }
  return lists;
}

function pcpOf(allocator: PageAllocator, zone: Zone, cpu: number): SnapshotPcp {
  const { count, high, highMin, highMax, batch, flags, allocFactor, freeCount, lists } = zone.pcp[cpu]!;
  const filled = lists.flatMap((list, index): [number, Pfn[]][] =>
    list.size === 0
      ? []
      : [[index, Array.from({ length: list.size }, (_, at) => allocator.frames.pfnOf(list.at(at)))]],
  );
  return {
    cpu,
    count,
    high,
    highMin,
    highMax,
    batch,
    flags,
    allocFactor,
    freeCount,
    lists: new Map(filled),
  };
}

/** Blocks without frames are movable: parked, or free and untouched. */
function blocksOf(allocator: PageAllocator, zone: Zone): [number, number][] {
  const blocks: [number, number][] = [];
  const { frames } = allocator;
  for (let pfn = roundDown(zone.startPfn, PAGEBLOCK_PAGES); pfn < zone.endPfn; pfn += PAGEBLOCK_PAGES) {
    const page = frames.pageOf(asPfn(pfn));
    blocks.push([page < 0 ? 1 : frames.pageblockType[page >> 9]!, 1]);
  }
  return blocks;
}
