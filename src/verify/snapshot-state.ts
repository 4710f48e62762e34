/** A model in the state of a snapshot: a new one, or one that is brought there from an earlier run. */

import type { PageAllocRules } from "../linux/rules.js";
import { statThreshold } from "../mm/watermarks.js";
import { defaultDistance, nodeFallbackOrders } from "../mm/zonelists.js";
import { MAX_NR_ZONES, type ZoneType } from "../mm/zones.js";
import {
  acceptOldest,
  freeUnaccepted,
  type MemoryAcceptor,
  MigrateType,
  PageAllocator,
  type Zone,
} from "../page-alloc/index.js";
import {
  asPage,
  asPfn,
  MAX_ORDER_PAGES,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Page,
  type Pfn,
  roundDown,
} from "../units.js";
import { compareFinalLists, recordedTypes, typesOf, type ZoneList, zoneLists } from "./final-lists.js";
import { pfnsOn } from "./page-place.js";
import { freeListsIn, populated, type SnapshotZone } from "./snapshot.js";
import { type Comparison, Tally } from "./tally.js";

/** ZONE_BELOW_HIGH in the flags of a zone (include/linux/mmzone.h: enum zone_flags). */
const BELOW_HIGH_FLAG = 4;

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
export function allocatorOf(
  snapshot: readonly SnapshotZone[],
  rules: PageAllocRules,
  acceptor: MemoryAcceptor,
): PageAllocator {
  const zones = populated(snapshot);
  const nodes = [...new Set(zones.map((zone) => zone.nodeId))].sort((a, b) => a - b);
  const cpus = Math.max(...zones.flatMap((zone) => zone.pcp.map((pcp) => pcp.cpu))) + 1;
  const types = new Map<number, number>();
  for (const zone of zones) {
    const start = roundDown(zone.startPfn, PAGEBLOCK_PAGES);
    for (const [block, type] of recordedTypes(zone).entries())
      types.set(start + block * PAGEBLOCK_PAGES, type);
  }
  const allocator = new PageAllocator({
    zones: zones.map((zone) => ({ ...zone, type: zone.type as ZoneType })),
    zonelists: nodeFallbackOrders(nodes, defaultDistance).map((order) => zonesOf(zones, order)),
    nodeZonelists: nodes.map((node) => zonesOf(zones, [node])),
    cpus,
    rules,
    acceptor,
    pageblockTypes: { typeAt: (pfn) => types.get(pfn) ?? 0 },
  });
  for (const [index, from] of zones.entries()) loadZone(allocator, allocator.zones[index]!, from, cpus);
  allocator.kswapdRunning = true;
  return allocator;
}

function loadZone(allocator: PageAllocator, zone: Zone, from: SnapshotZone, cpus: number): void {
  const { frames } = allocator;
  zone.managedPages = from.managedPages;
  zone.watermark.set(from.watermark);
  zone.statThreshold = statThreshold(cpus, from.managedPages);
  for (let type = 0; type < MAX_NR_ZONES; type++) {
    zone.lowmemReserve[type] = from.lowmemReserve[type] ?? from.lowmemReserve.at(-1)!;
  }
  for (const { cpu, highMin, highMax, batch } of from.pcp)
    Object.assign(zone.pcp[cpu]!, { highMin, highMax, batch });
  for (const pfn of from.unaccepted) freeUnaccepted(zone, pfn / MAX_ORDER_PAGES, 1, 0);
  const parked = new Set(from.unaccepted);
  for (let start = roundDown(zone.startPfn, MAX_ORDER_PAGES); start < zone.endPfn; start += MAX_ORDER_PAGES) {
    if (parked.has(asPfn(start))) continue;
    const first = asPfn(Math.max(start, zone.startPfn));
    const last = Math.min(start + MAX_ORDER_PAGES, zone.endPfn);
    const base: number = allocator.pageAt(first);
    for (let page = base; page < base + last - first; page++) markAllocated(allocator, asPage(page));
  }
  for (const list of zoneLists(allocator, zone, from)) {
    for (const pfn of list.recorded) frames.clearAllocated(allocator.pageAt(pfn), list.order);
    list.fill();
  }
  adoptCounters(zone, from);
}

/** What a page holds is not known; in a movable pageblock it is most likely movable. */
function markAllocated({ frames }: PageAllocator, page: Page): void {
  const movable = frames.pageblockType[page >> PAGEBLOCK_ORDER] === MigrateType.MOVABLE;
  frames.markAllocated(page, 0, movable);
}

/** What happened between two recorded runs, where there is no log, and had to be taken from a snapshot. */
export interface GapReport {
  /** Lists and counters as the model carried them over, against the snapshot, before anything was adopted. */
  readonly before: Comparison;
  /** Of each zone, the unaccepted blocks and their number: never adopted, so they have to be the same. */
  readonly unaccepted: Comparison;
  /** Blocks at the heads of the unaccepted lists that the kernel accepted meanwhile; the model did too. */
  readonly acceptedBlocks: number;
  /** Free and per-CPU lists that are not what they were, or in another order. */
  readonly lists: number;
  /** Pages that changed between allocated, free and the list of a CPU. */
  readonly pages: number;
  readonly pageblocks: number;
}

/** Where a page is: absent when allocated, else the buddy lists or a CPU. */
type Whereabouts = Map<Pfn, number>;

/**
 * Brings an allocator that comes from an earlier run to a later snapshot: lists that differ are made
 * the same, pages that came or went change their state. All that a snapshot does not show stays as it
 * is: what is accepted, which pages were ever touched, for what the others were allocated. Nothing is
 * adopted of unaccepted lists. When those differ by more than blocks taken from their heads, nothing
 * is adopted at all.
 */
export function adoptSnapshot(allocator: PageAllocator, snapshot: readonly SnapshotZone[]): GapReport {
  const pairs = populated(snapshot).map((from, index) => ({ zone: allocator.zones[index]!, from }));
  const before = compareFinalLists(allocator, snapshot, 0);
  const acceptedBlocks = pairs.reduce((sum, { zone, from }) => sum + acceptMissing(allocator, zone, from), 0);
  const unaccepted = new Tally();
  for (const { zone, from } of pairs) {
    const expected = [from.unacceptedPages, ...from.unaccepted];
    const found = [zone.unacceptedPages, ...pfnsOn(allocator, zone.unacceptedList)];
    unaccepted.expect(sameList(expected, found), () => ({
      event: 0,
      expected: `${from.unacceptedPages} pages in ${from.unaccepted.length} blocks`,
      found: `${zone.unacceptedPages} pages carried over`,
      context: `node ${zone.nodeId} zone ${zone.name}`,
    }));
  }
  if (unaccepted.equal < unaccepted.compared)
    return { before, unaccepted, acceptedBlocks, lists: 0, pages: 0, pageblocks: 0 };
  const retyped = pairs.flatMap(({ zone, from }) => retypedBlocks(allocator, zone, from));
  const gone: Whereabouts = new Map();
  const come: Whereabouts = new Map();
  const changed = pairs
    .flatMap(({ zone, from }) => zoneLists(allocator, zone, from))
    .filter(({ found, recorded }) => !sameList(found, recorded));
  for (const list of changed) {
    noteMissing(list, list.found, list.recorded, gone);
    noteMissing(list, list.recorded, list.found, come);
  }
  for (const list of changed) list.empty();
  for (const { pfn, type } of retyped) {
    const page = allocator.pageAt(pfn);
    allocator.frames.pageblockType[page >> PAGEBLOCK_ORDER] = type;
  }
  const pages = changePages(allocator, gone, come);
  for (const list of changed) list.fill();
  for (const { zone, from } of pairs) adoptCounters(zone, from);
  return { before, unaccepted, acceptedBlocks, lists: changed.length, pages, pageblocks: retyped.length };
}

/** Accepts what the snapshot's list no longer has at its head; returns how many blocks. */
function acceptMissing(allocator: PageAllocator, zone: Zone, from: SnapshotZone): number {
  const carried = pfnsOn(allocator, zone.unacceptedList);
  const missing = carried.length - from.unaccepted.length;
  if (missing <= 0 || from.unaccepted.some((pfn, index) => pfn !== carried[missing + index])) return 0;
  for (let block = 0; block < missing; block++) acceptOldest(zone, allocator.acceptor, 0);
  return missing;
}

type Retyped = { readonly pfn: Pfn; readonly type: number };

function retypedBlocks(allocator: PageAllocator, zone: Zone, from: SnapshotZone): Retyped[] {
  const recorded = recordedTypes(from);
  const carried = typesOf(allocator, zone, recorded);
  const start = roundDown(zone.startPfn, PAGEBLOCK_PAGES);
  return recorded.flatMap((type, index) =>
    type === carried[index] ? [] : [{ pfn: asPfn(start + index * PAGEBLOCK_PAGES), type }],
  );
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((pfn, index) => pfn === b[index]);
}

/** Notes the pages of blocks that one side of a list has and the other has not. */
function noteMissing(
  { order, where }: ZoneList,
  has: readonly Pfn[],
  hasNot: readonly Pfn[],
  pages: Whereabouts,
): void {
  const other = new Set(hasNot);
  for (const pfn of has) {
    if (other.has(pfn)) continue;
    for (let page = 0; page < 2 ** order; page++) pages.set(asPfn(pfn + page), where);
  }
}

/** Makes pages allocated that are on no list any more, and the other way round. Returns how many moved. */
function changePages(allocator: PageAllocator, gone: Whereabouts, come: Whereabouts): number {
  let moved = 0;
  for (const [pfn, where] of gone) {
    const now = come.get(pfn);
    if (now !== where) moved++;
    if (now !== undefined) continue;
    const page = allocator.pageAt(pfn);
    allocator.touchedPages += allocator.frames.touch(page, 0);
    markAllocated(allocator, page);
  }
  for (const pfn of come.keys()) {
    if (gone.has(pfn)) continue;
    moved++;
    const page = allocator.pageAt(pfn);
    if (!allocator.frames.isAllocated(page)) {
      // Reserved since early boot and given up in the gap (free_reserved_page).
      allocator.adjustManagedPages(allocator.zoneOf(page), 1);
      allocator.frames.touch(page, 0);
    }
    allocator.frames.clearAllocated(page, 0);
  }
  return moved;
}

/** What moves with the lists. Sizes and watermarks do not: they are compared, not adopted. */
function adoptCounters(zone: Zone, from: SnapshotZone): void {
  zone.watermarkBoost = from.boost;
  zone.belowHigh = (from.flags & BELOW_HIGH_FLAG) !== 0;
  zone.reservedHighatomicPages = from.reservedHighatomicPages;
  for (const { cpu, count, high, allocFactor, freeCount, flags } of from.pcp)
    Object.assign(zone.pcp[cpu]!, { count, high, allocFactor, freeCount, flags });
  let counted = 0;
  zone.freeHighatomicPages = 0;
  for (const { order, type, pfns } of freeListsIn(from)) {
    const pages = pfns.length * 2 ** order;
    if (type !== MigrateType.ISOLATE) counted += pages;
    if (type === MigrateType.HIGHATOMIC) zone.freeHighatomicPages += pages;
  }
  zone.freePages = from.freePages;
  holdBack(zone, counted + zone.unacceptedPages - from.freePages);
}

/**
 * What each CPU holds back of the counter is not in a snapshot, only the sum: it is put down to the first CPUs
 * that may hold so much back. What they held in an earlier run the vmstat worker has folded since.
 */
function holdBack(zone: Zone, pages: number): void {
  const held = zone.freePagesDiff;
  let rest = pages;
  for (let cpu = 0; cpu < held.length; cpu++) {
    const own = Math.max(-zone.statThreshold, Math.min(rest, zone.statThreshold));
    rest -= own;
    held[cpu] = own;
  }
  held[0]! += rest;
}
