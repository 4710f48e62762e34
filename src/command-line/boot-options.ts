/** Options about memory and CPUs, besides `mem=` and `memmap=`. */
import { type DefaultArea, defaultArea, hugetlbArea, sizesByNode } from "./cma.js";
import { type CoreMemory, coreMemory } from "./core-memory.js";
import { type SwiotlbSize, swiotlbSize } from "./swiotlb.js";
import { commandLineWords, memparse, valuesOf, type Word, wholeNumber, wholeSize } from "./words.js";

/** `reserve_mem=SIZE:ALIGN:NAME` (mm/memblock.c: reserve_mem); bytes. */
export interface NamedReservation {
  readonly sizeBytes: number;
  readonly alignBytes: number;
  readonly name: string;
}

/** Words that the kernel does not understand have no effect. */
export interface BootOptions {
  readonly words: readonly Word[];
  readonly swiotlb: SwiotlbSize;
  /** `iommu=off` and `iommu=soft`, which decide about the bounce buffer of a machine without encryption. */
  readonly iommu: "off" | "soft" | undefined;
  readonly crashkernel: readonly string[];
  readonly cma: DefaultArea | undefined;
  readonly cmaPernumaBytes: number;
  readonly numaCma: ReadonlyMap<number, number>;
  readonly hugetlbCma: number | ReadonlyMap<number, number>;
  readonly coreMemory: CoreMemory;
  /** 0: none. */
  readonly logBufBytes: number;
  /** Buckets of the dentry and the inode hash; 0: by the size of memory. */
  readonly dentryHashEntries: number;
  readonly inodeHashEntries: number;
  readonly reservations: readonly NamedReservation[];
  /** `early_page_ext`: struct pages are not initialised late. */
  readonly earlyPageExt: boolean;
  readonly pageOwner: boolean;
  readonly pageTableCheck: boolean;
  readonly initOnAlloc: boolean;
  readonly initOnFree: boolean;
  /** `page_alloc.shuffle`: free blocks of 4 MiB are put into a random order at boot. */
  readonly shuffle: boolean;
  readonly kaslr: boolean;
  /** `efi=debug`: memory of boot services is not freed. */
  readonly efiDebug: boolean;
  /** `memhp_default_state=online_movable`: plugged memory goes into ZONE_MOVABLE. */
  readonly onlineMovable: boolean;
  /** `transparent_hugepage=`; undefined where nothing is said. */
  readonly transparentHugePages: boolean | undefined;
}

/** kstrtobool() (lib/kstrtox.c). */
export function kernelBoolean(value: string): boolean | undefined {
  if (/^(y|t|1|on)/i.test(value)) return true;
  return /^(n|f|0|of)/i.test(value) ? false : undefined;
}

export function namedReservation(value: string): NamedReservation | undefined {
  const [size, align, name, ...more] = value.split(":");
  const sizeBytes = wholeSize(size ?? "");
  const alignBytes = wholeSize(align ?? "");
  if (!sizeBytes || alignBytes === undefined || !name?.trim() || name.length >= 16 || more.length > 0)
    return undefined;
  if (alignBytes > 0 && 2 ** Math.round(Math.log2(alignBytes)) !== alignBytes) return undefined;
  return { sizeBytes, alignBytes: Math.max(alignBytes, 64), name };
}

export function bootOptions(commandLine: string): BootOptions {
  const words = commandLineWords(commandLine);
  const values = (name: string): string[] => valuesOf(words, name);
  const last = (name: string): string | undefined => values(name).at(-1);
  const flag = (name: string): boolean =>
    values(name)
      .flatMap((value) => kernelBoolean(value) ?? [])
      .at(-1) ?? false;
  const number = (name: string): number => wholeNumber(last(name) ?? "") ?? 0;
  return {
    words,
    swiotlb: swiotlbSize(values("swiotlb")),
    iommu: iommuOf(values("iommu")),
    crashkernel: values("crashkernel"),
    cma: values("cma")
      .flatMap((value) => defaultArea(value) ?? [])
      .at(-1),
    cmaPernumaBytes: wholeSize(last("cma_pernuma") ?? "") ?? 0,
    numaCma: sizesByNode(last("numa_cma") ?? "") ?? new Map(),
    hugetlbCma: hugetlbArea(last("hugetlb_cma") ?? "") ?? 0,
    coreMemory: coreMemory(words),
    logBufBytes: memparse(last("log_buf_len") ?? "")?.value ?? 0,
    dentryHashEntries: number("dhash_entries"),
    inodeHashEntries: number("ihash_entries"),
    reservations: values("reserve_mem").flatMap((value) => namedReservation(value) ?? []),
    earlyPageExt: words.some(({ name }) => name === "early_page_ext"),
    pageOwner: flag("page_owner"),
    pageTableCheck: flag("page_table_check"),
    initOnAlloc: flag("init_on_alloc"),
    initOnFree: flag("init_on_free"),
    shuffle: flag("page_alloc.shuffle"),
    kaslr: !words.some(({ name }) => name === "nokaslr"),
    efiDebug: values("efi").some((value) => value.split(",").includes("debug")),
    onlineMovable: last("memhp_default_state") === "online_movable",
    transparentHugePages: hugePagesOf(last("transparent_hugepage")),
  };
}

function iommuOf(values: readonly string[]): "off" | "soft" | undefined {
  const parts = values.flatMap((value) => value.split(","));
  if (parts.includes("off")) return "off";
  return parts.includes("soft") ? "soft" : undefined;
}

function hugePagesOf(value: string | undefined): boolean | undefined {
  if (value === "always" || value === "madvise") return true;
  return value === "never" ? false : undefined;
}
