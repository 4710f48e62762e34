/** Addresses that a QEMU machine sets aside for memory that is plugged in later. */

import { type AddressRange, formatBytes, GiB, roundUp } from "../units.js";
import { HIGH_RAM_START } from "./q35.js";

/** Slots for memory devices that ACPI can describe (QEMU include/hw/acpi/acpi.h: ACPI_MAX_RAM_SLOTS). */
export const MAX_SLOTS = 256;

/** `-m size,maxmem=...,slots=...`, in bytes. */
export interface HotplugRoom {
  readonly memoryBytes: number;
  /** At least `memoryBytes`. */
  readonly maxMemoryBytes: number;
  readonly slots: number;
}

/** Where a machine puts memory devices, and what it tells of that. */
export interface HotplugWindow extends AddressRange {
  /** `etc/reserved-memory-end` of its configuration files: the firmware puts nothing below. */
  readonly reservedEnd: number;
  /** Memory that devices can have together; the window is longer, to align each of them. */
  readonly roomBytes: number;
}

/** Length of the window: what can be plugged in, and 1 GiB for each slot, to align huge pages of the host (enforce_aligned_dimm). */
export function windowBytes({ memoryBytes, maxMemoryBytes, slots }: HotplugRoom): number {
  const roomBytes = maxMemoryBytes - memoryBytes;
  return roomBytes > 0 ? roomBytes + slots * GiB : 0;
}

/**
 * The window begins at the next 1 GiB above RAM (QEMU 10.1 hw/i386/pc.c: pc_get_device_memory_range,
 * pc_memory_init).
 *
 * @param ram ascending
 * @param highStart where RAM above 4 GiB begins, or would
 * @returns undefined for a machine that takes no more memory
 */
export function hotplugWindow(
  ram: readonly AddressRange[],
  highStart: number,
  room: HotplugRoom,
): HotplugWindow | undefined {
  const sizeBytes = windowBytes(room);
  if (sizeBytes === 0) return undefined;
  const start = roundUp(Math.max(highStart, ram.at(-1)!.end), GiB);
  return {
    start,
    end: start + sizeBytes,
    reservedEnd: roundUp(start + sizeBytes, GiB),
    roomBytes: room.maxMemoryBytes - room.memoryBytes,
  };
}

/** Whether the firmware tells of the window in its map, as unaccepted memory that nobody has plugged in yet. */
export const HOTPLUG_WINDOWS = ["none", "reported"] as const;
export type HotplugWindowReport = (typeof HOTPLUG_WINDOWS)[number];

/**
 * What the firmware reports: from where RAM above 4 GiB ends up to the end that the VMM names ("Unaccepted
 * Hot-Plug Memory Attribute", draft for TianoCore of 2026-07-15, edk2 pull request 12811).
 */
export function reportedWindow(ram: readonly AddressRange[], { reservedEnd }: HotplugWindow): AddressRange {
  return { start: Math.max(HIGH_RAM_START, ram.at(-1)!.end), end: reservedEnd };
}

/** What becomes of a program that takes the window for memory. @param who it is, and what it does with it */
export function notPluggedIn(who: string, { start, end }: AddressRange): string {
  return (
    `${who} ${formatBytes(end - start)} at 0x${start.toString(16)}, which the firmware's map calls unaccepted, but ` +
    "where nothing is plugged in: the kernel does not know the mark of a hot-plug window (EFI_MEMORY_UHP)"
  );
}
