import { GiB, MiB, PAGE_SIZE, roundUp } from "../units.js";

/** Bytes of an entry of the physical address metadata table (PAMT_*_ENTRY_SIZE, TDX module metadata). */
const PAMT_ENTRY_BYTES = 16;

/**
 * What the TDX module needs to track host memory: a table each for pages of 4 KiB, 2 MiB and
 * 1 GiB, rounded up to pages (6.12 arch/x86/virt/vmx/tdx/tdx.c: tdmr_get_pamt_sz). About 1/255
 * of the memory, spent when the host sets up the module, whatever guests do later.
 *
 * @param sizeBytes size of the memory: of one TD memory region, or of the part a guest may use
 */
export function pamtBytes(sizeBytes: number): number {
  return tableBytes(sizeBytes, PAGE_SIZE) + tableBytes(sizeBytes, 2 * MiB) + tableBytes(sizeBytes, GiB);
}

function tableBytes(sizeBytes: number, pageSizeBytes: number): number {
  return roundUp(Math.ceil(sizeBytes / pageSizeBytes) * PAMT_ENTRY_BYTES, PAGE_SIZE);
}
