import { MAX_PAGE_ORDER } from "../units.js";
import { PageEventKind, type PageEvents } from "./events.js";
import { canFollow, isAreaRequest, STACK_PAGES } from "./vmalloc.js";

/** What a free is to the range of pages that vfree() gives back at once; 0 for a page that is freed alone. */
export const RangePage = { FIRST: 1, NEXT: 2 } as const;

/** A block of an area of vmalloc(): its pages are freed one by one, but belong together. */
interface AreaBlock {
  readonly event: number;
  readonly task: number;
  readonly order: number;
  readonly firstPfn: number;
}

/**
 * Finds the ranges that free_pages_bulk() gives back (mm/page_alloc.c, 7.2). Its tracepoint names each page
 * of a range, in ascending order, and nothing tells the end: the block or blocks that go to the lists have no
 * event. What belongs together shows in the allocations: see `canFollow` and `isAreaRequest`.
 *
 * @param knowsStacks whether four pages that were allocated before the first event and form a kernel stack
 *   are a range too: not while a kernel gives up memory reserved at boot, which it frees page by page
 * @returns for each event 0 or a `RangePage`
 */
export function freedRanges(events: PageEvents, knowsStacks: boolean): Uint8Array {
  const { count, kind, pfn, order, cpu, task, detail } = events;
  const ranges = new Uint8Array(count);
  const isBatched = batchedFrees(events);
  const blocks = new Map<number, AreaBlock>();
  const seen = new Set<number>();
  /** For each CPU its last event, and the block of the page that this one has freed. */
  const last: { event: number; block: AreaBlock | undefined }[] = [];
  /** Pages in a row on a CPU of which no event was seen before. */
  const unseen: number[] = [];
  for (let event = 0; event < count; event++) {
    const first = pfn[event]!;
    const size = 2 ** order[event]!;
    const isAlloc = kind[event] === PageEventKind.alloc;
    const isFree = kind[event] === PageEventKind.free;
    const previous = last[cpu[event]!];
    const isSingle = isFree && order[event] === 0 && isBatched[event] === 0;
    const block = isSingle ? blocks.get(first) : undefined;
    const follows =
      previous !== undefined && task[previous.event] === task[event] && pfn[previous.event] === first - 1;
    if (
      block !== undefined &&
      follows &&
      previous.block !== undefined &&
      isNext(previous.block, block, first)
    ) {
      ranges[event] = RangePage.NEXT;
      if (ranges[previous.event] === 0) ranges[previous.event] = RangePage.FIRST;
    }
    last[cpu[event]!] = { event, block };
    if (knowsStacks) {
      const row = isSingle && !seen.has(first) ? (follows ? (unseen[cpu[event]!] ?? 0) : 0) + 1 : 0;
      unseen[cpu[event]!] = row;
      if (row > 0 && row % STACK_PAGES === 0 && (first + 1) % STACK_PAGES === 0)
        markStack(events, ranges, event);
      for (let page = first; page < first + size; page++) seen.add(page);
    }
    if (!isAlloc && !isFree) continue;
    const isArea = isAlloc && isAreaRequest(detail[event]!);
    const own: AreaBlock = { event, task: task[event]!, order: order[event]!, firstPfn: first };
    if (!isArea && blocks.size === 0) continue;
    for (let page = first; page < first + size; page++) {
      if (isArea) blocks.set(page, own);
      else blocks.delete(page);
    }
  }
  return ranges;
}

/** Orders of the blocks in which free_prepared_contig_range() (mm/page_alloc.c) gives back a range. */
export function rangeOrders(firstPfn: number, pages: number): number[] {
  const orders: number[] = [];
  for (let pfn = firstPfn, left = pages; left > 0; ) {
    let order = Math.min(MAX_PAGE_ORDER, Math.floor(Math.log2(left)));
    while (pfn % 2 ** order !== 0) order--;
    orders.push(order);
    pfn += 2 ** order;
    left -= 2 ** order;
  }
  return orders;
}

function isNext(before: AreaBlock, block: AreaBlock, pfn: number): boolean {
  if (block === before) return true;
  const isWhole = pfn === block.firstPfn && pfn === before.firstPfn + 2 ** before.order;
  return (
    isWhole &&
    canFollow(block.order, before.order) &&
    block.event > before.event &&
    block.task === before.task
  );
}

/** The four events of a CPU that end with this one. */
function markStack({ cpu }: PageEvents, ranges: Uint8Array, last: number): void {
  for (let event = last, left = STACK_PAGES; left > 0; event--) {
    if (cpu[event] !== cpu[last]) continue;
    left--;
    ranges[event] = left === 0 ? RangePage.FIRST : RangePage.NEXT;
  }
}

/** Which frees are those of a batch of folios, which reaches the lists with an event of its own. */
function batchedFrees({ count, kind, pfn }: PageEvents): Uint8Array {
  const isBatched = new Uint8Array(count);
  const freeOf = new Map<number, number>();
  for (let event = 0; event < count; event++) {
    if (kind[event] === PageEventKind.free) freeOf.set(pfn[event]!, event);
    else if (kind[event] === PageEventKind.freeBatched) {
      const free = freeOf.get(pfn[event]!);
      if (free !== undefined) isBatched[free] = 1;
      freeOf.delete(pfn[event]!);
    } else if (kind[event] === PageEventKind.alloc) freeOf.delete(pfn[event]!);
  }
  return isBatched;
}
