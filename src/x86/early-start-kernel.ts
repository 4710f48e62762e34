/**
 * start_kernel() from setup_arch() to memblock_free_all(): command line copies, log buffer,
 * large hashes, CPU entry areas (init/main.c and the files named below; Linux 6.12 and 7.3).
 */
import { SMP_CACHE_BYTES } from "../memblock/memblock.js";
import { DENTRY_HASH, INODE_HASH, largeSystemHash, STACK_DEPOT_HASH } from "../mm/large-hash.js";
import { formatBytes, GiB, PAGE_SIZE, roundUpPowerOfTwo } from "../units.js";
import { cpuEntryAreaTables } from "./cpu-entry-area.js";
import type { EarlyBoot } from "./early-machine.js";

/** setup_command_line(): the line as given, and a copy to be cut into words. */
export function setupCommandLine(boot: EarlyBoot): void {
  const { commandLine, commandLineLength = commandLine.length } = boot.machine;
  const bytes = commandLineLength + 1;
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

/** Most that `log_buf_len=` may ask for (LOG_BUF_LEN_MAX). */
const LOG_BUF_BYTES_MAX: number = 2 * GiB;

/** A buffer of its own in place of the static one, with a descriptor for each 32 bytes. */
function allocLogBuf(boot: EarlyBoot, wantedBytes: number): void {
  const { memblock, build } = boot;
  const bytes = roundUpPowerOfTwo(wantedBytes);
  const messages = bytes / 2 ** MESSAGE_SHIFT;
  const parts = [bytes, messages * PRB_DESC_BYTES, messages * build.printkInfoBytes];
  const got: number[] = [];
  for (const part of parts) {
    const address = memblock.alloc(part, LOG_ALIGN);
    if (address === 0) {
      for (const [index, earlier] of got.entries()) memblock.free(earlier, parts[index]!);
      boot.remarks.push(`log_buf_len=: no room for ${formatBytes(bytes)}, the log buffer stays as it was`);
      return;
    }
    got.push(address);
  }
  boot.hasLogBuf = true;
}

/** setup_log_buf(1): the buffer that `log_buf_len=` asks for, if it is larger than the static one. */
export function setupLogBufEarly(boot: EarlyBoot): void {
  const bytes = Math.min(boot.options.logBufBytes, LOG_BUF_BYTES_MAX);
  if (bytes > 2 ** boot.build.logBufShift) allocLogBuf(boot, bytes);
}

/**
 * setup_log_buf(0): many CPUs get a log buffer of their own size, which leaves the static one. With
 * Kconfig defaults that starts at 18 CPUs (kernel/printk/printk.c: log_buf_add_cpu).
 */
export function setupLogBuf(boot: EarlyBoot): void {
  const { build } = boot;
  const staticBytes = 2 ** build.logBufShift;
  const cpuExtra = (boot.cpuCount - 1) * 2 ** build.logCpuMaxBufShift;
  if (boot.hasLogBuf || cpuExtra <= staticBytes / 2) return;
  allocLogBuf(boot, cpuExtra + staticBytes);
}

/**
 * vfs_caches_init_early(): dentry and inode hash. On machines with several memory nodes both are
 * left for later, to be spread over the nodes (mm/mm_init.c: fixup_hashdist).
 */
export function vfsCachesInitEarly(boot: EarlyBoot): void {
  if (boot.nodeData.size > 1) return;
  const { dentryHashEntries, inodeHashEntries } = boot.options;
  for (const [request, entries] of [
    [DENTRY_HASH, dentryHashEntries],
    [INODE_HASH, inodeHashEntries],
  ] as const) {
    let { bytes } = largeSystemHash(boot.nrKernelPages, boot.nrKernelPages, request, entries);
    while (boot.memblock.alloc(bytes, SMP_CACHE_BYTES) === 0 && bytes > PAGE_SIZE) bytes /= 2;
  }
}

/** setup_cpu_entry_areas(): their page tables (arch/x86/mm/init_64.c: spp_getpage). */
export function setupCpuEntryAreas(boot: EarlyBoot): void {
  const tables = cpuEntryAreaTables(boot.cpuCount);
  for (let table = 0; table < tables; table++) boot.memblock.alloc(PAGE_SIZE, PAGE_SIZE);
}

/** `reserve_mem=` (mm/memblock.c: reserve_mem). Nobody touches the memory until a driver asks for its name. */
export function reserveMem(boot: EarlyBoot): void {
  const { memblock, options, rules } = boot;
  for (const { sizeBytes, alignBytes, name } of options.reservations) {
    const word = `reserve_mem=...:${name}`;
    if (!rules.namedReservations) {
      boot.remarks.push(`ignored: ${word}: this kernel does not know it`);
      continue;
    }
    const start = boot.setAside(sizeBytes, () => memblock.physAlloc(sizeBytes, alignBytes));
    if (start === 0) boot.remarks.push(`${word}: no room for ${formatBytes(sizeBytes)}; nothing is reserved`);
  }
}

/** stack_depot_early_init(): the hash of stacks, where page owners are recorded (lib/stackdepot.c). */
export function stackDepotEarlyInit(boot: EarlyBoot): void {
  if (!boot.options.pageOwner) return;
  const { bytes } = largeSystemHash(boot.nrKernelPages, boot.nrKernelPages, STACK_DEPOT_HASH);
  boot.memblock.alloc(bytes, SMP_CACHE_BYTES);
}
