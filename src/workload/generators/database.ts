import { Gfp, GfpMask } from "../../page-alloc/index.js";
import { GiB, MiB, PAGE_SIZE, TiB } from "../../units.js";
import { choice, count, type GeneratorEntry, generator, type Random, share, size } from "./generator.js";
import { PageCache } from "./page-cache.js";
import type { RequestWriter } from "./request-writer.js";
import { FREE_NS, HUGE_BYTES, Process, USER_PAGE } from "./user-memory.js";

/** A buffer of a socket (net/core/skbuff.c: alloc_skb_with_frags), for a moment. */
const SOCKET_ORDER = 2;
const SOCKET_BUFFER: number = GfpMask.NOWAIT | Gfp.IO | Gfp.FS | Gfp.COMP | Gfp.ACCOUNT;
const SOCKET_NS = 2000;
/** Records of a page: commands parsed, hash table filled; an assumption of 1 GB/s. */
const PAGE_OF_RECORDS_NS = 4000;
/** A file that is written (mm/filemap.c: __filemap_get_folio with FGP_WRITE). */
const FILE_PAGE: number = USER_PAGE | Gfp.WRITE;
const SERVER_CPU = 0;

/** The server forks; its child writes a file while the server goes on, and copies what it changes. */
function* snapshot(
  heapBytes: number,
  written: number,
  at: { writer: RequestWriter; cache: PageCache; client: number; random: Random },
): Iterable<void> {
  const copies = new Process(at.writer, SERVER_CPU);
  const child = new Process(at.writer, at.client);
  child.forkHeap(heapBytes);
  yield;
  const file = at.cache.fill(at.client, heapBytes / 2, FILE_PAGE, 0, PAGE_OF_RECORDS_NS);
  for (let part = 0; part < heapBytes; part += HUGE_BYTES) {
    if ((part / HUGE_BYTES) % 2 === 0) file.next();
    for (let page = 0; page < HUGE_BYTES / PAGE_SIZE; page++)
      if (at.random.next() < written) copies.copyPage();
    yield;
  }
  child.exit();
  // The pages that were shared before belong to nobody now; as many as were copied.
  copies.exit();
  yield;
}

export const database: GeneratorEntry = generator({
  name: "database",
  summary: "an in-memory database is loaded over the network, with snapshots by fork",
  imitates:
    "Loading Redis: a heap that grows with its records, socket buffers of order 2 for a moment (flags and order as " +
    "recorded in live-linux-6.18.44-2c24g-redis), and BGSAVE, whose child has page tables of its own, copies of pages " +
    "that are changed meanwhile, and a file of half the size in the page cache. Without huge pages unless asked, " +
    "as its documentation advises. Rates are assumptions.",
  parameters: {
    size: size("bytes of all records; rounded up to 2 MiB", GiB, 2 * MiB, 64 * TiB),
    pages: choice("small: 4 KiB; huge: transparent huge pages", "small", ["small", "huge"]),
    buffers: count("socket buffers for 2 MiB of records", 64, 0, 100_000),
    snapshots: count("snapshots while it loads, the last at its end", 1, 0, 1000),
    written: share("share of pages that change during a snapshot", 0.05),
  },

  *requests({ size: bytes, pages, buffers, snapshots, written }, { vcpus }, writer, random) {
    const server = new Process(writer, SERVER_CPU, true);
    const client = 1 % vcpus;
    const cache = new PageCache(writer, vcpus);
    const total = Math.ceil(bytes / HUGE_BYTES) * HUGE_BYTES;
    const recordsNs = PAGE_OF_RECORDS_NS * (HUGE_BYTES / PAGE_SIZE);
    /** Buffers that are due, a fraction of one carried over. */
    let due = 0;
    for (let loaded = 0; loaded < total; ) {
      due += buffers;
      for (; due >= 1; due--) {
        const buffer = writer.alloc(client, SOCKET_ORDER, SOCKET_BUFFER, SOCKET_NS);
        writer.free(SERVER_CPU, buffer, SOCKET_ORDER, FREE_NS);
      }
      if (pages === "huge") server.touchHuge(HUGE_BYTES, recordsNs);
      else server.touch(HUGE_BYTES, PAGE_OF_RECORDS_NS);
      loaded += HUGE_BYTES;
      yield;
      const before = Math.floor(((loaded - HUGE_BYTES) / total) * snapshots);
      if (Math.floor((loaded / total) * snapshots) > before)
        yield* snapshot(loaded, written, { writer, cache, client, random });
    }
  },
});
