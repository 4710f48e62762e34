/**
 * The CPUs' entry stacks and their page tables (arch/x86/mm/cpu_entry_area.c, Linux 6.12 and 7.3), as memblock
 * gives them: one table of the upper level, then one for every GiB and one for every 2 MiB that holds some.
 */

import { GiB, MiB, PAGE_SIZE } from "../units.js";

/** sizeof(struct cpu_entry_area): 59 pages with debug store buffers (arch/x86/include/asm/cpu_entry_area.h). */
const CPU_ENTRY_AREA_BYTES = 59 * PAGE_SIZE;
/** CONFIG_NR_CPUS with MAXSMP: room for so many of them. */
const CPUS_MAX = 8192;

/** Without KASLR they follow one another after a page for the IDT. */
export function cpuEntryAreaTables(cpus: number): number {
  const bytes = PAGE_SIZE + cpus * CPU_ENTRY_AREA_BYTES;
  return 1 + Math.ceil(bytes / GiB) + Math.ceil(bytes / (2 * MiB));
}

/**
 * With KASLR each lies anywhere in the room for all (init_cea_offsets), which no log tells: at least as many tables
 * as in a row, and at most two of the lowest level for each, if all cross a border of 2 MiB.
 */
export function randomCpuEntryAreaTables(cpus: number): { readonly least: number; readonly most: number } {
  const gib = Math.ceil((PAGE_SIZE + CPUS_MAX * CPU_ENTRY_AREA_BYTES) / GiB);
  return { least: cpuEntryAreaTables(cpus), most: 1 + gib + 2 * cpus };
}
