/** The lists of a snapshot beside those of the model, and the comparison of the two. */

import {
  MIGRATE_TYPES,
  MigrateType,
  NO_PAGE,
  type PageAllocator,
  PCP_LISTS,
  pcpIndexOrder,
  type Zone,
} from "../page-alloc/index.js";
import { addFreeRun, addToFreeList, removeFromFreeList } from "../page-alloc/inside.js";
import {
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Pfn,
  roundDown,
} from "../units.js";
import { listed, pfnsOn } from "./page-place.js";
import { type ProcZone, zoneOfModel } from "./proc.js";
import { freeListKey, populated, type SnapshotPcp, type SnapshotZone } from "./snapshot.js";
import { type Comparison, Tally } from "./tally.js";

/** Where the pages of a buddy list are; those of a per-CPU list are at a CPU. */
const ON_BUDDY_LISTS = -1;

export interface ZoneList {
  readonly name: string;
  readonly where: number;
  readonly order: number;
  /** First frames of the snapshot's blocks, head first. */
  readonly recorded: readonly Pfn[];
  readonly found: readonly Pfn[];
  readonly empty: () => void;
  readonly fill: () => void;
}

/** All lists but the unaccepted one. */
export function zoneLists(allocator: PageAllocator, zone: Zone, from: SnapshotZone): ZoneList[] {
  return [...freeLists(allocator, zone, from), ...cpuLists(allocator, zone, from)];
}

function freeLists(allocator: PageAllocator, zone: Zone, from: SnapshotZone): ZoneList[] {
  const lists: ZoneList[] = [];
  for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
    for (let type = 0; type < MIGRATE_TYPES; type++) {
      const recorded = from.free.get(freeListKey(order, type)) ?? [];
      lists.push({
        name: `order ${order} type ${type}`,
        where: ON_BUDDY_LISTS,
        order,
        recorded,
        found: pfnsOn(allocator, zone.list(order, type)),
        empty: () => emptyFreeList(allocator, zone, order, type),
        fill: () => fillFreeList(allocator, zone, order, type, recorded),
      });
    }
  }
  return lists;
}

function cpuLists(allocator: PageAllocator, zone: Zone, from: SnapshotZone): ZoneList[] {
  return from.pcp.flatMap(({ cpu, lists }) =>
    Array.from({ length: PCP_LISTS }, (_, index): ZoneList => {
      const list = zone.pcp[cpu]!.lists[index]!;
      const recorded = lists.get(index) ?? [];
      return {
        name: `CPU ${cpu} list ${index}`,
        where: cpu,
        order: pcpIndexOrder(index),
        recorded,
        found: listed(list).map((page) => allocator.frames.pfnOf(page)),
        empty: () => {
          while (list.size > 0) list.popHead();
        },
        fill: () => {
          for (const pfn of recorded) list.pushTail(allocator.pageAt(pfn));
        },
      };
    }),
  );
}

function emptyFreeList({ frames }: PageAllocator, zone: Zone, order: number, type: number): void {
  const list = zone.list(order, type);
  for (let node = frames.next[list]!; node !== list; node = frames.next[list]!) {
    if (frames.isRange(node)) {
      frames.takeFromRange(node, frames.firstBlock(node));
      zone.nrFree[order]!--;
    } else removeFromFreeList(zone, node, order, type);
  }
  zone.orderMask[type]! &= ~(1 << order);
}

/** A block that nobody has touched stays one: it gets no frames. */
function fillFreeList(
  allocator: PageAllocator,
  zone: Zone,
  order: number,
  type: number,
  pfns: readonly Pfn[],
): void {
  const { frames } = allocator;
  const untouchable = order === MAX_PAGE_ORDER && type === MigrateType.MOVABLE;
  for (const pfn of pfns) {
    if (untouchable && frames.pageOf(pfn) === NO_PAGE) addFreeRun(zone, pfn / MAX_ORDER_PAGES, 1, 0);
    else addToFreeList(zone, allocator.pageAt(pfn), order, type, true);
  }
}

/**
 * Compares every free list, per-CPU list and unaccepted list, element by element in list order,
 * and for each zone the types of its pageblocks and its counters. Lists that are empty on both
 * sides do not count.
 */
export function compareFinalLists(
  allocator: PageAllocator,
  snapshot: readonly SnapshotZone[],
  event: number,
): Comparison {
  const tally = new Tally();
  const compare: Compare = (what, expected, found) => {
    if (expected.length === 0 && found.length === 0) return;
    const at = expected.findIndex((value, index) => value !== found[index]);
    const place = at < 0 ? expected.length : at;
    tally.expect(at < 0 && expected.length === found.length, () => ({
      event,
      expected: listText(expected, place),
      found: listText(found, place),
      context: `${what}, from element ${place}; ${expected.length} expected, ${found.length} found`,
    }));
  };
  for (const [index, expected] of populated(snapshot).entries()) {
    const zone = allocator.zones[index];
    if (zone === undefined) compare(`zone ${expected.name}`, [expected.managedPages], []);
    else compareZone(allocator, zone, expected, compare);
  }
  return tally;
}

type Compare = (what: string, expected: readonly number[], found: readonly number[]) => void;

function compareZone(allocator: PageAllocator, zone: Zone, expected: SnapshotZone, compare: Compare): void {
  const name = `node ${zone.nodeId} zone ${zone.name}`;
  const compareLists = (lists: readonly ZoneList[]): void => {
    for (const list of lists) compare(`${name} ${list.name}`, list.recorded, list.found);
  };
  compareLists(freeLists(allocator, zone, expected));
  compare(`${name} unaccepted`, expected.unaccepted, pfnsOn(allocator, zone.unacceptedList));
  compareLists(cpuLists(allocator, zone, expected));
  const types = recordedTypes(expected);
  compare(`${name} pageblock types`, types, typesOf(allocator, zone, types));
  for (const pcp of expected.pcp) {
    const what = `${name} CPU ${pcp.cpu} count, high, high_min, high_max, batch`;
    compare(what, sizesOf(pcp), sizesOf(zone.pcp[pcp.cpu]!));
  }
  compare(
    `${name} managed pages, watermarks, boost, unaccepted, present and highatomic pages, lowmem reserve`,
    numbersOf(expected),
    numbersOf(zoneOfModel(zone, expected.lowmemReserve.length)),
  );
}

type ZoneNumbers = Pick<SnapshotZone, keyof SnapshotZone & keyof ProcZone>;

function numbersOf(zone: Omit<ZoneNumbers, "pcp">): number[] {
  const { managedPages, watermark, boost, unacceptedPages, presentPages, lowmemReserve } = zone;
  const { reservedHighatomicPages } = zone;
  return [
    managedPages,
    ...watermark,
    boost,
    unacceptedPages,
    presentPages,
    reservedHighatomicPages,
    ...lowmemReserve,
  ];
}

function sizesOf({ count, high, highMin, highMax, batch }: Omit<SnapshotPcp, "cpu" | "lists">): number[] {
  return [count, high, highMin, highMax, batch];
}

function listText(list: readonly number[], from: number): string {
  const shown = list.slice(from, from + 3).map((value) => `0x${value.toString(16)}`);
  return shown.length === 0 ? "end of list" : `${shown.join(" ")}${from + 3 < list.length ? " ..." : ""}`;
}

export function recordedTypes(zone: SnapshotZone): number[] {
  return zone.blocks.flatMap(([type, count]) => Array.from({ length: count }, () => type));
}

/** Untouched blocks on a list are movable; the rest of what has no frames was never the allocator's. */
export function typesOf(allocator: PageAllocator, zone: Zone, recorded: readonly number[]): number[] {
  const { frames } = allocator;
  const start = roundDown(zone.startPfn, PAGEBLOCK_PAGES);
  const untouched = new Set([
    ...pfnsOn(allocator, zone.list(MAX_PAGE_ORDER, MigrateType.MOVABLE)),
    ...pfnsOn(allocator, zone.unacceptedList),
  ]);
  return recorded.map((type, index) => {
    const pfn = asPfn(start + index * PAGEBLOCK_PAGES);
    const page = frames.pageOf(pfn);
    if (page >= 0) return frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
    return untouched.has(roundDown(pfn, MAX_ORDER_PAGES)) ? MigrateType.MOVABLE : type;
  });
}
