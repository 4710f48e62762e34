import { addFreeRun, addToFreeList } from "../page-alloc/buddy.js";
import { MIGRATE_TYPES, MigrateType } from "../page-alloc/migratetype.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import {
  ALLOCATED,
  ALLOCATED_MOVABLE,
  NO_PAGE,
  ORDER_MASK,
  type PageFrames,
  TOUCHED,
} from "../page-alloc/page-frames.js";
import { type PcpList, pcpIndexOrder } from "../page-alloc/pcp.js";
import { acceptOldest } from "../page-alloc/unaccepted-list.js";
import type { Zone } from "../page-alloc/zone.js";
import {
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Page,
  roundDown,
} from "../units.js";
import type { Comparison } from "./comparison.js";
import { compareFinalLists, pfnsOn, recordedTypes, typesOf } from "./final-lists.js";
import { isBelowHigh } from "./load-snapshot.js";
import { freeListKey, type SnapshotPcp, type SnapshotZone } from "./snapshot-zone.js";

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
  /** Pageblocks of another type. */
  readonly pageblocks: number;
}

/** Where a page is: absent when allocated, else the buddy lists or a CPU. */
type Whereabouts = Map<number, number>;
const ON_BUDDY_LISTS = -1;

/** A list that differs from the snapshot's. */
interface ChangedList {
  readonly order: number;
  readonly pfns: readonly number[];
  /** Takes everything off the list. */
  readonly empty: () => void;
  /** Puts the snapshot's blocks on it. */
  readonly fill: () => void;
}

/**
 * Brings an allocator that comes from an earlier run to a later snapshot: lists that differ are made
 * the same, pages that came or went change their state. All that a snapshot does not show stays as it
 * is: what is accepted, which pages were ever touched, for what the others were allocated. Nothing is
 * adopted of unaccepted lists. When those differ by more than blocks taken from their heads, nothing
 * is adopted at all.
 */
export function adoptSnapshot(allocator: PageAllocator, snapshot: readonly SnapshotZone[]): GapReport {
  const populated = snapshot.filter((zone) => zone.presentPages > 0);
  const pairs = populated.map((from, index) => ({ zone: allocator.zones[index]!, from }));
  const before = compareFinalLists(allocator, snapshot, 0);
  const acceptedBlocks = pairs.reduce((sum, { zone, from }) => sum + acceptMissing(allocator, zone, from), 0);
  const unaccepted = compareUnaccepted(allocator, pairs);
  if (unaccepted.equal < unaccepted.compared)
    return { before, unaccepted, acceptedBlocks, lists: 0, pages: 0, pageblocks: 0 };
  const retyped = pairs.flatMap(({ zone, from }) => retypedBlocks(allocator, zone, from));
  const gone: Whereabouts = new Map();
  const come: Whereabouts = new Map();
  const changed = pairs.flatMap(({ zone, from }) => changedLists(allocator, zone, from, gone, come));
  for (const list of changed) list.empty();
  for (const { pfn, type } of retyped)
    allocator.frames.pageblockType[allocator.pageAt(asPfn(pfn)) >> PAGEBLOCK_ORDER] = type;
  for (const list of changed) list.fill();
  const pages = changePages(allocator, gone, come);
  for (const { zone, from } of pairs) adoptCounters(zone, from);
  return {
    before,
    unaccepted,
    acceptedBlocks,
    lists: changed.length,
    pages,
    pageblocks: retyped.length,
  };
}

/** Accepts what the snapshot's list no longer has at its head; returns how many blocks. */
function acceptMissing(allocator: PageAllocator, zone: Zone, from: SnapshotZone): number {
  const carried = pfnsOn(allocator, zone.unacceptedList);
  const missing = carried.length - from.unaccepted.length;
  if (missing <= 0 || from.unaccepted.some((pfn, index) => pfn !== carried[missing + index])) return 0;
  for (let block = 0; block < missing; block++) acceptOldest(allocator.frames, zone, allocator.acceptor, 0);
  return missing;
}

function compareUnaccepted(
  allocator: PageAllocator,
  pairs: readonly { zone: Zone; from: SnapshotZone }[],
): Comparison {
  const result: Comparison = { compared: 0, equal: 0 };
  for (const { zone, from } of pairs) {
    const expected = [from.unacceptedPages, ...from.unaccepted].join(" ");
    const found = [zone.unacceptedPages, ...pfnsOn(allocator, zone.unacceptedList)].join(" ");
    result.compared++;
    if (expected === found) result.equal++;
    else {
      result.firstDivergence ??= {
        event: 0,
        expected: `${from.unacceptedPages} pages in ${from.unaccepted.length} blocks`,
        found: `${zone.unacceptedPages} pages carried over`,
        context: `node ${zone.nodeId} zone ${zone.name}`,
      };
    }
  }
  return result;
}

function retypedBlocks(
  allocator: PageAllocator,
  zone: Zone,
  from: SnapshotZone,
): { pfn: number; type: number }[] {
  const recorded = recordedTypes(from);
  const carried = typesOf(allocator, zone, recorded);
  const start = roundDown(zone.startPfn, PAGEBLOCK_PAGES);
  return recorded.flatMap((type, index) =>
    type === carried[index] ? [] : [{ pfn: start + index * PAGEBLOCK_PAGES, type }],
  );
}

/** The lists of a zone that have to change; notes which pages they lose and get. */
function changedLists(
  allocator: PageAllocator,
  zone: Zone,
  from: SnapshotZone,
  gone: Whereabouts,
  come: Whereabouts,
): ChangedList[] {
  const changed: ChangedList[] = [];
  const consider = (where: number, wanted: readonly number[], list: ChangedList): void => {
    if (sameList(list.pfns, wanted)) return;
    changed.push(list);
    noteMissing(list.pfns, wanted, list.order, where, gone);
    noteMissing(wanted, list.pfns, list.order, where, come);
  };
  for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
    for (let type = 0; type < MIGRATE_TYPES; type++) {
      const pfns = pfnsOn(allocator, zone.list(order, type));
      const wanted = from.free.get(freeListKey(order, type)) ?? [];
      consider(ON_BUDDY_LISTS, wanted, {
        order,
        pfns,
        empty: () => emptyFreeList(allocator.frames, zone, order, type),
        fill: () => fillFreeList(allocator, zone, order, type, wanted),
      });
    }
  }
  for (const recorded of from.pcp) {
    zone.pcp[recorded.cpu]!.lists.forEach((list, index) => {
      const wanted = recorded.lists.get(index) ?? [];
      consider(recorded.cpu, wanted, {
        order: pcpIndexOrder(index),
        pfns: Array.from({ length: list.size }, (_, at) => allocator.frames.pfnOf(list.at(at))),
        empty: () => emptyPcpList(list),
        fill: () => {
          for (const pfn of wanted) list.pushTail(allocator.pageAt(asPfn(pfn)));
        },
      });
    });
  }
  return changed;
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((pfn, index) => pfn === b[index]);
}

/** Notes the pages of blocks that the one list has and the other has not. */
function noteMissing(
  has: readonly number[],
  hasNot: readonly number[],
  order: number,
  where: number,
  pages: Whereabouts,
): void {
  const other = new Set(hasNot);
  for (const pfn of has) {
    if (other.has(pfn)) continue;
    for (let page = 0; page < 2 ** order; page++) pages.set(pfn + page, where);
  }
}

function emptyFreeList(frames: PageFrames, zone: Zone, order: number, type: number): void {
  const list = zone.list(order, type);
  for (let node = frames.next[list]!; node !== list; node = frames.next[list]!) {
    if (frames.isRange(node)) frames.takeFromRange(node, frames.firstBlock(node));
    else {
      frames.unlink(node);
      frames.meta[node]! &= ~ORDER_MASK;
    }
    zone.nrFree[order]!--;
  }
  zone.orderMask[type]! &= ~(1 << order);
}

/** A block that nobody has touched stays one: it gets no frames. */
function fillFreeList(
  allocator: PageAllocator,
  zone: Zone,
  order: number,
  type: number,
  pfns: readonly number[],
): void {
  const { frames } = allocator;
  const untouchable = order === MAX_PAGE_ORDER && type === MigrateType.MOVABLE;
  for (const pfn of pfns) {
    if (untouchable && frames.pageOf(asPfn(pfn)) === NO_PAGE)
      addFreeRun(frames, zone, pfn / MAX_ORDER_PAGES, 1, 0);
    else addToFreeList(frames, zone, allocator.pageAt(asPfn(pfn)), order, type, true);
  }
}

function emptyPcpList(list: PcpList): void {
  while (list.size > 0) list.popTail();
}

/** Makes pages allocated that are on no list any more, and the other way round. Returns how many moved. */
function changePages(allocator: PageAllocator, gone: Whereabouts, come: Whereabouts): number {
  const { frames } = allocator;
  let moved = 0;
  for (const [pfn, where] of gone) {
    const now = come.get(pfn);
    if (now !== where) moved++;
    if (now !== undefined) continue;
    const page = allocator.pageAt(asPfn(pfn));
    touch(allocator, page);
    // What it holds is not known; in a movable pageblock it is most likely movable.
    const movable = frames.pageblockType[page >> PAGEBLOCK_ORDER] === MigrateType.MOVABLE;
    frames.meta[page]! |= movable ? ALLOCATED | ALLOCATED_MOVABLE : ALLOCATED;
  }
  for (const pfn of come.keys()) {
    if (gone.has(pfn)) continue;
    moved++;
    const page = allocator.pageAt(asPfn(pfn));
    if ((frames.meta[page]! & ALLOCATED) === 0) {
      // Reserved since early boot and given up in the gap (free_reserved_page).
      allocator.zoneOf(page).managedPages++;
      frames.meta[page]! |= TOUCHED;
    }
    frames.meta[page]! &= ~(ALLOCATED | ALLOCATED_MOVABLE);
  }
  return moved;
}

function touch(allocator: PageAllocator, page: Page): void {
  const { meta } = allocator.frames;
  if ((meta[page]! & TOUCHED) !== 0) return;
  meta[page]! |= TOUCHED;
  allocator.touchedPages++;
}

/** What moves with the lists. Sizes and watermarks do not: they are compared, not adopted. */
function adoptCounters(zone: Zone, from: SnapshotZone): void {
  zone.watermarkBoost = from.boost;
  zone.belowHigh = isBelowHigh(from);
  zone.reservedHighatomicPages = from.reservedHighatomicPages;
  for (const recorded of from.pcp) adoptPcp(zone, recorded);
  const free = freePagesOf(from);
  zone.freeHighatomicPages = free.highatomic;
  zone.freePages = from.freePages;
  holdBack(zone, free.counted + zone.unacceptedPages - from.freePages);
}

/**
 * What each CPU holds back of the counter is not in a snapshot, only the sum: it is carried over as
 * far as the sum allows, and the rest is put down to the first CPUs that may hold so much back.
 */
function holdBack(zone: Zone, pages: number): void {
  const held = zone.freePagesDiff;
  let rest = pages - held.reduce((sum, own) => sum + own, 0);
  for (let cpu = 0; cpu < held.length; cpu++) {
    const wanted = held[cpu]! + rest;
    const own = Math.max(-zone.statThreshold, Math.min(wanted, zone.statThreshold));
    rest = wanted - own;
    held[cpu] = own;
  }
  held[0]! += rest;
}

function adoptPcp(zone: Zone, recorded: SnapshotPcp): void {
  const pcp = zone.pcp[recorded.cpu]!;
  pcp.count = recorded.count;
  pcp.high = recorded.high;
  pcp.allocFactor = recorded.allocFactor;
  pcp.freeCount = recorded.freeCount;
  pcp.flags = recorded.flags;
}

function freePagesOf(from: SnapshotZone): { counted: number; highatomic: number } {
  let counted = 0;
  let highatomic = 0;
  for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
    for (let type = 0; type < MIGRATE_TYPES; type++) {
      const pages = (from.free.get(freeListKey(order, type))?.length ?? 0) * 2 ** order;
      if (type !== MigrateType.ISOLATE) counted += pages;
      if (type === MigrateType.HIGHATOMIC) highatomic += pages;
    }
  }
  return { counted, highatomic };
}
