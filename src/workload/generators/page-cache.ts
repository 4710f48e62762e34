import { Gfp, GfpMask } from "../../page-alloc/index.js";
import { GiB, KiB, MiB, PAGE_SIZE, TiB } from "../../units.js";
import { count, type GeneratorEntry, generator, size } from "./generator.js";
import type { RequestWriter } from "./request-writer.js";
import { objectsPerSlab, slabOrder } from "./slub.js";
import { READ_PAGE_NS } from "./user-memory.js";

/** Read ahead of a file (mm/readahead.c: readahead_gfp_mask), of a file system whose mask is GFP_NOFS as ext4's. */
const READ_AHEAD: number =
  GfpMask.NOFS | Gfp.HIGHMEM | Gfp.MOVABLE | Gfp.HARDWALL | Gfp.NOWARN | Gfp.NORETRY | Gfp.COMP;
/** A slab of radix_tree_node for it (lib/xarray.c: xas_alloc). */
const INDEX_SLAB: number = GfpMask.NOWAIT | Gfp.NORETRY | Gfp.COMP | Gfp.RECLAIMABLE;
/** Slots of a radix_tree_node, and its bytes with those of SLUB. */
const NODE_SLOTS = 64;
const NODE_BYTES = 584;
/** Pages of a file between two pauses of its writer. */
const STOP_PAGES = 512;

export class PageCache {
  readonly #writer: RequestWriter;
  readonly #slabOrder: number;
  readonly #slabNodes: number;
  /** Nodes that the last slab still has. */
  #freeNodes = 0;

  constructor(writer: RequestWriter, cpus: number) {
    this.#writer = writer;
    this.#slabOrder = slabOrder(NODE_BYTES, cpus);
    this.#slabNodes = objectsPerSlab(NODE_BYTES, this.#slabOrder);
  }

  /** A file comes into the cache; stops after every 2 MiB. From order 2 on folios grow up to `folioOrder`. */
  *fill(cpu: number, bytes: number, gfp: number, folioOrder: number, pageNs: number): IterableIterator<void> {
    const pages = Math.ceil(bytes / PAGE_SIZE);
    let order = folioOrder < 2 ? 0 : 2;
    for (let page = 0; page < pages; ) {
      while (order > 0 && (page % 2 ** order !== 0 || page + 2 ** order > pages)) order--;
      for (let span = NODE_SLOTS; pages > 1 && page % span === 0; span *= NODE_SLOTS) {
        this.#index(cpu);
        if (span >= pages) break;
      }
      this.#writer.alloc(cpu, order, gfp, pageNs * 2 ** order);
      page += 2 ** order;
      // mm/readahead.c: page_cache_ra_order adds 2 with every round.
      if (page % 2 ** Math.min(order + 2, folioOrder) === 0) order = Math.min(order + 2, folioOrder);
      if (page % STOP_PAGES === 0 || page === pages) yield;
    }
  }

  #index(cpu: number): void {
    if (this.#freeNodes === 0) {
      this.#writer.alloc(cpu, this.#slabOrder, INDEX_SLAB, 0);
      this.#freeNodes = this.#slabNodes;
    }
    this.#freeNodes--;
  }
}

export const pageCache: GeneratorEntry = generator({
  name: "page-cache",
  summary: "files are read once and stay in the page cache",
  imitates:
    "Reading a disk of files: a page for each 4 KiB with the flags of read-ahead on ext4, and a node of the " +
    "index for each 64, in slabs; as in the recording linux-6.12.107-debian-1c4g-cache (25 600 pages, 32 slabs " +
    "of nodes). With folioOrder above 0 folios grow by 2 orders as mm/readahead.c:page_cache_ra_order lets them " +
    "for file systems with large folios. Without inodes, buffers and reclaim. A disk of 2 GB/s is assumed.",
  parameters: {
    size: size("bytes read in all", GiB, PAGE_SIZE, 64 * TiB),
    file: size("bytes of a file; files are read by CPUs in turn", 4 * MiB, 4 * KiB, 64 * TiB),
    folioOrder: count("largest order of a folio; 0 for ext4 in 6.12, 9 for XFS", 0, 0, 9),
  },

  *requests({ size: bytes, file, folioOrder }, { vcpus }, writer) {
    const cache = new PageCache(writer, vcpus);
    let number = 0;
    for (let left = bytes; left > 0; left -= file)
      yield* cache.fill(number++ % vcpus, Math.min(left, file), READ_AHEAD, folioOrder, READ_PAGE_NS);
  },
});
