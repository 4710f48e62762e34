/**
 * Facts of a kernel build that decide what early boot takes from memblock: sizes that depend on
 * the configuration and the compiler, and the few options that switch a step on.
 */
import { KiB, MiB } from "../units.js";

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

/** One kernel binary as early boot sees it. Sizes are bytes. */
export interface KernelBuild {
  /** As `uname -r` prints it. */
  readonly release: string;
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
}

/**
 * Debian's unmodified cloud kernel 6.12.95+deb12-cloud-amd64. Sizes measured: boot log with
 * `memblock=debug` (QEMU q35); options: its /boot/config.
 */
export const DEBIAN_CLOUD_6_12_95: KernelBuild = {
  release: "6.12.95+deb12-cloud-amd64",
  imageBytes: 44 * MiB,
  x86FiveLevel: true,
  randomizeMemory: true,
  realModeBytes: 28 * KiB,
  pglistDataBytes: 174464,
  memoryHotremove: true,
  pageExtension: false,
  firmwareMemmap: true,
  hibernation: true,
  cpumaskOffstack: true,
  percpu: { staticBytes: 233472, reservedBytes: 8 * KiB, dynamicBytes: 28 * KiB, chunkBytes: 192 },
  logBufShift: 17,
  logCpuMaxBufShift: 12,
};

/** Its successor 6.12.107+deb12-cloud-amd64: the same sizes, measured in the same way. */
export const DEBIAN_CLOUD_6_12_107: KernelBuild = {
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
  imageBytes: 60 * MiB,
  x86FiveLevel: false,
  randomizeMemory: false,
  realModeBytes: 24 * KiB,
  pglistDataBytes: 8768,
  memoryHotremove: false,
  pageExtension: false,
  firmwareMemmap: false,
  hibernation: false,
  cpumaskOffstack: false,
  percpu: { staticBytes: 176216, reservedBytes: 0, dynamicBytes: 28 * KiB, chunkBytes: 128 },
  logBufShift: 17,
  logCpuMaxBufShift: 12,
};

/** All builds whose sizes are known. */
export const KERNEL_BUILDS: readonly KernelBuild[] = [
  DEBIAN_CLOUD_6_12_95,
  DEBIAN_CLOUD_6_12_107,
  DEBIAN_CLOUD_6_12_117,
  SMALL_6_12_107,
];
