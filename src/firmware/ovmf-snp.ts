import { type AddressRange, MiB, PAGE_SIZE, roundDown, roundUp } from "../units.js";
import type { Firmware, FirmwareAccept, FirmwareMachine } from "./firmware.js";
import { withoutLegacyHole } from "./q35.js";
import { above, below, subtractRanges } from "./ranges.js";

/**
 * OVMF as firmware of a SEV-SNP guest (edk2 c5aa7e7 OvmfPkg/PlatformPei/AmdSev.c:
 * AmdSevSnpInitialize, OvmfPkg/Library/BaseMemEncryptSevLib/X64/PeiSnpSystemRamValidate.c).
 */

/**
 * Launch-measured pages, validated before the guest runs: from the first page tables up to the
 * volume of the PEI phase (PcdOvmfSecPageTablesBase, PcdOvmfPeiMemFvBase).
 */
const LAUNCH_MEASURED: AddressRange = { start: 0x800000, end: 0x820000 };
/** Where the first phase unpacks the firmware; it validates that itself (PcdOvmfSecValidatedStart, PcdOvmfSecValidatedEnd). */
const SEC_VALIDATED: AddressRange = { start: 0x820000, end: 0x1a10000 };

/**
 * One CPU validates everything below the limit, without the two ranges that are valid already:
 * no page is validated twice. RAM that starts at the limit or above it becomes type 15; edk2
 * never has RAM on both sides of 4 GiB in one piece, with other limits the piece is split.
 */
function preAccept(machine: FirmwareMachine, sink: FirmwareAccept): AddressRange[] {
  const ram = withoutLegacyHole(machine.ram);
  validate(SEC_VALIDATED, SEC_BUFFER_ENTRIES, sink);
  const left = subtractRanges(ram, [LAUNCH_MEASURED, SEC_VALIDATED]);
  for (const range of below(left, machine.preAcceptLimit)) validate(range, DXE_BUFFER_ENTRIES, sink);
  return above(left, machine.preAcceptLimit);
}

function validate(range: AddressRange, bufferEntries: number, sink: FirmwareAccept): void {
  for (const { start, end } of pscBuffers(range, bufferEntries)) sink.firmwareAccept(start, end, 0);
}

/** OVMF for SEV-SNP since January 2023, with the acceptance protocol (OvmfPkg/AmdSevDxe/AmdSevDxe.c). */
export const ovmfSnp: Firmware = {
  name: "ovmf-snp",
  summary:
    "as tdvf, and accepts the rest at ExitBootServices for a kernel that does not ask it not to (January 2023)",
  launchRanges: [LAUNCH_MEASURED],
  acceptanceProtocol: true,
  report: "efi",
  preAccept,
};

/**
 * The same without the protocol: OVMF between November 2022 and January 2023, and again once the
 * protocol is phased out as its reviewers meant it to be (Ard Biesheuvel in "[PATCH v7 6/6] x86/efi:
 * Safely enable unaccepted memory in UEFI", April 2023).
 */
export const ovmfSnpNoProtocol: Firmware = {
  ...ovmfSnp,
  name: "ovmf-snp-no-protocol",
  summary: "ovmf-snp without the protocol, as before January 2023 and once it is phased out",
  acceptanceProtocol: false,
};

/**
 * OVMF for SEV-SNP before November 2022: it validates all RAM in PEI, on one CPU, and reports no
 * memory of type 15 (edk2 OvmfPkg/PlatformPei/AmdSev.c of that time).
 */
export const ovmfSnp2022: Firmware = {
  ...ovmfSnp,
  name: "ovmf-snp-2022",
  summary: "OVMF before November 2022: accepts everything on one CPU",
  acceptanceProtocol: false,
  preAccept: (machine, sink) =>
    ovmfSnp.preAccept({ ...machine, preAcceptLimit: Number.POSITIVE_INFINITY }, sink),
};

/** OVMF in a guest whose memory needs no acceptance: it accepts nothing and leaves no memory of type 15. */
export const ovmf: Firmware = {
  name: "ovmf",
  summary: "a guest whose memory needs no acceptance",
  launchRanges: [],
  acceptanceProtocol: false,
  report: "efi",
  preAccept: () => [],
};

/**
 * How OVMF batches the page state changes of SEV-SNP: an entry for each page goes into a buffer,
 * and a full buffer to the host in as many exits as the shared GHCB page needs (edk2 c5aa7e7
 * OvmfPkg/Library/BaseMemEncryptSevLib/X64/SnpPageStateChangeInternal.c: BuildPageStateBuffer).
 */

const HEADER_BYTES = 8;
const ENTRY_BYTES = 8;
const LARGE_PAGE: number = 2 * MiB;

/** Entries that one exit carries: the GHCB's shared buffer of 2032 bytes. */
const ENTRIES_PER_EXIT: number = (2032 - HEADER_BYTES) / ENTRY_BYTES;

/** Entries of a buffer: what fits, and of that whole exits when it is more than one. */
export function pscBufferEntries(bufferBytes: number): number {
  const fit = Math.floor((bufferBytes - HEADER_BYTES) / ENTRY_BYTES);
  return fit < ENTRIES_PER_EXIT ? fit : roundDown(fit, ENTRIES_PER_EXIT);
}

/** Buffer of the first phase (SEC), in the early work area of 1024 bytes. */
export const SEC_BUFFER_ENTRIES: number = pscBufferEntries(1024);
/** Buffer of the later phases (PEI, DXE): a page. */
export const DXE_BUFFER_ENTRIES: number = pscBufferEntries(PAGE_SIZE);

export interface PscBuffer extends AddressRange {
  /** Of 2 MiB where an address is aligned and that much of the range is left, otherwise of 4 KiB. */
  readonly entries: number;
  readonly vmgexits: number;
}

export function pscBuffers(range: AddressRange, bufferEntries: number): PscBuffer[] {
  const largeStart = Math.min(roundUp(range.start, LARGE_PAGE), range.end);
  const largeEnd = roundDown(range.end, LARGE_PAGE);
  const buffers: PscBuffer[] = [];
  for (let start = range.start; start < range.end; ) {
    let end = start;
    let room = bufferEntries;
    const fill = (until: number, pageSize: number): void => {
      const entries = Math.min(room, Math.max(0, until - end) / pageSize);
      room -= entries;
      end += entries * pageSize;
    };
    fill(largeStart, PAGE_SIZE);
    fill(largeEnd, LARGE_PAGE);
    fill(range.end, PAGE_SIZE);
    const entries = bufferEntries - room;
    buffers.push({ start, end, entries, vmgexits: Math.ceil(entries / ENTRIES_PER_EXIT) });
    start = end;
  }
  return buffers;
}
