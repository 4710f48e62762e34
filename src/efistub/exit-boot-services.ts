/**
 * The EFI stub's last steps in the firmware, in order (drivers/firmware/efi/libstub/x86-stub.c:
 * efi_stub_entry, exit_boot, allocate_e820, 6.12), or those of a boot loader in its place.
 */

import type { BootServices, MemoryMap } from "../firmware/boot-services.js";
import { EFI_DESCRIPTOR_BYTES, type EfiMemoryDescriptor, EfiMemoryType } from "../firmware/efi-memory-map.js";
import { type AddressRange, PAGE_SIZE } from "../units.js";
import { type E820Table, e820ExtSlots, SLACK_SLOTS, setupE820 } from "./setup-e820.js";
import { allocateUnacceptedBitmap, allocateZeroPageBitmap } from "./unaccepted-memory.js";
import { type ArchAccept, TABLE_HEADER_BYTES, type UnacceptedTable } from "./unaccepted-table.js";

/**
 * How a kernel handles unaccepted memory:
 * - "drops": does not know type 15 and drops such memory (before 6.5, or without CONFIG_UNACCEPTED_MEMORY)
 * - "knows": takes it, but does not tell the firmware (other systems, early backports)
 * - "asks": takes it and asks the firmware to leave it alone (6.5 and later)
 * - "zero-page": takes it, does not tell the firmware, and keeps its record in the zero page (the
 *   series v10, and kernels built for td-shim)
 */
export const UNACCEPTED_SUPPORT = ["asks", "knows", "drops", "zero-page"] as const;
export type UnacceptedSupport = (typeof UNACCEPTED_SUPPORT)[number];

/**
 * The program that ends boot services:
 * - "stub": the kernel's own EFI stub
 * - "unaware": a boot loader that does not know type 15
 * - "aware": a boot loader that does what the stub of 6.5 does
 * - "other-version": the same, with a table of a version that kernels do not know
 * - "exact-map": as aware, with no more room for the firmware's map than the firmware asks for
 */
export const BOOT_LOADERS = ["stub", "unaware", "aware", "other-version", "exact-map"] as const;
export type BootLoader = (typeof BOOT_LOADERS)[number];

/**
 * The stub's random seed, for which it asks the pool before the table, in memory of type ACPI reclaim
 * (drivers/firmware/efi/libstub/random.c: efi_random_get_seed, 6.5 and later: a size and 32 bytes). The
 * table of a small guest lies in its page.
 */
export const SEED_BYTES = 36;

/** What the stub puts in front of its copy of the map (struct efi_boot_memmap). */
export const BOOT_MEMORY_MAP_HEADER_BYTES = 40;

/**
 * Size of the stub's copy of the map, in memory of type ACPI reclaim (drivers/firmware/efi/libstub/mem.c:
 * efi_get_memory_map, 6.1 and later).
 *
 * @param descriptors that the firmware counts before the copy is allocated: not fewer than it reports in the end
 */
export function bootMemoryMapBytes(descriptors: number): number {
  return BOOT_MEMORY_MAP_HEADER_BYTES + (descriptors + SLACK_SLOTS) * EFI_DESCRIPTOR_BYTES;
}

export interface KernelTraits {
  /**
   * It has flags in struct pages in place of a bitmap: nobody makes one, and nothing is accepted because a bitmap
   * could not express it. The table of the result is what the flags are going to say, page by page.
   */
  readonly flagsPages?: boolean | undefined;
  /** It makes the record as long as the window for memory to be plugged in asks, and takes none of that for RAM. */
  readonly knowsHotplugWindow?: boolean;
}

/** Where a record of unaccepted memory is found: a configuration table of UEFI, or the zero page. */
export type HandOverForm = "table" | "zero-page";

export interface StubResult extends E820Table {
  readonly outcome: "exited";
  /** The firmware's map when boot services had ended; empty without EFI. */
  readonly finalMap: readonly EfiMemoryDescriptor[];
  /** Where the kernel finds its copy of that; absent without EFI. */
  readonly memoryMap: AddressRange | undefined;
  /** Absent when there was nothing unaccepted, or the kernel does not find it. */
  readonly table: UnacceptedTable | undefined;
  /** Header and bitmap, byte by byte. */
  readonly tableRange: AddressRange | undefined;
  /** Whether that is RAM to the kernel, and no memory that the firmware keeps. */
  readonly tableInRam: boolean;
  /** Unaccepted RAM that the kernel takes for accepted, because it does not find the record. */
  readonly unknownBytes: number;
}

/**
 * The stub came through; or it found no room for the table in accepted memory; or the kernel's
 * decompressor stopped at a table of another version.
 */
export type StubOutcome =
  | StubResult
  | { readonly outcome: "out-of-resources"; readonly reason: string }
  | { readonly outcome: "stopped"; readonly reason: string };

/** Form of the record that a program makes, or looks for. */
const FORM: Readonly<Record<UnacceptedSupport, HandOverForm | undefined>> = {
  drops: undefined,
  knows: "table",
  asks: "table",
  "zero-page": "zero-page",
};
/** A boot loader that knows type 15 does what a stub does; that it asks the firmware is an assumption. */
const LOADER: Readonly<Record<Exclude<BootLoader, "stub">, UnacceptedSupport>> = {
  unaware: "drops",
  aware: "asks",
  "other-version": "asks",
  "exact-map": "asks",
};

/**
 * Leaves the firmware: asks for unaccepted memory, makes the record, ends boot services with one
 * retry, and converts the final map. `arch` accepts what the record cannot express.
 *
 * @param tableMemory EFI type of the memory that the table is put into; a bitmap of the zero page
 *   lies in loader data
 * @param traits what the kernel is like besides; no boot loader knows of a hot-plug window
 */
export function exitBoot(
  boot: BootServices,
  kernel: UnacceptedSupport,
  arch: ArchAccept,
  tableMemory: EfiMemoryType = EfiMemoryType.ACPI_RECLAIM,
  loader: BootLoader = "stub",
  { flagsPages = false, knowsHotplugWindow = false }: KernelTraits = {},
): StubOutcome {
  const support = loader === "stub" ? kernel : LOADER[loader];
  if (support === "asks") boot.acceptanceProtocol?.allowUnacceptedMemory();

  boot.allocatePool(EfiMemoryType.ACPI_RECLAIM, SEED_BYTES);
  const { descriptors } = boot.getMemoryMap();
  const extSlots = e820ExtSlots(descriptors.length);
  const form = FORM[support];
  const table =
    descriptors.some(({ type }) => type === EfiMemoryType.UNACCEPTED) && form !== undefined
      ? flagsPages
        ? allocateUnacceptedBitmap(descriptors, PAGE_SIZE)
        : form === "table"
          ? allocateUnacceptedBitmap(descriptors)
          : allocateZeroPageBitmap(descriptors)
      : undefined;
  const memory = form === "zero-page" ? EfiMemoryType.LOADER_DATA : tableMemory;
  let tableRange: AddressRange | undefined;
  if (table !== undefined && !flagsPages) {
    const sizeBytes = (form === "table" ? TABLE_HEADER_BYTES : 0) + table.bitmapBytes;
    tableRange = form === "table" ? boot.allocatePool(memory, sizeBytes) : pageRange(boot, memory, sizeBytes);
    if (tableRange === undefined) return noRoom(`the bitmap of ${sizeBytes} bytes`);
  }

  const copyBytes = bootMemoryMapBytes(boot.askedEntries);
  const copy = boot.allocatePool(EfiMemoryType.ACPI_RECLAIM, copyBytes);
  if (copy === undefined) return noRoom(`the map of ${copyBytes} bytes`);
  const beyond = boot.writtenEntries - boot.askedEntries;
  if (loader === "exact-map" && beyond > 0) {
    const reason = `the firmware writes ${beyond * EFI_DESCRIPTOR_BYTES} bytes of its map beyond the room that it asked its boot loader for`;
    return { outcome: "stopped", reason };
  }
  const final = leaveFirmware(boot);
  const mapStart = copy.start + BOOT_MEMORY_MAP_HEADER_BYTES;
  const e820 = setupE820(final.descriptors, extSlots, table, arch, knowsHotplugWindow && loader === "stub");
  const exited = {
    outcome: "exited",
    finalMap: final.descriptors,
    memoryMap: { start: mapStart, end: mapStart + final.descriptors.length * EFI_DESCRIPTOR_BYTES },
    tableInRam: memory === EfiMemoryType.LOADER_DATA,
    ...e820,
  } as const;
  if (table === undefined || FORM[kernel] !== form) {
    const unknownBytes = table === undefined ? 0 : table.countSet() * table.unitSizeBytes;
    return { ...exited, table: undefined, tableRange: undefined, unknownBytes };
  }
  if (loader === "other-version") {
    const reason = "the kernel's decompressor does not know the version of the table of unaccepted memory";
    return { outcome: "stopped", reason };
  }
  return { ...exited, table, tableRange, unknownBytes: 0 };
}

/** The series v10 took whole pages. */
function pageRange(boot: BootServices, memory: EfiMemoryType, sizeBytes: number): AddressRange | undefined {
  const pages = boot.allocatePages(memory, sizeBytes, Number.POSITIVE_INFINITY);
  return pages === undefined ? undefined : { start: pages.start, end: pages.start + sizeBytes };
}

/**
 * Ends boot services with the key of the latest map. The first call may fail because the firmware
 * changed the map while it was leaving; then, once, the map is read again
 * (drivers/firmware/efi/libstub/efi-stub-helper.c: efi_exit_boot_services).
 */
function leaveFirmware(boot: BootServices): MemoryMap {
  let map = boot.getMemoryMap();
  if (boot.exitBootServices(map.mapKey) === "success") return map;
  map = boot.getMemoryMap();
  if (boot.exitBootServices(map.mapKey) === "success") return map;
  throw new Error("efistub: the firmware changed its memory map twice while boot services ended");
}

function noRoom(what: string): StubOutcome {
  return {
    outcome: "out-of-resources",
    reason: `the memory that the firmware accepted has no room for ${what}`,
  };
}
