/**
 * Facts of a kernel build that decide what early boot takes from memblock: sizes that depend on
 * the configuration and the compiler, and the few options that switch a step on.
 */
import { KiB, MiB, PAGE_SIZE, roundUp } from "../units.js";
import { compareReleases, parseReleaseName, type ReleaseName } from "./release-name.js";

/** Sizes of the per-CPU area of the kernel image (boot log: `percpu: Embedded ... s r d`). */
export interface PercpuBuild {
  /** __per_cpu_end - __per_cpu_start. */
  readonly staticBytes: number;
  /** PERCPU_MODULE_RESERVE: 8 KiB with CONFIG_MODULES, else 0. */
  readonly reservedBytes: number;
  /** PERCPU_DYNAMIC_RESERVE, what is asked for before rounding to pages. */
  readonly dynamicBytes: number;
  /** sizeof(struct pcpu_chunk) without its bitmap of populated pages. */
  readonly chunkBytes: number;
}

/** The file that a kernel comes as, which the firmware loads. */
export interface KernelFile {
  /** The compressed file (bzImage), in whole pages. */
  readonly fileBytes: number;
  /** The same as a program of EFI in memory (SizeOfImage of its PE header). */
  readonly programBytes: number;
}

/** One kernel binary as firmware and early boot see it. Sizes are bytes. */
export interface KernelBuild {
  /** As `uname -r` prints it. */
  readonly release: string;
  readonly file: KernelFile;
  /** From _text to __end_of_kernel_reserve, where the brk area begins. */
  readonly imageBytes: number;
  /** CONFIG_X86_5LEVEL: room for a fourth page table per early mapping. */
  readonly x86FiveLevel: boolean;
  /** CONFIG_RANDOMIZE_MEMORY: twice the page tables set aside for early mappings. */
  readonly randomizeMemory: boolean;
  /** Real-mode trampoline, whole pages (real_mode_size_needed). */
  readonly realModeBytes: number;
  /** sizeof(pg_data_t) rounded up to a cache line; grows with CONFIG_NODES_SHIFT. */
  readonly pglistDataBytes: number;
  /** CONFIG_MEMORY_HOTREMOVE: section usage maps want to lie near the node's pglist_data. */
  readonly memoryHotremove: boolean;
  /** CONFIG_PAGE_EXTENSION: section descriptors are twice as large. */
  readonly pageExtension: boolean;
  /** CONFIG_MEMORY_ISOLATION: usage maps have room for a pageblock's isolation, in kernels that keep it there. */
  readonly memoryIsolation: boolean;
  /** CONFIG_FIRMWARE_MEMMAP: one entry in sysfs for each entry of the firmware's map. */
  readonly firmwareMemmap: boolean;
  /** CONFIG_HIBERNATION: page ranges not to be saved are registered. */
  readonly hibernation: boolean;
  /** CONFIG_CPUMASK_OFFSTACK: early CPU masks are allocated instead of being arrays of NR_CPUS bits. */
  readonly cpumaskOffstack: boolean;
  readonly percpu: PercpuBuild;
  /** CONFIG_LOG_BUF_SHIFT: log2 of the static log buffer. */
  readonly logBufShift: number;
  /** CONFIG_LOG_CPU_MAX_BUF_SHIFT: log2 of what each further CPU may add to it. */
  readonly logCpuMaxBufShift: number;
  /** sizeof(struct printk_info): one for each message that the log buffer has room for. */
  readonly printkInfoBytes: number;
}

/** Of 6.12.117, as memory maps of firmware show it (boot logs with `efi=debug`); that of other kernels before 7.3: assumption. */
const DEBIAN_CLOUD_6_12_FILE: KernelFile = { fileBytes: 2866 * PAGE_SIZE, programBytes: 2967 * PAGE_SIZE };

/**
 * Debian's unmodified cloud kernel 6.12.95+deb12-cloud-amd64. Sizes measured: boot log with
 * `memblock=debug` (QEMU q35); options: its /boot/config.
 */
export const DEBIAN_CLOUD_6_12_95: KernelBuild = {
  release: "6.12.95+deb12-cloud-amd64",
  file: DEBIAN_CLOUD_6_12_FILE,
  imageBytes: 44 * MiB,
  x86FiveLevel: true,
  randomizeMemory: true,
  realModeBytes: 28 * KiB,
  pglistDataBytes: 174464,
  memoryHotremove: true,
  memoryIsolation: true,
  pageExtension: false,
  firmwareMemmap: true,
  hibernation: true,
  cpumaskOffstack: true,
  percpu: { staticBytes: 233472, reservedBytes: 8 * KiB, dynamicBytes: 28 * KiB, chunkBytes: 192 },
  logBufShift: 17,
  logCpuMaxBufShift: 12,
  printkInfoBytes: 88,
};

/** Its successor 6.12.107+deb12-cloud-amd64: the same sizes, measured in the same way. */
const DEBIAN_CLOUD_6_12_107: KernelBuild = {
  ...DEBIAN_CLOUD_6_12_95,
  release: "6.12.107+deb12-cloud-amd64",
};

/** 6.12.117+deb13-cloud-amd64: the same sizes again, by the sections of its image and its boot logs. */
const DEBIAN_CLOUD_6_12_117: KernelBuild = {
  ...DEBIAN_CLOUD_6_12_95,
  release: "6.12.117+deb13-cloud-amd64",
};

/**
 * Linux 6.12.107 in a small configuration (8 CPUs, no modules) with an allocator log of 48 MiB in
 * its image: the kernel of the recordings with unaccepted memory. Sizes measured: boot log with
 * `memblock=debug` (QEMU q35); log buffer: Kconfig defaults.
 */
export const SMALL_6_12_107: KernelBuild = {
  release: "6.12.107",
  // Not measured: its recordings begin after the firmware has loaded it.
  file: DEBIAN_CLOUD_6_12_FILE,
  imageBytes: 60 * MiB,
  x86FiveLevel: false,
  randomizeMemory: false,
  realModeBytes: 24 * KiB,
  pglistDataBytes: 8768,
  memoryHotremove: false,
  memoryIsolation: false,
  pageExtension: false,
  firmwareMemmap: false,
  hibernation: false,
  cpumaskOffstack: false,
  percpu: { staticBytes: 176216, reservedBytes: 0, dynamicBytes: 28 * KiB, chunkBytes: 128 },
  logBufShift: 17,
  logCpuMaxBufShift: 12,
  printkInfoBytes: 88,
};

interface LaterCloud {
  readonly release: string;
  readonly imageMib: number;
  readonly pglistDataBytes: number;
  readonly percpuStaticBytes: number;
  readonly percpuChunkBytes?: number;
  readonly printkInfoBytes?: number;
  readonly file?: KernelFile;
}

/** A later cloud kernel of Debian: the same options, sizes measured in the same way. */
function laterCloud(facts: LaterCloud): KernelBuild {
  const { release, imageMib, pglistDataBytes, percpuStaticBytes } = facts;
  const { percpu, printkInfoBytes, file } = DEBIAN_CLOUD_6_12_95;
  return {
    ...DEBIAN_CLOUD_6_12_95,
    release,
    imageBytes: imageMib * MiB,
    pglistDataBytes,
    percpu: {
      ...percpu,
      staticBytes: percpuStaticBytes,
      chunkBytes: facts.percpuChunkBytes ?? percpu.chunkBytes,
    },
    printkInfoBytes: facts.printkInfoBytes ?? printkInfoBytes,
    file: facts.file ?? file,
  };
}

const LATER_CLOUDS: readonly KernelBuild[] = [
  laterCloud({
    release: "6.16.12+deb13-cloud-amd64",
    imageMib: 44,
    pglistDataBytes: 174848,
    percpuStaticBytes: 212992,
  }),
  laterCloud({
    release: "6.17.13+deb13-cloud-amd64",
    imageMib: 46,
    pglistDataBytes: 174784,
    percpuStaticBytes: 217088,
  }),
  laterCloud({
    release: "6.18.15+deb13-cloud-amd64",
    imageMib: 48,
    pglistDataBytes: 174848,
    percpuStaticBytes: 217088,
  }),
  laterCloud({
    release: "6.19.14+deb13-cloud-amd64",
    imageMib: 48,
    pglistDataBytes: 174848,
    percpuStaticBytes: 217088,
  }),
  laterCloud({
    release: "7.0.13+deb13-cloud-amd64",
    imageMib: 50,
    pglistDataBytes: 174848,
    percpuStaticBytes: 217088,
    printkInfoBytes: 112,
  }),
  laterCloud({
    release: "7.1.13+deb13-cloud-amd64",
    imageMib: 50,
    pglistDataBytes: 175616,
    percpuStaticBytes: 217088,
    printkInfoBytes: 112,
  }),
  laterCloud({
    release: "7.2.12+deb13-cloud-amd64",
    imageMib: 50,
    pglistDataBytes: 176256,
    percpuStaticBytes: 217088,
    percpuChunkBytes: 128,
    printkInfoBytes: 112,
  }),
  laterCloud({
    release: "7.3.4+deb13-cloud-amd64",
    imageMib: 50,
    pglistDataBytes: 176320,
    percpuStaticBytes: 221184,
    percpuChunkBytes: 128,
    printkInfoBytes: 112,
    file: { fileBytes: 3410 * PAGE_SIZE, programBytes: 3517 * PAGE_SIZE },
  }),
];

/** Linux 7.3.4 in the small configuration of `SMALL_6_12_107`; measured in the same way. */
const SMALL_7_3_4: KernelBuild = {
  ...SMALL_6_12_107,
  release: "7.3.4",
  imageBytes: 0x37fc000,
  x86FiveLevel: true,
  pglistDataBytes: 7552,
  percpu: { ...SMALL_6_12_107.percpu, staticBytes: 128920 },
};

/** Debian's kernel for clouds, and the one with an allocator log. */
export type BuildFamily = "cloud" | "small";

/** Oldest series first; the first build of a series stands for it. */
const FAMILIES: Readonly<Record<BuildFamily, readonly KernelBuild[]>> = {
  cloud: [DEBIAN_CLOUD_6_12_95, DEBIAN_CLOUD_6_12_107, DEBIAN_CLOUD_6_12_117, ...LATER_CLOUDS],
  small: [SMALL_6_12_107, SMALL_7_3_4],
};

/** All that were measured, as `uname -r` prints them. */
export const BUILD_NAMES: readonly string[] = Object.values(FAMILIES).flatMap((builds) =>
  builds.map(({ release }) => release),
);

/** @param name one of `BUILD_NAMES` */
export function buildNamed(name: string): KernelBuild {
  return Object.values(FAMILIES)
    .flat()
    .find(({ release }) => release === name)!;
}

function seriesOf(kernel: string): ReleaseName {
  const { major, minor } = parseReleaseName(kernel)!;
  return { major, minor, suffix: "" };
}

/**
 * The build of a release: its own, or that of its series, or of the one before it that has a build; of the first
 * one for still older kernels.
 *
 * @param kernel a name that `parseReleaseName` reads
 */
export function buildOf(family: BuildFamily, kernel: string): KernelBuild {
  const builds = FAMILIES[family];
  const own = builds.find(({ release }) => release === kernel);
  const nearest = builds.findLast(({ release }) => compareReleases(seriesOf(release), seriesOf(kernel)) <= 0);
  const stands = seriesOf((nearest ?? builds[0]!).release);
  return own ?? builds.find(({ release }) => compareReleases(seriesOf(release), stands) === 0)!;
}

/** Sizes of a kernel's sections as its log prints them (`Memory: ... kernel code, ... rwdata, ...`). */
export interface SectionBytes {
  readonly code: number;
  readonly rwdata: number;
  readonly rodata: number;
  readonly init: number;
  readonly bss: number;
}

const SECTION_ALIGN: number = 2 * MiB;
/**
 * Tables of the unwinder (CONFIG_UNWINDER_ORC), which lie between data and init memory and are printed nowhere, for
 * each byte of code. Assumption: of eight kernels of Debian each is between 0.192 and 0.277.
 */
const UNWIND_TABLES = 0.23;

/**
 * From _text to __end_of_kernel_reserve: code and constants begin on 2 MiB, and so does what follows bss with
 * CONFIG_AMD_MEM_ENCRYPT, as distributions have it (arch/x86/kernel/vmlinux.lds.S).
 */
export function imageBytesOf({ code, rwdata, rodata, init, bss }: SectionBytes): number {
  const constants = roundUp(code, SECTION_ALIGN) + roundUp(rodata, SECTION_ALIGN);
  return roundUp(constants + rwdata + code * UNWIND_TABLES + init + bss, SECTION_ALIGN);
}
