import { type EfiMemoryDescriptor, EfiMemoryType } from "../firmware/efi-memory-map.js";
import { roundDown, UNIT_SIZE } from "../units.js";
import { UnacceptedTable } from "./unaccepted-table.js";

/**
 * Makes the table for a memory map, from the lowest to the highest unaccepted address, holes
 * included; all bits are clear (drivers/firmware/efi/libstub/unaccepted_memory.c:
 * allocate_unaccepted_bitmap, 6.12).
 *
 * @param unitSizeBytes the stub always takes 2 MiB
 * @returns undefined when the map has no memory of type 15
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
