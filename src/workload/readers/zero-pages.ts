/**
 * What `page=0000000000000000`, or another zero, beside a frame number means: an allocation that failed, where other
 * pages of the trace have an address or a hash, and nothing at all where a tool printed zeros for
 * every page because it has no pointer.
 */

import type { EventBlocks } from "../event-blocks.js";

const UNDECIDED_MAX = 10_000;

/** Decides for the allocations of one trace, and puts right those that came before it was known. */
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

  /** A page of the trace has an address or a hash. */
  pagesTell(): void {
    if (this.#meaning !== "not known") return;
    this.#meaning = "failure";
    this.isOpen = false;
    for (const event of this.#undecided) this.#blocks.setFailed(event);
    this.#undecided = [];
  }

  /** A page was freed that has zeros, as no null page can be. */
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
