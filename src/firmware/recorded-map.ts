/** How a recorded memory map of edk2 is written down. */

import { EfiMemoryType } from "./efi-memory-map.js";

export interface RecordedMap {
  /** The boot log that shows it. */
  readonly recording: string;
  /** It booted with its code for S3. */
  readonly s3: boolean;
  /** The machine of that boot: whether it had an initrd and RAM above 4 GiB, RAM below in MiB, CPUs, address bits. */
  readonly initrd: boolean;
  readonly high: boolean;
  readonly lowMiB: number;
  readonly vcpus: number;
  readonly physicalBits: number;
  /** Pages from the top down to the end of PEI's heap, which has `HEAP_END_PAGES` of boot services; 0 without a PEI phase. */
  readonly heapPages: number;
  /** The table of memory attributes: its entries, and bytes from its start up to the top, or to the end of `below`. */
  readonly attributesTable: { readonly top?: number; readonly below?: number; readonly entries: number };
  /**
   * From the top of low memory down to the end of the lowest bin: types with pages, `RD132 BC8 ...`. Of a bin for one
   * type `ACPI18/10` says how much is in use, from its top.
   */
  readonly bins: string;
  /** From there down to the kernel's file. */
  readonly above: string;
  /** What is below the kernel's file, and the initrd's. */
  readonly below: string;
}

export const MAP_TYPES: Readonly<Record<string, EfiMemoryType>> = {
  RSV: EfiMemoryType.RESERVED,
  BC: EfiMemoryType.BOOT_SERVICES_CODE,
  BD: EfiMemoryType.BOOT_SERVICES_DATA,
  RC: EfiMemoryType.RUNTIME_SERVICES_CODE,
  RD: EfiMemoryType.RUNTIME_SERVICES_DATA,
  CONV: EfiMemoryType.CONVENTIONAL,
  ACPI: EfiMemoryType.ACPI_RECLAIM,
  NVS: EfiMemoryType.ACPI_NVS,
};

/** A run of pages of one type, and how many of them are in use. */
export interface Run {
  readonly type: EfiMemoryType;
  readonly pages: number;
  readonly usedPages: number;
}

export function runsOf(text: string): Run[] {
  return text
    .trim()
    .split(/\s+/)
    .map((word) => {
      const [, name, pages, used = pages] = /^([A-Z]+)(\d+)(?:\/(\d+))?$/.exec(word)!;
      return { type: MAP_TYPES[name!]!, pages: Number(pages), usedPages: Number(used) };
    });
}
