/** What is on the lists of a page allocator: nothing is changed. */

import { MIGRATE_TYPE_NAMES, type PageAllocator, type Zone } from "../page-alloc/index.js";
import { type AddressRange, MAX_ORDER_BYTES, MAX_PAGE_ORDER, PAGE_SIZE, type Page } from "../units.js";
import type { FreeList } from "./memory-map.js";

/** Pages of one entry of a list: a block, or a run of blocks that nobody has touched. */
interface Entry extends AddressRange {
  readonly blocks: number;
}

function* entriesOf({ frames }: PageAllocator, list: Page, order: number): Generator<Entry> {
  for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) {
    if (frames.isRange(node)) {
      const slot = node - frames.firstRangeNode;
      const start = frames.rangeStart[slot]! * MAX_ORDER_BYTES;
      const blocks = frames.rangeCount[slot]!;
      yield { start, end: start + blocks * MAX_ORDER_BYTES, blocks };
    } else {
      const start = frames.pfnOf(node) * PAGE_SIZE;
      yield { start, end: start + PAGE_SIZE * 2 ** order, blocks: 1 };
    }
  }
}

/** Lists that have anything, as /proc/pagetypeinfo counts them; those of CPUs are not among them. */
export function freeListsOf(allocator: PageAllocator): FreeList[] {
  return allocator.zones.flatMap((zone) =>
    MIGRATE_TYPE_NAMES.flatMap((migratetype, type) => {
      const blocks = Array.from({ length: MAX_PAGE_ORDER + 1 }, (_none, order) => {
        let count = 0;
        for (const entry of entriesOf(allocator, zone.list(order, type), order)) count += entry.blocks;
        return count;
      });
      return blocks.every((count) => count === 0)
        ? []
        : [{ node: zone.nodeId, zone: zone.name, migratetype, blocks }];
    }),
  );
}

/** Separate ranges of free memory, ascending. */
export function freeRanges(allocator: PageAllocator): AddressRange[] {
  return ranges(allocator, function* (zone) {
    for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
      for (let type = 0; type < MIGRATE_TYPE_NAMES.length; type++)
        yield* entriesOf(allocator, zone.list(order, type), order);
    }
  });
}

/** Separate ranges of blocks that wait to be accepted, ascending. */
export function parkedRanges(allocator: PageAllocator): AddressRange[] {
  return ranges(allocator, (zone) => entriesOf(allocator, zone.unacceptedList, MAX_PAGE_ORDER));
}

function ranges(allocator: PageAllocator, entries: (zone: Zone) => Iterable<AddressRange>): AddressRange[] {
  const all: AddressRange[] = [];
  for (const zone of allocator.zones) for (const { start, end } of entries(zone)) all.push({ start, end });
  return joinTouching(all);
}

/** Ranges without order and overlap, as few as can be, ascending. */
export function joinTouching(all: readonly AddressRange[]): AddressRange[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of all.toSorted((one, other) => one.start - other.start)) {
    const last = joined.at(-1);
    if (last?.end === start) last.end = end;
    else joined.push({ start, end });
  }
  return joined;
}
