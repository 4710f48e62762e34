/**
 * The meaning of `page=0000000000000000`, or another zero, next to a frame number: an allocation that
 * failed, where other pages of the trace have an address or a hash, and nothing at all where a tool
 * printed zeros for every page because it has no pointer.
 */

import { MAX_ORDER_PAGES } from "../../units.js";
import type { EventBlocks } from "../event-blocks.js";
import { PageChunks } from "../page-map.js";

const UNDECIDED_MAX = 10_000;

/** Decides for the allocations of one trace, and corrects those that came before the decision. */
export class ZeroPages {
  readonly #blocks: EventBlocks;
  /** Numbers of the undecided ones among all events; those that were handed over stay as they are. */
  #undecided: number[] = [];
  #meaning: "not known" | "failure" | "nothing" = "not known";
  /** Whether nothing is known yet; a field, because it is asked for with every line. */
  isOpen = true;

  constructor(blocks: EventBlocks) {
    this.#blocks = blocks;
  }

  /** Whether zeros are known to say nothing. */
  get sayNothing(): boolean {
    return this.#meaning === "nothing";
  }

  pagesTell(): void {
    if (this.#meaning !== "not known") return;
    this.#meaning = "failure";
    this.isOpen = false;
    for (const event of this.#undecided) this.#blocks.setFailed(event);
    this.#undecided = [];
  }

  /** A page printed as zeros was freed, so zeros do not mean NULL. */
  freed(): void {
    if (this.#meaning !== "not known") return;
    this.#meaning = "nothing";
    this.isOpen = false;
    this.#undecided = [];
  }

  /** An allocation has zeros. @returns whether it failed, as far as is known; to be called before it is kept */
  isFailure(): boolean {
    if (this.#meaning !== "not known") return this.#meaning === "failure";
    this.#undecided.push(this.#blocks.appended);
    // So many without a page that tells are enough.
    if (this.#undecided.length > UNDECIDED_MAX) this.freed();
    return false;
  }
}

/**
 * Kernels before 3.3 tell some frees twice:
 * - 2.6.32 and 2.6.33 trace a page of order 0 in __free_pages() and again in free_hot_page(), both as
 *   mm_page_free_direct; mm_pagevec_free stands alone (mm/page_alloc.c).
 * - From 2.6.34 on free_pages_prepare() traces every page as mm_page_free_direct, and the pages of a
 *   pagevec, or of a list of pages, have an mm_pagevec_free before that (mm/page_alloc.c:
 *   __pagevec_free, free_hot_cold_page_list; said in b413d48aa706, which gave them new names).
 *
 * No page is freed twice without an allocation between, and each of these has its event: nothing was
 * allocated in bulk before 5.13. So a second free is the first one told again.
 */

/** Pages that were freed and not allocated since. */
export class RepeatedFrees {
  readonly #isFreed = new PageChunks(new Uint8Array(MAX_ORDER_PAGES));

  allocated(pfn: number, order: number): void {
    for (let page = pfn; page < pfn + 2 ** order; page++)
      this.#isFreed.chunkOf(page)[page % MAX_ORDER_PAGES] = 0;
  }

  /** A block is freed. @returns whether it was free already */
  freed(pfn: number, order: number): boolean {
    let known = 0;
    for (let page = pfn; page < pfn + 2 ** order; page++) {
      const chunk = this.#isFreed.chunkOf(page);
      known += chunk[page % MAX_ORDER_PAGES]!;
      chunk[page % MAX_ORDER_PAGES] = 1;
    }
    return known === 2 ** order;
  }
}
