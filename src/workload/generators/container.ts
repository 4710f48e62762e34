import { Gfp, GfpMask } from "../../page-alloc/index.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../units.js";
import { count, type GeneratorEntry, generator, size } from "./generator.js";
import { PageCache } from "./page-cache.js";
import { FREE_NS, Process, USER_PAGE } from "./user-memory.js";

/** A page of a pipe between download and unpacking (fs/pipe.c: anon_pipe_write). */
const PIPE_PAGE: number = GfpMask.HIGHUSER | Gfp.ACCOUNT;
/** Files that are written take this much of the time of those read; an assumption: unpacking at 500 MB/s. */
const UNPACK_PAGE_NS = 8000;
/** Pages of namespaces, cgroups, mounts and sockets of a container, in slabs and per-CPU memory; assumptions. */
const SETUP: readonly (readonly [order: number, blocks: number])[] = [
  [0, 60],
  [1, 16],
  [2, 20],
  [3, 12],
];
const SETUP_NS = 20_000;
const PER_CPU_PAGES = 6;

export const container: GeneratorEntry = generator({
  name: "container",
  summary: "containers start: images are unpacked, processes run and stay",
  imitates:
    "Image pull and start inside a confidential guest, as with Kata containers, which unpack images in the " +
    "guest (guest pull): page cache of the image's files, compressed data through pipes, kernel memory of " +
    "namespaces and cgroups, and processes with heaps. Flags of file and pipe pages as recorded in " +
    "linux-6.12.107-debian-1c4g-tar; the counts for namespaces and all times are assumptions. Files stay in " +
    "the cache, as in tmpfs or behind overlayfs.",
  parameters: {
    containers: count("containers, one after the other, on CPUs in turn", 1, 1, 10_000),
    image: size("bytes of the files of an image", 64 * MiB, 0, 1024 * GiB),
    file: size("bytes of a file in it", 128 * KiB, 4 * KiB, GiB),
    processes: count("processes of a container, each forked and executed", 8, 0, 10_000),
    heap: size("bytes that each process writes to", 4 * MiB, 0, 1024 * GiB),
  },

  *requests({ containers, image, file, processes, heap }, { vcpus }, writer) {
    const cache = new PageCache(writer, vcpus);
    for (let number = 0; number < containers; number++) {
      const cpu = number % vcpus;
      for (let left = image; left > 0; left -= file) {
        const bytes = Math.min(left, file);
        // The compressed half of it comes through a pipe.
        const pipe = Array.from({ length: Math.ceil(bytes / 2 / PAGE_SIZE) }, () =>
          writer.alloc(cpu, 0, PIPE_PAGE, 500),
        );
        yield* cache.fill(cpu, bytes, USER_PAGE, 0, UNPACK_PAGE_NS);
        for (const page of pipe) writer.free(cpu, page, 0, FREE_NS);
      }
      for (const [order, blocks] of SETUP) {
        const comp = order > 0 ? Gfp.COMP | Gfp.NORETRY | Gfp.NOWARN : 0;
        for (let block = 0; block < blocks; block++)
          writer.alloc(cpu, order, GfpMask.KERNEL_ACCOUNT | comp, SETUP_NS);
      }
      for (let page = 0; page < PER_CPU_PAGES * vcpus; page++)
        writer.alloc(cpu, 0, GfpMask.KERNEL | Gfp.HIGHMEM | Gfp.NOWARN, 0);
      yield;
      for (let started = 0; started < processes; started++) {
        const process = new Process(writer, (cpu + started) % vcpus);
        process.fork();
        process.exec();
        for (let touched = 0; touched < heap; touched += MiB) {
          process.touch(Math.min(MiB, heap - touched));
          yield;
        }
      }
    }
  },
});
