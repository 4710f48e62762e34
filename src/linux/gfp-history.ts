import { compareReleases, parseReleaseName, type ReleaseName } from "./release-name.js";

/**
 * How the request flags of the page allocator were numbered, from 2.6.32 on: what each change set.
 *
 * Numbers were read in include/linux/gfp.h and gfp_types.h at the commits named here and in the
 * headers that Debian and Ubuntu ship for 4.4, 4.11, 4.13, 4.15, 4.18, 5.0, 5.3, 5.4, 5.6, 5.8,
 * 5.10, 5.11, 5.13 to 5.15, 5.17, 5.19, 6.0 to 6.2, 6.5, 6.8, 6.11, 6.12, 6.14, 6.17, 7.0, 7.2 and
 * 7.3, and in the sources of 2.6.32, 3.7, 3.13, 4.6.2 and 4.9. Between two of these nothing else
 * moved a flag that decides anything about a page.
 */

export interface GfpChange {
  /** First release, or candidate of one, that has it. */
  readonly since: string;
  /** Commit or title, and where its numbers were read if not there. */
  readonly source: string;
  /** Bits of modifiers, without `__GFP_`; 0 takes one away. */
  readonly bits?: Readonly<Record<string, number>>;
  /** Modifiers of combinations, as traces name them without `GFP_`; undefined takes one away. */
  readonly combinations?: Readonly<Record<string, string | undefined>>;
  /** Whether a request wakes kswapd unless NO_KSWAPD forbids it. */
  readonly wakesKswapd?: boolean;
  /** Bits of which the kernel's configuration says what they are. They decide nothing about a page. */
  readonly configuredMask?: number;
  /** Whether traces name single flags in the order of their bits. */
  readonly printsByBit?: boolean;
}

const HIGHUSER = "DIRECT_RECLAIM KSWAPD_RECLAIM IO FS HARDWALL HIGHMEM";
const HUGE_PAGE = "IO FS HARDWALL HIGHMEM MOVABLE COMP NOMEMALLOC NOWARN";

export const GFP_CHANGES: readonly GfpChange[] = [
  {
    since: "2.6.32",
    source: "include/linux/gfp.h (NOTRACK only with CONFIG_KMEMCHECK)",
    bits: {
      DMA: 0x1,
      HIGHMEM: 0x2,
      DMA32: 0x4,
      MOVABLE: 0x8,
      WAIT: 0x10,
      HIGH: 0x20,
      IO: 0x40,
      FS: 0x80,
      COLD: 0x100,
      NOWARN: 0x200,
      REPEAT: 0x400,
      NOFAIL: 0x800,
      NORETRY: 0x1000,
      COMP: 0x4000,
      ZERO: 0x8000,
      NOMEMALLOC: 0x10000,
      HARDWALL: 0x20000,
      THISNODE: 0x40000,
      RECLAIMABLE: 0x80000,
      NOTRACK: 0x200000,
    },
    combinations: {
      ATOMIC: "HIGH",
      KERNEL: "WAIT IO FS",
      NOWAIT: "",
      NOIO: "WAIT",
      NOFS: "WAIT IO",
      TEMPORARY: "WAIT IO FS RECLAIMABLE",
      USER: "WAIT IO FS HARDWALL",
      HIGHUSER: "WAIT IO FS HARDWALL HIGHMEM",
      HIGHUSER_MOVABLE: "WAIT IO FS HARDWALL HIGHMEM MOVABLE",
    },
    wakesKswapd: true,
  },
  {
    since: "2.6.38-rc1",
    source: "32dba98e085f; read in 3.7",
    bits: { NO_KSWAPD: 0x400000 },
    combinations: {
      TRANSHUGE: "WAIT IO FS HARDWALL HIGHMEM MOVABLE COMP NOMEMALLOC NORETRY NOWARN NO_KSWAPD",
    },
  },
  { since: "2.6.39-rc1", source: "78afd5612deb; read in 3.7", bits: { OTHER_NODE: 0x800000 } },
  { since: "3.3-rc1", source: "a756cf590853; read in 3.7", bits: { WRITE: 0x1000000 } },
  { since: "3.6-rc1", source: "b37f1dd0f543", bits: { MEMALLOC: 0x2000 } },
  { since: "3.8-rc1", source: "7a64bf05b2a6; read in 3.13", bits: { KMEMCG: 0x100000 } },
  { since: "3.16-rc1", source: "52383431b37c", bits: { KMEMCG: 0 } },
  { since: "4.1-rc4", source: "8f4fc071b192; read in 4.4", bits: { NOACCOUNT: 0x100000 } },
  {
    since: "4.4-rc1",
    source: "d0164adc89f6",
    bits: {
      WAIT: 0,
      NO_KSWAPD: 0,
      RECLAIMABLE: 0x10,
      ATOMIC: 0x80000,
      DIRECT_RECLAIM: 0x400000,
      KSWAPD_RECLAIM: 0x2000000,
    },
    combinations: {
      ATOMIC: "HIGH ATOMIC KSWAPD_RECLAIM",
      KERNEL: "DIRECT_RECLAIM KSWAPD_RECLAIM IO FS",
      // Traces of 4.4 and 4.5 print it for no flags at all (gfpflags.h), not for what it is.
      NOWAIT: "",
      NOIO: "DIRECT_RECLAIM KSWAPD_RECLAIM",
      NOFS: "DIRECT_RECLAIM KSWAPD_RECLAIM IO",
      TEMPORARY: "DIRECT_RECLAIM KSWAPD_RECLAIM IO FS RECLAIMABLE",
      USER: "DIRECT_RECLAIM KSWAPD_RECLAIM IO FS HARDWALL",
      HIGHUSER,
      HIGHUSER_MOVABLE: `${HIGHUSER} MOVABLE`,
      TRANSHUGE: `${HUGE_PAGE} NORETRY DIRECT_RECLAIM`,
      RECLAIM: "DIRECT_RECLAIM KSWAPD_RECLAIM",
    },
    wakesKswapd: false,
  },
  {
    since: "4.5-rc1",
    source: "20b5c3039863 and a9bb7e620efd; read in 4.6.2",
    bits: { NOACCOUNT: 0, ACCOUNT: 0x100000 },
    combinations: { KERNEL_ACCOUNT: "DIRECT_RECLAIM KSWAPD_RECLAIM IO FS ACCOUNT" },
  },
  {
    since: "4.6-rc1",
    source: "444eb2a449ef and 1f7866b4aebd; read in 4.6.2",
    combinations: { TRANSHUGE: `${HUGE_PAGE} NORETRY`, NOWAIT: "KSWAPD_RECLAIM" },
  },
  {
    since: "4.8-rc1",
    source: "25160354b4d6; read in 4.9",
    combinations: { TRANSHUGE: `${HUGE_PAGE} DIRECT_RECLAIM`, TRANSHUGE_LIGHT: HUGE_PAGE },
  },
  {
    since: "4.10-rc4",
    source: "41b6167e8f74 (a report of 4.10.0: gfp_mask=0x14201ca(GFP_HIGHUSER_MOVABLE|__GFP_COLD))",
    bits: { OTHER_NODE: 0, WRITE: 0x800000, KSWAPD_RECLAIM: 0x1000000 },
  },
  { since: "4.12-rc1", source: "7e7844226f10 (CONFIG_LOCKDEP)", bits: { NOLOCKDEP: 0x4000000 } },
  { since: "4.12-rc4", source: "1bde33e05123; read in 4.13", bits: { NOLOCKDEP: 0x2000000 } },
  { since: "4.13-rc1", source: "dcda9b04713c; read in 4.13", bits: { REPEAT: 0, RETRY_MAYFAIL: 0x400 } },
  { since: "4.14-rc1", source: "0ee931c4e31a; read in 4.15", combinations: { TEMPORARY: undefined } },
  { since: "4.15-rc1", source: "453f85d43fa9 and d8be75663cec; read in 4.15", bits: { COLD: 0, NOTRACK: 0 } },
  {
    since: "4.18-rc1",
    source: "mm: save two stranding bit in gfp_mask; read in 4.18 (a report of 4.17.2 has the old ones)",
    bits: { WRITE: 0x100, DIRECT_RECLAIM: 0x200000, KSWAPD_RECLAIM: 0x400000, NOLOCKDEP: 0x800000 },
  },
  {
    since: "5.1-rc1",
    source: "mm: shuffle GFP_* flags; read in 5.3 (a report of 5.2: gfp=0xa20(GFP_ATOMIC); see UNREAD)",
    bits: {
      ZERO: 0x100,
      ATOMIC: 0x200,
      DIRECT_RECLAIM: 0x400,
      KSWAPD_RECLAIM: 0x800,
      WRITE: 0x1000,
      NOWARN: 0x2000,
      RETRY_MAYFAIL: 0x4000,
      NOFAIL: 0x8000,
      NORETRY: 0x10000,
      MEMALLOC: 0x20000,
      COMP: 0x40000,
      NOMEMALLOC: 0x80000,
      HARDWALL: 0x100000,
      THISNODE: 0x200000,
      ACCOUNT: 0x400000,
    },
  },
  {
    since: "5.14-rc1",
    source: "013bb59dbb7c and c275c5c6d50a; read in 5.14",
    bits: { ZEROTAGS: 0x800000, SKIP_KASAN_POISON: 0x1000000, NOLOCKDEP: 0x2000000 },
    combinations: {
      HIGHUSER_MOVABLE: `${HIGHUSER} MOVABLE SKIP_KASAN_POISON`,
      TRANSHUGE: `${HUGE_PAGE} SKIP_KASAN_POISON DIRECT_RECLAIM`,
      TRANSHUGE_LIGHT: `${HUGE_PAGE} SKIP_KASAN_POISON`,
    },
  },
  {
    since: "5.18-rc1",
    source: "53ae233c30a6 and 9353ffa6e9e9 (CONFIG_KASAN_HW_TAGS); read in 5.19",
    bits: {
      SKIP_ZERO: 0x1000000,
      SKIP_KASAN_UNPOISON: 0x2000000,
      SKIP_KASAN_POISON: 0x4000000,
      NOLOCKDEP: 0x8000000,
    },
    // With CONFIG_KASAN_HW_TAGS also flags that skip its work.
    combinations: {
      HIGHUSER_MOVABLE: `${HIGHUSER} MOVABLE`,
      TRANSHUGE: `${HUGE_PAGE} DIRECT_RECLAIM`,
      TRANSHUGE_LIGHT: HUGE_PAGE,
    },
  },
  {
    since: "6.3-rc1",
    source: "2973d8229b78; read in 6.5",
    bits: { ATOMIC: 0 },
    combinations: { ATOMIC: "HIGH KSWAPD_RECLAIM" },
  },
  {
    since: "6.4-rc1",
    source: "0a54864f8dfb; read in 6.5",
    bits: { SKIP_KASAN_UNPOISON: 0, SKIP_KASAN_POISON: 0, SKIP_KASAN: 0x2000000, NOLOCKDEP: 0x4000000 },
  },
  {
    since: "6.7-rc1",
    source: "16f5dfbc851b; read in 6.8",
    combinations: { NOWAIT: "KSWAPD_RECLAIM NOWARN" },
  },
  {
    since: "6.10-rc1",
    source:
      "mm: enumerate all gfp flags; read in 6.11 (CONFIG_KASAN_HW_TAGS, CONFIG_LOCKDEP, CONFIG_SLAB_OBJ_EXT)",
    bits: { SKIP_ZERO: 0, SKIP_KASAN: 0, NOLOCKDEP: 0 },
    configuredMask: 0xf000000,
  },
  {
    since: "6.15-rc1",
    source: "ca29a0bf1221 (include/trace/events/mmflags.h: TRACE_GFP_FLAGS)",
    printsByBit: true,
  },
  { since: "7.3-rc1", source: "include/linux/gfp_types.h (no NO_OBJ_EXT)", configuredMask: 0x7000000 },
];

/** Last release whose numbers were read. */
const LAST_READ = "7.3";

/** Releases between two that were read, of which it is not known on which side of a change they are. */
const UNREAD: readonly { readonly from: string; readonly to: string }[] = [
  // "mm: shuffle GFP_* flags" was posted on 2019-01-09; 5.0 is without, 5.2 has it.
  { from: "5.1-rc1", to: "5.2-rc1" },
];

const OLDEST: ReleaseName = named(GFP_CHANGES[0]!.since);
const NEWEST: ReleaseName = named(LAST_READ);

export interface GfpTable {
  /** Such as `4.13`, `2.6.32` or `6.16-rc1`: what builds add does not count. */
  readonly release: string;
  /** The release whose flags these are: the nearest known one. */
  readonly taken: string;
  /** Bits of modifiers, by their names without `__GFP_`. */
  readonly bits: ReadonlyMap<string, number>;
  /** Modifiers of combinations, by their names without `GFP_`. */
  readonly combinations: ReadonlyMap<string, readonly string[]>;
  /** Whether a request wakes kswapd unless NO_KSWAPD forbids it. */
  readonly wakesKswapd: boolean;
  /** Bits of which the kernel's configuration says what they are. */
  readonly configuredMask: number;
  /** Whether traces name single flags in the order of their bits. */
  readonly printsByBit: boolean;
  /** Whether the numbers of this release were read in a source. Names can be read in any case. */
  readonly hasNumbers: boolean;
}

/** The flags of a release: those of the nearest known one, without numbers, where its own were not read. */
export function gfpTableOf(release: ReleaseName): GfpTable {
  const bits = new Map<string, number>();
  const combinations = new Map<string, readonly string[]>();
  let wakesKswapd = false;
  let configuredMask = 0;
  let printsByBit = false;
  for (const [index, change] of GFP_CHANGES.entries()) {
    if (index > 0 && compareReleases(release, named(change.since)) < 0) break;
    for (const [name, bit] of Object.entries(change.bits ?? {})) {
      if (bit === 0) bits.delete(name);
      else bits.set(name, bit);
    }
    for (const [name, modifiers] of Object.entries(change.combinations ?? {})) {
      if (modifiers === undefined) combinations.delete(name);
      else combinations.set(name, modifiers.split(" ").filter(Boolean));
    }
    wakesKswapd = change.wakesKswapd ?? wakesKswapd;
    configuredMask = change.configuredMask ?? configuredMask;
    printsByBit = change.printsByBit ?? printsByBit;
  }
  return {
    release: releaseText(release),
    taken: releaseText(isNewer(release) ? NEWEST : isOlder(release) ? OLDEST : release),
    bits,
    combinations,
    wakesKswapd,
    configuredMask,
    printsByBit,
    hasNumbers: !isNewer(release) && !isOlder(release) && !isBetween(release),
  };
}

/** Of all releases, what each combination was when a kernel last had it. */
export const LAST_COMBINATIONS: ReadonlyMap<string, readonly string[]> = new Map(
  GFP_CHANGES.flatMap(({ combinations }) =>
    Object.entries(combinations ?? {}).flatMap(([name, modifiers]) =>
      modifiers === undefined ? [] : [[name, modifiers.split(" ").filter(Boolean)] as const],
    ),
  ),
);

function isNewer({ major, minor }: ReleaseName): boolean {
  return major > NEWEST.major || (major === NEWEST.major && minor > NEWEST.minor);
}

function isOlder(release: ReleaseName): boolean {
  return compareReleases(release, OLDEST) < 0;
}

function isBetween(release: ReleaseName): boolean {
  return UNREAD.some(
    ({ from, to }) => compareReleases(release, named(from)) >= 0 && compareReleases(release, named(to)) < 0,
  );
}

function releaseText({ major, minor, point, rc }: ReleaseName): string {
  const number = major === 2 && point !== undefined ? `2.${minor}.${point}` : `${major}.${minor}`;
  return rc === undefined ? number : `${number}-rc${rc}`;
}

function named(text: string): ReleaseName {
  return parseReleaseName(text)!;
}
