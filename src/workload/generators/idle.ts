import { Gfp, GfpMask } from "../../page-alloc/index.js";
import { MiB, PAGE_SIZE } from "../../units.js";
import { count, type GeneratorEntry, generator, size, time } from "./generator.js";
import { FREE_NS, Process } from "./user-memory.js";

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
    "real guests differ widely, so both rates are assumptions. Idle time is written as work of a CPU.",
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
      writer.work(cpu, nowNs - lastNs[cpu]!);
      const page = writer.alloc(cpu, 0, random.next() < 0.5 ? MOMENT : MOMENT | Gfp.ZERO, 0);
      writer.free(cpu, page, 0, MOMENT_NS + FREE_NS);
      lastNs[cpu] = nowNs + MOMENT_NS + FREE_NS;
      for (const due = Math.floor((nowNs / 60 / SECOND_NS) * growthPages); grown < due; grown++)
        daemon.touch(PAGE_SIZE, 0);
      yield;
    }
    for (let cpu = 0; cpu < vcpus; cpu++) {
      writer.work(cpu, Math.max(0, duration - lastNs[cpu]!));
      yield;
    }
  },
});
