import type { EfiMemoryDescriptor } from "../firmware/efi-memory-map.js";
import { UNIT_SIZE } from "../units.js";
import { UnacceptedTable } from "./unaccepted-table.js";

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
