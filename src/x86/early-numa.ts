/**
 * Which memory belongs to which node, and where the nodes' own data goes (mm/numa_memblks.c:
 * numa_memblks_init, numa_cleanup_meminfo, numa_register_meminfo; mm/numa.c: alloc_node_data;
 * Linux 6.12).
 */

import { SMP_CACHE_BYTES } from "../memblock/memblock.js";
import { orPanic } from "../memblock/or-panic.js";
import { NUMA_NO_NODE } from "../memblock/regions.js";
import { MiB, PAGE_SIZE } from "../units.js";
import type { EarlyBoot, NumaBlock } from "./early-machine.js";

/** Nodes with less memory get no data (NODE_MIN_SIZE). */
const NODE_MIN_SIZE = 4 * MiB;

/** Blocks cut to what is memory, and joined where no other node lies between two of a node. */
export function cleanupMeminfo(blocks: readonly NumaBlock[], low: number, high: number): NumaBlock[] {
  const cleaned: NumaBlock[] = [];
  for (const block of blocks) {
    const start = Math.max(block.start, low);
    const end = Math.min(block.end, high);
    if (start >= end) continue;
    const last = cleaned.at(-1);
    if (last?.nid === block.nid) cleaned[cleaned.length - 1] = { ...last, end };
    else cleaned.push({ start, end, nid: block.nid });
  }
  return cleaned;
}

/** initmem_init(): nodes for both arrays, then each node's pglist_data, on that node if possible. */
export function initmemInit(boot: EarlyBoot): void {
  const { memblock, machine, build } = boot;
  memblock.setNode(0, Infinity, memblock.memory, NUMA_NO_NODE);
  memblock.setNode(0, Infinity, memblock.reserved, NUMA_NO_NODE);
  memblock.clearHotplug(0, Infinity);
  const fakeNode = { start: 0, end: boot.maxPfn * PAGE_SIZE, nid: 0 };
  const found = machine.numaBlocks.length > 0 ? machine.numaBlocks : [fakeNode];
  const blocks = cleanupMeminfo(found, memblock.startOfDram(), memblock.endOfDram());
  for (const type of [memblock.memory, memblock.reserved]) {
    for (const { start, end, nid } of blocks) memblock.setNode(start, end - start, type, nid);
  }
  memblock.bottomUp = false;
  const nodeIds = [...new Set(blocks.map((block) => block.nid))].sort((a, b) => a - b);
  for (const nid of nodeIds) {
    const own = blocks.filter((block) => block.nid === nid);
    if (own.at(-1)!.end - own[0]!.start < NODE_MIN_SIZE) continue;
    const address = memblock.physAllocTryNid(build.pglistDataBytes, SMP_CACHE_BYTES, nid);
    boot.nodeData.set(nid, orPanic(address, `the data of node ${nid}`));
  }
}
