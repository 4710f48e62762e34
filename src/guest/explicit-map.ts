/**
 * A guest whose scenario gives the map that its kernel starts with. The firmware has accepted all RAM of that map
 * but what is unaccepted, in its own way; the stub has made the table of the rest. Where everything lies follows
 * from the map and from `handOver`: no firmware is asked for memory.
 */

import { bootMemoryMapBytes, type StubResult } from "../efistub/exit-boot-services.js";
import { type E820Entry, type E820Table, E820Type, e820ExtSlots, setupE820 } from "../efistub/setup-e820.js";
import { allocateUnacceptedBitmap } from "../efistub/unaccepted-memory.js";
import { TABLE_HEADER_BYTES } from "../efistub/unaccepted-table.js";
import { EFI_DESCRIPTOR_BYTES, type EfiMemoryDescriptor } from "../firmware/efi-memory-map.js";
import type { Firmware, FirmwareAccept, FirmwareMachine } from "../firmware/firmware.js";
import { subtractRanges } from "../firmware/ranges.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { type AddressRange, formatBytes, GiB, PAGE_SIZE, roundDown, roundUp } from "../units.js";
import { sanitise } from "../x86/e820-table.js";
import { descriptorsOf, e820OfMap, hasType, type MemoryMapEntry, rangesOfType } from "../x86/memory-map.js";
import { kernelStartIn } from "../x86/place-kernel.js";
import { qemuAcpiBytes } from "../x86/qemu-acpi.js";
import type { Guest } from "./guest.js";
import type { BootFiles, HandOver } from "./state.js";

/** A kernel that no EFI stub starts wants its initrd below this address (arch/x86/boot/header.S: initrd_addr_max). */
const INITRD_LIMIT: number = 2 * GiB;
const LOW_END: number = 4 * GiB;

/** What is accepted at last by the kernel: nothing, where the policy or the VMM has the firmware do it. */
function acceptedEarly({ behaviour, options }: Guest): boolean {
  return options.firmware.acceptAll || behaviour.firmwareAcceptsAll === true;
}

/** The map as the kernel of this guest finds it. */
function mapOf(guest: Guest): readonly MemoryMapEntry[] {
  const { memoryMap } = guest.options;
  return acceptedEarly(guest) ? accepted(memoryMap) : memoryMap;
}

function accepted(map: readonly MemoryMapEntry[]): MemoryMapEntry[] {
  return map.map((entry) => (entry.type === "unaccepted" ? { ...entry, type: "usable" } : entry));
}

/**
 * The firmware accepts what is accepted in the map.
 *
 * @throws GuestEnded where the map has no RAM that the firmware itself needs
 */
export function acceptAsMapSays(
  guest: Guest,
  firmware: Firmware,
  machine: FirmwareMachine,
  sink: FirmwareAccept,
): void {
  if (!guest.platform.type.isConfidential) return;
  const ram = subtractRanges(guest.ram, rangesOfType(mapOf(guest), "unaccepted"));
  const requireRam = (start: number, end: number): void => {
    const missing = subtractRanges([{ start, end }], ram)[0];
    if (missing === undefined) return;
    throw new GuestEnded(
      "terminated",
      `the firmware needs accepted RAM at 0x${missing.start.toString(16)}, where memoryMap has none`,
    );
  };
  for (const { start, end } of firmware.launchRanges(machine.build)) requireRam(start, end);
  firmware.preAccept(
    { ...machine, ram, preAcceptLimit: Number.POSITIVE_INFINITY },
    {
      ...sink,
      firmwareAccept(start, end, cpu) {
        requireRam(start, end);
        sink.firmwareAccept(start, end, cpu);
      },
    },
  );
}

/**
 * What the stub or the boot loader hands over.
 *
 * @param acceptAtExit the firmware's part at ExitBootServices
 * @throws GuestEnded where the map has no room
 */
export function handOverAsMapSays(
  guest: Guest,
  firmware: Firmware,
  files: BootFiles,
  acceptAtExit: (range: AddressRange) => void,
): HandOver {
  const { options, behaviour, meter } = guest;
  const { handOver: said, guest: kernelOptions } = options;
  let map = mapOf(guest);
  const drops = kernelOptions.unacceptedMemory === "drops";
  if (behaviour.firmwareAcceptsAtExit === true || (drops && firmware.acceptanceProtocol)) {
    for (const range of rangesOfType(map, "unaccepted")) acceptAtExit(range);
    map = accepted(map);
  }
  const descriptors = descriptorsOf(map);
  const isEfi = said?.efi !== undefined || hasType(map, "unaccepted", "boot services", "MMIO");
  const flagsPages = behaviour.flagsPages === true;
  const table = drops ? undefined : allocateUnacceptedBitmap(descriptors, flagsPages ? PAGE_SIZE : undefined);
  const e820 = isEfi
    ? sorted(
        setupE820(descriptors, e820ExtSlots(descriptors.length), table, {
          acceptMemory: (start, end) => meter.stubAccept(start, end),
        }),
      )
    : plainTable(map);
  const places = new Places(map);
  const kernel = kernelRange(guest, descriptors, files.kernelBytes);
  places.take(kernel);
  const initrd = initrdRange(places, said?.initrd, files.initrdBytes);
  if (initrd !== undefined) places.take(initrd);
  for (const range of said?.acpiTables ?? []) places.take(range);
  const acpi = acpiRange(guest, places);
  const tableBytes = flagsPages || table === undefined ? 0 : TABLE_HEADER_BYTES + table.bitmapBytes;
  const tableRange = tableBytes === 0 ? undefined : tableAt(places, said?.efi?.unacceptedTable, tableBytes);
  const stub: StubResult = {
    outcome: "exited",
    ...e820,
    finalMap: isEfi ? descriptors : [],
    memoryMap: isEfi ? (said?.efi?.memoryMap ?? copyOfMap(places, descriptors.length)) : undefined,
    table,
    tableRange,
    tableInRam: tableRange !== undefined && isRam(e820, tableRange),
    unknownBytes: 0,
  };
  return {
    stub: flagsPages && table !== undefined ? { ...stub, table: table.copy() } : stub,
    kernel,
    initrd,
    acpi,
    memoryAttributes: undefined,
    acpiMemory: [],
  };
}

function plainTable(map: readonly MemoryMapEntry[]): E820Table {
  return { entries: e820OfMap(map) as readonly E820Entry[], extEntries: 0, lostBytes: 0 };
}

/** As the kernel prints it: firmware may have written some of its entries last, such as flash. */
function sorted(table: E820Table): E820Table {
  return { ...table, entries: sanitise(table.entries) as readonly E820Entry[] };
}

function isRam({ entries }: E820Table, { start, end }: AddressRange): boolean {
  return entries.some((entry) => entry.type === E820Type.RAM && entry.start <= start && end <= entry.end);
}

/** @throws GuestEnded where nothing is large enough for it */
function kernelRange(
  { options }: Guest,
  descriptors: readonly EfiMemoryDescriptor[],
  sizeBytes: number,
): AddressRange {
  const start = options.handOver?.kernelStart ?? kernelStartIn(descriptors, sizeBytes, options);
  if (start === undefined) throw noRoom(`the kernel of ${formatBytes(sizeBytes)}`);
  return { start, end: start + sizeBytes };
}

function initrdRange(
  places: Places,
  said: AddressRange | undefined,
  sizeBytes: number,
): AddressRange | undefined {
  if (said !== undefined) return said.start === said.end ? undefined : said;
  if (sizeBytes === 0) return undefined;
  const start =
    places.find(["usable"], sizeBytes, INITRD_LIMIT) ?? places.find(["usable"], sizeBytes, LOW_END);
  if (start === undefined) throw noRoom(`the initrd of ${formatBytes(sizeBytes)}`);
  return { start, end: start + sizeBytes };
}

/** QEMU's tables, where the map has room for tables and nobody says what lies there. */
function acpiRange({ options }: Guest, places: Places): AddressRange | undefined {
  if ((options.handOver?.acpiTables.length ?? 0) > 0) return undefined;
  const sizeBytes = qemuAcpiBytes(options.vcpus);
  const start = places.find(["ACPI data"], sizeBytes, LOW_END);
  if (start === undefined) return undefined;
  const range = { start, end: start + sizeBytes };
  places.take(range);
  return range;
}

function tableAt(places: Places, said: number | undefined, sizeBytes: number): AddressRange {
  const start = said ?? places.find(["ACPI data", "usable"], sizeBytes, LOW_END);
  if (start === undefined) throw noRoom(`the table of unaccepted memory of ${formatBytes(sizeBytes)}`);
  const range = { start, end: start + sizeBytes };
  places.take(range);
  return range;
}

function copyOfMap(places: Places, entries: number): AddressRange {
  const start = places.find(["ACPI data", "usable"], bootMemoryMapBytes(entries), LOW_END);
  if (start === undefined) throw noRoom("the copy of the map");
  return { start, end: start + entries * EFI_DESCRIPTOR_BYTES };
}

function noRoom(what: string): GuestEnded {
  return new GuestEnded("oom", `memoryMap has no accepted memory for ${what}`);
}

/** Memory of a map that nothing lies in yet. */
class Places {
  readonly #map: readonly MemoryMapEntry[];
  readonly #taken: AddressRange[] = [];

  constructor(map: readonly MemoryMapEntry[]) {
    this.#map = map;
  }

  take({ start, end }: AddressRange): void {
    this.#taken.push({ start: roundDown(start, PAGE_SIZE), end: roundUp(end, PAGE_SIZE) });
  }

  /** The highest place for so many bytes in whole pages below a limit, in the first of the types that has one. */
  find(types: readonly MemoryMapEntry["type"][], sizeBytes: number, limit: number): number | undefined {
    const bytes = roundUp(sizeBytes, PAGE_SIZE);
    for (const type of types) {
      const free = subtractRanges(rangesOfType(this.#map, type), this.#taken).toSorted(
        (a, b) => b.start - a.start,
      );
      for (const { start, end } of free) {
        const at = roundDown(Math.min(end, limit), PAGE_SIZE) - bytes;
        if (at >= start) return at;
      }
    }
    return undefined;
  }
}
