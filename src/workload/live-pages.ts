/** Which pages are allocated, as far as a trace has shown. */

import { MAX_ORDER_PAGES, MAX_PAGE_ORDER } from "../units.js";
import type { EventBlock } from "./event-blocks.js";
import { PageEventKind } from "./events.js";

/** Blocks of the highest order below which the table is an array: 4 GiB pages, 16 TiB. */
const TABLE_BLOCKS: number = 2 ** 22;
const NO_PAGES: Uint8Array = new Uint8Array(MAX_ORDER_PAGES);

/** What does not fit together in a trace. */
export interface PairingCounts {
  /** Allocations that found a page. */
  allocations: number;
  /** Allocations that found none. */
  failed: number;
  frees: number;
  /** Allocations of a page that was still allocated: the event of its free is missing. */
  reallocations: number;
  /** Frees of a page that no event had allocated: it was before the trace, or the event is missing. */
  unknownFrees: number;
}

/** Follows allocations and frees, with 1 byte for each page that the trace names. */
export class LivePages {
  readonly counts: PairingCounts = {
    allocations: 0,
    failed: 0,
    frees: 0,
    reallocations: 0,
    unknownFrees: 0,
  };
  /** Pages that are allocated now. */
  pages = 0;
  /** The highest number of them so far. */
  peakPages = 0;
  /** 1 + number of the chunk of each block; a chunk holds order + 1 of the allocation that has a page, or 0. */
  readonly #table: Int32Array = new Int32Array(TABLE_BLOCKS);
  /** The same for blocks behind the table. */
  readonly #far = new Map<number, number>();
  readonly #chunks: Uint8Array[] = [];
  /** First pfn of each chunk. */
  readonly #starts: number[] = [];

  /** Follows the events of a block. */
  add({ count, kind, order, pfn }: EventBlock): void {
    for (let i = 0; i < count; i++) {
      if (kind[i] === PageEventKind.alloc) this.allocated(pfn[i]!, order[i]!);
      else if (kind[i] === PageEventKind.free) this.freed(pfn[i]!, order[i]!);
    }
  }

  /** An allocation; pfn 0 is one that failed. */
  allocated(pfn: number, order: number): void {
    if (pfn === 0) {
      this.counts.failed++;
      return;
    }
    this.counts.allocations++;
    const chunk = this.#chunkOf(pfn);
    const first = pfn % MAX_ORDER_PAGES;
    const end = first + (1 << order);
    let known = 0;
    for (let i = first; i < end; i++) {
      if (chunk[i] !== 0) known++;
      chunk[i] = order + 1;
    }
    if (known > 0) this.counts.reallocations++;
    this.pages += end - first - known;
    if (this.pages > this.peakPages) this.peakPages = this.pages;
  }

  /** A free of a block or of a part of it. */
  freed(pfn: number, order: number): void {
    this.counts.frees++;
    const chunk = this.#chunkOf(pfn);
    const first = pfn % MAX_ORDER_PAGES;
    const end = first + (1 << order);
    let known = 0;
    for (let i = first; i < end; i++) {
      if (chunk[i] !== 0) known++;
      chunk[i] = 0;
    }
    if (known < end - first) this.counts.unknownFrees++;
    this.pages -= known;
  }

  /** Allocations of which at least a part was never freed. */
  neverFreed(): number {
    let count = 0;
    // By order, because a part that was freed may have been given to another one since.
    const lastHead = new Float64Array(MAX_PAGE_ORDER + 1).fill(-1);
    for (const [index, chunk] of this.#chunks.entries()) {
      const start = this.#starts[index]!;
      for (let i = 0; i < chunk.length; i++) {
        if (chunk[i] === 0) continue;
        const order = chunk[i]! - 1;
        const head = start + i - (i % 2 ** order);
        if (head !== lastHead[order]) count++;
        lastHead[order] = head;
      }
    }
    return count;
  }

  #chunkOf(pfn: number): Uint8Array {
    const block = Math.floor(pfn / MAX_ORDER_PAGES);
    const known = block < TABLE_BLOCKS ? this.#table[block]! : (this.#far.get(block) ?? 0);
    if (known > 0) return this.#chunks[known - 1]!;
    const chunk = NO_PAGES.slice();
    const number = this.#chunks.push(chunk);
    this.#starts.push(block * MAX_ORDER_PAGES);
    if (block < TABLE_BLOCKS) this.#table[block] = number;
    else this.#far.set(block, number);
    return chunk;
  }
}
