/**
 * Acceptance before the kernel proper runs. It has no guard unit behind the range, because
 * nothing reads past its buffers that early.
 */

import { roundUp, UNIT_SIZE } from "../units.js";
import type { ArchAccept, UnacceptedTable } from "./unaccepted-table.js";

/**
 * Accepts what is unaccepted of a range, in physical bytes
 * (drivers/firmware/efi/libstub/unaccepted_memory.c: accept_memory, 6.12).
 */
export function stubAcceptMemory(
  table: UnacceptedTable,
  start: number,
  sizeBytes: number,
  arch: ArchAccept,
): void {
  const { physBase, unitSizeBytes } = table;
  const from = Math.max(start, physBase) - physBase;
  const to = start + sizeBytes - physBase;
  const end = Math.min(Math.ceil(to / unitSizeBytes), table.unitCount);
  table.acceptUnits(Math.floor(from / unitSizeBytes), end, arch);
}

/**
 * Accepts the memory the kernel is unpacked to, whole units of it, when a boot loader and not the
 * stub left the firmware (arch/x86/boot/compressed/misc.c: extract_kernel, 6.12). The stub needs
 * no such call: it unpacks to memory that the firmware gave it.
 *
 * @param neededBytes the larger of the unpacked image and the image with its bss
 */
export function acceptKernelOutput(
  table: UnacceptedTable,
  outputStart: number,
  neededBytes: number,
  arch: ArchAccept,
): void {
  stubAcceptMemory(table, outputStart, roundUp(neededBytes, UNIT_SIZE), arch);
}
