import { type AddressRange, GiB, KiB, MiB, roundDown, roundUp } from "../units.js";
import { peiHeapProblem } from "./edk2.js";
import { EfiMemoryType } from "./efi-memory-map.js";
import type { Firmware, FirmwareAccept, FirmwareMachine } from "./firmware.js";
import { above, below, subtractRanges } from "./ranges.js";

/**
 * TDVF, edk2's firmware for TDX (edk2 c5aa7e7 OvmfPkg/IntelTdx/TdxHelperLib/SecTdxHelper.c:
 * ProcessHobList, OvmfPkg/Library/PlatformInitLib/IntelTdx.c: TransferTdxHobList).
 */

/** End of the addresses for devices below the PCI configuration space (OvmfPkg/TdxDxe/TdxDxe.c: SetMmioSharedBit). */
const DEVICES_END: number = 3.5 * GiB;

/** Stack of one application processor while it helps to accept (AP_STACK_SIZE). */
const AP_STACK_SIZE: number = 16 * KiB;

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
  const { build, vcpus } = machine;
  const { tdxLeavesMemory, tdxAcceptsOn, tdxAcceptsTail } = build.rules;
  const limit = tdxLeavesMemory ? machine.preAcceptLimit : Number.POSITIVE_INFINITY;
  const unaccepted = subtractRanges(machine.ram, build.pages.tdx);
  const regions = below(unaccepted, limit);
  const cpus = tdxAcceptsOn === "all-cpus" ? vcpus : 1;
  const acceptedEnd = cpus > 1 ? acceptForStacks(regions, cpus, sink) : 0;
  for (const region of above(regions, acceptedEnd)) {
    if (cpus === 1) bspAccept(region.start, region.end, sink);
    else mpAccept(region, cpus, sink, { acceptsTail: tdxAcceptsTail });
  }
  return above(unaccepted, limit);
}

/**
 * TDVF. It has no acceptance protocol: what lies above the limit stays unaccepted whether the
 * kernel understands that or not.
 */
export const tdvf: Firmware = {
  name: "tdvf",
  summary: "accepts what lies below the limit and tells of the rest with type 15; it has no protocol",
  limitIs: "address",
  launchRanges: ({ pages }) => pages.tdx,
  acceptanceProtocol: false,
  report: "efi",
  edk2: {
    image: "bios",
    // The blocks of the TD HOB are taken over one by one (TransferTdxHobList).
    legacyHole: false,
    s3: ({ rules }) => rules.s3InConfidential,
    holds: ({ rules }) => rules.tdxHolds.map((range) => ({ type: EfiMemoryType.ACPI_NVS, ...range })),
    reservedPages: () => 0,
    acpiBlocks: () => [],
  },
  // The VMM lists what it has added apart, so memory is in blocks (QEMU hw/i386/tdvf-hob.c).
  // Seen with 2 GiB of RAM below 4 GiB (edk2 pull request 5026); with more of it the range is what is left, an assumption.
  sharedDevices: (ram) => {
    const low = ram.filter(({ start }) => start < DEVICES_END);
    return {
      start: Math.max(2 * GiB, ...low.map(({ end }) => Math.min(end, DEVICES_END))),
      end: DEVICES_END,
    };
  },
  fails: ({ build, ram }) => peiHeapProblem(build, subtractRanges(ram, build.pages.tdx)),
  preAccept,
};

/**
 * TDVF before November 2022: it accepts all RAM itself, on the CPU that boots, and reports no memory
 * of type 15. Other CPUs take part since January 2023 (edk2 pull request 3813).
 */
export const tdvf2022: Firmware = {
  ...tdvf,
  name: "tdvf-2022",
  summary: "TDVF before November 2022: accepts everything on one CPU",
  version: "2022.08",
};

/** Stretch that one CPU takes at a time (ACCEPT_CHUNK_SIZE). */
const ACCEPT_CHUNK_SIZE: number = 32 * MiB;
/** Chunks are made of whole pages of this size (PcdTdxAcceptPageSize, its default). */
const ACCEPT_PAGE_SIZE: number = 2 * MiB;

export function bspAccept(start: number, end: number, sink: FirmwareAccept): void {
  if (start < end) sink.firmwareAccept(start, end, 0);
}

/**
 * Accepts a region on all CPUs (MpAcceptMemoryResourceRange). CPU 0 does what is not aligned,
 * and everything of a region that is not longer than a chunk. Of the chunks a CPU takes those with
 * number cpu, cpu + cpus, cpu + 2 * cpus, ... from the start of the region.
 *
 * @param acceptsTail whether what lies beyond whole large pages is accepted; before edk2-stable202511 nobody did
 * @param headLast whether CPU 0 does what lies in front of them after its chunks, as td-shim does
 */
export function mpAccept(
  range: AddressRange,
  cpus: number,
  sink: FirmwareAccept,
  { acceptsTail = true, headLast = false }: { acceptsTail?: boolean; headLast?: boolean } = {},
): void {
  const start = Math.min(roundUp(range.start, ACCEPT_PAGE_SIZE), range.end);
  const end = roundDown(range.end, ACCEPT_PAGE_SIZE);
  const isShort = range.end - start <= ACCEPT_CHUNK_SIZE;
  if (isShort || !headLast) bspAccept(range.start, start, sink);
  if (isShort) {
    bspAccept(start, range.end, sink);
    return;
  }
  // Round by round, as time goes. CPU 0 last in each: the others start when it wakes them, before
  // it does its own share.
  const chunks = Math.ceil((end - start) / ACCEPT_CHUNK_SIZE);
  for (let round = 0; round * cpus < chunks; round++) {
    for (let turn = 1; turn <= cpus; turn++) {
      const cpu = turn % cpus;
      const chunk = start + ACCEPT_CHUNK_SIZE * (round * cpus + cpu);
      if (chunk < end) sink.firmwareAccept(chunk, Math.min(chunk + ACCEPT_CHUNK_SIZE, end), cpu);
    }
  }
  if (headLast) bspAccept(range.start, start, sink);
  if (acceptsTail) bspAccept(end, range.end, sink);
  sink.firmwareBarrier?.();
}
