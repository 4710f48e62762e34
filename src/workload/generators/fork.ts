import { KiB, MiB } from "../../units.js";
import { count, type GeneratorEntry, generator, share, size } from "./generator.js";
import { Process } from "./user-memory.js";

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
