import { PAGE_SIZE, roundDown, roundUp, UNIT_SIZE } from "../units.js";
import type { EarlyBoot } from "./early-machine.js";

/**
 * Finds out how much of the table of unaccepted memory the kernel can read, now that it runs on page
 * tables of its own: they map what memblock knows as memory (init_range_memory_mapping). Until then a
 * fault of the early handler has mapped whatever was touched (arch/x86/kernel/head64.c:
 * early_make_pgtable), so the first look at the top of memory, in front of the first page table,
 * comes through.
 */
export function limitToMapped({ memblock, machine, unacceptedTable: table }: EarlyBoot): void {
  const range = machine.efi?.unacceptedTable;
  if (table === undefined || range === undefined) return;
  let mapped = roundDown(range.start, PAGE_SIZE);
  for (const { startPfn, endPfn } of memblock.memPfnRanges()) {
    if (startPfn * PAGE_SIZE <= mapped && mapped < endPfn * PAGE_SIZE) mapped = endPfn * PAGE_SIZE;
  }
  if (mapped >= roundUp(range.end, PAGE_SIZE)) return;
  // The kernel's units can be smaller than those of the bitmap that the stub made.
  const spanBytes = table.unitCount * table.unitSizeBytes;
  const bitmapStart = range.end - spanBytes / UNIT_SIZE / 8;
  table.unmapped = {
    address: mapped,
    firstUnit: (Math.max(0, mapped - bitmapStart) * 8 * UNIT_SIZE) / table.unitSizeBytes,
  };
}
