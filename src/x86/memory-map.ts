/** A memory map that somebody writes down: an e820 table, or the map of UEFI as far as a kernel tells its types apart. */

import { E820Type } from "../efistub/setup-e820.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../firmware/efi-memory-map.js";
import { subtractRanges } from "../firmware/ranges.js";
import { type AddressRange, KiB, MiB, PAGE_SIZE, roundDown, roundUp, TiB } from "../units.js";
import { type KernelE820Entry, sanitise } from "./e820-table.js";

/** Words of a map. */
export const MEMORY_TYPES = [
  "usable",
  "unaccepted",
  "boot services",
  "reserved",
  "MMIO",
  "ACPI data",
  "ACPI NVS",
  "unusable",
  "soft reserved",
  "persistent",
] as const;
export type MemoryType = (typeof MEMORY_TYPES)[number];

/** What a firmware and an e820 table call it, and whether it is RAM for sure. */
interface TypeFacts {
  readonly efi: EfiMemoryType;
  readonly e820: E820Type;
  readonly isRam: boolean;
}

const TYPES: Readonly<Record<MemoryType, TypeFacts>> = {
  usable: { efi: EfiMemoryType.CONVENTIONAL, e820: E820Type.RAM, isRam: true },
  unaccepted: { efi: EfiMemoryType.UNACCEPTED, e820: E820Type.RAM, isRam: true },
  // Code or data, which the kernel keeps until it maps the firmware's runtime services.
  "boot services": { efi: EfiMemoryType.BOOT_SERVICES_DATA, e820: E820Type.RAM, isRam: true },
  reserved: { efi: EfiMemoryType.RESERVED, e820: E820Type.RESERVED, isRam: false },
  // In the table, but taken out of it by the kernel where it is large.
  MMIO: { efi: EfiMemoryType.MEMORY_MAPPED_IO, e820: E820Type.RESERVED, isRam: false },
  "ACPI data": { efi: EfiMemoryType.ACPI_RECLAIM, e820: E820Type.ACPI, isRam: true },
  "ACPI NVS": { efi: EfiMemoryType.ACPI_NVS, e820: E820Type.NVS, isRam: true },
  unusable: { efi: EfiMemoryType.UNUSABLE, e820: E820Type.UNUSABLE, isRam: true },
  "soft reserved": { efi: EfiMemoryType.CONVENTIONAL, e820: E820Type.SOFT_RESERVED, isRam: true },
  persistent: { efi: EfiMemoryType.PERSISTENT, e820: E820Type.PMEM, isRam: false },
};

export interface MemoryMapEntry extends AddressRange {
  readonly type: MemoryType;
}

/** The map as a firmware's descriptors, one for each entry. */
export function descriptorsOf(map: readonly MemoryMapEntry[]): EfiMemoryDescriptor[] {
  return map.map(({ start, end, type }) => ({
    start,
    end,
    type: TYPES[type].efi,
    ...(type === "soft reserved" ? { isSpecialPurpose: true } : {}),
  }));
}

/** The e820 table of a map from a boot loader without UEFI: unaccepted memory is RAM in it like any other. */
export function e820OfMap(map: readonly MemoryMapEntry[]): KernelE820Entry[] {
  return sanitise(map.map(({ start, end, type }) => ({ start, end, type: TYPES[type].e820 })));
}

export function hasType(map: readonly MemoryMapEntry[], ...types: readonly MemoryType[]): boolean {
  return map.some(({ type }) => types.includes(type));
}

export function rangesOfType(map: readonly MemoryMapEntry[], wanted: MemoryType): AddressRange[] {
  return map.flatMap(({ start, end, type }) => (type === wanted ? [{ start, end }] : []));
}

/** VGA and ROMs, where a reserved range has RAM of the machine on both sides and is none; and what AMD's IOMMUs keep. */
const NEVER_RAM: readonly AddressRange[] = [
  { start: 640 * KiB, end: MiB },
  { start: 0xfd00000000, end: TiB },
];

/**
 * Where the machine has RAM, in whole pages, ascending: everything that a map calls memory, and what is
 * reserved right beside that, as firmware reserves what it runs from. That other reserved ranges are none,
 * such as ECAM and flash, is an assumption.
 */
export function ramOfMap(map: readonly MemoryMapEntry[]): AddressRange[] {
  const sorted = map.toSorted((a, b) => a.start - b.start);
  const kept = sorted.filter(({ type }) => TYPES[type].isRam);
  const reserved = subtractRanges(rangesOfType(sorted, "reserved"), NEVER_RAM);
  let ram = joined(kept);
  // A reserved range may touch another one that touches RAM.
  for (let left = reserved; ; ) {
    const beside = left.filter(({ start, end }) => ram.some((one) => one.end === start || one.start === end));
    if (beside.length === 0) return ram;
    ram = joined([...ram, ...beside]);
    left = left.filter((range) => !beside.includes(range));
  }
}

/** Ranges in whole pages, neighbours as one. */
function joined(ranges: readonly AddressRange[]): AddressRange[] {
  const result: AddressRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.start - b.start)) {
    const [start, end] = [roundDown(range.start, PAGE_SIZE), roundUp(range.end, PAGE_SIZE)];
    const last = result.at(-1);
    if (last !== undefined && start <= last.end)
      result[result.length - 1] = { ...last, end: Math.max(end, last.end) };
    else result.push({ start, end });
  }
  return result;
}

/** Memory of the machine that such a map is of: its RAM and the hole below 1 MiB, in whole MiB. */
export function memoryOfMap(map: readonly MemoryMapEntry[]): number {
  return roundUp(
    ramOfMap(map).reduce((sum, { start, end }) => sum + end - start, 0),
    MiB,
  );
}
