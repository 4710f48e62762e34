/**
 * The first chunk of per-CPU memory (mm/percpu.c: pcpu_build_alloc_info, pcpu_embed_first_chunk,
 * pcpu_setup_first_chunk, pcpu_alloc_first_chunk; arch/x86/kernel/setup_percpu.c; Linux 6.12).
 *
 * Every node's CPUs get their areas out of 2 MiB blocks; what a CPU does not need of its share is
 * given back, but it was accepted with the rest.
 */

import type { PercpuBuild } from "../linux/kernel-build.js";
import { MEMBLOCK_ALLOC_ACCESSIBLE, panicIfNull, SMP_CACHE_BYTES } from "../memblock/memblock.js";
import { KiB, MiB, PAGE_SIZE, roundUp } from "../units.js";
import type { EarlyBoot } from "./early-machine.js";

/** x86_64 allocates whole huge pages (atom_size). */
const ATOM_SIZE = 2 * MiB;
/** Above the memory that ISA DMA may need (MAX_DMA_ADDRESS). */
const GOAL = 16 * MiB;
const MIN_UNIT_SIZE = 32 * KiB; // PCPU_MIN_UNIT_SIZE
const MIN_ALLOC_SIZE = 4; // PCPU_MIN_ALLOC_SIZE: one bit in the maps
const ALLOC_INFO_BYTES = 64; // sizeof(struct pcpu_alloc_info)
const GROUP_INFO_BYTES = 24; // sizeof(struct pcpu_group_info)
const LIST_HEAD_BYTES = 16;
const BLOCK_MD_BYTES = 32; // sizeof(struct pcpu_block_md), one for each page
const POINTER_BYTES = 8;
const INT_BYTES = 4;

/** How much each CPU gets and how many share one allocation. */
export interface PercpuLayout {
  /** Used by one CPU, whole pages. */
  readonly usedBytes: number;
  /** Distance from one CPU's area to the next. */
  readonly unitBytes: number;
  readonly unitsPerBlock: number;
  /** Part of usedBytes left for allocations at run time. */
  readonly dynamicBytes: number;
}

function longs(bits: number): number {
  return Math.ceil(bits / 64) * POINTER_BYTES;
}

/** Units per block: few blocks, and not more than a third of the CPUs' number wasted. */
function bestUnitsPerBlock(blockBytes: number, mostUnits: number, groups: readonly number[]): number {
  const cpuCount = groups.reduce((sum, count) => sum + count, 0);
  let best = 1;
  let fewestBlocks = Infinity;
  for (let units = mostUnits; units > 0; units--) {
    if ((blockBytes / units) % PAGE_SIZE !== 0) continue;
    let blocks = 0;
    let wasted = 0;
    for (const count of groups) {
      const groupBlocks = Math.ceil(count / units);
      blocks += groupBlocks;
      wasted += groupBlocks * units - count;
    }
    if (wasted > Math.floor(cpuCount / 3)) continue;
    if (blocks > fewestBlocks) break;
    fewestBlocks = blocks;
    best = units;
  }
  return best;
}

/** @param groups number of CPUs of each node that has any */
export function percpuLayout(percpu: PercpuBuild, groups: readonly number[]): PercpuLayout {
  const fixedBytes = percpu.staticBytes + percpu.reservedBytes;
  const usedBytes = roundUp(fixedBytes + percpu.dynamicBytes, PAGE_SIZE);
  const leastUnit = Math.max(usedBytes, MIN_UNIT_SIZE);
  const blockBytes = roundUp(leastUnit, ATOM_SIZE);
  let mostUnits = Math.floor(blockBytes / leastUnit);
  while ((blockBytes / mostUnits) % PAGE_SIZE !== 0) mostUnits--;
  const unitsPerBlock = bestUnitsPerBlock(blockBytes, mostUnits, groups);
  return {
    usedBytes,
    unitBytes: blockBytes / unitsPerBlock,
    unitsPerBlock,
    dynamicBytes: usedBytes - fixedBytes,
  };
}

interface Group {
  readonly nid: number;
  cpuCount: number;
}

/** CPUs near each other form a group, in the order of their first CPU. */
function groupsOf(cpuNodes: readonly number[]): Group[] {
  const groups: Group[] = [];
  for (const nid of cpuNodes) {
    const group = groups.find((candidate) => candidate.nid === nid);
    if (group === undefined) groups.push({ nid, cpuCount: 1 });
    else group.cpuCount++;
  }
  return groups;
}

/** Allocates every group's blocks, then gives back what its units do not use. */
function embedUnits(boot: EarlyBoot, groups: readonly Group[], layout: PercpuLayout): void {
  const { memblock } = boot;
  const areas = groups.map((group) => {
    const units = roundUp(group.cpuCount, layout.unitsPerBlock);
    const bytes = units * layout.unitBytes;
    const address = memblock.allocTryNid(bytes, ATOM_SIZE, GOAL, MEMBLOCK_ALLOC_ACCESSIBLE, group.nid);
    panicIfNull(address, `the per-CPU areas of node ${group.nid}`);
    return { address, units, cpuCount: group.cpuCount };
  });
  for (const { address, units, cpuCount } of areas) {
    for (let unit = 0; unit < units; unit++) {
      const used = unit < cpuCount ? layout.usedBytes : 0;
      memblock.free(address + unit * layout.unitBytes + used, layout.unitBytes - used);
    }
  }
}

/** Maps of one part of the first chunk (pcpu_alloc_first_chunk). */
function allocFirstChunk(boot: EarlyBoot, startBytes: number, mapBytes: number): void {
  const { memblock, build } = boot;
  const regionBytes = roundUp((startBytes % PAGE_SIZE) + mapBytes, PAGE_SIZE);
  const pages = regionBytes / PAGE_SIZE;
  const bits = regionBytes / MIN_ALLOC_SIZE;
  memblock.alloc(build.percpu.chunkBytes + longs(pages), SMP_CACHE_BYTES);
  memblock.alloc(longs(bits), SMP_CACHE_BYTES);
  memblock.alloc(longs(bits + 1), SMP_CACHE_BYTES);
  memblock.alloc(pages * BLOCK_MD_BYTES, SMP_CACHE_BYTES);
}

/** Chunk lists: one for each power of two up to the unit, and four special ones (__pcpu_size_to_slot). */
function slotCount(unitBytes: number): number {
  const highestBit = Math.floor(Math.log2(unitBytes)) + 1;
  return Math.max(highestBit - 5 + 2, 1) + 4;
}

function setupFirstChunk(boot: EarlyBoot, groupCount: number, layout: PercpuLayout): void {
  const { memblock, build, cpuCount } = boot;
  const { staticBytes, reservedBytes } = build.percpu;
  memblock.alloc(groupCount * POINTER_BYTES, SMP_CACHE_BYTES); // group offsets
  memblock.alloc(groupCount * POINTER_BYTES, SMP_CACHE_BYTES); // group sizes
  memblock.alloc(cpuCount * INT_BYTES, SMP_CACHE_BYTES); // unit of each CPU
  memblock.alloc(cpuCount * POINTER_BYTES, SMP_CACHE_BYTES); // its offset
  memblock.alloc(slotCount(layout.unitBytes) * LIST_HEAD_BYTES, SMP_CACHE_BYTES);
  if (reservedBytes > 0) allocFirstChunk(boot, staticBytes, reservedBytes);
  allocFirstChunk(boot, staticBytes + reservedBytes, layout.dynamicBytes);
}

/** CPU masks of each node and of CPUs being set up, where masks are not arrays (setup_percpu.c). */
function allocCpumasks(boot: EarlyBoot): void {
  if (!boot.build.cpumaskOffstack) return;
  const nodeIds = Math.max(0, ...boot.nodeData.keys()) + 1; // nr_node_ids
  for (let mask = 0; mask < nodeIds + 1; mask++) boot.memblock.alloc(longs(boot.cpuCount), SMP_CACHE_BYTES);
}

/** setup_per_cpu_areas(). */
export function setupPerCpuAreas(boot: EarlyBoot): void {
  const { memblock, machine, build } = boot;
  const groups = groupsOf(machine.cpuNodes);
  const layout = percpuLayout(
    build.percpu,
    groups.map((group) => group.cpuCount),
  );
  const units = groups.reduce((sum, group) => sum + roundUp(group.cpuCount, layout.unitsPerBlock), 0);
  const infoBytes = roundUp(
    ALLOC_INFO_BYTES + groups.length * GROUP_INFO_BYTES + units * INT_BYTES,
    PAGE_SIZE,
  );
  const areasBytes = roundUp(groups.length * POINTER_BYTES, PAGE_SIZE);
  const info = memblock.alloc(infoBytes, PAGE_SIZE);
  const areas = memblock.alloc(areasBytes, SMP_CACHE_BYTES);
  embedUnits(boot, groups, layout);
  setupFirstChunk(boot, groups.length, layout);
  memblock.free(info, infoBytes);
  memblock.free(areas, areasBytes);
  allocCpumasks(boot);
}
