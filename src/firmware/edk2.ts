/**
 * Builds of edk2's firmware for guests: what changed from one stable tag to the next that a guest's memory
 * shows, as commits folded to the rules of a tag; and where each build has its pages.
 */

import { type AddressRange, MiB, PAGE_SIZE } from "../units.js";

/**
 * Platform files of edk2 that images are built from: OvmfPkg/OvmfPkgX64.dsc, OvmfPkg/IntelTdx/IntelTdxX64.dsc,
 * OvmfPkg/AmdSev/AmdSevX64.dsc.
 */
export const FLAVOURS = ["generic", "inteltdx", "amdsev"] as const;
export type Flavour = (typeof FLAVOURS)[number];

export interface Edk2Rules {
  /** TDX: RAM from the limit on stays unaccepted and becomes type 15; otherwise all is accepted. */
  readonly tdxLeavesMemory: boolean;
  /** TDX: CPUs that accept. */
  readonly tdxAcceptsOn: "boot-cpu" | "all-cpus";
  /** TDX: with several CPUs, what a region has beyond whole 2 MiB is accepted too (MpAcceptMemoryResourceRange). */
  readonly tdxAcceptsTail: boolean;
  /** TDX: pages of the boot that the OS must leave alone while CPUs sleep in them, held as NVS. */
  readonly tdxHolds: readonly AddressRange[];
  /** SNP: as tdxLeavesMemory, and the acceptance protocol for kernels that do not know of it. */
  readonly snpLeavesMemory: boolean;
  /** SNP: entries of a buffer for page state changes, in the first phase and later. */
  readonly pscEntries: { readonly sec: number; readonly later: number };
  /** SNP: lines of validated pages are read to evict them, where the processor needs it. */
  readonly evicts: boolean;
  /** The size that GetMemoryMap() asks for has room for memory of type 15. */
  readonly countsUnaccepted: boolean;
  /** Free pages that span the bins of two types are reported as free (CoreGetMemoryMap). */
  readonly binsLeak: boolean;
  /** SNP: a description of secrets and CPUID pages in a block of the pool, of type ACPI reclaim. */
  readonly ccBlobInPool: boolean;
  /** Guests of TDX and SNP boot with the code for S3, which keeps memory as NVS for a resume. */
  readonly s3InConfidential: boolean;
  /** What PEI takes for memory below 4 GiB: all RAM there, or the first block of it. */
  readonly lowMemory: "all-blocks" | "first-block";
}

const EARLY_PSC_BYTES = 1024;
const PSC_HEADER_BYTES = 8;
const PSC_ENTRY_BYTES = 8;
/** Entries that one exit carries: the GHCB's shared buffer of 2032 bytes. */
export const ENTRIES_PER_EXIT: number = (2032 - PSC_HEADER_BYTES) / PSC_ENTRY_BYTES;

/** Entries of a buffer: what fits, and of that whole exits when it is more than one. */
export function pscBufferEntries(bufferBytes: number): number {
  const fit = Math.floor((bufferBytes - PSC_HEADER_BYTES) / PSC_ENTRY_BYTES);
  return fit < ENTRIES_PER_EXIT ? fit : fit - (fit % ENTRIES_PER_EXIT);
}

const SEC_PAGE_TABLES: AddressRange = { start: 0x800000, end: 0x806000 };
const WORK_AREA: AddressRange = { start: 0x80b000, end: 0x80c000 };
const MAILBOX: AddressRange = { start: 0x80c000, end: 0x80d000 };

/** edk2-stable202208. */
const FIRST: Edk2Rules = {
  tdxLeavesMemory: false,
  tdxAcceptsOn: "boot-cpu",
  tdxAcceptsTail: false,
  tdxHolds: [MAILBOX],
  snpLeavesMemory: false,
  pscEntries: { sec: ENTRIES_PER_EXIT, later: ENTRIES_PER_EXIT },
  evicts: false,
  countsUnaccepted: false,
  binsLeak: true,
  ccBlobInPool: false,
  s3InConfidential: true,
  lowMemory: "all-blocks",
};

interface Edk2Change {
  /** First stable tag that has it, edk2-stableYYYYMM. */
  readonly since: string;
  readonly commit: string;
  readonly what: string;
  readonly sets: Partial<Edk2Rules>;
}

/** In the order of their tags. */
export const EDK2_CHANGES: readonly Edk2Change[] = [
  {
    since: "2022.11",
    commit: "d1e41c620f",
    what: "TDX: memory from 4 GiB on is left to the kernel",
    sets: { tdxLeavesMemory: true },
  },
  {
    since: "2023.02",
    commit: "451521ccbc",
    what: "TDX: all CPUs accept",
    sets: { tdxAcceptsOn: "all-cpus" },
  },
  {
    since: "2023.02",
    commit: "26847fb6be",
    what: "SNP: memory from 4 GiB on is left to a kernel that asks for it",
    sets: { snpLeavesMemory: true },
  },
  {
    since: "2023.05",
    commit: "f384303dc5",
    what: "SNP: the CC blob lies in memory that an OS keeps",
    sets: { ccBlobInPool: true },
  },
  {
    since: "2024.05",
    commit: "b505f11f39",
    what: "SNP: buffers for page state changes of their own, apart from the GHCB",
    sets: { pscEntries: { sec: pscBufferEntries(EARLY_PSC_BYTES), later: pscBufferEntries(PAGE_SIZE) } },
  },
  {
    since: "2024.11",
    commit: "383f729ac0",
    what: "TDX: the first page tables are held as NVS",
    sets: { tdxHolds: [SEC_PAGE_TABLES, MAILBOX] },
  },
  {
    // The tag is known, the commit is not.
    since: "2025.08",
    commit: "",
    what: "TDX: the work area is held as NVS",
    sets: { tdxHolds: [SEC_PAGE_TABLES, WORK_AREA, MAILBOX] },
  },
  {
    since: "2025.11",
    commit: "b15f98e68f",
    what: "TDX: the rest of a region beyond whole 2 MiB is accepted",
    sets: { tdxAcceptsTail: true },
  },
  {
    since: "2025.11",
    commit: "3b0d834db2",
    what: "SNP: validated pages are evicted from caches",
    sets: { evicts: true },
  },
  {
    since: "2025.11",
    commit: "f80a406aa9",
    what: "GetMemoryMap() counts memory of type 15",
    sets: { countsUnaccepted: true },
  },
  {
    since: "2026.02",
    commit: "9ff73832ea",
    what: "no S3 in guests of TDX and SNP",
    sets: { s3InConfidential: false },
  },
  {
    since: "2026.02",
    commit: "d419725b23",
    what: "free memory of the firmware's bins is not reported as free",
    sets: { binsLeak: false },
  },
  {
    since: "2026.05",
    commit: "0a0919607c",
    what: "memory below 4 GiB is its first block",
    sets: { lowMemory: "first-block" },
  },
  {
    since: "2026.08",
    commit: "c0c8ca0ea0",
    what: "memory below 4 GiB is all blocks that touch",
    sets: { lowMemory: "all-blocks" },
  },
];

export const NEWEST_EDK2 = "2026.08";
const OLDEST_EDK2 = "2022.08";

export const EXPECTED_VERSION: string = `a stable tag of edk2 from ${OLDEST_EDK2} to ${NEWEST_EDK2}, such as 2025.02`;

/** A stable tag as `2025.02`; undefined for anything else, and for tags whose rules are not known here. */
export function edk2VersionOf(value: string | number): string | undefined {
  const tag = String(value);
  if (!/^\d{4}\.(?:02|05|08|11)$/.test(tag)) return undefined;
  return OLDEST_EDK2 <= tag && tag <= NEWEST_EDK2 ? tag : undefined;
}

/** Pages of an image below its volumes (the MEMFD of its .fdf), read from metadata of images. */
interface ImagePages {
  /** TDX: added by the VMM (TEMP_MEM, TD_HOB). */
  readonly tdx: readonly AddressRange[];
  /** Where the volume of the PEI phase starts (PcdOvmfPeiMemFvBase). SNP: measured pages end there. */
  readonly peiVolume: number;
}

/** Page tables; TD HOB, work area and mailbox. */
const COMMON: readonly AddressRange[] = [SEC_PAGE_TABLES, { start: 0x809000, end: 0x80d000 }];
/** Debian's images of 2025.02. */
const GENERIC_2025: ImagePages = {
  tdx: [...COMMON, { start: 0x811000, end: 0x820000 }],
  peiVolume: 0x820000,
};
/** Debian's images of 2026.08, which the AmdSev build shares since 2025.11; with a page for the early debug log. */
const GENERIC_2026: ImagePages = {
  tdx: [...COMMON, { start: 0x814000, end: 0x830000 }],
  peiVolume: 0x830000,
};
/** Debian's image of 2026.08; that older ones are alike is assumed. It has no PEI phase. */
const INTEL_TDX: ImagePages = {
  tdx: [...COMMON, { start: 0x810000, end: 0x820000 }],
  peiVolume: 0x820000,
};

/** One image: its tag, its platform file, and what follows. */
export interface Edk2Build {
  readonly version: string;
  readonly flavour: Flavour;
  readonly rules: Edk2Rules;
  readonly pages: ImagePages;
}

/** @param version a stable tag, from `edk2VersionOf` */
export function edk2Build(version: string = NEWEST_EDK2, flavour: Flavour = "generic"): Edk2Build {
  const rules: Edk2Rules = { ...FIRST };
  for (const { since, sets } of EDK2_CHANGES) if (since <= version) Object.assign(rules, sets);
  return { version, flavour, rules, pages: pagesOf(version, flavour) };
}

function pagesOf(version: string, flavour: Flavour): ImagePages {
  if (flavour === "inteltdx") return INTEL_TDX;
  return version < "2025.11" ? GENERIC_2025 : GENERIC_2026;
}

/** Where the volume of the DXE phase ends, and with it what PEI needs of memory (PcdOvmfDxeMemFvBase and its size). */
const DXE_VOLUME_END = 0x1780000;

/**
 * Memory below 4 GiB from where PEI takes its heap, top down (OvmfPkg/PlatformPei/MemDetect.c:
 * PublishPeiMemory). It subtracts the end of the DXE volume without a look at which is larger, so that too
 * little memory looks like very much, of which it takes the top 64 MiB and more.
 *
 * @param ram as the VMM describes it, in the blocks that it makes of it
 * @returns why the firmware does not get any further; undefined where it does
 */
export function peiHeapProblem(
  { rules, flavour }: Edk2Build,
  ram: readonly AddressRange[],
): string | undefined {
  // That build has no PEI phase and takes the largest unaccepted region for its heap (ConstructFwHobList).
  if (flavour === "inteltdx" || rules.lowMemory === "all-blocks") return undefined;
  const low = ram.find(({ start }) => start === 0)?.end ?? 0;
  if (low >= DXE_VOLUME_END) return undefined;
  return `the firmware takes the first ${low / MiB} MiB for all that lies below 4 GiB, and puts its heap below address 0`;
}
