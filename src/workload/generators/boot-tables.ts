/** Memory of a boot whose size follows that of the machine by a rule of the kernel (Linux 6.12). */

import { Gfp, GfpMask } from "../../page-alloc/index.js";
import { GiB, KiB, MAX_PAGE_ORDER, MiB, PAGE_SIZE, PAGEBLOCK_ORDER, roundUpPowerOfTwo } from "../../units.js";
import { pagesOrder } from "./slub.js";

/** Above this, hash tables grow more slowly (mm/mm_init.c: ADAPT_SCALE_BASE). */
const ADAPT_BASE_BYTES: number = 64 * GiB;
/** Memory for one atomic pool page of every 8192 (kernel/dma/pool.c: dma_atomic_pool_init). */
const POOL_SHARE: number = GiB / (128 * KiB);

export interface LargeHash {
  readonly bucketBytes: number;
  /** One bucket for each 2^scale bytes of memory; 0 with `fixedBuckets`. */
  readonly scale: number;
  readonly mostBuckets?: number;
  readonly fixedBuckets?: number;
  /** Flags as the kernel used them for a table that is one block. */
  readonly gfp: number;
}

const early: number = Gfp.HIGH;

/** Dentry and inode caches (fs/dcache.c, fs/inode.c): only where memblock did not give them. */
export const LATE_VFS_HASHES: readonly LargeHash[] = [
  { bucketBytes: 8, scale: 13, gfp: early | Gfp.ZERO },
  { bucketBytes: 8, scale: 14, gfp: early | Gfp.ZERO },
];

/** Mounts and mount points (fs/namespace.c: mnt_init). */
export const MOUNT_HASHES: readonly LargeHash[] = [
  { bucketBytes: 8, scale: 19, gfp: early | Gfp.ZERO },
  { bucketBytes: 8, scale: 19, gfp: early | Gfp.ZERO },
];

/** Waiters of a futex (kernel/futex/core.c: futex_init). */
export function futexHash(cpus: number): LargeHash {
  return { bucketBytes: 64, scale: 0, fixedBuckets: roundUpPowerOfTwo(256 * cpus), gfp: GfpMask.ATOMIC };
}

/** Networking (net/ipv4/route.c, inet_hashtables.c, tcp.c, udp.c, net/mptcp/token.c). */
export const NETWORK_HASHES: readonly LargeHash[] = [
  { bucketBytes: 8, scale: 16, mostBuckets: 2 ** 18, gfp: GfpMask.ATOMIC | Gfp.ZERO },
  { bucketBytes: 16, scale: 21, mostBuckets: 2 ** 16, gfp: GfpMask.ATOMIC },
  { bucketBytes: 4, scale: 0, fixedBuckets: 2 ** 16, gfp: GfpMask.ATOMIC },
  { bucketBytes: 8, scale: 17, mostBuckets: 2 ** 19, gfp: GfpMask.ATOMIC },
  { bucketBytes: 32, scale: 17, mostBuckets: 2 ** 16, gfp: GfpMask.ATOMIC },
  { bucketBytes: 24, scale: 20, mostBuckets: 2 ** 16, gfp: GfpMask.ATOMIC | Gfp.ZERO },
  { bucketBytes: 32, scale: 21, mostBuckets: 2 ** 16, gfp: GfpMask.ATOMIC },
  { bucketBytes: 32, scale: 21, mostBuckets: 2 ** 16, gfp: GfpMask.ATOMIC },
];

/** Bytes of a table (mm/mm_init.c: alloc_large_system_hash). */
export function hashBytes(hash: LargeHash, memoryBytes: number): number {
  let { scale } = hash;
  if (hash.mostBuckets === undefined)
    for (let base = ADAPT_BASE_BYTES; base < memoryBytes; base *= 4) scale++;
  const wanted = hash.fixedBuckets ?? Math.ceil(memoryBytes / MiB) * (MiB / 2 ** scale);
  const buckets = roundUpPowerOfTwo(Math.max(wanted, PAGE_SIZE / hash.bucketBytes));
  return Math.min(buckets, hash.mostBuckets ?? buckets) * hash.bucketBytes;
}

export interface TableBlocks {
  readonly order: number;
  readonly blocks: number;
  /** Whether pages are taken by vmalloc, many at a time. */
  readonly bulk: boolean;
}

/**
 * One block where one is large enough; else, and on a machine with several nodes, pages or huge
 * pages one after another (mm/vmalloc.c: __vmalloc_node_range_noprof).
 */
export function tableBlocks(bytes: number, nodes: number): TableBlocks {
  const order = pagesOrder(bytes);
  if (nodes === 1 && order <= MAX_PAGE_ORDER) return { order, blocks: 1, bulk: false };
  const hugeBytes = PAGE_SIZE * 2 ** PAGEBLOCK_ORDER;
  if (bytes / nodes >= hugeBytes)
    return { order: PAGEBLOCK_ORDER, blocks: Math.ceil(bytes / hugeBytes), bulk: false };
  return { order: 0, blocks: Math.ceil(bytes / PAGE_SIZE), bulk: true };
}

/** Order of each of the three pools for atomic DMA allocations (kernel/dma/pool.c: dma_atomic_pool_init). */
export function dmaPoolOrder(memoryBytes: number): number {
  return Math.min(pagesOrder(Math.max(memoryBytes / POOL_SHARE, 128 * KiB)), MAX_PAGE_ORDER);
}

/** Bytes of a memory block, which is a device of its own (arch/x86/mm/init_64.c: probe_memory_block_size). */
export function memoryBlockBytes(memoryBytes: number): number {
  if (memoryBytes < 64 * GiB) return 128 * MiB;
  let bytes = 2 * GiB;
  while (bytes > 128 * MiB && memoryBytes % bytes !== 0) bytes /= 2;
  return bytes;
}
