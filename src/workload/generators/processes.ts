import { Gfp, GfpMask } from "../../page-alloc/index.js";
import { GiB, KiB, MiB, PAGE_SIZE, TiB } from "../../units.js";
import { choice, count, type GeneratorEntry, generator, share, size, time } from "./generator.js";
import { PageCache } from "./page-cache.js";
import { FREE_NS, HUGE_BYTES, Process, READ_PAGE_NS } from "./user-memory.js";

export const heap: GeneratorEntry = generator({
  name: "heap",
  summary: "an anonymous heap grows and stays",
  imitates:
    "The heap of a server. With pause=0 it is written to at once, as the JVM does with " +
    "-XX:+AlwaysPreTouch (threads: its -XX:ParallelGCThreads); with a pause it grows step by step. A page " +
    "table for each 2 MiB, huge pages or not (mm/huge_memory.c:__do_huge_pmd_anonymous_page deposits one), a " +
    "directory for each GiB: as in the recording linux-6.12.107-debian-1c4g-heap. Each thread has a part of " +
    "the heap with directories of its own. Times are assumptions.",
  parameters: {
    size: size("bytes of the heap; each thread's part is rounded up to 2 MiB", GiB, 2 * MiB, 64 * TiB),
    pages: choice("huge: transparent huge pages; small: 4 KiB", "huge", ["huge", "small"]),
    threads: count("threads that write to it, on CPUs in turn", 1, 1, 1024),
    step: size("bytes by which each thread's part grows before a pause", 64 * MiB, 2 * MiB, 64 * TiB),
    pause: time("pause after each step", 0, 3600e9),
  },

  *requests({ size: bytes, pages, threads, step, pause }, { vcpus }, writer) {
    const each = Math.ceil(bytes / threads / HUGE_BYTES) * HUGE_BYTES;
    const workers = Array.from({ length: threads }, (_, thread) => new Process(writer, thread % vcpus, true));
    let inStep = 0;
    for (let at = 0; at < each; at += HUGE_BYTES) {
      inStep += HUGE_BYTES;
      for (const worker of workers) {
        if (pages === "huge") worker.touchHuge(HUGE_BYTES);
        else worker.touch(HUGE_BYTES);
        yield;
      }
      if (inStep < step) continue;
      inStep = 0;
      if (pause > 0) for (const worker of workers) writer.sleep(worker.cpu, pause);
    }
  },
});

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

export const fork: GeneratorEntry = generator({
  name: "fork",
  summary: "many short processes, as a shell script or a build starts them",
  imitates:
    "fork, exec, some heap and exit: two pages and five or more of page tables for each, pages that are copied " +
    "on write, and the same pages free again soon. Counts for one process as recorded for busybox in " +
    "linux-6.12.107-debian-4c4g-compile and -1c4g-tar. Without slabs of task_struct and its companions, which " +
    "such processes take from those that ended. Times are assumptions.",
  parameters: {
    processes: count("processes in all", 400, 1, 10_000_000),
    together: count("processes that live at the same time", 8, 1, 1_000_000),
    heap: size("bytes that each writes to, in pages of 4 KiB", 64 * KiB, 0, 1024 * MiB),
    exec: share("share of processes that run another program", 0.5),
  },

  *requests({ processes, together, heap, exec }, { vcpus }, writer, random) {
    const alive: Process[] = [];
    for (let started = 0; started < processes; started++) {
      // Whichever ends first: with equal work that is mostly, but not always, the oldest.
      if (alive.length === together) alive.splice(random.below(Math.min(together, 4)), 1)[0]!.exit();
      const process = new Process(writer, started % vcpus);
      process.fork();
      if (random.next() < exec) process.exec();
      process.touch(heap);
      alive.push(process);
      yield;
    }
    for (const process of alive) {
      process.exit();
      yield;
    }
  },
});

const SECOND_NS = 1e9;
/** A page for a moment, as a read of /proc or a log line takes it (fs/seq_file.c). */
const MOMENT: number = GfpMask.KERNEL;
const MOMENT_NS = 20_000;

export const idle: GeneratorEntry = generator({
  name: "idle",
  summary: "a guest that has nothing to do but a little of everything",
  imitates:
    "A guest between requests: now and then a page for a moment, and a daemon whose heap creeps up. The " +
    "recording linux-6.12.107-debian-1c2g-hungry asks for 256 KiB every ten seconds while it idles; rates of " +
    "real guests differ widely, so both rates are assumptions. In a trace of it, idle time is work of a CPU.",
  parameters: {
    duration: time("how long, on every CPU", 60 * SECOND_NS, 86_400 * SECOND_NS),
    wakeups: count("pages taken for a moment per second, on all CPUs together", 10, 1, 100_000),
    growth: size("bytes by which a heap grows per minute", MiB, 0, 1024 * MiB),
  },

  *requests({ duration, wakeups, growth }, { vcpus }, writer, random) {
    const daemon = new Process(writer, 0, true);
    const growthPages = growth / PAGE_SIZE;
    const lastNs = new Float64Array(vcpus);
    let grown = 0;
    const events = Math.floor((duration / SECOND_NS) * wakeups);
    for (let event = 1; event <= events; event++) {
      const nowNs = (event * SECOND_NS) / wakeups;
      const cpu = random.below(vcpus);
      writer.sleep(cpu, nowNs - lastNs[cpu]!);
      const page = writer.alloc(cpu, 0, random.next() < 0.5 ? MOMENT : MOMENT | Gfp.ZERO, 0);
      writer.free(cpu, page, 0, MOMENT_NS + FREE_NS);
      lastNs[cpu] = nowNs + MOMENT_NS + FREE_NS;
      for (const due = Math.floor((nowNs / 60 / SECOND_NS) * growthPages); grown < due; grown++)
        daemon.touch(PAGE_SIZE, 0);
      yield;
    }
    for (let cpu = 0; cpu < vcpus; cpu++) {
      writer.sleep(cpu, Math.max(0, duration - lastNs[cpu]!));
      yield;
    }
  },
});
