/**
 * TDVF, edk2's firmware for TDX (edk2 c5aa7e7 OvmfPkg/IntelTdx/TdxHelperLib/SecTdxHelper.c:
 * ProcessHobList, OvmfPkg/Library/PlatformInitLib/IntelTdx.c: TransferTdxHobList).
 */

import { type AddressRange, KiB, MiB, roundUp } from "../units.js";
import type { Firmware, FirmwareAccept, FirmwareMachine } from "./firmware.js";
import { above, below, subtractRanges } from "./ranges.js";
import { ACCEPT_CHUNK_SIZE, bspAccept, mpAccept } from "./tdvf-accept.js";

/** Stack of one application processor while it helps to accept (AP_STACK_SIZE). */
const AP_STACK_SIZE: number = 16 * KiB;

/**
 * Pages that the VMM adds before the guest runs, by TDVF's metadata: page tables, TD HOB, work
 * area and mailbox, heap and stack (edk2 OvmfPkg/ResetVector/X64/IntelTdxMetadata.asm; addresses
 * from OvmfPkg/OvmfPkgX64.fdf).
 */
const ADDED_RANGES: readonly AddressRange[] = [
  { start: 0x800000, end: 0x806000 },
  { start: 0x809000, end: 0x80d000 },
  { start: 0x811000, end: 0x820000 },
];

/**
 * Accepts RAM up to where the stacks of the other CPUs can lie, on CPU 0
 * (AcceptMemoryForAPsStack). A region longer than a chunk is begun only.
 *
 * @returns the address up to which all regions are accepted now
 */
function acceptForStacks(regions: readonly AddressRange[], vcpus: number, sink: FirmwareAccept): number {
  const stacksBytes = roundUp(vcpus * AP_STACK_SIZE, 2 * MiB);
  let acceptedEnd = 0;
  for (const { start, end } of regions) {
    const sizeBytes = end - start;
    const partly = sizeBytes >= stacksBytes && sizeBytes > ACCEPT_CHUNK_SIZE;
    acceptedEnd = partly ? start + stacksBytes : end;
    bspAccept(start, acceptedEnd, sink);
    if (sizeBytes >= stacksBytes) break;
  }
  return acceptedEnd;
}

/**
 * Accepts everything below the limit and leaves the rest as type 15. Where a region lies on both
 * sides of the limit it is split there. edk2 splits the acceptance but not the region, which QEMU
 * never sees because of the hole below 4 GiB; with other limits only the split makes sense.
 */
function preAccept(machine: FirmwareMachine, sink: FirmwareAccept): AddressRange[] {
  const unaccepted = subtractRanges(machine.ram, ADDED_RANGES);
  const regions = below(unaccepted, machine.preAcceptLimit);
  const acceptedEnd = machine.vcpus > 1 ? acceptForStacks(regions, machine.vcpus, sink) : 0;
  for (const region of above(regions, acceptedEnd)) {
    if (machine.vcpus === 1) bspAccept(region.start, region.end, sink);
    else mpAccept(region, machine.vcpus, sink);
  }
  return above(unaccepted, machine.preAcceptLimit);
}

/**
 * TDVF. It has no acceptance protocol: what lies above the limit stays unaccepted whether the
 * kernel understands that or not.
 */
export const tdvf: Firmware = {
  name: "tdvf",
  summary: "accepts what lies below the limit and tells of the rest with type 15; it has no protocol",
  launchRanges: ADDED_RANGES,
  acceptanceProtocol: false,
  report: "efi",
  preAccept,
};

/**
 * TDVF before November 2022: it accepts all RAM itself, on the CPU that boots, and reports no memory
 * of type 15. Other CPUs take part since January 2023 (edk2 pull request 3813).
 */
export const tdvf2022: Firmware = {
  name: "tdvf-2022",
  summary: "TDVF before November 2022: accepts everything on one CPU",
  launchRanges: tdvf.launchRanges,
  acceptanceProtocol: false,
  report: "efi",
  preAccept({ ram }: FirmwareMachine, sink: FirmwareAccept) {
    for (const { start, end } of subtractRanges(ram, tdvf.launchRanges)) bspAccept(start, end, sink);
    return [];
  },
};
