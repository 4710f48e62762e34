import { MAX_ORDER_PAGES, MAX_PAGE_ORDER } from "../src/units.js";

/**
 * Buddy lists and nothing else: no zones, types, watermarks or counters, and a stack of up
 * to 63 pages in front of order 0. What is left when everything the kernel adds is taken away.
 */
export class PlainBuddy {
  readonly #next: Int32Array;
  readonly #prev: Int32Array;
  /** Order + 1 of a free block, by its first page. */
  readonly #order: Uint8Array;
  readonly #heads: number;
  readonly #stack = new Int32Array(128);
  #stacked = 0;

  constructor(blocks: number) {
    this.#heads = blocks * MAX_ORDER_PAGES;
    this.#next = new Int32Array(this.#heads + MAX_PAGE_ORDER + 1);
    this.#prev = new Int32Array(this.#heads + MAX_PAGE_ORDER + 1);
    this.#order = new Uint8Array(this.#heads);
    for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
      this.#next[this.#heads + order] = this.#heads + order;
      this.#prev[this.#heads + order] = this.#heads + order;
    }
  }

  #add(page: number, order: number): void {
    const head = this.#heads + order;
    const first = this.#next[head]!;
    this.#next[page] = first;
    this.#prev[page] = head;
    this.#prev[first] = page;
    this.#next[head] = page;
    this.#order[page] = order + 1;
  }

  #remove(page: number): void {
    const next = this.#next[page]!;
    const prev = this.#prev[page]!;
    this.#next[prev] = next;
    this.#prev[next] = prev;
    this.#order[page] = 0;
  }

  take(order: number): number {
    for (let from = order; from <= MAX_PAGE_ORDER; from++) {
      const page = this.#next[this.#heads + from]!;
      if (page >= this.#heads) continue;
      this.#remove(page);
      for (let rest = from - 1; rest >= order; rest--) this.#add(page + (1 << rest), rest);
      return page;
    }
    return -1;
  }

  free(freed: number, freedOrder: number): void {
    let page = freed;
    let order = freedOrder;
    for (; order < MAX_PAGE_ORDER; order++) {
      const buddy = page ^ (1 << order);
      if (this.#order[buddy] !== order + 1) break;
      this.#remove(buddy);
      page &= buddy;
    }
    this.#add(page, order);
  }

  takePage(): number {
    if (this.#stacked === 0) for (let i = 0; i < 63; i++) this.#stack[this.#stacked++] = this.take(0);
    return this.#stack[--this.#stacked]!;
  }

  freePage(page: number): void {
    if (this.#stacked === 126) for (let i = 0; i < 63; i++) this.free(this.#stack[--this.#stacked]!, 0);
    this.#stack[this.#stacked++] = page;
  }
}
