/** Where a QEMU q35 machine puts its RAM. */

import { type AddressRange, GiB, KiB, MiB, PHYSICAL_ADDRESS_END, roundUp, TiB } from "../units.js";
import { subtractRanges } from "./ranges.js";

export const HIGH_RAM_START: number = 4 * GiB;

/**
 * From this size on the machine splits its RAM. The hole below 4 GiB could hold 2.75 GiB, but a
 * machine that has to split keeps only 2 GiB there, so that both parts start on a 1 GiB boundary.
 */
const SPLIT_SIZE: number = 2.75 * GiB;
const LOW_RAM_OF_A_SPLIT_MACHINE: number = 2 * GiB;

/**
 * Addresses of HyperTransport, which AMD's IOMMUs keep to themselves: QEMU puts all of the high RAM behind them
 * when it, or the window for devices above it, would reach them (hw/i386/pc.c: pc_max_used_gpa,
 * AMD_HT_START; machines since 7.1, processors of AMD only).
 */
const AMD_HT_START = 0xfd00000000;
const ABOVE_1TB_START: number = TiB;
/** Window for devices of 64 bits behind the RAM (q35: Q35_PCI_HOST_HOLE64_SIZE_DEFAULT). */
export const Q35_HOLE64_BYTES: number = 32 * GiB;

/**
 * RAM of a q35 machine: below 2.75 GiB all of it from address 0, otherwise 2 GiB low and the
 * rest from 4 GiB (QEMU hw/i386/pc_q35.c: pc_q35_init), but none at 2^52 or
 * above, which no x86-64 processor can address: of 4 PiB that leaves out as much as the hole takes.
 *
 * @param amd the processor is AMD's: from 979 GiB on the high part starts at 1 TiB
 * @param lowBytesMax RAM below 4 GiB at most (max-ram-below-4g)
 * @param windowBytes behind the RAM, for memory that is plugged in later
 */
export function q35Ram(
  memoryBytes: number,
  amd = false,
  lowBytesMax: number = Number.POSITIVE_INFINITY,
  windowBytes = 0,
): AddressRange[] {
  const usual = memoryBytes < SPLIT_SIZE ? SPLIT_SIZE : LOW_RAM_OF_A_SPLIT_MACHINE;
  const lowBytes = Math.min(usual, lowBytesMax);
  return pcRam(memoryBytes, lowBytes, { amd, windowBytes, hole64Bytes: Q35_HOLE64_BYTES });
}

export interface PcMachine {
  readonly amd: boolean;
  /** Window for memory that is plugged in, behind the RAM. */
  readonly windowBytes: number;
  /** Window for devices, behind both. */
  readonly hole64Bytes: number;
}

/** RAM of a PC of QEMU that keeps so much below 4 GiB (hw/i386/pc.c: pc_memory_init). */
export function pcRam(memoryBytes: number, lowBytes: number, machine: PcMachine): AddressRange[] {
  if (memoryBytes <= lowBytes) return [{ start: 0, end: memoryBytes }];
  const highBytes = memoryBytes - lowBytes;
  const start = pcHighStart(highBytes, machine);
  return [
    { start: 0, end: lowBytes },
    { start, end: Math.min(start + highBytes, PHYSICAL_ADDRESS_END) },
  ];
}

/** Where RAM above 4 GiB begins, or would if there were any. */
export function pcHighStart(highBytes: number, { amd, windowBytes, hole64Bytes }: PcMachine): number {
  const ramEnd = roundUp(HIGH_RAM_START + highBytes, GiB);
  const used = roundUp(ramEnd + windowBytes, GiB) + hole64Bytes;
  return amd && used > AMD_HT_START ? ABOVE_1TB_START : HIGH_RAM_START;
}

/** VGA memory and ROMs: there is RAM underneath, but no operating system gets it. */
const LEGACY_HOLE: AddressRange = { start: 640 * KiB, end: MiB };

/** RAM as the firmware's map offers it, without the legacy hole (edk2 OvmfPkg/Library/PlatformInitLib/MemDetect.c). */
export function withoutLegacyHole(ram: readonly AddressRange[]): AddressRange[] {
  return subtractRanges(ram, [LEGACY_HOLE]);
}
