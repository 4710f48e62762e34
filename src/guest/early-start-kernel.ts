/**
 * start_kernel() from setup_arch() to memblock_free_all(): command line copies, log buffer,
 * large hashes, CPU entry areas (init/main.c and the files named below; Linux 6.12).
 */
import { SMP_CACHE_BYTES } from "../memblock/memblock.js";
import { DENTRY_HASH, INODE_HASH, largeSystemHash } from "../mm/large-hash.js";
import { GiB, MiB, PAGE_SIZE } from "../units.js";
import type { EarlyBoot } from "./early-machine.js";

/** setup_command_line(): the line as given, and a copy to be cut into words. */
export function setupCommandLine(boot: EarlyBoot): void {
  const bytes = boot.machine.commandLine.length + 1;
  boot.memblock.alloc(bytes, SMP_CACHE_BYTES);
  boot.memblock.alloc(bytes, SMP_CACHE_BYTES);
}

/** print_unknown_bootoptions(): a line to print, freed again. */
export function printUnknownBootoptions(boot: EarlyBoot): void {
  const { memblock, machine } = boot;
  if (machine.unknownOptions.length === 0) return;
  const bytes = machine.unknownOptions.reduce((sum, option) => sum + option.length + 1, 1);
  memblock.free(memblock.alloc(bytes, SMP_CACHE_BYTES), bytes);
}

const LOG_ALIGN = 8;
/** Average length of a message, log2 (kernel/printk/printk.c: PRB_AVGBITS). */
const MESSAGE_SHIFT = 5;
const PRB_DESC_BYTES = 24; // sizeof(struct prb_desc)
const PRINTK_INFO_BYTES = 88; // sizeof(struct printk_info)

/**
 * setup_log_buf(): many CPUs get a log buffer of their own size, which leaves the static one. With
 * Kconfig defaults that starts at 18 CPUs (kernel/printk/printk.c: log_buf_add_cpu).
 */
export function setupLogBuf(boot: EarlyBoot): void {
  const { memblock, build } = boot;
  const staticBytes = 2 ** build.logBufShift;
  const cpuExtra = (boot.cpuCount - 1) * 2 ** build.logCpuMaxBufShift;
  if (cpuExtra <= staticBytes / 2) return;
  const bytes = 2 ** Math.ceil(Math.log2(cpuExtra + staticBytes));
  const messages = bytes / 2 ** MESSAGE_SHIFT;
  memblock.alloc(bytes, LOG_ALIGN);
  memblock.alloc(messages * PRB_DESC_BYTES, LOG_ALIGN);
  memblock.alloc(messages * PRINTK_INFO_BYTES, LOG_ALIGN);
}

/**
 * vfs_caches_init_early(): dentry and inode hash. On machines with several memory nodes both are
 * left for later, to be spread over the nodes (mm/mm_init.c: fixup_hashdist).
 */
export function vfsCachesInitEarly(boot: EarlyBoot): void {
  if (boot.nodeData.size > 1) return;
  for (const request of [DENTRY_HASH, INODE_HASH]) {
    let { bytes } = largeSystemHash(boot.nrKernelPages, boot.nrKernelPages, request);
    while (boot.memblock.alloc(bytes, SMP_CACHE_BYTES) === 0 && bytes > PAGE_SIZE) bytes /= 2;
  }
}

/** sizeof(struct cpu_entry_area): 59 pages with debug store buffers (arch/x86/include/asm/cpu_entry_area.h). */
const CPU_ENTRY_AREA_BYTES = 59 * PAGE_SIZE;

/**
 * setup_cpu_entry_areas(): page tables for the CPUs' entry stacks, which without KASLR follow one
 * another behind one page for the IDT (arch/x86/mm/cpu_entry_area.c, init_64.c: spp_getpage). One
 * table of each upper level, then one for every 2 MiB.
 */
export function setupCpuEntryAreas(boot: EarlyBoot): void {
  const bytes = PAGE_SIZE + boot.cpuCount * CPU_ENTRY_AREA_BYTES;
  const tables = 1 + Math.ceil(bytes / GiB) + Math.ceil(bytes / (2 * MiB));
  for (let table = 0; table < tables; table++) boot.memblock.alloc(PAGE_SIZE, PAGE_SIZE);
}
