/**
 * Ways to remember which memory is accepted, as they were weighed against each other in "AMD
 * SEV-SNP/Intel TDX: validation of memory pages" (linux-coco, February 2021): a flag in struct
 * page, ranges in the e820 table, and bitmaps.
 */

import type { ArchAccept } from "../efistub/unaccepted-table.js";
import { type AddressRange, PAGE_SIZE, roundDown, roundUp } from "../units.js";

export type TrackerName = "page-flag" | "e820-zero-page" | "e820-kernel" | "bitmap-2m" | "bitmap-4k";

/** One way to remember. Addresses in bytes, as everywhere. */
export interface Tracker {
  readonly name: TrackerName;
  /** Accepts what is unaccepted of [start, end), with the granule behind it if it ends on its border. */
  accept(start: number, end: number): void;
  /** Whether a part of [start, end) is unaccepted. Costs nothing: it is for whoever looks from outside. */
  hasUnaccepted(start: number, end: number): boolean;
  readonly use: TrackerUse;
  readonly traits: TrackerTraits;
}

/** What does not depend on what the guest does. */
export interface TrackerTraits {
  /** Bytes that are accepted together at least. */
  readonly granuleBytes: number;
  /** From when on it can be asked. Before that, memory has to be accepted by other means. */
  readonly from: "decompressor" | "struct pages";
  /** Whether the next kernel finds it as it was: in a table, or in a map that is rebuilt. */
  readonly survivesKexec: boolean;
}

/** What a tracker has taken so far. */
export interface TrackerUse {
  /** The most memory it took by itself, bytes. */
  memoryBytes: number;
  /** Entries or bits that it keeps at most. */
  entries: number;
  /** Entries that were made from one that was there. */
  splits: number;
  /** Memory that was accepted only because there was no room to remember that it is not. */
  gapBytes: number;
  /** Entries, words of a bitmap or struct pages that were read or written. */
  operations: number;
  /** The most cache lines of one request, and of all. */
  longestLines: number;
  lines: number;
}

const LINE_BYTES = 64;

/** Counts for a tracker that keeps so much from the beginning. */
export function newUse(memoryBytes: number, entries: number): TrackerUse {
  return { memoryBytes, entries, splits: 0, gapBytes: 0, operations: 0, longestLines: 0, lines: 0 };
}

/** Counts a request that went through so many neighbouring elements of so many bytes. */
export function countRequest(use: TrackerUse, elements: number, elementBytes: number): void {
  const lines = Math.ceil((elements * elementBytes) / LINE_BYTES);
  use.operations += elements;
  use.lines += lines;
  use.longestLines = Math.max(use.longestLines, lines);
}

/**
 * What a request for [start, end) means in granules: rounded outwards, and one more where it ends
 * on a border, because load_unaligned_zeropad() may read a few bytes past a buffer
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
