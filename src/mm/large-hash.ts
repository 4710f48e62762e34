import {
  type AddressRange,
  GiB,
  MiB,
  PAGE_SIZE,
  pfnDown,
  pfnUp,
  roundUp,
  roundUpPowerOfTwo,
} from "../units.js";

export interface LargeHashRequest {
  /** One bucket for each 2^scale bytes of memory. */
  readonly scale: number;
  readonly bucketBytes: number;
  /** Fewest entries, a power of two. */
  readonly lowLimit?: number;
  /** Most entries; without it the table may take 1/16 of memory and grows slower above 64 GiB. */
  readonly highLimit?: number;
}

export interface LargeHash {
  /** Buckets, a power of two. */
  readonly entries: number;
  /** Size of the table; allocated whole. */
  readonly bytes: number;
}

/** fs/dcache.c:dcache_init_early, 6.12. With one node it comes from memblock, aligned to 64 bytes. */
export const DENTRY_HASH: LargeHashRequest = { scale: 13, bucketBytes: 8 };
/** fs/inode.c:inode_init_early, 6.12; like the dentry hash. */
export const INODE_HASH: LargeHashRequest = { scale: 14, bucketBytes: 8 };

/** lib/stackdepot.c:stack_depot_early_init, 6.12 (STACK_HASH_TABLE_SCALE, STACK_BUCKET_NUMBER_ORDER_MIN and _MAX). */
export const STACK_DEPOT_HASH: LargeHashRequest = {
  scale: 14,
  bucketBytes: 16,
  lowLimit: 2 ** 12,
  highLimit: 2 ** 20,
};

const PAGES_PER_MIB = MiB / PAGE_SIZE;
const ADAPT_FROM_PAGES = (64 * GiB) / PAGE_SIZE;
const ENTRIES_LIMIT = 0x80000000;

/**
 * Size of a large hash table (mm/mm_init.c:alloc_large_system_hash, 6.12).
 *
 * @param nrKernelPages pages memblock had free when zones were set up (calc_nr_kernel_pages)
 * @param nrAllPages the same with high memory, which x86_64 does not have
 * @param asked entries that the command line asks for; 0: by the size of memory
 */
export function largeSystemHash(
  nrKernelPages: number,
  nrAllPages: number,
  request: LargeHashRequest,
  asked = 0,
): LargeHash {
  const { bucketBytes, lowLimit = 0, highLimit } = request;
  const most = highLimit ?? Math.floor((nrAllPages * PAGE_SIZE) / 16 / bucketBytes);
  const wanted = roundUpPowerOfTwo(asked === 0 ? entriesBySize(nrKernelPages, request) : asked);
  const bounded = Math.min(Math.max(wanted, lowLimit), most, ENTRIES_LIMIT);
  const entries = 2 ** Math.floor(Math.log2(bounded));
  return { entries, bytes: entries * bucketBytes };
}

function entriesBySize(nrKernelPages: number, request: LargeHashRequest): number {
  const { bucketBytes, highLimit } = request;
  const pages = roundUp(nrKernelPages, PAGES_PER_MIB);
  let scale = request.scale;
  if (highLimit === undefined) for (let limit = ADAPT_FROM_PAGES; limit < pages; limit *= 4) scale++;
  const wanted = Math.floor((pages * PAGE_SIZE) / 2 ** scale);
  return wanted * bucketBytes < PAGE_SIZE ? Math.floor(PAGE_SIZE / bucketBytes) : wanted;
}

/**
 * Whole pages in memblock's free ranges, which large hashes are sized by: counted once, when
 * zones are set up (mm/mm_init.c:calc_nr_kernel_pages, 6.12).
 */
export function nrKernelPages(free: Iterable<AddressRange>): number {
  let pages = 0;
  for (const { start, end } of free) pages += Math.max(0, pfnDown(end) - pfnUp(start));
  return pages;
}
