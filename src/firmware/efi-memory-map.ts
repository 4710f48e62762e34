/** The memory map of UEFI: sorted, without overlaps, neighbours of one type merged, as GetMemoryMap() reports it. */

import { type AddressRange, PAGE_SIZE } from "../units.js";
import { joinNeighbours } from "./ranges.js";

/** Memory types (UEFI specification 2.9, section 7.2; the last one is new in 2.9). */
export const EfiMemoryType = {
  RESERVED: 0,
  LOADER_CODE: 1,
  LOADER_DATA: 2,
  BOOT_SERVICES_CODE: 3,
  BOOT_SERVICES_DATA: 4,
  RUNTIME_SERVICES_CODE: 5,
  RUNTIME_SERVICES_DATA: 6,
  CONVENTIONAL: 7,
  UNUSABLE: 8,
  ACPI_RECLAIM: 9,
  ACPI_NVS: 10,
  MEMORY_MAPPED_IO: 11,
  MEMORY_MAPPED_IO_PORT_SPACE: 12,
  PAL_CODE: 13,
  PERSISTENT: 14,
  UNACCEPTED: 15,
} as const;
export type EfiMemoryType = (typeof EfiMemoryType)[keyof typeof EfiMemoryType];

/** Bytes of an entry as the firmware writes it (edk2: the structure of 40 bytes and 8 for later versions). */
export const EFI_DESCRIPTOR_BYTES = 48;

/** One entry of the map; bytes, whole pages. */
export interface EfiMemoryDescriptor extends AddressRange {
  readonly type: EfiMemoryType;
  /** EFI_MEMORY_SP: for a driver, not for everybody; absent: no. */
  readonly isSpecialPurpose?: boolean;
  /** EFI_MEMORY_UHP: addresses for memory that may be plugged in, none of which is there; absent: no. */
  readonly isHotplugWindow?: boolean;
}

/**
 * Sorts descriptors and merges neighbours of the same type and attributes (edk2 MdeModulePkg/Core/Dxe/Mem/Page.c:
 * MergeMemoryMap).
 *
 * @throws Error when two descriptors overlap or one is empty or not made of whole pages
 */
export function mergeDescriptors(descriptors: readonly EfiMemoryDescriptor[]): EfiMemoryDescriptor[] {
  const sorted = descriptors.toSorted((a, b) => a.start - b.start);
  for (const [index, { start, end }] of sorted.entries()) {
    if (end <= start || start % PAGE_SIZE !== 0 || end % PAGE_SIZE !== 0) {
      throw new Error("firmware: a memory descriptor must cover at least one whole page");
    }
    if (start < (sorted[index - 1]?.end ?? 0)) throw new Error("firmware: two memory descriptors overlap");
  }
  return joinNeighbours(sorted, ({ isHotplugWindow }) => isHotplugWindow === true);
}
