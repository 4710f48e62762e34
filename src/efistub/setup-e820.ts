/**
 * From the firmware's memory map to the e820 table that the kernel starts with
 * (drivers/firmware/efi/libstub/x86-stub.c: setup_e820, alloc_e820ext, 6.12).
 */

import { type EfiMemoryDescriptor, EfiMemoryType } from "../firmware/efi-memory-map.js";
import { type AddressRange, asPhys } from "../units.js";
import { processUnacceptedMemory } from "./unaccepted-memory.js";
import type { ArchAccept, UnacceptedTable } from "./unaccepted-table.js";

/** Kinds of e820 entries (arch/x86/include/asm/e820/types.h). */
export const E820Type = {
  RAM: 1,
  RESERVED: 2,
  ACPI: 3,
  NVS: 4,
  UNUSABLE: 5,
  PMEM: 7,
  /** Specific-purpose memory left to a driver. */
  SOFT_RESERVED: 0xefff_ffff,
} as const;
export type E820Type = (typeof E820Type)[keyof typeof E820Type];

export interface E820Entry extends AddressRange {
  readonly type: E820Type;
}

/** Entries in the zero page (E820_MAX_ENTRIES_ZEROPAGE); more go to an extension block. */
export const ZERO_PAGE_ENTRIES = 128;
/** Descriptors by which the map may grow until boot services end (EFI_MMAP_NR_SLACK_SLOTS). */
export const SLACK_SLOTS = 32;

/** Entries of the extension block that is allocated for a map of `descriptors`; 0 for none. */
export function e820ExtSlots(descriptors: number): number {
  return Math.max(0, descriptors - ZERO_PAGE_ENTRIES + SLACK_SLOTS);
}

const E820_OF_EFI: readonly E820Type[] = [
  E820Type.RESERVED, // reserved
  E820Type.RAM, // loader code
  E820Type.RAM, // loader data
  E820Type.RAM, // boot services code
  E820Type.RAM, // boot services data
  E820Type.RESERVED, // runtime services code
  E820Type.RESERVED, // runtime services data
  E820Type.RAM, // conventional
  E820Type.UNUSABLE, // unusable
  E820Type.ACPI, // ACPI reclaim
  E820Type.NVS, // ACPI NVS
  E820Type.RESERVED, // memory-mapped I/O
  E820Type.RESERVED, // memory-mapped I/O port space
  E820Type.RESERVED, // PAL code
  E820Type.PMEM, // persistent
];

export interface E820Table {
  /** Ascending, neighbours of one type merged. */
  readonly entries: readonly E820Entry[];
  readonly extEntries: number;
  /** RAM that the kernel does not see because it does not know type 15. */
  readonly lostBytes: number;
}

/**
 * Converts a sorted map. Memory of type 15 becomes RAM like any other, so one entry can hold
 * accepted and unaccepted memory; which is which, only the table says. A kernel without support
 * has no table and drops such memory. A window for memory to be plugged in is no RAM to those that know its mark.
 *
 * @param extSlots entries of the extension block, from `e820ExtSlots`
 * @throws Error when the extension block is too small, which the slack prevents
 */
export function setupE820(
  map: readonly EfiMemoryDescriptor[],
  extSlots: number,
  table: UnacceptedTable | undefined,
  arch: ArchAccept,
  knowsHotplugWindow = false,
): E820Table {
  const entries: E820Entry[] = [];
  let lostBytes = 0;
  for (const [index, descriptor] of map.entries()) {
    const { type: efiType, start, end, isSpecialPurpose, isHotplugWindow = false } = descriptor;
    if (isHotplugWindow && knowsHotplugWindow) continue;
    if (efiType === EfiMemoryType.UNACCEPTED) {
      if (table === undefined) {
        if (!isHotplugWindow) lostBytes += end - start;
        continue;
      }
      processUnacceptedMemory(table, asPhys(start), asPhys(end), arch);
    }
    const plainType = efiType === EfiMemoryType.UNACCEPTED ? E820Type.RAM : E820_OF_EFI[efiType]!;
    const isLeftAlone = isSpecialPurpose === true && E820_OF_EFI[efiType] === E820Type.RAM;
    const type = isLeftAlone ? E820Type.SOFT_RESERVED : plainType;
    const last = entries.at(-1);
    if (last?.type === type && last.end === start) {
      entries[entries.length - 1] = { type, start: last.start, end };
      continue;
    }
    if (entries.length === ZERO_PAGE_ENTRIES && extSlots < map.length - index) {
      throw new Error("efistub: the e820 extension block is too small");
    }
    entries.push({ type, start, end });
  }
  return { entries, extEntries: Math.max(0, entries.length - ZERO_PAGE_ENTRIES), lostBytes };
}
