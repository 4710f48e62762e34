/** From power on to the moment the kernel's EFI stub runs. */

import { type AddressRange, GiB, KiB } from "../units.js";
import { AcceptanceProtocol, BootServices } from "./boot-services.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "./efi-memory-map.js";
import type { Firmware, FirmwareAccept, FirmwareMachine } from "./firmware.js";
import { HIGH_RAM_START, withoutLegacyHole } from "./q35.js";
import { subtractRanges } from "./ranges.js";

/** Room that QEMU asks for its ACPI tables (hw/i386/acpi-build.c: ACPI_BUILD_TABLE_SIZE). */
const ACPI_TABLE_BYTES: number = 128 * KiB;
/** A kernel wants its initrd below this address first (arch/x86/boot/header.S: initrd_addr_max 0x7fffffff). */
const INITRD_SOFT_LIMIT: number = 2 * GiB;

export interface BootImage {
  readonly loadKernel: (boot: BootServices) => AddressRange | undefined;
  /** 0 for none. */
  readonly initrdBytes: number;
}

/** Unaccepted memory is in the map with type 15; or absent there and an ACPI memory device; or both. */
export const HIGH_MEMORY = ["type-15", "acpi", "both"] as const;
export type HighMemory = (typeof HIGH_MEMORY)[number];

export interface StartedFirmware {
  readonly outcome: "started";
  readonly boot: BootServices;
  readonly kernel: AddressRange;
  readonly initrd: AddressRange | undefined;
  /** Unaccepted memory that ACPI describes, whole MiB. */
  readonly acpiMemory: readonly AddressRange[];
}

export type FirmwareOutcome =
  | StartedFirmware
  | { readonly outcome: "out-of-resources" | "stopped"; readonly reason: string };

/**
 * Runs the firmware: it accepts, builds the memory map, and loads kernel and initrd. The map has
 * what a kernel's memory layout depends on and nothing else: free RAM, memory of type 15, the
 * ACPI tables at the top of low memory, kernel and initrd.
 *
 * @param acceptanceProtocol whether this boot has the protocol; normally that of the firmware
 * @param highMemory how the firmware tells of memory that it leaves unaccepted
 */
export function startFirmware(
  firmware: Firmware,
  machine: FirmwareMachine,
  image: BootImage,
  acceptanceProtocol: boolean,
  sink: FirmwareAccept,
  highMemory: HighMemory = "type-15",
): FirmwareOutcome {
  const unaccepted = firmware.preAccept(machine, sink);
  const problem = firmware.fails?.(machine);
  if (problem !== undefined) return { outcome: "stopped", reason: problem };
  const ram = withoutLegacyHole(machine.ram);
  const free = subtractRanges(ram, unaccepted);
  const protocol = acceptanceProtocol ? new AcceptanceProtocol(sink) : undefined;
  const boot = new BootServices(
    [
      ...withType(free, EfiMemoryType.CONVENTIONAL),
      ...(highMemory === "acpi" ? [] : withType(subtractRanges(ram, free), EfiMemoryType.UNACCEPTED)),
    ],
    protocol,
    machine.acceptOnDemand === true ? sink : undefined,
  );
  if (boot.allocatePages(EfiMemoryType.ACPI_RECLAIM, ACPI_TABLE_BYTES, HIGH_RAM_START) === undefined) {
    return outOfResources("the ACPI tables");
  }
  const kernel = image.loadKernel(boot);
  if (kernel === undefined) return outOfResources("the kernel");
  const acpiMemory = highMemory === "type-15" ? [] : unaccepted;
  if (image.initrdBytes === 0) return { outcome: "started", boot, kernel, initrd: undefined, acpiMemory };
  const initrd =
    boot.allocatePages(EfiMemoryType.LOADER_DATA, image.initrdBytes, INITRD_SOFT_LIMIT) ??
    boot.allocatePages(EfiMemoryType.LOADER_DATA, image.initrdBytes, Number.POSITIVE_INFINITY);
  return initrd === undefined
    ? outOfResources("the initrd")
    : { outcome: "started", boot, kernel, initrd, acpiMemory };
}

function withType(ranges: readonly AddressRange[], type: EfiMemoryType): EfiMemoryDescriptor[] {
  return ranges.map(({ start, end }) => ({ type, start, end }));
}

function outOfResources(what: string): FirmwareOutcome {
  return {
    outcome: "out-of-resources",
    reason: `the memory that the firmware accepted has no room for ${what}`,
  };
}
