import { asPhys, type PhysAddr, roundDown, roundUp } from "../units.js";
import type { ArchAccept, UnacceptedTable } from "./unaccepted-table.js";

/**
 * Records a range of type 15 in the table and accepts at once what the table cannot express:
 * ranges shorter than two units, unaligned ends, and what lies outside the bitmap (which only
 * happens with a table from an earlier boot loader). Physical bytes
 * (drivers/firmware/efi/libstub/unaccepted_memory.c: process_unaccepted_memory, 6.12).
 */
export function processUnacceptedMemory(
  table: UnacceptedTable,
  start: PhysAddr,
  end: PhysAddr,
  arch: ArchAccept,
): void {
  const { physBase, unitSizeBytes: unit } = table;
  // Two units contain a whole one wherever they lie; below that it is not worth looking.
  if (end - start < 2 * unit) {
    arch.acceptMemory(start, end);
    return;
  }
  const first = roundUp(start, unit);
  if (start < first) arch.acceptMemory(start, first);
  const last = roundDown(end, unit);
  if (last < end) arch.acceptMemory(last, end);

  if (first < physBase) arch.acceptMemory(first, asPhys(Math.min(physBase, last)));
  const capacityEnd = physBase + table.unitCount * unit;
  if (last > capacityEnd) arch.acceptMemory(asPhys(Math.max(first, capacityEnd)), last);
  const from = Math.max(first, physBase);
  const to = Math.min(last, capacityEnd);
  if (from < to) table.setRange((from - physBase) / unit, (to - physBase) / unit);
}
