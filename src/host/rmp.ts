import { PAGE_SIZE } from "../units.js";

/** Bytes of an entry of the reverse map table (6.12 arch/x86/virt/svm/sev.c, up to Zen 4). */
const RMP_ENTRY_BYTES = 16;

/**
 * What the reverse map table takes for host memory, without the 16 KiB of processor bookkeeping
 * at its start: 1/256 of the memory, spent when the host boots, whatever guests do later.
 */
export function rmpBytes(sizeBytes: number): number {
  return Math.ceil(sizeBytes / PAGE_SIZE) * RMP_ENTRY_BYTES;
}
