import { MAX_ORDER_PAGES } from "../units.js";

/** Blocks of the highest order below which the table is an array: 4 GiB pages, 16 TiB. */
const TABLE_BLOCKS: number = 2 ** 22;
/** Those it has room for at first: 16 GiB. */
const FIRST_BLOCKS: number = 2 ** 12;

/**
 * Numbers by page: a chunk of them for each block of the highest order, made when it is first asked for.
 * Page `pfn` has the element `pfn % MAX_ORDER_PAGES` of its chunk.
 */
export class PageChunks<Chunk extends Uint8Array | Int32Array> {
  readonly chunks: Chunk[] = [];
  /** First pfn of each chunk. */
  readonly starts: number[] = [];
  readonly #empty: Chunk;
  /** 1 + number of the chunk of each block. */
  #table: Int32Array = new Int32Array(FIRST_BLOCKS);
  /** The same for blocks beyond the table. */
  readonly #far = new Map<number, number>();

  /** @param empty initial contents of a chunk */
  constructor(empty: Chunk) {
    this.#empty = empty;
  }

  chunkOf(pfn: number): Chunk {
    const block = Math.floor(pfn / MAX_ORDER_PAGES);
    const known = block < this.#table.length ? this.#table[block]! : (this.#far.get(block) ?? 0);
    if (known > 0) return this.chunks[known - 1]!;
    const chunk = this.#empty.slice() as Chunk;
    const number = this.chunks.push(chunk);
    this.starts.push(block * MAX_ORDER_PAGES);
    if (block >= TABLE_BLOCKS) this.#far.set(block, number);
    else {
      if (block >= this.#table.length) this.#grow(block);
      this.#table[block] = number;
    }
    return chunk;
  }

  #grow(block: number): void {
    const table = new Int32Array(2 ** Math.ceil(Math.log2(block + 1)));
    table.set(this.#table);
    this.#table = table;
  }
}

/** States of pages. Numbers above 0 and below FREE are for the owner of the map. */
export const PageState = {
  /** No event has named the page yet. */
  UNSEEN: 0,
  /** Freed, drained or taken from the buddy lists, and not handed out since. */
  FREE: -1,
} as const;

/**
 * State of every page that a trace names, and the last event that changed it. A block is `2^order`
 * pages, up to order 10, from a multiple of that.
 */
export class PageMap {
  /** The states of the pages, then the events that set them. */
  readonly #pages = new PageChunks(new Int32Array(2 * MAX_ORDER_PAGES));

  state(pfn: number): number {
    return this.#pages.chunkOf(pfn)[pfn % MAX_ORDER_PAGES]!;
  }

  isUniform(pfn: number, order: number): boolean {
    const chunk = this.#pages.chunkOf(pfn);
    const first = pfn % MAX_ORDER_PAGES;
    const state = chunk[first];
    for (let i = first + 2 ** order - 1; i > first; i--) if (chunk[i] !== state) return false;
    return true;
  }

  /** The last event that set the state of a page of a block, none of them UNSEEN. */
  lastEvent(pfn: number, order: number): number {
    const first = MAX_ORDER_PAGES + (pfn % MAX_ORDER_PAGES);
    const events = this.#pages.chunkOf(pfn).subarray(first, first + 2 ** order);
    return events.reduce((last, event) => Math.max(last, event));
  }

  set(pfn: number, order: number, state: number, event: number): void {
    const chunk = this.#pages.chunkOf(pfn);
    const first = pfn % MAX_ORDER_PAGES;
    const end = first + 2 ** order;
    for (let i = first; i < end; i++) {
      chunk[i] = state;
      chunk[MAX_ORDER_PAGES + i] = event;
    }
  }
}
