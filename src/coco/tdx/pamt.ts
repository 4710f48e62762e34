import { GiB, MiB, PAGE_SIZE, roundUp } from "../../units.js";
import { LEVEL_PAGES } from "../page-tables.js";
import { RangeSet } from "../range-set.js";
import type { SecureEpt } from "./secure-ept.js";

/** Bytes of an entry of the physical address metadata table (PAMT_*_ENTRY_SIZE, TDX module metadata). */
const PAMT_ENTRY_BYTES = 16;

/** Bits for each page of 4 KiB where the entries come later (PAMT_PAGE_BITMAP_ENTRY_BITS). */
const BITMAP_ENTRY_BITS = 1;

/**
 * Bytes the TDX module needs to track host memory: a table each for pages of 4 KiB, 2 MiB and
 * 1 GiB, rounded up to pages (6.12 arch/x86/virt/vmx/tdx/tdx.c: tdmr_get_pamt_sz). About 1/255
 * of the memory, spent when the host sets up the module, whatever guests do later.
 *
 * @param sizeBytes size of the memory: of one TD memory region, or of the part a guest may use
 */
export function pamtBytes(sizeBytes: number): number {
  return tableBytes(sizeBytes, PAGE_SIZE, PAMT_ENTRY_BYTES * 8) + largePageBytes(sizeBytes);
}

/**
 * The part of it that dynamic PAMT still needs at once: instead of the table for pages of 4 KiB a
 * bitmap of them, about 0.004 % of the memory in all. The rest comes as pairs of pages when 4 KiB
 * pages come into use (Kirill Shutemov, "[RFC, PATCH 00/12] TDX: Enable Dynamic PAMT", 2025-05-02).
 */
export function dynamicPamtBytes(sizeBytes: number): number {
  return tableBytes(sizeBytes, PAGE_SIZE, BITMAP_ENTRY_BITS) + largePageBytes(sizeBytes);
}

/** Bytes of a counter of what uses the pair of 2 MiB (atomic_t). */
const REFCOUNT_BYTES = 4;

/**
 * What the host's kernel counts uses of pairs in: an array over all addresses up to the last of its memory, 2 MiB
 * for each TiB, however little of that is memory (Rick Edgecombe, "[PATCH v6] TDX: Dynamic PAMT", 2026-05-25).
 *
 * @param addressEnd end of the host's memory, in bytes from address 0
 */
export function pamtRefcountBytes(addressEnd: number): number {
  return tableBytes(addressEnd, 2 * MiB, REFCOUNT_BYTES * 8);
}

function largePageBytes(sizeBytes: number): number {
  return (
    tableBytes(sizeBytes, 2 * MiB, PAMT_ENTRY_BYTES * 8) + tableBytes(sizeBytes, GiB, PAMT_ENTRY_BYTES * 8)
  );
}

function tableBytes(sizeBytes: number, pageSizeBytes: number, entryBits: number): number {
  return roundUp(Math.ceil((Math.ceil(sizeBytes / pageSizeBytes) * entryBits) / 8), PAGE_SIZE);
}

const SPAN_PAGES = LEVEL_PAGES[1];
export const PAIR_PAGES = 2;

/**
 * Dynamic PAMT: each 2 MiB of host memory with a page of 4 KiB in use needs a pair of pages that
 * track it; a page of 2 MiB needs none (Kirill Shutemov, "[RFC, PATCH 00/12] TDX: Enable Dynamic
 * PAMT", 2025-05-02). Assumption: the pages of one span of the guest lie in one span of the host.
 * The pairs of the guest's tables and control pages are left out. Ranges are in page frames.
 */
export class PamtPairs {
  readonly #spans = new RangeSet();

  get pages(): number {
    return this.#spans.size * PAIR_PAGES;
  }

  /** Pages of 4 KiB come into use. @returns pairs that were missing (TDH.PHYMEM.PAMT.ADD) */
  add(start: number, end: number): number {
    // An empty range inside a span would otherwise count as one that touches the span.
    return start < end ? this.#spans.add(Math.floor(start / SPAN_PAGES), Math.ceil(end / SPAN_PAGES)) : 0;
  }

  missing(start: number, end: number): number {
    if (start >= end) return 0;
    const [first, last] = [Math.floor(start / SPAN_PAGES), Math.ceil(end / SPAN_PAGES)];
    return last - first - this.#spans.countIn(first, last);
  }

  /** The pages of a range, not empty, have been taken away: spans in which none is left give their pairs back (TDH.PHYMEM.PAMT.REMOVE). */
  release(sept: SecureEpt, start: number, end: number): void {
    const [first, last] = [Math.floor(start / SPAN_PAGES), Math.ceil(end / SPAN_PAGES)];
    const isFree = (span: number): boolean => sept.backedIn(span * SPAN_PAGES, (span + 1) * SPAN_PAGES) === 0;
    // Whatever lies between the first and the last span has been taken away as a whole.
    const from = isFree(first) ? first : first + 1;
    const to = isFree(last - 1) ? last : last - 1;
    this.#spans.remove(from, Math.max(from, to));
  }
}
