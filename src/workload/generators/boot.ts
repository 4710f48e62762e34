import { GiB, KiB, MiB, PAGE_SIZE } from "../../units.js";
import type { Milestone } from "../recording.js";
import {
  type BootMachine,
  beforeDeferredInit,
  beforeHugePages,
  beforeInit,
  beforeKswapd,
  beforePerCpuLists,
  beforeSmp,
  beforeWatermarks,
  cpuComesUp,
  type Demand,
  firstCommands,
} from "./boot-demands.js";
import { count, type GeneratorEntry, generator, type Random, size } from "./generator.js";
import type { RequestWriter } from "./request-writer.js";

/**
 * Recorded nanoseconds (2 for each instruction) to those of hardware, as `clock.timeScale` of
 * linux-6.12.95-1c4g derives it from published boot times.
 */
const TIME_SCALE = 0.62;
/** Bytes of the kernel image and where in it lie the pages that are freed, for a kernel as recorded. */
const IMAGE_BYTES: number = 45_072 * KiB;
const FREED_AT_SMP = { first: 9926, end: 9936 };
const FREED_BEFORE_INIT: readonly { readonly first: number; readonly end: number }[] = [
  { first: 10757, end: 11264 },
  { first: 8922, end: 9926 },
  { first: 6823, end: 7168 },
];
const IMAGE = 0;
const INITRD = 1;

/** Requests that one CPU makes before another goes on, where several work on the boot; an assumption. */
const TURN = 32;
/** Requests within which a short allocation is freed. */
const SHORT = 24;
/** Work of a CPU to come up beyond its requests; an assumption. */
const BRING_UP_NS = 4e6;

interface Phase {
  readonly milestone: Milestone | undefined;
  readonly demands: (machine: BootMachine) => readonly Demand[];
  /** Recorded on one CPU. */
  readonly ns: number;
  readonly nsPerGiB?: number;
  /** Further CPUs work, too. */
  readonly parallel?: boolean;
}

const BEFORE_SMP: readonly Phase[] = [
  { milestone: "setupPerCpuPageset", demands: beforePerCpuLists, ns: 1e6 },
  { milestone: "smpInit", demands: beforeSmp, ns: 289e6 },
];
const AFTER_SMP: readonly Phase[] = [
  { milestone: "pageAllocInitLate", demands: beforeDeferredInit, ns: 0.4e6, parallel: true },
  { milestone: "watermarks", demands: beforeWatermarks, ns: 22e6, nsPerGiB: 1.7e6, parallel: true },
  { milestone: "khugepaged", demands: beforeHugePages, ns: 226e6, parallel: true },
  { milestone: "kswapd", demands: beforeKswapd, ns: 422e6, parallel: true },
];

type Step = Demand | { readonly freeReserved: number; readonly offsetBytes: number };

class BootWriter {
  readonly #writer: RequestWriter;
  readonly #random: Random;
  readonly #lastNs: Float64Array;
  #nowNs = 0;
  #cpu = 0;

  constructor(writer: RequestWriter, random: Random, cpus: number) {
    this.#writer = writer;
    this.#random = random;
    this.#lastNs = new Float64Array(cpus);
  }

  mark(name: Milestone): void {
    this.#writer.mark(name, this.#nowNs);
  }

  /** All of a CPU's bring-up is done by the boot CPU. */
  bringUp(cpu: number, demands: readonly Demand[]): void {
    this.#lastNs[cpu] = this.#nowNs;
    this.phase(demands, BRING_UP_NS, 1);
  }

  /** Requests in a random order, but calls for many pages together, evenly over a time. */
  phase(demands: readonly Demand[], ns: number, cpus: number, ends: readonly Step[] = []): void {
    const steps: Step[] = [];
    for (const demand of demands) {
      const times = demand.bulk ? 1 : demand.count;
      for (let i = 0; i < times; i++) steps.push(demand);
    }
    this.#random.shuffle(steps);
    steps.push(...ends);
    const stepNs = steps.length === 0 ? 0 : ns / steps.length;
    /** By the step that follows. */
    const frees = new Map<number, { handle: number; order: number }[]>();
    steps.forEach((step, at) => {
      if (at % TURN === 0) this.#cpu = cpus === 1 ? 0 : this.#random.below(cpus);
      for (const { handle, order } of frees.get(at) ?? [])
        this.#writer.free(this.#cpu, handle, order, this.#think());
      frees.delete(at);
      this.#nowNs += stepNs;
      if ("freeReserved" in step) {
        this.#writer.freeReserved(this.#cpu, step.freeReserved, step.offsetBytes, this.#think());
        return;
      }
      const handles = this.#allocate(step);
      if (step.life === "kept") return;
      const later =
        step.life === "short" ? 1 + this.#random.below(SHORT) : SHORT + this.#random.below(steps.length);
      const end = Math.min(at + later, steps.length);
      const list = frees.get(end) ?? [];
      for (const handle of handles) list.push({ handle, order: step.order });
      frees.set(end, list);
    });
    for (const { handle, order } of frees.get(steps.length) ?? [])
      this.#writer.free(this.#cpu, handle, order, this.#think());
  }

  #allocate({ bulk, count, order, gfp, areaBytes }: Demand): readonly number[] {
    const thinkNs = this.#think();
    if (!bulk) return [this.#writer.alloc(this.#cpu, order, gfp, thinkNs)];
    this.#writer.work(this.#cpu, thinkNs);
    return Array.from({ length: count }, () => this.#writer.allocBulk(this.#cpu, gfp, 0, areaBytes));
  }

  #think(): number {
    const ns = this.#nowNs - this.#lastNs[this.#cpu]!;
    this.#lastNs[this.#cpu] = this.#nowNs;
    return ns;
  }
}

function reservedPages(
  range: number,
  parts: readonly { readonly first: number; readonly end: number }[],
): Step[] {
  return parts.flatMap(({ first, end }) =>
    Array.from({ length: end - first }, (_, page) => ({
      freeReserved: range,
      offsetBytes: (first + page) * PAGE_SIZE,
    })),
  );
}

export const boot: GeneratorEntry = generator({
  name: "boot",
  summary: "a Linux kernel boots on this machine, up to the first commands of init",
  imitates:
    "The boots of Debian's cloud kernel 6.12.107 under workloads/recorded, in allocations by order and " +
    "migrate type. Slab orders follow mm/slub.c:calculate_order, hash tables mm/mm_init.c:" +
    "alloc_large_system_hash, DMA pools kernel/dma/pool.c, memory block devices arch/x86/mm/init_64.c:" +
    "probe_memory_block_size; the counts behind them are those of the recordings. The order of requests " +
    "within a phase is random, and devices are those of the recorded machine whatever its size.",
  parameters: {
    initramfs: size("bytes of the files that the initramfs unpacks", 1940 * KiB, 0, 4 * GiB),
    initramfsFiles: count("files, directories and links in it", 285, 0, 1_000_000),
    initrd: size("bytes of the initramfs as it is loaded, which are freed", 1008 * KiB, 0, 4 * GiB),
    commands: count("commands that init runs", 1, 0, 1000),
    traceBuffer: size("trace_buf_size of a boot that is traced, for each further CPU", 0, 0, 1024 * MiB),
  },
  before: ({ initrd }, { vcpus, nodes }) => ({
    // Recorded: 480, 11 for each further CPU, and on two nodes the pages of late hash tables.
    unseenPages: 480 + 11 * (vcpus - 1) + 1044 * (nodes - 1),
    reserved: [
      { name: "kernel image", bytes: IMAGE_BYTES },
      { name: "initrd", bytes: initrd },
    ],
  }),

  *requests(parameters, target, writer, random) {
    const { vcpus, memoryBytes } = target;
    const machine: BootMachine = {
      ...target,
      initramfsBytes: parameters.initramfs,
      initramfsFiles: parameters.initramfsFiles,
      initCommands: parameters.commands,
      traceBufferBytes: parameters.traceBuffer,
    };
    const boot = new BootWriter(writer, random, vcpus);
    const run = (
      { milestone, demands, ns, nsPerGiB = 0, parallel = false }: Phase,
      ends: readonly Step[],
    ): void => {
      const phaseNs = (ns + (nsPerGiB * memoryBytes) / GiB) * TIME_SCALE;
      boot.phase(demands(machine), phaseNs, parallel ? vcpus : 1, ends);
      if (milestone !== undefined) boot.mark(milestone);
    };

    writer.thinkBeforeNs = 137e6 * TIME_SCALE;
    for (const phase of BEFORE_SMP)
      run(phase, phase.milestone === "smpInit" ? reservedPages(IMAGE, [FREED_AT_SMP]) : []);
    for (let cpu = 1; cpu < vcpus; cpu++) {
      boot.bringUp(cpu, cpuComesUp(machine));
      yield;
    }
    boot.mark("smpDone");
    for (const phase of AFTER_SMP) {
      run(phase, []);
      yield;
    }
    const freed = [
      ...reservedPages(INITRD, [{ first: 0, end: Math.ceil(parameters.initrd / PAGE_SIZE) }]),
      ...reservedPages(IMAGE, FREED_BEFORE_INIT),
    ];
    run({ milestone: "ready", demands: beforeInit, ns: 1764e6, parallel: true }, freed);
    yield;
    run({ milestone: undefined, demands: firstCommands, ns: 41e6 }, []);
    yield;
  },
});
