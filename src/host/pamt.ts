import { GiB, MiB, PAGE_SIZE, roundUp } from "../units.js";

/** Bytes of an entry of the physical address metadata table (PAMT_*_ENTRY_SIZE, TDX module metadata). */
const PAMT_ENTRY_BYTES = 16;

/** Bits for each page of 4 KiB where the entries come later (PAMT_PAGE_BITMAP_ENTRY_BITS). */
const BITMAP_ENTRY_BITS = 1;

/**
 * What the TDX module needs to track host memory: a table each for pages of 4 KiB, 2 MiB and
 * 1 GiB, rounded up to pages (6.12 arch/x86/virt/vmx/tdx/tdx.c: tdmr_get_pamt_sz). About 1/255
 * of the memory, spent when the host sets up the module, whatever guests do later.
 *
 * @param sizeBytes size of the memory: of one TD memory region, or of the part a guest may use
 */
export function pamtBytes(sizeBytes: number): number {
  return tableBytes(sizeBytes, PAGE_SIZE, PAMT_ENTRY_BYTES * 8) + largePageBytes(sizeBytes);
}

/**
 * What of it is left to pay at once with dynamic PAMT: instead of the table for pages of 4 KiB a
 * bitmap of them, about 0.004 % of the memory in all. The rest comes as pairs of pages when 4 KiB
 * pages come into use (Kirill Shutemov, "[RFC, PATCH 00/12] TDX: Enable Dynamic PAMT", 2025-05-02).
 *
 * @param sizeBytes as above
 */
export function dynamicPamtBytes(sizeBytes: number): number {
  return tableBytes(sizeBytes, PAGE_SIZE, BITMAP_ENTRY_BITS) + largePageBytes(sizeBytes);
}

function largePageBytes(sizeBytes: number): number {
  return (
    tableBytes(sizeBytes, 2 * MiB, PAMT_ENTRY_BYTES * 8) + tableBytes(sizeBytes, GiB, PAMT_ENTRY_BYTES * 8)
  );
}

function tableBytes(sizeBytes: number, pageSizeBytes: number, entryBits: number): number {
  return roundUp(Math.ceil((Math.ceil(sizeBytes / pageSizeBytes) * entryBits) / 8), PAGE_SIZE);
}
