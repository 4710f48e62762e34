/**
 * What the EFI stub and the kernel make of a memory map that a log shows
 * (drivers/firmware/efi/libstub/x86-stub.c, Linux 6.12 and 7.3).
 */

import {
  BOOT_MEMORY_MAP_HEADER_BYTES,
  bootMemoryMapBytes,
  SEED_BYTES,
} from "../efistub/exit-boot-services.js";
import { e820ExtSlots, setupE820 } from "../efistub/setup-e820.js";
import { allocateUnacceptedBitmap } from "../efistub/unaccepted-memory.js";
import { TABLE_HEADER_BYTES, type UnacceptedTable } from "../efistub/unaccepted-table.js";
import { POOL_OVERHEAD_BYTES, Pool } from "../firmware/boot-services.js";
import { EFI_DESCRIPTOR_BYTES, EfiMemoryType } from "../firmware/efi-memory-map.js";
import { subtractRanges } from "../firmware/ranges.js";
import { type AddressRange, PAGE_SIZE, type PhysRange, roundDown, roundUp, UNIT_SIZE } from "../units.js";
import { type KernelE820Entry, sanitise } from "./e820-table.js";
import { rangesOfMap } from "./early-efi.js";
import type { EfiHandover } from "./early-machine.js";
import type { EfiBootLog } from "./efi-boot-log.js";

/** Memory of type ACPI reclaim that the stub asks the firmware's pool for, in its order. */
export interface StubPlaces {
  /** Absent where the firmware has no random numbers. */
  readonly seed: AddressRange | undefined;
  readonly table: AddressRange | undefined;
  /** The map as the kernel gets it, without the stub's header. */
  readonly memoryMap: AddressRange | undefined;
}

export interface StubReplay {
  /** As the kernel prints it: sorted, neighbours of one type joined. */
  readonly e820: readonly KernelE820Entry[];
  readonly table: UnacceptedTable | undefined;
  readonly places: StubPlaces;
  readonly handover: EfiHandover;
  /** What the stub accepts itself. */
  readonly accepted: readonly PhysRange[];
  /** Undefined where the map does not show it. */
  readonly kernelStart: number | undefined;
}

/** Bytes before the entries of the table of memory attributes (efi_memory_attributes_table_t). */
const MEMORY_ATTRIBUTES_HEADER_BYTES = 16;

/**
 * @param acpiTables where ACPI tables lie: the firmware has put them into the same pages before, so
 *   those below the lowest one of a descriptor are the stub's
 */
export function repeatStub(efi: EfiBootLog, acpiTables: readonly AddressRange[]): StubReplay {
  const { descriptors, tables } = efi;
  const table = allocateUnacceptedBitmap(descriptors);
  const accepted: PhysRange[] = [];
  const { entries } = setupE820(descriptors, e820ExtSlots(descriptors.length), table, {
    acceptMemory: (start, end) => accepted.push({ start, end }),
  });
  const places = placesInPool(efi, acpiTables, table);
  const unaccepted = tables.get("Unaccepted") ?? places.table?.start;
  const memoryAttributes = tables.get("MEMATTR");
  return {
    e820: sanitise(entries),
    table,
    places,
    accepted,
    handover: {
      memoryMap: places.memoryMap ?? { start: 0, end: 0 },
      ...(table === undefined || unaccepted === undefined
        ? {}
        : { unacceptedTable: { start: unaccepted, end: unaccepted + tableBytes(table) } }),
      keptTables: memoryAttributes === undefined ? [] : [memoryAttributesTable(efi, memoryAttributes)],
      ...rangesOfMap(descriptors),
    },
    kernelStart: kernelStartIn(efi),
  };
}

function tableBytes({ bitmapBytes }: UnacceptedTable): number {
  return TABLE_HEADER_BYTES + bitmapBytes;
}

function memoryAttributesTable({ memoryAttributes }: EfiBootLog, start: number): AddressRange {
  const sizeBytes = MEMORY_ATTRIBUTES_HEADER_BYTES + memoryAttributes * EFI_DESCRIPTOR_BYTES;
  return { start, end: start + sizeBytes };
}

function placesInPool(
  { descriptors, tables }: EfiBootLog,
  acpiTables: readonly AddressRange[],
  table: UnacceptedTable | undefined,
): StubPlaces {
  const own = descriptors
    .filter(({ type }) => type === EfiMemoryType.ACPI_RECLAIM)
    .map(({ start, end }) => {
      const taken = acpiTables.flatMap((one) => (one.start >= start && one.start < end ? [one.start] : []));
      return { start, end: roundDown(Math.min(end, ...taken), PAGE_SIZE), hasTables: taken.length > 0 };
    })
    .toSorted((a, b) => b.start - a.start);
  let free: AddressRange[] = own;
  const pool = new Pool((sizeBytes) => {
    const pages = Math.ceil(sizeBytes / PAGE_SIZE) * PAGE_SIZE;
    const from = free.find(({ start, end }) => end - start >= pages);
    if (from === undefined) return undefined;
    const range = { start: from.end - pages, end: from.end };
    free = subtractRanges(free, [range]);
    return range;
  });
  const seed = tables.has("RNG") ? pool.allocate(SEED_BYTES) : undefined;
  const ownTable = table === undefined ? undefined : pool.allocate(tableBytes(table));
  // The firmware asks for room for more descriptors than it reports. Outside of the pages that it has set apart for
  // ACPI none is there but for the stub, whose last request this is.
  const last = free.find(({ start, end }) => start < end);
  const spilled = own.find(({ start, hasTables }) => start === last?.start && !hasTables);
  const copyBytes = Math.max(
    bootMemoryMapBytes(descriptors.length),
    spilled === undefined ? 0 : last!.end - last!.start - POOL_OVERHEAD_BYTES,
  );
  const copy = pool.allocate(copyBytes);
  const start = copy && copy.start + BOOT_MEMORY_MAP_HEADER_BYTES;
  return {
    seed,
    table: ownTable,
    memoryMap:
      start === undefined ? undefined : { start, end: start + descriptors.length * EFI_DESCRIPTOR_BYTES },
  };
}

/** Pages of loader data that the stub has for itself: the zero page, the command line, and what else is small. */
const OWN_LOADER_PAGES = 4;
/** Copies of the ROMs of PCI devices have at least so many; a smaller one would lie with the small things. */
const ROM_PAGES_MIN = 2;

/**
 * Copies of PCI devices' ROMs that the stub leaves to the kernel as setup_data (setup_efi_pci). No line tells of
 * them in kernels that do not mark them in the e820 table; in the map they are the lowest loader data, which holds
 * the initrd besides, and what the stub needs for itself. (Seen with \`-device VGA\`, virtio and e1000e in OVMF 2026.08.)
 */
export function romCopies({ descriptors }: EfiBootLog, initrd: AddressRange | undefined): AddressRange[] {
  const data = subtractRanges(
    descriptors.filter(({ type }) => type === EfiMemoryType.LOADER_DATA),
    initrd === undefined ? [] : [{ start: initrd.start, end: roundUp(initrd.end, PAGE_SIZE) }],
  ).sort((a, b) => a.start - b.start);
  let left = data.reduce((pages, { start, end }) => pages + (end - start) / PAGE_SIZE, 0) - OWN_LOADER_PAGES;
  if (left < ROM_PAGES_MIN) return [];
  return data.flatMap(({ start, end }) => {
    const pages = Math.min(left, (end - start) / PAGE_SIZE);
    left -= pages;
    return pages === 0 ? [] : [{ start, end: start + pages * PAGE_SIZE }];
  });
}

/**
 * Of the memory for code that the stub has taken, the kernel's begins at 2 MiB; the other is the stub's own
 * image, which the firmware loaded at any page (efi_decompress_kernel, since 6.6).
 */
function kernelStartIn({ descriptors }: EfiBootLog): number | undefined {
  return descriptors
    .filter(({ type, start }) => type === EfiMemoryType.LOADER_CODE && start % UNIT_SIZE === 0)
    .toSorted((a, b) => b.end - b.start - (a.end - a.start))[0]?.start;
}
