import { GiB, MiB, TiB } from "../../units.js";
import { choice, count, type GeneratorEntry, generator, size, time } from "./generator.js";
import { HUGE_BYTES, Process } from "./user-memory.js";

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
      if (pause > 0) for (const worker of workers) writer.work(worker.cpu, pause);
    }
  },
});
