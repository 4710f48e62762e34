/**
 * The EFI stub's last steps in the firmware, in order (drivers/firmware/efi/libstub/x86-stub.c:
 * efi_stub_entry, exit_boot, allocate_e820, 6.12).
 */

import type { BootServices, MemoryMap } from "../firmware/boot-services.js";
import { EfiMemoryType } from "../firmware/efi-memory-map.js";
import type { AddressRange } from "../units.js";
import { allocateUnacceptedBitmap } from "./allocate-unaccepted-bitmap.js";
import { type E820Table, e820ExtSlots, setupE820 } from "./setup-e820.js";
import { type ArchAccept, TABLE_HEADER_BYTES, type UnacceptedTable } from "./unaccepted-table.js";

/**
 * What a kernel does about unaccepted memory:
 * - "none": does not know type 15 and drops such memory (before 6.5, or without CONFIG_UNACCEPTED_MEMORY)
 * - "knows": takes it, but does not tell the firmware (other systems, early backports)
 * - "asks": takes it and asks the firmware to leave it alone (6.5 and later)
 */
export type UnacceptedSupport = "none" | "knows" | "asks";

/** What the kernel starts with. */
export interface StubResult extends E820Table {
  readonly outcome: "exited";
  /** Absent when there was nothing unaccepted, or the kernel would not know what to do with it. */
  readonly table: UnacceptedTable | undefined;
  /**
   * Where the table lies, header and bitmap, in memory of the type asked for. Absent without table.
   */
  readonly tableRange: AddressRange | undefined;
}

/** The stub came through, or found no room for the table in accepted memory. */
export type StubOutcome = StubResult | { readonly outcome: "out-of-resources"; readonly reason: string };

/**
 * Leaves the firmware: asks for unaccepted memory, makes the table, ends boot services with one
 * retry, and converts the final map. `arch` accepts what the table cannot express.
 *
 * @param tableMemory EFI type of the memory that the table is put into
 */
export function exitBoot(
  boot: BootServices,
  support: UnacceptedSupport,
  arch: ArchAccept,
  tableMemory: EfiMemoryType = EfiMemoryType.ACPI_RECLAIM,
): StubOutcome {
  if (support === "asks") boot.acceptanceProtocol?.allowUnacceptedMemory();

  const { descriptors } = boot.getMemoryMap();
  const extSlots = e820ExtSlots(descriptors.length);
  const table = support === "none" ? undefined : allocateUnacceptedBitmap(descriptors);
  let tableRange: AddressRange | undefined;
  if (table !== undefined) {
    const sizeBytes = TABLE_HEADER_BYTES + table.bitmapBytes;
    const pages = boot.allocatePages(tableMemory, sizeBytes, Number.POSITIVE_INFINITY);
    if (pages === undefined) return noRoom(sizeBytes);
    tableRange = { start: pages.start, end: pages.start + sizeBytes };
  }

  const final = leaveFirmware(boot);
  const e820 = setupE820(final.descriptors, extSlots, table, arch);
  return { outcome: "exited", table, tableRange, ...e820 };
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

function noRoom(sizeBytes: number): StubOutcome {
  return {
    outcome: "out-of-resources",
    reason: `the memory that the firmware accepted has no room for the bitmap of ${sizeBytes} bytes`,
  };
}
