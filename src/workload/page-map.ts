import { MAX_ORDER_PAGES } from "../units.js";

/** What is known of a page. Numbers above 0 and below FREE are for the owner of the map. */
export const PageState = {
  /** No event has named the page yet. */
  UNSEEN: 0,
  /** Freed, drained or taken from the buddy lists, and not handed out since. */
  FREE: -1,
} as const;

/** A chunk holds the states of a block of the highest order, then the events that set them. */
const CHUNK_LENGTH: number = 2 * MAX_ORDER_PAGES;
const UNSEEN_CHUNK: Int32Array = new Int32Array(CHUNK_LENGTH);

/**
 * State of every page that a trace names, and the last event that changed it. Grows with the
 * memory that the trace touches. A block is `2^order` pages, up to order 10, from a multiple of that.
 */
export class PageMap {
  readonly #chunks = new Map<number, Int32Array>();
  /** The chunk that was used last, or UNSEEN_CHUNK where there is none. */
  #chunk: Int32Array = UNSEEN_CHUNK;
  #chunkBlock = -1;

  state(pfn: number): number {
    return this.#chunkOf(pfn)[pfn % MAX_ORDER_PAGES]!;
  }

  /** Whether all pages of a block have the same state. */
  isUniform(pfn: number, order: number): boolean {
    const chunk = this.#chunkOf(pfn);
    const first = pfn % MAX_ORDER_PAGES;
    const state = chunk[first];
    for (let i = first + 2 ** order - 1; i > first; i--) if (chunk[i] !== state) return false;
    return true;
  }

  /** The last event that set the state of a page of a block, none of them UNSEEN. */
  lastEvent(pfn: number, order: number): number {
    const first = MAX_ORDER_PAGES + (pfn % MAX_ORDER_PAGES);
    return this.#chunkOf(pfn)
      .subarray(first, first + 2 ** order)
      .reduce((last, event) => Math.max(last, event));
  }

  set(pfn: number, order: number, state: number, event: number): void {
    const chunk = this.#chunkToWrite(pfn);
    const first = pfn % MAX_ORDER_PAGES;
    const end = first + 2 ** order;
    for (let i = first; i < end; i++) {
      chunk[i] = state;
      chunk[MAX_ORDER_PAGES + i] = event;
    }
  }

  #chunkOf(pfn: number): Int32Array {
    const block = Math.floor(pfn / MAX_ORDER_PAGES);
    if (block !== this.#chunkBlock) {
      this.#chunk = this.#chunks.get(block) ?? UNSEEN_CHUNK;
      this.#chunkBlock = block;
    }
    return this.#chunk;
  }

  #chunkToWrite(pfn: number): Int32Array {
    if (this.#chunkOf(pfn) === UNSEEN_CHUNK) {
      this.#chunk = new Int32Array(CHUNK_LENGTH);
      this.#chunks.set(this.#chunkBlock, this.#chunk);
    }
    return this.#chunk;
  }
}
