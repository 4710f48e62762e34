import { Gfp, GfpMask } from "../../page-alloc/index.js";
import { GiB, MiB, TiB } from "../../units.js";
import { choice, count, type GeneratorEntry, generator, size } from "./generator.js";
import { PageCache } from "./page-cache.js";
import { HUGE_BYTES, Process, READ_PAGE_NS } from "./user-memory.js";

/** Read ahead of XFS (mm/readahead.c: readahead_gfp_mask). */
const READ_AHEAD: number = GfpMask.HIGHUSER_MOVABLE | Gfp.NOWARN | Gfp.NORETRY | Gfp.COMP;
/** Reading 2 MiB past the cache at 2 GB/s, and the fault; an assumption. */
const DIRECT_HUGE_NS = 1_200_000;

export const model: GeneratorEntry = generator({
  name: "model",
  summary: "the weights of a large model are read into one mapping, from start to end",
  imitates:
    "Loading weights for inference: one mapping with huge pages, written once and in order, as safetensors or " +
    "llama.cpp without mmap fill it; with from=cache the file comes through the page cache, and stays there " +
    "beside it, in large folios as on XFS. Sources are the code paths mm/huge_memory.c:" +
    "do_huge_pmd_anonymous_page and mm/readahead.c:page_cache_ra_order; the rate of 2 GB/s is an assumption.",
  parameters: {
    size: size("bytes of all weights; rounded up to 2 MiB", 4 * GiB, 2 * MiB, 64 * TiB),
    from: choice("cache: through the page cache; direct: past it (O_DIRECT)", "cache", ["cache", "direct"]),
    pages: choice("huge: transparent huge pages; small: 4 KiB", "huge", ["huge", "small"]),
    folioOrder: count("largest order of a folio in the cache; 0 for ext4 in 6.12, 9 for XFS", 9, 0, 9),
  },

  *requests({ size: bytes, from, pages, folioOrder }, { vcpus }, writer) {
    const loader = new Process(writer, 0, true);
    const cache = new PageCache(writer, vcpus);
    const total = Math.ceil(bytes / HUGE_BYTES) * HUGE_BYTES;
    const direct = from === "direct";
    const file = cache.fill(0, total, READ_AHEAD, folioOrder, READ_PAGE_NS);
    for (let at = 0; at < total; at += HUGE_BYTES) {
      if (!direct) file.next();
      if (pages === "huge") loader.touchHuge(HUGE_BYTES, direct ? DIRECT_HUGE_NS : undefined);
      else loader.touch(HUGE_BYTES, direct ? READ_PAGE_NS : undefined);
      yield;
    }
  },
});
