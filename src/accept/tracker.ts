import { RangeSet } from "../coco/range-set.js";
import { type ArchAccept, TABLE_HEADER_BYTES, UnacceptedTable } from "../efistub/unaccepted-table.js";
import {
  type AddressRange,
  addressOf,
  asPfn,
  asPhys,
  PAGE_SIZE,
  roundDown,
  roundUp,
  UNIT_SIZE,
} from "../units.js";
import { AcceptMemory } from "./accept-memory.js";

/**
 * Ways to remember which memory is accepted, as they were weighed against each other in "AMD
 * SEV-SNP/Intel TDX: validation of memory pages" (linux-coco, February 2021): a flag in struct
 * page, ranges in the e820 table, and bitmaps.
 */

export type TrackerName = "page-flag" | "e820-zero-page" | "e820-kernel" | "bitmap-2m" | "bitmap-4k";

/** One way to remember. Addresses in bytes, as everywhere. */
export interface Tracker {
  readonly name: TrackerName;
  /** Accepts what is unaccepted of [start, end), with the granule after it if it ends on its border. */
  accept(start: number, end: number): void;
  /** Whether a part of [start, end) is unaccepted. Costs nothing: it is for callers outside the guest. */
  hasUnaccepted(start: number, end: number): boolean;
  readonly use: TrackerUse;
  readonly traits: TrackerTraits;
}

export interface TrackerTraits {
  readonly granuleBytes: number;
  /** From when on it can be asked. Before that, memory has to be accepted by other means. */
  readonly from: "decompressor" | "struct pages";
  /** Whether the next kernel finds it as it was: in a table, or in a map that is rebuilt. */
  readonly survivesKexec: boolean;
}

export interface TrackerUse {
  /** The most memory it took by itself, bytes. */
  memoryBytes: number;
  /** Entries or bits that it keeps at most. */
  entries: number;
  /** Entries that were made from one that was there. */
  splits: number;
  /** Memory accepted only because there was no room to remember that it is not. */
  gapBytes: number;
  /** Entries, words of a bitmap or struct pages that were read or written. */
  operations: number;
  /** The most cache lines of one request, and of all. */
  longestLines: number;
  lines: number;
}

const LINE_BYTES = 64;

export function newUse(memoryBytes: number, entries: number): TrackerUse {
  return { memoryBytes, entries, splits: 0, gapBytes: 0, operations: 0, longestLines: 0, lines: 0 };
}

/** Counts a request that went through `elements` neighbouring elements. */
export function countRequest(use: TrackerUse, elements: number, elementBytes: number): void {
  const lines = Math.ceil((elements * elementBytes) / LINE_BYTES);
  use.operations += elements;
  use.lines += lines;
  use.longestLines = Math.max(use.longestLines, lines);
}

/**
 * The granules of a request for [start, end): rounded outwards, and one more where it ends on a border,
 * because load_unaligned_zeropad() may read a few bytes past a buffer
 * (drivers/firmware/efi/unaccepted_memory.c: accept_memory, 6.5).
 */
export function guardedRange(start: number, end: number, granuleBytes: number): AddressRange {
  const rest = end % granuleBytes;
  return {
    start: roundDown(start, granuleBytes),
    end: rest === 0 ? end + granuleBytes : roundUp(end, granuleBytes),
  };
}

/** The hardware as trackers see it: counts what is accepted, by size of page. */
export class CountingHardware implements ArchAccept {
  calls = 0;
  acceptedBytes = 0;
  /** Pages of 4 KiB that were accepted one by one, because they did not fill one of 2 MiB. */
  smallPages = 0;
  largePages = 0;

  acceptMemory(start: number, end: number): void {
    const large = 512 * PAGE_SIZE;
    const pages = Math.max(0, roundDown(end, large) - roundUp(start, large)) / large;
    this.calls++;
    this.acceptedBytes += end - start;
    this.largePages += pages;
    this.smallPages += (end - start - pages * large) / PAGE_SIZE;
  }
}

const WORD_BITS = 64;

/**
 * The table that was merged in 6.5: a bit for 2 MiB, in the memory of the firmware's tables. Pieces
 * smaller than a unit have to be accepted when the table is made.
 */
export class Bitmap2m implements Tracker {
  readonly name = "bitmap-2m";
  readonly use: TrackerUse;
  readonly traits: TrackerTraits = { granuleBytes: UNIT_SIZE, from: "decompressor", survivesKexec: true };
  readonly #table: UnacceptedTable;
  readonly #acceptance: AcceptMemory;

  /** @param unaccepted in whole units, ascending, at least one */
  constructor(unaccepted: readonly AddressRange[], hardware: ArchAccept) {
    const physBase = roundDown(unaccepted[0]!.start, UNIT_SIZE);
    const end = roundUp(unaccepted.at(-1)!.end, UNIT_SIZE);
    this.#table = new UnacceptedTable(physBase, Math.ceil((end - physBase) / UNIT_SIZE / 8));
    for (const range of unaccepted) {
      this.#table.setRange((range.start - physBase) / UNIT_SIZE, (range.end - physBase) / UNIT_SIZE);
    }
    this.#acceptance = new AcceptMemory(this.#table, hardware);
    this.use = newUse(TABLE_HEADER_BYTES + this.#table.bitmapBytes, this.#table.unitCount);
  }

  accept(start: number, end: number): void {
    countRequest(this.use, this.#words(start, end + UNIT_SIZE), 8);
    this.#acceptance.acceptMemory(asPhys(start), end - start);
  }

  hasUnaccepted(start: number, end: number): boolean {
    const first = this.#unit(start);
    const last = this.#unit(roundUp(end, UNIT_SIZE));
    return this.#table.nextSet(first, last) < last;
  }

  #unit(address: number): number {
    const unit = Math.floor((address - this.#table.physBase) / UNIT_SIZE);
    return Math.min(Math.max(unit, 0), this.#table.unitCount);
  }

  /** Words of the bitmap that a search over [start, end) reads. */
  #words(start: number, end: number): number {
    const first = this.#unit(start);
    const last = this.#unit(end);
    return last <= first ? 0 : Math.floor((last - 1) / WORD_BITS) - Math.floor(first / WORD_BITS) + 1;
  }
}

/** Bytes of struct page on x86_64, a cache line. */
const STRUCT_PAGE_BYTES = 64;

/** Trackers with a state for each page. They differ in what they read and write, not in what they know. */
abstract class PageGranular implements Tracker {
  abstract readonly name: TrackerName;
  abstract readonly traits: TrackerTraits;
  readonly use: TrackerUse;
  readonly #unaccepted: RangeSet = new RangeSet();
  readonly #hardware: ArchAccept;
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
