/**
 * The kernel's requests in each phase of a boot, as counts that follow from the machine: fixed
 * ones, and those for each CPU, node, GiB, and file of the initramfs.
 *
 * Fixed counts and those of further CPUs are from the recorded boots of Linux 6.12.107 (Debian's
 * cloud kernel) with 1 CPU and 2 GiB, and with 4 CPUs and 4 GiB. Slabs are given for one CPU; other
 * machines need room for the same objects in slabs of the order that SLUB chooses for them, and
 * another slab where a further CPU uses a cache. The sources of the rest are given in place.
 */

import { Gfp, GfpMask } from "../../page-alloc/index.js";
import { PAGE_SIZE } from "../../units.js";
import { STACK_PAGES } from "../vmalloc.js";
import {
  dmaPoolOrder,
  futexHash,
  hashBytes,
  LATE_VFS_HASHES,
  type LargeHash,
  MOUNT_HASHES,
  memoryBlockBytes,
  NETWORK_HASHES,
  tableBlocks,
} from "./boot-tables.js";
import type { TargetMachine } from "./generator.js";
import { objectsPerSlab, pagesOrder, slabOrder } from "./slub.js";
import { PAGE_TABLE, PGD, USER_PAGE, USER_ZEROED } from "./user-memory.js";

/** How long an allocation lives: until the end, until later in its phase, or for a few requests. */
export type Life = "kept" | "freed" | "short";

export interface Demand {
  readonly order: number;
  readonly gfp: number;
  readonly count: number;
  readonly life: Life;
  /** Pages of alloc_pages_bulk(); a block is one call. */
  readonly bulk: boolean;
  /** Of `bulk`: bytes of each area of vmalloc() that they are for; 0 if they are all for one. */
  readonly areaBytes: number;
}

export interface BootMachine extends TargetMachine {
  /** Bytes of all files that are unpacked into the root file system. */
  readonly initramfsBytes: number;
  readonly initramfsFiles: number;
  readonly initCommands: number;
  /** Trace buffer of each CPU. */
  readonly traceBufferBytes: number;
}

const slabFlags: number = Gfp.NOWARN | Gfp.NORETRY | Gfp.COMP;
/** Before kernel_init_freeable() nobody may wait (gfp_allowed_mask). */
const boot = 0;
/** Pages that a buffer of the crypto self-tests has, each an allocation (crypto/testmgr.c: XBUFSIZE). */
const TEST_BUFFER_PAGES = 8;
/** Data in a page of a trace buffer: PAGE_SIZE less its header (kernel/trace/ring_buffer.c: BUF_PAGE_SIZE). */
const TRACE_PAGE_BYTES: number = PAGE_SIZE - 16;

/** Object sizes that stand for the caches of that size; those of /proc/slabinfo of such a boot. */
const Cache = {
  /** kernfs nodes, and all smaller ones. */
  small: 136,
  kmalloc512: 512,
  tracefsInode: 664,
  shmemInode: 760,
  kmalloc1k: 1024,
  signal: 1152,
  kmalloc2k: 2048,
  /** kmalloc-4k, task_struct and all others whose slabs have order 3. */
  large: 4096,
  dentry: 192,
  radixTreeNode: 584,
  inode: 632,
} as const;

/** Pages of a block device of memory beyond its kmalloc-1k: kernfs nodes, dentries, names. */
const SMALL_SLABS_PER_MEMORY_BLOCK = 0.68;

class Demands {
  readonly list: Demand[] = [];
  readonly #machine: BootMachine;

  constructor(machine: BootMachine) {
    this.#machine = machine;
  }

  pages(order: number, gfp: number, count: number, life: Life = "kept"): this {
    return this.#add(order, gfp, count, life, false);
  }

  /** A call of alloc_pages_bulk(): program memory, what vmalloc gives. */
  bulk(pages: number, life: Life = "kept", areaPages = 0): this {
    return this.#add(0, GfpMask.KERNEL, pages, life, true, areaPages * PAGE_SIZE);
  }

  stacks(pages: number, life: Life = "kept"): this {
    return this.bulk(pages, life, STACK_PAGES);
  }

  /**
   * @param onOneCpu slabs of a machine with one CPU
   * @param perCpu slabs that a further CPU adds
   */
  slabs(
    objectBytes: number,
    onOneCpu: number,
    perCpu = 0,
    gfp: number = GfpMask.KERNEL,
    life: Life = "kept",
  ): this {
    const { vcpus } = this.#machine;
    const order = slabOrder(objectBytes, vcpus);
    const objects = onOneCpu * objectsPerSlab(objectBytes, slabOrder(objectBytes, 1));
    const slabs = objects / objectsPerSlab(objectBytes, order) + perCpu * (vcpus - 1);
    return this.#add(order, slabGfp(gfp, order, objectBytes), slabs, life, false);
  }

  hash(table: LargeHash): this {
    const { memoryBytes, nodes } = this.#machine;
    const bytes = hashBytes(table, memoryBytes);
    const { order, blocks, bulk } = tableBlocks(bytes, nodes);
    const vmalloced = Gfp.HIGHMEM | Gfp.NOWARN | Gfp.ZERO;
    return this.#add(order, blocks === 1 ? table.gfp : table.gfp | vmalloced, blocks, "kept", bulk);
  }

  #add(order: number, gfp: number, count: number, life: Life, bulk: boolean, areaBytes = 0): this {
    const whole = Math.round(count);
    if (whole > 0) this.list.push({ order, gfp, count: whole, life, bulk, areaBytes });
    return this;
  }
}

/** Flags of a new slab: a larger one than need be is only tried for (mm/slub.c: allocate_slab). */
function slabGfp(gfp: number, order: number, objectBytes: number): number {
  const flags = gfp | slabFlags;
  if ((gfp & Gfp.DIRECT_RECLAIM) === 0 || order <= pagesOrder(objectBytes)) return flags;
  return (flags | Gfp.NOMEMALLOC) & ~(Gfp.DIRECT_RECLAIM | Gfp.KSWAPD_RECLAIM);
}

const reclaimable: number = GfpMask.KERNEL | Gfp.RECLAIMABLE;

/** Up to setup_per_cpu_pageset(), from the first moment at which a kernel can trace. */
export function beforePerCpuLists(machine: BootMachine): readonly Demand[] {
  return new Demands(machine)
    .slabs(Cache.small, 4, 0, boot)
    .slabs(Cache.kmalloc1k, 1, 0, boot)
    .pages(0, Gfp.COMP | Gfp.ZERO, 2)
    .pages(0, boot, 2).list;
}

/** Up to smp_init(): the first threads, caches and mounts. */
export function beforeSmp(machine: BootMachine): readonly Demand[] {
  const demands = new Demands(machine)
    .slabs(Cache.small, 29, 0, boot)
    .slabs(Cache.kmalloc512, 3, 0, boot)
    .slabs(Cache.kmalloc1k, 3, 0, boot)
    .slabs(Cache.kmalloc2k, 4, 0, boot)
    .slabs(Cache.signal, 1)
    .slabs(Cache.large, 4, 0, boot)
    .slabs(Cache.large, 6)
    .slabs(Cache.dentry, 1, 0, Gfp.RECLAIMABLE)
    .slabs(Cache.radixTreeNode, 2, 0, Gfp.RECLAIMABLE)
    .slabs(Cache.inode, 2, 0, Gfp.RECLAIMABLE)
    .pages(0, Gfp.HIGHMEM | Gfp.NOWARN | Gfp.ZERO, 1)
    .pages(3, Gfp.COMP, 2)
    .bulk(93);
  if (machine.nodes > 1) for (const table of LATE_VFS_HASHES) demands.hash(table);
  for (const table of MOUNT_HASHES) demands.hash(table);
  return demands.list;
}

/**
 * One more CPU comes up: its idle thread and six kthreads, its part of the trace buffers (two small
 * ones besides that of the command line) and the slabs of their pages.
 */
export function cpuComesUp(machine: BootMachine): readonly Demand[] {
  const tracePages = Math.max(2, Math.ceil(machine.traceBufferBytes / TRACE_PAGE_BYTES)) + 4;
  const here = GfpMask.NOWAIT | Gfp.THISNODE;
  const demands = new Demands({ ...machine, vcpus: 1 })
    .pages(0, GfpMask.KERNEL | Gfp.RETRY_MAYFAIL | Gfp.COMP | Gfp.ZERO, tracePages)
    .pages(0, GfpMask.KERNEL | Gfp.COMP | Gfp.ZERO, 3)
    .pages(0, here | slabFlags, tracePages / 64)
    .pages(3, here | slabFlags, 3)
    .slabs(Cache.small, 3)
    .slabs(Cache.large, 1);
  for (let thread = 0; thread < 7; thread++) demands.stacks(4);
  return demands.list;
}

/** Up to the deferred initialisation of struct pages: a thread for each node, and per-CPU workers. */
export function beforeDeferredInit(machine: BootMachine): readonly Demand[] {
  return new Demands(machine)
    .slabs(Cache.small, 1, 4)
    .slabs(Cache.large, 0, 1.7)
    .stacks(4 * machine.nodes + 5 * (machine.vcpus - 1)).list;
}

/** Up to the watermarks: early initcalls, memory block devices, DMA pools, room for JITed programs. */
export function beforeWatermarks(machine: BootMachine): readonly Demand[] {
  const { memoryBytes, nodes, vcpus } = machine;
  const blocks = Math.ceil(memoryBytes / memoryBlockBytes(memoryBytes));
  const objects1k = blocks / objectsPerSlab(Cache.kmalloc1k, slabOrder(Cache.kmalloc1k, 1));
  const pool = dmaPoolOrder(memoryBytes);
  return (
    new Demands(machine)
      .slabs(Cache.small, 32 + blocks * SMALL_SLABS_PER_MEMORY_BLOCK, 2.3)
      .slabs(Cache.kmalloc512, 2)
      .slabs(Cache.kmalloc1k, 5 + objects1k)
      .slabs(Cache.kmalloc2k, 1)
      .slabs(Cache.large, 3, 0.5)
      .slabs(Cache.radixTreeNode, 1, 0, GfpMask.ATOMIC | Gfp.RECLAIMABLE)
      .slabs(Cache.inode, 1, 0, reclaimable)
      .pages(0, GfpMask.KERNEL, 5)
      .pages(0, GfpMask.KERNEL | Gfp.COMP | Gfp.ZERO, nodes)
      .pages(0, GfpMask.KERNEL | Gfp.HIGHMEM | Gfp.NOWARN | Gfp.ZERO, 2 + 2 * nodes)
      .pages(pool, GfpMask.KERNEL | Gfp.NOWARN, 1)
      .pages(pool, GfpMask.KERNEL | Gfp.DMA | Gfp.NOWARN, 1)
      .pages(pool, GfpMask.KERNEL | Gfp.DMA32 | Gfp.NOWARN, 1)
      .hash(futexHash(vcpus))
      // kernel/bpf/core.c: BPF_PROG_PACK_SIZE, 2 MiB for each node.
      .bulk(512 * nodes, "kept", 512)
      .bulk(8).list
  );
}

/** Up to khugepaged: subsystems and their threads. */
export function beforeHugePages(machine: BootMachine): readonly Demand[] {
  return new Demands(machine)
    .slabs(Cache.small, 17, 3.5)
    .slabs(Cache.kmalloc512, 6)
    .slabs(Cache.kmalloc1k, 2)
    .slabs(Cache.kmalloc2k, 2)
    .slabs(Cache.large, 4, 0.8)
    .slabs(Cache.radixTreeNode, 1, 0, GfpMask.ATOMIC | Gfp.RECLAIMABLE)
    .pages(0, GfpMask.KERNEL | Gfp.ZERO, 1)
    .pages(1, GfpMask.KERNEL | Gfp.ZERO, 1)
    .stacks(32).list;
}

/** Up to kswapd: file systems, networking, tables that grow by doubling. */
export function beforeKswapd(machine: BootMachine): readonly Demand[] {
  const demands = new Demands(machine)
    .slabs(Cache.small, 202, 9.7)
    .slabs(Cache.small, 3, 0, GfpMask.KERNEL, "freed")
    .slabs(Cache.small, 2, 0, GfpMask.KERNEL, "short")
    .slabs(Cache.kmalloc512, 18, 1)
    .slabs(Cache.tracefsInode, 6)
    .slabs(Cache.kmalloc1k, 12, 0.7)
    .slabs(Cache.shmemInode, 5)
    .slabs(Cache.signal, 1)
    .slabs(Cache.kmalloc2k, 9, 0.5)
    .slabs(Cache.large, 10, 2.7)
    .slabs(Cache.dentry, 14, 1, reclaimable)
    .slabs(Cache.radixTreeNode, 14, 0.7, reclaimable)
    .slabs(Cache.inode, 6, 0.5, reclaimable)
    .pages(0, GfpMask.KERNEL, 1)
    .pages(0, GfpMask.KERNEL | Gfp.NOWARN | Gfp.NORETRY | Gfp.NOMEMALLOC, 5)
    .pages(2, GfpMask.KERNEL | Gfp.COMP, 1, "short")
    .pages(4, GfpMask.KERNEL | Gfp.ZERO, 1)
    .stacks(32);
  for (const order of [2, 3, 4]) demands.pages(order, GfpMask.KERNEL | Gfp.COMP, 1, "freed");
  const grows = GfpMask.KERNEL | slabFlags | Gfp.ZERO;
  for (const order of [2, 3, 4, 5, 7]) demands.pages(order, grows, 3, "short");
  demands.pages(6, grows, 4, "short").pages(8, grows, 2, "short").pages(5, grows, 1).pages(8, grows, 1);
  for (const table of NETWORK_HASHES) demands.hash(table);
  return demands.list;
}

/** Up to init: drivers, self-tests of the crypto code, the initramfs. */
export function beforeInit(machine: BootMachine): readonly Demand[] {
  const { vcpus, initramfsBytes, initramfsFiles } = machine;
  // Every CPU keeps two stacks of threads that ended for new ones (kernel/fork.c: NR_CACHED_STACKS).
  const stackPages = 905 + 415 / vcpus;
  return new Demands(machine)
    .slabs(Cache.small, 313, 14)
    .slabs(Cache.small, 38, 0, GfpMask.KERNEL, "freed")
    .slabs(Cache.small, 5, 0, GfpMask.KERNEL, "short")
    .slabs(Cache.kmalloc512, 20, 2)
    .slabs(Cache.tracefsInode, 2)
    .slabs(Cache.kmalloc1k, 9, 0.8)
    .slabs(Cache.shmemInode, 10 + filesIn(Cache.shmemInode, initramfsFiles))
    .slabs(Cache.signal, 1)
    .slabs(Cache.kmalloc2k, 11, 1.5)
    .slabs(Cache.large, 38, 5)
    .slabs(Cache.large, 3, 0, GfpMask.KERNEL, "freed")
    .slabs(Cache.dentry, 12 + filesIn(Cache.dentry, initramfsFiles), 0.5, reclaimable)
    .slabs(Cache.radixTreeNode, 11, 0.7, reclaimable)
    .slabs(Cache.inode, 3, 0.5, reclaimable)
    .pages(0, USER_PAGE, initramfsBytes / PAGE_SIZE)
    .pages(0, GfpMask.KERNEL, 4)
    .pages(0, GfpMask.KERNEL | Gfp.ZERO, 66)
    .pages(0, GfpMask.KERNEL | Gfp.COMP | Gfp.ZERO, 1)
    .pages(0, GfpMask.KERNEL | Gfp.NOWARN | Gfp.NORETRY | Gfp.NOMEMALLOC, 5 * (vcpus - 1))
    .pages(0, GfpMask.NOIO | Gfp.HIGHMEM | Gfp.NOWARN | Gfp.NORETRY, 3 * vcpus)
    .pages(0, GfpMask.NOIO | Gfp.COMP | Gfp.ZERO, 4)
    .pages(0, GfpMask.KERNEL, 16 * TEST_BUFFER_PAGES, "short")
    .pages(0, GfpMask.KERNEL, 5 * TEST_BUFFER_PAGES, "freed")
    .pages(1, GfpMask.KERNEL, 19 * TEST_BUFFER_PAGES, "short")
    .pages(1, GfpMask.KERNEL, 4 * TEST_BUFFER_PAGES, "freed")
    .pages(2, GfpMask.KERNEL | Gfp.COMP | Gfp.ZERO, 1)
    .pages(2, GfpMask.KERNEL | Gfp.COMP, 2, "short")
    .pages(2, GfpMask.KERNEL | slabFlags, 10, "short")
    .stacks(stackPages * 0.8)
    .stacks(stackPages * 0.2, "freed").list;
}

/** Init runs its first commands: each is forked, loads a program and ends. */
export function firstCommands(machine: BootMachine): readonly Demand[] {
  const { initCommands } = machine;
  return new Demands(machine)
    .slabs(Cache.small, 5, 1)
    .slabs(Cache.large, 0, 0.5)
    .pages(0, USER_PAGE, 8)
    .pages(0, USER_ZEROED, 6)
    .pages(0, PAGE_TABLE, 7)
    .pages(1, PGD, 1)
    .pages(0, USER_PAGE, 10 * initCommands, "short")
    .pages(0, USER_ZEROED, 7 * initCommands, "short")
    .pages(0, PAGE_TABLE, 11 * initCommands, "short")
    .pages(0, GfpMask.NOWAIT, 2 * initCommands, "short")
    .pages(1, PGD, initCommands, "short")
    .pages(0, USER_ZEROED, 2 * initCommands, "freed")
    .pages(0, PAGE_TABLE, 3 * initCommands, "freed")
    .pages(1, PGD, initCommands, "freed").list;
}

/** Slabs of one CPU for an object of each file. */
function filesIn(objectBytes: number, files: number): number {
  return files / objectsPerSlab(objectBytes, slabOrder(objectBytes, 1));
}
