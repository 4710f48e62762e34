import { RangeSet } from "../coco/range-set.js";
import type { ArchAccept } from "../efistub/unaccepted-table.js";
import { type AddressRange, addressOf, asPfn, PAGE_SIZE, roundUp } from "../units.js";
import {
  countRequest,
  guardedRange,
  newUse,
  type Tracker,
  type TrackerName,
  type TrackerTraits,
  type TrackerUse,
} from "./tracker.js";

/** Bytes of struct page on x86_64, a cache line. */
const STRUCT_PAGE_BYTES = 64;
const WORD_BITS = 64;

/** Trackers that know each page by itself. What they look at differs; what they know does not. */
abstract class PageGranular implements Tracker {
  abstract readonly name: TrackerName;
  abstract readonly traits: TrackerTraits;
  readonly use: TrackerUse;
  readonly #unaccepted: RangeSet = new RangeSet();
  readonly #hardware: ArchAccept;
  /** Behind the last page that can be unaccepted, nobody looks. */
  readonly #endPfn: number;

  /** @param unaccepted in whole pages, ascending */
  constructor(unaccepted: readonly AddressRange[], hardware: ArchAccept, use: TrackerUse) {
    for (const { start, end } of unaccepted) this.#unaccepted.add(start / PAGE_SIZE, end / PAGE_SIZE);
    this.#hardware = hardware;
    this.#endPfn = unaccepted.at(-1)!.end / PAGE_SIZE;
    this.use = use;
  }

  accept(start: number, end: number): void {
    const guarded = guardedRange(start, end, PAGE_SIZE);
    const endPfn = Math.min(guarded.end / PAGE_SIZE, this.#endPfn);
    const startPfn = guarded.start / PAGE_SIZE;
    if (startPfn >= endPfn) return;
    this.look(startPfn, endPfn);
    for (let pfn = this.#unaccepted.firstIn(startPfn, endPfn); pfn < endPfn; ) {
      const runEnd = this.#unaccepted.runEnd(pfn, endPfn);
      this.#hardware.acceptMemory(addressOf(asPfn(pfn)), addressOf(asPfn(runEnd)));
      this.#unaccepted.remove(pfn, runEnd);
      pfn = this.#unaccepted.firstIn(runEnd, endPfn);
    }
  }

  hasUnaccepted(start: number, end: number): boolean {
    return this.#unaccepted.countIn(Math.floor(start / PAGE_SIZE), roundUp(end, PAGE_SIZE) / PAGE_SIZE) > 0;
  }

  /** Counts what a request for these pages reads and writes. */
  protected abstract look(startPfn: number, endPfn: number): void;
}

/**
 * A flag in struct page ("validated", David Rientjes 2021). It takes no memory, since struct page
 * is there; but every page of a request is a cache line, and struct pages exist neither in the
 * decompressor nor in the next kernel.
 */
export class PageFlag extends PageGranular {
  readonly name = "page-flag";
  readonly traits: TrackerTraits = { granuleBytes: PAGE_SIZE, from: "struct pages", survivesKexec: false };

  constructor(unaccepted: readonly AddressRange[], hardware: ArchAccept) {
    const pages = unaccepted.reduce((sum, { start, end }) => sum + (end - start) / PAGE_SIZE, 0);
    super(unaccepted, hardware, newUse(0, pages));
  }

  protected look(startPfn: number, endPfn: number): void {
    countRequest(this.use, endPfn - startPfn, STRUCT_PAGE_BYTES);
  }
}

/** A bitmap with a bit for each page: 2 MiB for 64 GiB, 128 GiB for 4 PiB. */
export class Bitmap4k extends PageGranular {
  readonly name = "bitmap-4k";
  readonly traits: TrackerTraits = { granuleBytes: PAGE_SIZE, from: "decompressor", survivesKexec: true };
  readonly #basePfn: number;

  constructor(unaccepted: readonly AddressRange[], hardware: ArchAccept) {
    const bits = (unaccepted.at(-1)!.end - unaccepted[0]!.start) / PAGE_SIZE;
    super(unaccepted, hardware, newUse(Math.ceil(bits / 8), bits));
    this.#basePfn = unaccepted[0]!.start / PAGE_SIZE;
  }

  protected look(startPfn: number, endPfn: number): void {
    const word = (pfn: number): number => Math.floor(Math.max(pfn - this.#basePfn, 0) / WORD_BITS);
    if (endPfn > this.#basePfn) countRequest(this.use, word(endPfn - 1) - word(startPfn) + 1, 8);
  }
}
