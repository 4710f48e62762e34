import { roundUp, UNIT_SIZE } from "../units.js";
import type { ArchAccept, UnacceptedTable } from "./unaccepted-table.js";

/**
 * Accepts the memory that the kernel is unpacked to, whole units of it, when a boot loader and not
 * the stub has left the firmware (arch/x86/boot/compressed/misc.c: extract_kernel, with
 * drivers/firmware/efi/libstub/unaccepted_memory.c: accept_memory, 6.12). The stub needs no such
 * call: it unpacks to memory that the firmware gave it. There is no guard unit behind the range,
 * because nothing reads past its buffers that early.
 *
 * @param neededBytes the larger of the unpacked image and the image with its bss
 */
export function acceptKernelOutput(
  table: UnacceptedTable,
  outputStart: number,
  neededBytes: number,
  arch: ArchAccept,
): void {
  const { physBase, unitSizeBytes, unitCount } = table;
  const end = outputStart + roundUp(neededBytes, UNIT_SIZE) - physBase;
  const first = Math.floor((Math.max(outputStart, physBase) - physBase) / unitSizeBytes);
  table.acceptUnits(first, Math.min(Math.ceil(end / unitSizeBytes), unitCount), arch);
}
