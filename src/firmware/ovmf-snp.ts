import { type AddressRange, MiB, PAGE_SIZE, roundDown, roundUp } from "../units.js";
import { type Edk2Build, ENTRIES_PER_EXIT } from "./edk2.js";
import { EfiMemoryType } from "./efi-memory-map.js";
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
const MEASURED_START = 0x800000;
/** The first phase unpacks the firmware behind, and validates up to here by itself (PcdOvmfSecValidatedEnd). */
const SEC_VALIDATED_END = 0x1a10000;

/** Pages of secrets, of CPUID and of the SVSM's calling area (PcdOvmfSnpSecretsBase and the two behind it). */
const SECRETS_CPUID_CAA: AddressRange = { start: 0x80d000, end: 0x810000 };
/** The GHCB of each CPU and a page beside it (AmdSevEsInitialize), and the buffer of page state changes. */
const PAGES_PER_CPU = 2;
const BUFFER_PAGES = 1;
/** CONFIDENTIAL_COMPUTING_SNP_BLOB_LOCATION. */
const CC_BLOB_BYTES = 40;

/** Page of the first phase's GHCB, shared until the next one has its own: the one page below the volume that no section names. */
const SEC_GHCB_PAGES = 1;

function measured({ pages }: Edk2Build): AddressRange {
  return { start: MEASURED_START, end: pages.peiVolume };
}

/**
 * One CPU validates everything below the limit, without the two ranges that are valid already:
 * no page is validated twice. RAM that starts at the limit or above it becomes type 15; edk2
 * never has RAM on both sides of 4 GiB in one piece, with other limits the piece is split.
 */
function preAccept(machine: FirmwareMachine, sink: FirmwareAccept): AddressRange[] {
  const { build } = machine;
  const { pscEntries, snpLeavesMemory } = build.rules;
  const limit = snpLeavesMemory ? machine.preAcceptLimit : Number.POSITIVE_INFINITY;
  const valid = measured(build);
  const sec = { start: valid.end, end: SEC_VALIDATED_END };
  validate(sec, pscEntries.sec, sink);
  const left = subtractRanges(withoutLegacyHole(machine.ram), [valid, sec]);
  for (const range of below(left, limit)) validate(range, pscEntries.later, sink);
  return above(left, limit);
}

function validate(range: AddressRange, bufferEntries: number, sink: FirmwareAccept): void {
  for (const { start, end } of pscBuffers(range, bufferEntries)) sink.firmwareAccept(start, end, 0);
}

/** OVMF for SEV-SNP since January 2023, with the acceptance protocol (OvmfPkg/AmdSevDxe/AmdSevDxe.c). */
export const ovmfSnp: Firmware = {
  name: "ovmf-snp",
  summary:
    "as tdvf, and accepts the rest at ExitBootServices for a kernel that does not ask it not to (January 2023)",
  limitIs: "address",
  launchRanges: (build) => [measured(build)],
  // QEMU target/i386/sev.c: snp_populate_metadata_pages, section by section of OvmfPkg/ResetVector/X64/OvmfSevMetadata.asm.
  measuredPages(build) {
    const { start, end } = measured(build);
    return (end - start) / PAGE_SIZE - SEC_GHCB_PAGES;
  },
  acceptanceProtocol: true,
  report: "efi",
  edk2: {
    image: "bios",
    legacyHole: true,
    s3: ({ rules }) => rules.s3InConfidential,
    holds: () => [{ type: EfiMemoryType.RESERVED, ...SECRETS_CPUID_CAA }],
    // Where they lie has not been recorded.
    reservedPages: (vcpus) => PAGES_PER_CPU * vcpus + BUFFER_PAGES,
    acpiBlocks: ({ rules }) => (rules.ccBlobInPool ? [CC_BLOB_BYTES] : []),
  },
  preAccept,
};

/**
 * The same without the protocol: as edk2's main branch was between November 2022 and January 2023, and OVMF
 * again once the protocol is phased out as its reviewers meant it to be (Ard Biesheuvel in "[PATCH v7 6/6]
 * x86/efi: Safely enable unaccepted memory in UEFI", April 2023), which 2026.08 has not done.
 */
export const ovmfSnpNoProtocol: Firmware = {
  ...ovmfSnp,
  name: "ovmf-snp-no-protocol",
  summary: "ovmf-snp without the protocol, as before January 2023 and once it is phased out",
  acceptanceProtocol: false,
};

/**
 * OVMF for SEV-SNP before February 2023: it validates all RAM in PEI, on one CPU, and reports no
 * memory of type 15 (edk2 OvmfPkg/PlatformPei/AmdSev.c of that time).
 */
export const ovmfSnp2022: Firmware = {
  ...ovmfSnp,
  name: "ovmf-snp-2022",
  summary: "OVMF before November 2022: accepts everything on one CPU",
  acceptanceProtocol: false,
  version: "2022.08",
};

/** OVMF in a guest whose memory needs no acceptance: it accepts nothing and leaves no memory of type 15. */
export const ovmf: Firmware = {
  name: "ovmf",
  summary: "a guest whose memory needs no acceptance",
  limitIs: "address",
  launchRanges: () => [],
  acceptanceProtocol: false,
  report: "efi",
  edk2: {
    image: "flash",
    legacyHole: true,
    s3: () => true,
    holds: () => [],
    reservedPages: () => 0,
    acpiBlocks: () => [],
  },
  preAccept: () => [],
};

/**
 * How OVMF batches the page state changes of SEV-SNP: an entry for each page goes into a buffer,
 * and a full buffer to the host in as many exits as the shared GHCB page needs (edk2 c5aa7e7
 * OvmfPkg/Library/BaseMemEncryptSevLib/X64/SnpPageStateChangeInternal.c: BuildPageStateBuffer).
 */

const LARGE_PAGE: number = 2 * MiB;

export interface PscBuffer extends AddressRange {
  /** Of 2 MiB where an address is aligned and that much of the range is left, otherwise of 4 KiB. */
  readonly entries: number;
  readonly vmgexits: number;
}

export function* pscBuffers(range: AddressRange, bufferEntries: number): Generator<PscBuffer> {
  const largeStart = Math.min(roundUp(range.start, LARGE_PAGE), range.end);
  const largeEnd = roundDown(range.end, LARGE_PAGE);
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
    yield { start, end, entries, vmgexits: Math.ceil(entries / ENTRIES_PER_EXIT) };
    start = end;
  }
}
