/** From power on to the moment the kernel's EFI stub runs. */

import { type AddressRange, GiB, KiB, PAGE_SIZE } from "../units.js";
import { AcceptanceProtocol, BootServices, ON_DEMAND_CHUNK } from "./boot-services.js";
import { edk2Map, type FirmwareMap } from "./edk2-map.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "./efi-memory-map.js";
import type { Edk2Traits, Firmware, FirmwareAccept, FirmwareMachine } from "./firmware.js";
import { HIGH_RAM_START, withoutLegacyHole } from "./q35.js";
import { subtractRanges } from "./ranges.js";
import type { Run } from "./recorded-map.js";

/** Room that QEMU asks for its ACPI tables (hw/i386/acpi-build.c: ACPI_BUILD_TABLE_SIZE). */
const ACPI_TABLE_BYTES: number = 128 * KiB;
/** A kernel that no EFI stub starts wants its initrd below this address first (arch/x86/boot/header.S: initrd_addr_max). */
const INITRD_SOFT_LIMIT: number = 2 * GiB;
/**
 * Pages of type loader data that the stub has in use when it leaves, which it took before the initrd: one of the
 * pool and one for the command line, and two to switch to five levels of page tables, on processors that have
 * them (drivers/firmware/efi/libstub/x86-5lvl.c). As recorded with Linux 6.12 and 7.3.
 */
const STUB_PAGES: readonly number[] = [1, 1, 2];
/** Address bits that QEMU gives a processor unless it is told (TCG_PHYS_ADDR_BITS). */
const PHYSICAL_BITS = 40;

export interface BootImage {
  readonly loadKernel: (boot: BootServices) => AddressRange | undefined;
  /** 0 for none. */
  readonly initrdBytes: number;
  /** The kernel's file, and its image once the firmware has loaded it. */
  readonly fileBytes: number;
  readonly programBytes: number;
}

/** Unaccepted memory is in the map with type 15; or absent there and an ACPI memory device; or both. */
export const HIGH_MEMORY = ["type-15", "acpi", "both"] as const;
export type HighMemory = (typeof HIGH_MEMORY)[number];

export interface StartedFirmware {
  readonly outcome: "started";
  readonly boot: BootServices;
  readonly kernel: AddressRange;
  readonly initrd: AddressRange | undefined;
  readonly acpiTables: AddressRange;
  /** The table of memory attributes, byte by byte; absent for a firmware that is no UEFI. */
  readonly memoryAttributes: AddressRange | undefined;
  /** Unaccepted memory that ACPI describes, whole MiB. */
  readonly acpiMemory: readonly AddressRange[];
}

export type FirmwareOutcome =
  | StartedFirmware
  | { readonly outcome: "out-of-resources" | "stopped"; readonly reason: string };

/**
 * Runs the firmware: it accepts, builds the memory map, and loads kernel and initrd, which the VMM offers as
 * files (OvmfPkg/QemuKernelLoaderFsDxe).
 *
 * @param acceptanceProtocol whether this boot has the protocol; normally that of the firmware
 * @param highMemory how the firmware tells of memory that it leaves unaccepted
 * @param window addresses that its map has for memory to be plugged in
 */
export function startFirmware(
  firmware: Firmware,
  machine: FirmwareMachine,
  image: BootImage,
  acceptanceProtocol: boolean,
  sink: FirmwareAccept,
  highMemory: HighMemory = "type-15",
  window?: AddressRange,
): FirmwareOutcome {
  let unaccepted = firmware.preAccept(machine, sink);
  const problem = firmware.fails?.(machine);
  if (problem !== undefined) return { outcome: "stopped", reason: problem };
  const { edk2 } = firmware;
  const ram = edk2?.legacyHole === false ? machine.ram : withoutLegacyHole(machine.ram);
  let map = mapOf(edk2, machine, image, subtractRanges(ram, unaccepted));
  while (map === undefined && machine.acceptOnDemand === true && unaccepted.length > 0) {
    unaccepted = acceptChunk(unaccepted, sink);
    map = mapOf(edk2, machine, image, subtractRanges(ram, unaccepted));
  }
  if (map === undefined) return outOfResources("the firmware itself");
  const free = subtractRanges(ram, unaccepted);
  const boot = new BootServices(
    [
      ...withType(subtractRanges(free, map.descriptors), EfiMemoryType.CONVENTIONAL),
      ...map.descriptors,
      ...(highMemory === "acpi" ? [] : withType(subtractRanges(ram, free), EfiMemoryType.UNACCEPTED)),
      ...(window === undefined ? [] : [{ type: EfiMemoryType.UNACCEPTED, ...window, isHotplugWindow: true }]),
    ],
    acceptanceProtocol ? new AcceptanceProtocol(sink) : undefined,
    machine.acceptOnDemand === true ? sink : undefined,
    { ...map, countsUnaccepted: machine.build.rules.countsUnaccepted },
  );
  for (const bytes of edk2?.acpiBlocks(machine.build) ?? []) {
    boot.allocatePool(EfiMemoryType.ACPI_RECLAIM, bytes);
  }
  const drivers = edk2 === undefined ? undefined : loadImage(boot, map.below, image);
  if (drivers === "no-room") return outOfResources("the kernel's file");
  const kernel = image.loadKernel(boot);
  if (kernel === undefined) return outOfResources("the kernel");
  const started = {
    outcome: "started",
    boot,
    kernel,
    acpiTables: map.acpi,
    memoryAttributes: attributesRange(map, drivers),
    acpiMemory: highMemory === "type-15" ? [] : unaccepted,
  } as const;
  const initrd = edk2 === undefined ? placeInitrd(boot, image) : stubInitrd(boot, image);
  return initrd === "no-room" ? outOfResources("the initrd") : { ...started, initrd };
}

function mapOf(
  edk2: Edk2Traits | undefined,
  machine: FirmwareMachine,
  { initrdBytes }: BootImage,
  free: readonly AddressRange[],
): FirmwareMap | undefined {
  if (edk2 === undefined) return plainMap(free);
  const { build, vcpus, isAmd = false, vmm = "q35", s3 = edk2.s3(build) } = machine;
  const ramEnd = machine.ram.at(-1)!.end;
  return edk2Map({
    build,
    image: edk2.image,
    s3,
    hasInitrd: initrdBytes > 0,
    vcpus,
    free,
    hasHighRam: ramEnd > HIGH_RAM_START,
    physicalBits: machine.physicalBits ?? Math.max(PHYSICAL_BITS, Math.ceil(Math.log2(ramEnd))),
    isAmd,
    vmm,
    holds: edk2.holds(build),
    reservedPages: edk2.reservedPages(vcpus),
  });
}

/** A firmware that is no UEFI leaves the tables of ACPI at the top of low memory and nothing else. */
function plainMap(free: readonly AddressRange[]): FirmwareMap | undefined {
  const low = free.findLast(
    ({ start, end }) => start < HIGH_RAM_START && Math.min(end, HIGH_RAM_START) - start >= ACPI_TABLE_BYTES,
  );
  if (low === undefined) return undefined;
  const end = Math.min(low.end, HIGH_RAM_START);
  const acpi = { start: end - ACPI_TABLE_BYTES, end };
  const descriptors = [{ type: EfiMemoryType.ACPI_RECLAIM, ...acpi }];
  return { descriptors, bins: [], windowEnd: Number.POSITIVE_INFINITY, hiddenEntries: 0, below: [], acpi };
}

/** The next part of what is unaccepted, where the firmware needs more for itself. */
function acceptChunk([lowest, ...others]: readonly AddressRange[], sink: FirmwareAccept): AddressRange[] {
  const end = Math.min(lowest!.start + ON_DEMAND_CHUNK, lowest!.end);
  sink.firmwareAccept(lowest!.start, end, 0);
  return end < lowest!.end ? [{ start: end, end: lowest!.end }, ...others] : others;
}

/**
 * The files of kernel and initrd are read into memory; drivers of the boot manager follow; then the kernel's file
 * is copied once more, loaded from there, and the copy freed (MdeModulePkg/Core/Dxe/Image/Image.c: CoreLoadImage).
 *
 * @returns where the drivers are
 */
function loadImage(boot: BootServices, below: readonly Run[], image: BootImage): AddressRange | "no-room" {
  const { BOOT_SERVICES_CODE, BOOT_SERVICES_DATA, LOADER_CODE, CONVENTIONAL } = EfiMemoryType;
  const take = (type: EfiMemoryType, bytes: number): AddressRange | undefined =>
    boot.allocatePages(type, bytes, Number.POSITIVE_INFINITY);
  for (const bytes of [image.fileBytes, image.initrdBytes]) {
    if (bytes > 0 && take(BOOT_SERVICES_DATA, bytes) === undefined) return "no-room";
  }
  const drivers = take(BOOT_SERVICES_CODE, below.reduce((sum, { pages }) => sum + pages, 0) * PAGE_SIZE);
  if (drivers === undefined) return "no-room";
  let { end } = drivers;
  for (const { type, pages } of below) {
    boot.setType({ start: end - pages * PAGE_SIZE, end }, type);
    end -= pages * PAGE_SIZE;
  }
  const copy = take(BOOT_SERVICES_DATA, image.fileBytes);
  if (copy === undefined || take(LOADER_CODE, image.programBytes) === undefined) return "no-room";
  boot.setType(copy, CONVENTIONAL);
  return drivers;
}

function attributesRange(
  { attributesTable }: FirmwareMap,
  drivers: AddressRange | undefined,
): AddressRange | undefined {
  if (attributesTable === undefined) return undefined;
  const { start = drivers!.end - attributesTable.below!, sizeBytes } = attributesTable;
  return { start, end: start + sizeBytes };
}

/** The stub's own pages, and its copy of the initrd, anywhere (drivers/firmware/efi/libstub/efi-stub-helper.c: efi_load_initrd_dev_path). */
function stubInitrd(boot: BootServices, { initrdBytes }: BootImage): AddressRange | undefined | "no-room" {
  const take = (bytes: number): AddressRange | undefined =>
    boot.allocatePages(EfiMemoryType.LOADER_DATA, bytes, Number.POSITIVE_INFINITY);
  for (const pages of STUB_PAGES) if (take(pages * PAGE_SIZE) === undefined) return "no-room";
  return initrdBytes === 0 ? undefined : (take(initrdBytes) ?? "no-room");
}

function placeInitrd(boot: BootServices, { initrdBytes }: BootImage): AddressRange | undefined | "no-room" {
  if (initrdBytes === 0) return undefined;
  return (
    boot.allocatePages(EfiMemoryType.LOADER_DATA, initrdBytes, INITRD_SOFT_LIMIT) ??
    boot.allocatePages(EfiMemoryType.LOADER_DATA, initrdBytes, Number.POSITIVE_INFINITY) ??
    "no-room"
  );
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
