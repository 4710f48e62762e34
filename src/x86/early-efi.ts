/**
 * What the kernel takes over from EFI: it keeps the memory map and tables, and the memory of boot services
 * until the firmware's runtime services are mapped (drivers/firmware/efi/efi.c, arch/x86/platform/efi/efi.c
 * and quirks.c; the same in Linux 6.12.107 and 7.3).
 */

import { E820Type } from "../efistub/setup-e820.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../firmware/efi-memory-map.js";
import type { TableReservation } from "../linux/rules.js";
import { type AddressRange, KiB, MiB, PAGE_SIZE, roundDown, roundUp } from "../units.js";
import { isMappedAll, retypeRange } from "./e820-table.js";
import type { EarlyBoot, EfiHandover } from "./early-machine.js";
import { brkArea } from "./init-mem-mapping.js";

/** Memory-mapped I/O from this size on is left to PCI (efi_remove_e820_mmio). */
const MMIO_REMOVED_MIN: number = 256 * KiB;

/** What the kernel looks for in the map itself. */
export function rangesOfMap(map: readonly EfiMemoryDescriptor[]): Pick<EfiHandover, "bootServices" | "mmio"> {
  const ofTypes = (...types: EfiMemoryType[]): AddressRange[] =>
    map.filter(({ type }) => types.includes(type));
  return {
    bootServices: ofTypes(EfiMemoryType.BOOT_SERVICES_CODE, EfiMemoryType.BOOT_SERVICES_DATA),
    mmio: ofTypes(EfiMemoryType.MEMORY_MAPPED_IO),
  };
}

function reserve({ memblock }: EarlyBoot, { start, end }: AddressRange): void {
  memblock.reserve(start, end - start);
}

/**
 * The EFI memory map and the tables the kernel keeps (efi_memblock_x86_reserve_range, efi_init,
 * efi_config_parse_tables). The unaccepted table is made known as memory too, so that it can be reached
 * through the direct map (reserve_unaccepted); how, is a rule of the release.
 */
export function efiInit(boot: EarlyBoot): void {
  const { efi } = boot.machine;
  if (efi === undefined) return;
  reserve(boot, efi.memoryMap);
  for (const table of efi.keptTables) reserve(boot, table);
  reserveUnaccepted(boot);
  for (const range of efi.mmio) {
    if (range.end - range.start < MMIO_REMOVED_MIN) continue;
    boot.e820 = retypeRange(boot.e820, range, E820Type.RESERVED, undefined);
  }
}

function reserveUnaccepted(boot: EarlyBoot): void {
  const { unacceptedTable: table, tableReservation: rule } = boot.machine.efi!;
  if (table === undefined) return;
  const kept = tableReservation(table, rule);
  if (rule !== "bytes") boot.memblock.add(kept.start, kept.end - kept.start);
  boot.memblock.reserve(kept.start, kept.end - kept.start);
}

/** What the kernel keeps for its table of unaccepted memory (reserve_unaccepted). */
export function tableReservation(table: AddressRange, rule: TableReservation = "pages"): AddressRange {
  if (rule === "bytes") return table;
  const start = roundDown(table.start, PAGE_SIZE);
  const bytes = rule === "pages" ? table.end - start : table.end - table.start;
  return { start, end: start + roundUp(bytes, PAGE_SIZE) };
}

/**
 * efi_reserve_boot_services(): what somebody has reserved already, even a part of it, is not the kernel's
 * to free, nor is what the e820 table does not call RAM (can_free_region).
 */
export function efiReserveBootServices(boot: EarlyBoot): void {
  const { memblock, machine, e820 } = boot;
  const image = { start: machine.kernelStart, end: brkArea(boot).end };
  for (const range of machine.efi?.bootServices ?? []) {
    if (memblock.isRegionReserved(range.start, range.end - range.start)) continue;
    reserve(boot, range);
    const holdsKernel = range.end > image.start && range.start <= image.end;
    if (!holdsKernel && isMappedAll(e820, range, E820Type.RAM)) boot.bootServicesReserved.push(range);
  }
}

/**
 * Memory of boot services that efi_free_boot_services() gives to the page allocator; none below 1 MiB
 * (efi_unmap_boot_services). With `efi=debug` the kernel shows it in debugfs and keeps it.
 */
export function freedBootServices({ bootServicesReserved, options }: EarlyBoot): AddressRange[] {
  if (options.efiDebug) return [];
  return bootServicesReserved.flatMap(({ start, end }) =>
    end < MiB ? [] : [{ start: Math.max(start, MiB), end }],
  );
}
