import { type AddressRange, PAGE_SIZE } from "../units.js";
import { pageRange } from "./page-tables.js";
import { AcceptDone, DoubleAcceptError } from "./platform.js";
import { RangeSet, unionIn } from "./range-set.js";

/**
 * Common to platforms whose guests accept: which pages a guest may use, as private or as shared memory.
 * Ranges are in page frames, except those passed in from outside.
 */
export abstract class AcceptingPlatform {
  readonly done: AcceptDone = new AcceptDone();
  protected abstract get accepted(): RangeSet;
  /** Pages that the host has memory for, or keeps a private copy of: the union of these. */
  protected abstract get backed(): readonly RangeSet[];
  /** Pages that the guest has made shared; none of them is a private one as well. */
  readonly #shared = new RangeSet();
  readonly #sharedUnaccepted = new RangeSet();

  get acceptedPages(): number {
    return this.accepted.size;
  }

  get sharedPages(): number {
    return this.#shared.size;
  }

  get acceptedSharedPages(): number {
    return this.#shared.size - this.#sharedUnaccepted.size;
  }

  usableBytesIn(start: number, end: number): number {
    const [first, last] = pageRange(start, end);
    return (this.accepted.countIn(first, last) + this.#shared.countIn(first, last)) * PAGE_SIZE;
  }

  backedRanges(start: number, end: number): AddressRange[] {
    return unionIn(this.backed, ...pageRange(start, end)).map((pages) => ({
      start: pages.start * PAGE_SIZE,
      end: pages.end * PAGE_SIZE,
    }));
  }

  firstUnusable(start: number, end: number): number {
    let [pfn, last] = pageRange(start, end);
    while (pfn < last) {
      if (this.accepted.has(pfn)) pfn = this.accepted.runEnd(pfn, last);
      else if (this.#shared.has(pfn)) pfn = this.#shared.runEnd(pfn, last);
      else break;
    }
    return pfn * PAGE_SIZE;
  }

  /** An accept begins. @returns the part of its range, given in bytes, up to the first page that is accepted already */
  protected begin(start: number, end: number): [first: number, accepted: number] {
    this.done.clear();
    const [first, last] = pageRange(start, end);
    return [first, this.accepted.firstIn(first, last)];
  }

  /** @param consequence what the guest does where an accept ended before `end`, an address, because the next page is accepted */
  protected requireWhole(accepted: number, end: number, consequence: string): void {
    if (accepted * PAGE_SIZE < end) throw new DoubleAcceptError(accepted * PAGE_SIZE, consequence);
  }

  /** @param unaccepted parts that were never accepted, in bytes */
  protected madeShared(first: number, last: number, unaccepted: readonly AddressRange[]): void {
    this.#shared.add(first, last);
    for (const one of unaccepted) this.#sharedUnaccepted.add(...pageRange(one.start, one.end));
  }

  /** Shared pages that are accepted are private from then on. */
  protected madePrivate(first: number, last: number): void {
    this.#shared.remove(first, last);
    this.#sharedUnaccepted.remove(first, last);
  }
}
