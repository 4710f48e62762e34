import { type EfiMemoryDescriptor, EfiMemoryType } from "../firmware/efi-memory-map.js";
import { asPhys, type PhysAddr, roundDown, roundUp, UNIT_SIZE } from "../units.js";
import { type ArchAccept, UnacceptedTable } from "./unaccepted-table.js";

/**
 * Makes the table for a memory map, from the lowest to the highest unaccepted address, holes
 * included; all bits are clear (drivers/firmware/efi/libstub/unaccepted_memory.c:
 * allocate_unaccepted_bitmap, 6.12).
 */
export function allocateUnacceptedBitmap(
  map: readonly EfiMemoryDescriptor[],
  unitSizeBytes: number = UNIT_SIZE,
): UnacceptedTable | undefined {
  const unaccepted = map.filter(({ type }) => type === EfiMemoryType.UNACCEPTED);
  if (unaccepted.length === 0) return undefined;
  const start = Math.min(...unaccepted.map((descriptor) => descriptor.start));
  const end = Math.max(...unaccepted.map((descriptor) => descriptor.end));
  const physBase = roundDown(start, unitSizeBytes);
  return new UnacceptedTable(physBase, Math.ceil((end - physBase) / (8 * unitSizeBytes)), unitSizeBytes);
}

/**
 * The record of the kernel series v10, which was never merged: a bitmap without a header, from
 * address 0 to the end of the last descriptor of any type; eight bytes at 0x78 of the zero page say
 * where it lies ("[PATCHv10 04/11] efi/x86: Implement support for unaccepted memory", 2023-05-08).
 * All bits are clear.
 */
export function allocateZeroPageBitmap(map: readonly EfiMemoryDescriptor[]): UnacceptedTable {
  const end = Math.max(...map.map((descriptor) => descriptor.end));
  return new UnacceptedTable(0, Math.ceil(end / (8 * UNIT_SIZE)));
}

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

/**
 * Accepts the memory that the kernel is unpacked to, whole units of it, when a boot loader and not
 * the stub has left the firmware (arch/x86/boot/compressed/misc.c: extract_kernel, with
 * drivers/firmware/efi/libstub/unaccepted_memory.c: accept_memory, 6.12). The stub needs no such
 * call: it unpacks to memory that the firmware gave it. There is no guard unit after the range,
 * because nothing reads past its buffers that early.
 *
 * @param neededBytes the larger of the unpacked image and the image with its bss
 */
export function acceptKernelOutput(
  table: UnacceptedTable,
  outputStart: number,
  neededBytes: number,
  arch: ArchAccept,
): void {
  const { physBase, unitSizeBytes, unitCount } = table;
  const end = outputStart + roundUp(neededBytes, UNIT_SIZE) - physBase;
  const first = Math.floor((Math.max(outputStart, physBase) - physBase) / unitSizeBytes);
  table.acceptUnits(first, Math.min(Math.ceil(end / unitSizeBytes), unitCount), arch);
}
