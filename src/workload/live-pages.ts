import { Gfp } from "../page-alloc/index.js";
import { MAX_ORDER_PAGES, MAX_PAGE_ORDER } from "../units.js";
import type { EventBlock } from "./event-blocks.js";
import { PageEventKind, TRACED_ORDER_MAX } from "./events.js";
import { PageChunks } from "./page-map.js";

const { COMP } = Gfp;
/** Marks a page of an allocation that is freed as a whole. */
const COMPOUND = 0x40;
/** A page that an event of a batch has freed, and no mm_page_free yet. */
const FREED_IN_BATCH = 0xff;
/** Set in `value - 1` for 0 and FREED_IN_BATCH, the values of unallocated pages, and for no other value. */
const NOBODY = 0x80;

const NO_COUNTS = {
  allocations: 0,
  /** Allocations that found no page. */
  failed: 0,
  frees: 0,
  /** Allocations of a page that was still allocated: the event of its free is missing. */
  reallocations: 0,
  /** Frees of a page that no event had allocated: it was before the trace, or the event is missing. */
  unknownFrees: 0,
};

/** Inconsistencies of a trace. */
export type PairingCounts = typeof NO_COUNTS;

/** Follows allocations and frees, with 1 byte for each page that the trace names. */
export class LivePages {
  readonly counts: PairingCounts = { ...NO_COUNTS };
  pages = 0;
  peakPages = 0;
  /** Order + 1 of the allocation that has a page, with COMPOUND, or 0, or FREED_IN_BATCH. */
  readonly #chunks = new PageChunks(new Uint8Array(MAX_ORDER_PAGES));

  add({ count, kind, order, pfn, detail }: EventBlock): void {
    for (let i = 0; i < count; i++) {
      if (kind[i] === PageEventKind.alloc) this.allocated(pfn[i]!, order[i]!, detail[i]!);
      else if (kind[i] === PageEventKind.free) this.freed(pfn[i]!, order[i]!);
      else if (kind[i] === PageEventKind.freeBatched) this.freedInBatch(pfn[i]!);
    }
  }

  /** An allocation with its gfp flags; pfn 0 is one that failed. */
  allocated(pfn: number, order: number, gfp = 0): void {
    if (pfn === 0) {
      this.counts.failed++;
      return;
    }
    this.counts.allocations++;
    const value = (order + 1) | ((gfp & COMP) === 0 ? 0 : COMPOUND);
    const known = this.#set(pfn, order, value);
    if (known > 0) this.counts.reallocations++;
    this.pages += (1 << order) - known;
    if (this.pages > this.peakPages) this.peakPages = this.pages;
  }

  /** Of a block or a part. @returns whether it is a free of its own, not one that a batch has told */
  freed(pfn: number, order: number): boolean {
    const before = this.#chunks.chunkOf(pfn)[pfn % MAX_ORDER_PAGES];
    const known = this.#set(pfn, order, 0);
    this.pages -= known;
    if (before === FREED_IN_BATCH) return false;
    this.counts.frees++;
    if (known < 1 << order) this.counts.unknownFrees++;
    return true;
  }

  /**
   * A page is freed with a batch of others. Its own mm_page_free comes right before (4.15 and later)
   * or right after, if the trace has it (mm/page_alloc.c: free_hot_cold_page_list, free_unref_folios).
   *
   * @returns the order of what is freed, or -1 where nobody had it, as it is freed already
   */
  freedInBatch(pfn: number): number {
    const value = this.#chunks.chunkOf(pfn)[pfn % MAX_ORDER_PAGES]!;
    if (value === 0 || value === FREED_IN_BATCH) return -1;
    // The event has no order; a compound page can only be freed as a whole.
    const order = (value & COMPOUND) === 0 ? 0 : (value & ~COMPOUND) - 1;
    this.freed(pfn, order);
    this.#chunks.chunkOf(pfn)[pfn % MAX_ORDER_PAGES] = FREED_IN_BATCH;
    return order;
  }

  /** Allocations of which at least a part was never freed. */
  neverFreed(): number {
    let count = 0;
    // By order, because a part that was freed may have been given to another one since.
    const lastHead = new Float64Array(TRACED_ORDER_MAX + 1).fill(-1);
    const wideHeads = new Set<string>();
    for (const [index, chunk] of this.#chunks.chunks.entries()) {
      const start = this.#chunks.starts[index]!;
      for (let i = 0; i < chunk.length; i++) {
        if (chunk[i] === 0 || chunk[i] === FREED_IN_BATCH) continue;
        const order = (chunk[i]! & ~COMPOUND) - 1;
        const head = start + i - ((start + i) % 2 ** order);
        if (head === lastHead[order]) continue;
        lastHead[order] = head;
        // These lie in several chunks, which need not follow one another.
        if (order > MAX_PAGE_ORDER && wideHeads.size === wideHeads.add(`${order} ${head}`).size) continue;
        count++;
      }
    }
    return count;
  }

  /** Gives the pages of a block a value. @returns how many of them were allocated */
  #set(pfn: number, order: number, value: number): number {
    if (order <= MAX_PAGE_ORDER)
      return setPages(this.#chunks.chunkOf(pfn), pfn % MAX_ORDER_PAGES, order, value);
    let known = 0;
    for (let at = pfn; at < pfn + 2 ** order; at += MAX_ORDER_PAGES)
      known += setPages(this.#chunks.chunkOf(at), 0, MAX_PAGE_ORDER, value);
    return known;
  }
}

function setPages(chunk: Uint8Array, first: number, order: number, value: number): number {
  const end = first + (1 << order);
  let known = 0;
  for (let i = first; i < end; i++) {
    if (((chunk[i]! - 1) & NOBODY) === 0) known++;
    chunk[i] = value;
  }
  return known;
}
