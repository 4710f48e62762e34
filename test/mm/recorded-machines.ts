/**
 * Memory of QEMU q35 guests whose boots were recorded (Linux 6.12.95 of Debian and 6.12.107;
 * "MEMBLOCK configuration" of dmesg with memblock=debug), with 160 KiB of ACPI tables at the
 * top of the memory below 4 GiB left out.
 */
import { pfnDown, pfnUp } from "../../src/units.js";

export interface MemoryRegion {
  readonly start: number;
  readonly end: number;
  readonly nid: number;
}

const BELOW_640K: MemoryRegion = { start: 0x1000, end: 0x9f000, nid: 0 };

export const RECORDED_MEMORY = {
  oneGiB: [BELOW_640K, { start: 0x100000, end: 0x3ffe0000, nid: 0 }],
  twoGiB: [BELOW_640K, { start: 0x100000, end: 0x7ffe0000, nid: 0 }],
  fourGiB: [
    BELOW_640K,
    { start: 0x100000, end: 0x7ffe0000, nid: 0 },
    { start: 0x1_0000_0000, end: 0x1_8000_0000, nid: 0 },
  ],
  twoNodes: [
    BELOW_640K,
    { start: 0x100000, end: 0x7ffe0000, nid: 0 },
    { start: 0x1_0000_0000, end: 0x1_8000_0000, nid: 1 },
  ],
} as const satisfies Record<string, readonly MemoryRegion[]>;

/** Whole pages of memory regions, as for_each_mem_pfn_range() gives them. */
export function nodePfnRanges(
  memory: readonly MemoryRegion[],
): { startPfn: number; endPfn: number; nid: number }[] {
  return memory.map(({ start, end, nid }) => ({ startPfn: pfnUp(start), endPfn: pfnDown(end), nid }));
}
