import { MIGRATE_TYPES, MigrateType } from "../page-alloc/migratetype.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { PCP_LISTS } from "../page-alloc/pcp.js";
import type { Zone } from "../page-alloc/zone.js";
import {
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  roundDown,
} from "../units.js";
import type { Comparison } from "./comparison.js";
import { freeListKey, type SnapshotZone } from "./snapshot-zone.js";

/** Frame numbers on a list, head first. */
export function pfnsOn(allocator: PageAllocator, list: number): number[] {
  const { frames } = allocator;
  const pfns: number[] = [];
  let left = frames.next.length;
  for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) {
    if (left-- === 0) throw new Error("the model has a list without end");
    if (!frames.isRange(node)) {
      pfns.push(frames.pfnOf(node));
      continue;
    }
    const slot = node - frames.firstRangeNode;
    for (let block = 0; block < frames.rangeCount[slot]!; block++) {
      pfns.push((frames.rangeStart[slot]! + block) * MAX_ORDER_PAGES);
    }
  }
  return pfns;
}

/**
 * Compares every free list, per-CPU list and unaccepted list, element by element in list order,
 * and for each zone the types of its pageblocks and its counters. Lists that are empty on both
 * sides do not count.
 *
 * @param event number of records replayed, for the report
 */
export function compareFinalLists(
  allocator: PageAllocator,
  snapshot: readonly SnapshotZone[],
  event: number,
): Comparison {
  const result: Comparison = { compared: 0, equal: 0 };
  const compare = (what: string, expected: readonly number[], found: readonly number[]): void => {
    if (expected.length === 0 && found.length === 0) return;
    result.compared++;
    const at = expected.findIndex((value, index) => value !== found[index]);
    if (at < 0 && expected.length === found.length) {
      result.equal++;
      return;
    }
    const place = at < 0 ? expected.length : at;
    result.firstDivergence ??= {
      event,
      expected: listText(expected, place),
      found: listText(found, place),
      context: `${what}, from element ${place}; ${expected.length} expected, ${found.length} found`,
    };
  };
  const populated = snapshot.filter((zone) => zone.presentPages > 0);
  for (const [index, expected] of populated.entries()) {
    const zone = allocator.zones[index];
    if (zone === undefined) compare(`zone ${expected.name}`, [expected.managedPages], []);
    else compareZone(allocator, zone, expected, compare);
  }
  return result;
}

type Compare = (what: string, expected: readonly number[], found: readonly number[]) => void;

function compareZone(allocator: PageAllocator, zone: Zone, expected: SnapshotZone, compare: Compare): void {
  const name = `node ${zone.nodeId} zone ${zone.name}`;
  for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
    for (let type = 0; type < MIGRATE_TYPES; type++) {
      const recorded = expected.free.get(freeListKey(order, type)) ?? [];
      compare(`${name} order ${order} type ${type}`, recorded, pfnsOn(allocator, zone.list(order, type)));
    }
  }
  compare(`${name} unaccepted`, expected.unaccepted, pfnsOn(allocator, zone.unacceptedList));
  for (const { cpu, lists } of expected.pcp) {
    for (let index = 0; index < PCP_LISTS; index++) {
      const list = zone.pcp[cpu]!.lists[index]!;
      const found = Array.from({ length: list.size }, (_, at) => allocator.frames.pfnOf(list.at(at)));
      compare(`${name} CPU ${cpu} list ${index}`, lists.get(index) ?? [], found);
    }
  }
  const types = recordedTypes(expected);
  compare(`${name} pageblock types`, types, typesOf(allocator, zone, types));
  for (const pcp of expected.pcp) {
    const found = zone.pcp[pcp.cpu]!;
    const numbers = (of: typeof pcp | typeof found): number[] => [
      of.count,
      of.high,
      of.highMin,
      of.highMax,
      of.batch,
    ];
    compare(`${name} CPU ${pcp.cpu} count, high, high_min, high_max, batch`, numbers(pcp), numbers(found));
  }
  compare(
    `${name} managed pages, watermarks, boost, unaccepted and present pages, lowmem reserve`,
    [
      expected.managedPages,
      ...expected.watermark,
      expected.boost,
      expected.unacceptedPages,
      expected.presentPages,
      ...expected.lowmemReserve,
    ],
    [
      zone.managedPages,
      ...zone.watermark,
      zone.watermarkBoost,
      zone.unacceptedPages,
      zone.presentPages,
      ...zone.lowmemReserve.subarray(0, expected.lowmemReserve.length),
    ],
  );
}

/** Types of a zone's pageblocks, one by one. */
export function recordedTypes(zone: SnapshotZone): number[] {
  return zone.blocks.flatMap(([type, count]) => Array.from({ length: count }, () => type));
}

/** Untouched blocks on a list are movable; the rest of what has no frames was never the allocator's. */
export function typesOf(allocator: PageAllocator, zone: Zone, recorded: readonly number[]): number[] {
  const { frames } = allocator;
  const start = roundDown(zone.startPfn, PAGEBLOCK_PAGES);
  const listed = new Set([
    ...pfnsOn(allocator, zone.list(MAX_PAGE_ORDER, MigrateType.MOVABLE)),
    ...pfnsOn(allocator, zone.unacceptedList),
  ]);
  return recorded.map((type, index) => {
    const pfn = start + index * PAGEBLOCK_PAGES;
    const page = frames.pageOf(asPfn(pfn));
    if (page >= 0) return frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
    return listed.has(roundDown(pfn, MAX_ORDER_PAGES)) ? MigrateType.MOVABLE : type;
  });
}

function listText(list: readonly number[], from: number): string {
  const shown = list.slice(from, from + 3).map((value) => `0x${value.toString(16)}`);
  return shown.length === 0 ? "end of list" : `${shown.join(" ")}${from + 3 < list.length ? " ..." : ""}`;
}
