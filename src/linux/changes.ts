/**
 * The rules each commit changed, with the release that had it first, and the point releases
 * that took it over.
 *
 * Sources of the dates: shortlogs of the announcements and review mails of the stable series and pull
 * requests of the subsystems (lore.kernel.org); a candidate that is marked as assumed is the first of
 * a release whose merge window took the commit. A series that is not listed did not take it over as
 * far as its review mails tell (assumption where a series has no mail that names the commit).
 */

import { MAX_ORDER_PAGES } from "../units.js";
import type { KernelRules } from "./rules.js";

/** What a commit sets. */
export type RulesDelta = {
  readonly [Name in keyof KernelRules]?: KernelRules[Name] extends string | boolean
    ? KernelRules[Name]
    : Partial<KernelRules[Name]>;
};

export interface Change {
  /** First twelve digits; of a patch whose mail was read but whose number is not known, its subject in short. */
  readonly commit: string;
  readonly what: string;
  /** The first tag that has it: a release or a candidate. */
  readonly landed: string;
  /** By stable series: the first point release that has it. */
  readonly backports?: Readonly<Record<string, number>>;
  readonly sets: RulesDelta;
}

/** The first release with unaccepted memory. */
export const FIRST_RELEASE = "6.5-rc1";

export const FIRST_RULES: KernelRules = {
  pageAlloc: {
    fallback: "6.12.0",
    acceptTarget: "high",
    acceptOnVisit: false,
    acceptAtLeastOne: true,
    acceptAtOncePages: MAX_ORDER_PAGES,
    unacceptedUnusable: true,
    acceptBeforeWatermarks: false,
    reserveBeforeWatermarksPages: 0,
    bulkAccepts: false,
    highOrdersDrainFrom: "batch",
    drainsInBatches: false,
    highatomicInFastPath: false,
    highatomicRefills: true,
    highatomicReserves: "any",
    lowmemReserveFollows: false,
    skipsNodesOfAwakeKswapd: false,
    slowPath: "two-walks",
    rangesFreedAsBlocks: false,
  },
  acceptMemory: { lock: "single", touchesWatchdog: false, wholePages: false },
  vmalloc: { largestFirst: false, freesRanges: false },
  kexec: {
    highestFirst: false,
    acceptsSegments: false,
    unshares: [],
    vmcoreAsks: false,
    tellsUnaccepted: false,
  },
  memblock: { marksReservations: false, marksScratch: false },
  boot: {
    memmapIn: "setup_arch",
    memmapBlocks: "node",
    usageMapsNearNode: true,
    memmapUntraced: false,
    isolateBit: false,
    countsBeforeMemmap: false,
    hugePagesIn: "hugepages_setup",
    hugePagesManagedFrom: "hugetlb_init",
    swiotlbFirst: false,
    reservedKernType: true,
    reservedHeadsMovable: false,
    deferredJobs: "range",
    zoneGrowth: "free-memory",
    lateFrees: "hand-over",
  },
  tableMemory: "loader-data",
  tableReservation: "bytes",
  bootServicesFreed: "efi_enter_virtual_mode",
  unpacksAfterExit: true,
};

export const CHANGES: readonly Change[] = [
  {
    commit: "a1b87d54f4e4",
    what: "the stub unpacks the kernel itself",
    landed: "6.6-rc1", // assumed
    sets: { unpacksAfterExit: false },
  },
  {
    commit: "e7761d827e99",
    what: "the table lies in memory of type ACPI reclaim",
    landed: "6.6-rc2",
    sets: { tableMemory: "acpi-reclaim" },
  },
  {
    commit: "8dbe33956d96",
    what: "the kernel makes the table's pages known as memory, and can miss the last one",
    landed: "6.6-rc3",
    sets: { tableReservation: "size-in-pages" },
  },
  {
    commit: "50e782a86c98",
    what: "CPUs accept side by side",
    landed: "6.6-rc7",
    backports: { "6.5": 9 },
    sets: { acceptMemory: { lock: "list-touching" } },
  },
  {
    commit: "7cd34dd3c9bf",
    what: "/proc/vmcore leaves unaccepted memory out",
    landed: "6.7-rc1", // assumed
    sets: { kexec: { vmcoreAsks: true } },
  },
  {
    commit: "01b1e3ca0e5c",
    what: "CPUs accept neighbouring ranges side by side",
    landed: "6.7-rc4",
    backports: { "6.6": 5 },
    sets: { acceptMemory: { lock: "list" } },
  },
  {
    commit: "b3ba234171cd",
    what: "kexec looks for a place in the highest RAM first",
    landed: "6.8-rc1", // assumed
    sets: { kexec: { highestFirst: true } },
  },
  {
    commit: "1c5a1627f481",
    what: "accepting excuses a CPU from the soft lockup detector",
    landed: "6.9-rc7",
    backports: { "6.6": 55, "6.8": 10 },
    sets: { acceptMemory: { touchesWatchdog: true } },
  },
  {
    commit: "859e63b789d6",
    what: "kexec makes shared memory private again on TDX",
    landed: "6.11-rc1", // assumed
    backports: { "6.10": 13 },
    sets: { kexec: { unshares: ["tdx"] } },
  },
  {
    commit: "807174a93d24",
    what: "every visit to a zone accepts up to the high watermark; unaccepted memory counts as free",
    landed: "6.11-rc4",
    backports: { "6.6": 48, "6.10": 7 },
    sets: { pageAlloc: { acceptOnVisit: true, acceptAtLeastOne: false, unacceptedUnusable: false } },
  },
  {
    commit: "8f377e9d1ad8",
    what: "bulk allocations accept too",
    landed: "6.12-rc1", // assumed
    sets: { pageAlloc: { bulkAccepts: true } },
  },
  {
    commit: "5118e3d1bc13",
    what: "accepts up to the promo watermark",
    landed: "6.12-rc1", // assumed
    sets: { pageAlloc: { acceptTarget: "promo" } },
  },
  {
    commit: "3074152e56c9",
    what: "kexec makes shared memory private again on SNP",
    landed: "6.13-rc1", // assumed
    sets: { kexec: { unshares: ["tdx", "snp"] } },
  },
  {
    commit: "98b7beba1ee6",
    what: "a pageblock of deferred memory that begins with a reserved page is MOVABLE",
    landed: "6.13-rc1", // assumed
    sets: { boot: { reservedHeadsMovable: true } },
  },
  {
    commit: "prevent-double-scanning-of-memmap",
    what: "requests for the memory map ask not to be traced for leaks",
    landed: "6.14-rc1", // assumed
    sets: { boot: { memmapUntraced: true } },
  },
  {
    commit: "800f1059c99e",
    what: "before watermarks are set up, every visit to a zone accepts a block",
    landed: "6.14",
    backports: { "6.6": 86, "6.12": 21, "6.13": 9 },
    sets: { pageAlloc: { acceptBeforeWatermarks: true } },
  },
  {
    commit: "9726891fe753",
    what: "lowmem_reserve follows memory that is freed late",
    landed: "6.14",
    sets: { pageAlloc: { lowmemReserveFollows: true } },
  },
  {
    commit: "c2f6ea38fc1b",
    what: "a claim that fails splits the smallest block",
    landed: "6.15-rc1", // assumed
    backports: { "6.12": 29, "6.14": 7 },
    sets: { pageAlloc: { fallback: "claim-then-steal" } },
  },
  {
    commit: "caeb8ba598f0",
    what: "kexec accepts where the next kernel goes",
    landed: "6.15-rc1", // assumed
    sets: { kexec: { acceptsSegments: true } },
  },
  {
    commit: "0d98484ee333",
    what: "the bounce buffer is allocated before the memory for debugging",
    landed: "6.15-rc1", // assumed
    sets: { boot: { swiotlbFirst: true } },
  },
  {
    commit: "665eaf313314",
    what: "gigantic pages are allocated in setup_arch()",
    landed: "6.15-rc1", // assumed
    sets: { boot: { hugePagesIn: "setup_arch" } },
  },
  {
    commit: "efe659ac0146",
    what: "data of the boot loader is RAM as any other in the kernel's e820 table",
    landed: "6.15-rc1", // assumed
    sets: { boot: { reservedKernType: false } },
  },
  {
    commit: "4c78cc596bb8",
    what: "memblock keeps the node of a reservation, and whether the kernel itself uses it",
    landed: "6.16-rc1", // assumed
    sets: { memblock: { marksReservations: true } },
  },
  {
    commit: "a2daf83e1037",
    what: "the first MiB is marked for a kexec until the real-mode trampoline is placed",
    landed: "6.16-rc1", // assumed
    sets: { memblock: { marksScratch: true } },
  },
  {
    commit: "c544a952ba61",
    what: "a run of frees of order 1 to 3 has to be longer before it empties the lists of a CPU",
    landed: "6.16-rc1", // assumed
    sets: { pageAlloc: { highOrdersDrainFrom: "batch-and-half-high-min" } },
  },
  {
    commit: "export-page-unaccepted-mapcount-value",
    what: "a dump tool can tell unaccepted pages",
    landed: "6.16-rc1", // assumed; committed on 2025-05-11
    sets: { kexec: { tellsUnaccepted: true } },
  },
  {
    commit: "e904bce2d9d4",
    what: "a pageblock has a bit of its own for isolation, so that usage maps of sections are larger",
    landed: "6.17-rc1", // assumed; recorded boots of 6.16.12 lack it and of 6.17.13 have it
    sets: { boot: { isolateBit: true } },
  },
  {
    commit: "3acb913c9d5b",
    what: "a zone that runs empty early grows by whole sections",
    landed: "6.18-rc1", // assumed
    sets: { boot: { zoneGrowth: "sections" } },
  },
  {
    commit: "f1f86187fd72",
    what: "the struct pages of a node are initialised late in one job",
    landed: "6.18-rc1", // assumed
    sets: { boot: { deferredJobs: "node" } },
  },
  {
    commit: "19c5fb83f2a4",
    what: "requests pass by nodes whose kswapd is awake",
    landed: "6.18-rc1", // assumed
    sets: { pageAlloc: { skipsNodesOfAwakeKswapd: true } },
  },
  {
    commit: "batch-freeing-in-free-frozen-page-commit",
    what: "a free drains the lists of its CPU batch by batch",
    landed: "6.19-rc1", // assumed
    sets: { pageAlloc: { drainsInBatches: true } },
  },
  {
    commit: "a06157804399",
    what: "vmalloc asks for the largest blocks that fit, kernel stacks for one of order 2",
    landed: "6.19-rc1",
    sets: { vmalloc: { largestFirst: true } },
  },
  {
    commit: "0862438c9048",
    what: "the kernel keeps the last page of the table too",
    landed: "7.0-rc1", // assumed
    backports: { "6.6": 128, "6.12": 75, "6.18": 14, "6.19": 4 },
    sets: { tableReservation: "pages" },
  },
  {
    commit: "948a013a54c4",
    what: "accept_memory() looks at whole pages",
    landed: "7.0-rc1", // assumed
    sets: { acceptMemory: { wholePages: true } },
  },
  {
    commit: "d49004c5f0c1",
    what: "zones and memory map are set up after setup_arch()",
    landed: "7.0-rc1", // assumed; recorded boots of 6.19.14 lack it and of 7.0.13 have it
    sets: { boot: { memmapIn: "mm_core_init_early", hugePagesIn: "mm_core_init_early" } },
  },
  {
    commit: "refactor-slow-path-compaction",
    what: "the slow path walks the zones once, and gives up a huge page of one node only",
    landed: "7.0-rc1", // assumed
    sets: { pageAlloc: { slowPath: "one-walk" } },
  },
  {
    commit: "a4b0bf6a40f3",
    what: "memory of the firmware's boot services is freed when all struct pages are there",
    landed: "7.0-rc3",
    // 6.12.77 by Debian's changelog of 6.12.85-1; the others are of the same review round.
    backports: { "6.12": 77, "6.18": 17, "6.19": 7 }, // assumed: 6.18.17, 6.19.7
    sets: { bootServicesFreed: "arch_initcall" },
  },
  {
    commit: "87ce9e83ab8b",
    what: "memory that memblock frees late goes through the lists of a CPU",
    landed: "7.1-rc1", // assumed
    sets: { boot: { lateFrees: "free_reserved_page" } },
  },
  {
    commit: "no-highatomic-reserve-after-pcp-alloc",
    what: "atomic requests of more than a page refill no list of a CPU, and reserve pageblocks less often",
    landed: "7.1-rc1", // assumed
    sets: { pageAlloc: { highatomicRefills: false, highatomicReserves: "buddy" } },
  },
  {
    commit: "usage-maps-anywhere-on-their-node",
    what: "usage maps of sections need not lie near the data of their node",
    landed: "7.1-rc1", // assumed; recorded boots of 7.0.13 lack it and of 7.1.13 have it
    sets: { boot: { usageMapsNearNode: false } },
  },
  {
    commit: "hugetlb-bootmem-struct-page-init",
    what: "gigantic pages of the boot count as managed before watermarks are set",
    landed: "7.2-rc1", // assumed: the source of 7.2 has it
    sets: { boot: { hugePagesManagedFrom: "page_alloc_init_late" } },
  },
  {
    commit: "remove-sparse-buffer-pre-allocation",
    what: "the memory map is allocated and accepted section by section",
    landed: "7.2-rc1", // assumed; recorded boots of 7.1.13 lack it and of 7.2.12 have it
    sets: { boot: { memmapBlocks: "section" } },
  },
  {
    commit: "vmalloc-optimize-vfree-with-free-pages-bulk",
    what: "vfree gives back pages in a row as blocks",
    landed: "7.2-rc1", // assumed
    sets: { vmalloc: { freesRanges: true } },
  },
  {
    commit: "free-contig-range-in-blocks",
    what: "a range of pages is freed in the largest aligned blocks",
    landed: "7.2-rc1", // assumed
    sets: { pageAlloc: { rangesFreedAsBlocks: true } },
  },
  {
    commit: "free-area-init-before-sparse-init",
    what: "hashes are sized by memory that counts before the memory map takes its own",
    landed: "7.3-rc1", // assumed
    sets: { boot: { countsBeforeMemmap: true } },
  },
  {
    commit: "highatomic-in-the-fast-path",
    what: "atomic requests of more than a page may use their reserve at once, and reserve only below the low watermark",
    landed: "7.3-rc1", // assumed
    sets: { pageAlloc: { highatomicInFastPath: true, highatomicReserves: "buddy-below-low" } },
  },
];
