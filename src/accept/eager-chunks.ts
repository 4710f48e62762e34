import { firstEndingAfter, type PfnRange } from "../mm/pfn-range.js";
import { addressOf, asPfn, MAX_ORDER_BYTES, MAX_ORDER_PAGES, roundDown, roundUp } from "../units.js";
import type { AcceptMemory } from "./accept-memory.js";

/**
 * The blocks of 4 MiB of a chunk of deferred initialisation that a kernel with
 * `accept_memory=eager` accepts, one after another and ascending, while other CPUs do theirs
 * (mm/mm_init.c: deferred_init_memmap_chunk). Runs of single pages are left to the release.
 */
export class EagerChunk {
  blocks = 0;
  readonly span: PfnRange;
  readonly #free: readonly PfnRange[];
  readonly #acceptance: AcceptMemory;
  #pfn: number;

  /** @param free free memory of the zone, ascending */
  constructor(span: PfnRange, free: readonly PfnRange[], acceptance: AcceptMemory) {
    this.span = span;
    this.#free = free;
    this.#acceptance = acceptance;
    this.#pfn = span.startPfn;
  }

  /** Moves on to the next block with unaccepted memory; whether there is one. */
  findBlock(): boolean {
    for (let index = firstEndingAfter(this.#free, this.#pfn); index < this.#free.length; index++) {
      const range = this.#free[index]!;
      if (range.startPfn >= this.span.endPfn) break;
      const last = roundDown(Math.min(range.endPfn, this.span.endPfn), MAX_ORDER_PAGES);
      this.#pfn = roundUp(Math.max(range.startPfn, this.#pfn), MAX_ORDER_PAGES);
      while (this.#pfn < last) {
        if (this.#acceptance.rangeContainsUnaccepted(addressOf(asPfn(this.#pfn)), MAX_ORDER_BYTES))
          return true;
        const blocks = (last - this.#pfn) / MAX_ORDER_PAGES;
        this.#pfn += this.#acceptance.unacceptedRunLength(asPfn(this.#pfn), blocks) * MAX_ORDER_PAGES;
      }
    }
    return false;
  }

  acceptBlock(): void {
    this.#acceptance.acceptMemory(addressOf(asPfn(this.#pfn)), MAX_ORDER_BYTES);
    this.#pfn += MAX_ORDER_PAGES;
    this.blocks++;
  }
}
