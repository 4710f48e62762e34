/** The boot of a recorded kernel, from the e820 map on. */

import type { AcceptMemory } from "../accept/accept-memory.js";
import { type DeferredArea, type Kernel, startKernel } from "../guest/kernel.js";
import type { KernelBuild } from "../linux/kernel-build.js";
import type { KernelRules } from "../linux/rules.js";
import { deferredInitChunk, deferredJobs, padataChunks } from "../mm/deferred-init.js";
import { BootStages, type PageAllocator } from "../page-alloc/index.js";
import { CostLedger } from "../sim/cost-ledger.js";
import { GuestClock } from "../sim/guest-clock.js";
import { VirtualCpus } from "../sim/virtual-cpus.js";
import { asPfn, MAX_ORDER_PAGES } from "../units.js";
import { LabKind, type LabLog } from "../workload/lab-log.js";
import type { EarlyBoot, EarlyMachine } from "../x86/early-machine.js";
import { type Comparison, compareInOrder } from "./tally.js";

/** A kernel that has handed its first memory to the page allocator. */
export interface Booted {
  readonly kernel: Kernel;
  readonly machine: EarlyMachine;
  readonly stages: RecordedStages;
  /** Boot memory in the order in which the model gave it to the allocator. */
  readonly released: readonly ReleasedBlock[];
}

/** The stages of a boot as recordings show them: that per-CPU lists or watermarks change, not for which of the stages. */
class RecordedStages {
  /** CPUs that are online, as far as per-CPU lists count them; 0 before these have sizes. */
  online = 0;
  watermarks = 0;
  readonly #stages: BootStages;
  readonly #cpus: number;

  constructor(allocator: PageAllocator, cpuNodes: readonly number[], wantsHugePages: boolean) {
    this.#stages = new BootStages(allocator, cpuNodes, wantsHugePages);
    this.#cpus = cpuNodes.length;
  }

  sizePcp(): void {
    if (this.online === 0) this.#stages.setupPerCpuPageset();
    else this.#stages.pageAllocCpuOnline();
    this.online++;
  }

  bringUp(): void {
    while (this.online < this.#cpus) this.sizePcp();
  }

  setWatermarks(): void {
    if (this.watermarks === 0) this.#stages.initPerZoneWmarkMin();
    else this.#stages.hugepageInit();
    this.watermarks++;
  }
}

export interface ReleasedBlock {
  readonly pfn: number;
  readonly order: number;
  /** On the unaccepted list instead of the free lists. */
  parked: boolean;
}

/** Boots a kernel up to memblock's hand-over; `earlySteps` are in place of those of the build. */
export function bootKernel(
  machine: EarlyMachine,
  build: KernelBuild,
  rules: KernelRules,
  acceptance: AcceptMemory,
  earlySteps?: (boot: EarlyBoot) => void,
): Booted {
  const released: ReleasedBlock[] = [];
  const has = (option: string): boolean => new RegExp(`(^|\\s)${option}(\\s|$)`).test(machine.commandLine);
  const clock = new GuestClock(new VirtualCpus(machine.cpuNodes.length), new CostLedger());
  const kernel = startKernel({
    machine,
    build,
    rules,
    acceptance,
    lazy: !has("accept_memory=eager"),
    clock,
    ...(earlySteps === undefined ? {} : { earlySteps }),
    released: (startPfn, order, blocks, parked) => {
      for (let block = 0; block < blocks; block++)
        released.push({ pfn: startPfn + block * 2 ** order, order, parked });
    },
  });
  const stages = new RecordedStages(kernel.allocator, machine.cpuNodes, !has("transparent_hugepage=never"));
  return { kernel, machine, stages, released };
}

export function compareReleased(
  { released }: Pick<Booted, "released">,
  { length, kind, pfn, order }: LabLog,
): Comparison {
  const recorded: ReleasedBlock[] = [];
  const freed = new Map<number, ReleasedBlock>();
  let handedOver: number | undefined;
  for (let i = 0; i < length; i++) {
    const parked = kind[i] === LabKind.PARK;
    const before = parked ? freed.get(pfn[i]!) : undefined;
    // The log of 7.3 has a parked block twice: as one that is freed, and then as parked.
    if (before !== undefined) before.parked = true;
    else if (parked || kind[i] === LabKind.INIT_FREE) {
      const block = { pfn: pfn[i]!, order: order[i]!, parked };
      recorded.push(block);
      freed.set(block.pfn, block);
    } else if (kind[i] === LabKind.ALLOC) handedOver ??= recorded.length;
  }
  return compareInOrder(recorded, released, {
    isSame: (a, b) => a.pfn === b.pfn && a.order === b.order && a.parked === b.parked,
    text: (block) => `pfn 0x${block.pfn.toString(16)} order ${block.order}${block.parked ? ", parked" : ""}`,
    eventAt: (at) => at,
    context: (at) =>
      `piece ${at} of ${recorded.length}, ${handedOver ?? recorded.length} of them by memblock`,
  });
}

/** What the model frees in one go: blocks of the highest order one by one, a run of single pages whole. */
interface Piece {
  readonly startPfn: number;
  readonly release: () => void;
}

/** A chunk of a node's work that one thread does in order. */
interface Chunk {
  readonly pieces: readonly Piece[];
  next: number;
}

/**
 * Deferred initialisation at the pace of a log. What is freed and in which order within a chunk
 * comes from the model; that threads of several nodes and other kernel threads take turns, and
 * when, is taken from the log.
 */
export class DeferredReplay {
  /** Times the log goes on with another chunk than the one before it left unfinished. */
  interleavings = 0;
  readonly #chunks: readonly Chunk[];
  #current: Chunk | undefined = undefined;

  constructor(kernel: Kernel) {
    this.#chunks = kernel.deferredAreas.flatMap((area) => chunksOf(area, kernel));
    kernel.allocator.growZone = undefined;
  }

  /** Frees the piece that starts at a frame, if it is next in its chunk. Pages inside a run do nothing. */
  step(pfn: number): void {
    const due = (chunk: Chunk | undefined): boolean => chunk?.pieces[chunk.next]?.startPfn === pfn;
    const chunk = due(this.#current) ? this.#current : this.#chunks.find(due);
    if (chunk === undefined) return;
    const left = this.#current;
    if (left !== undefined && left !== chunk && left.next < left.pieces.length) this.interleavings++;
    this.#current = chunk;
    chunk.pieces[chunk.next++]!.release();
  }

  /** Frees what the log did not mention, so that the model is complete. */
  finish(): void {
    for (const chunk of this.#chunks) {
      while (chunk.next < chunk.pieces.length) chunk.pieces[chunk.next++]!.release();
    }
  }
}

function chunksOf(area: DeferredArea, { cpuNodes, early, release }: Kernel): Chunk[] {
  const threads = cpuNodes.filter((nodeId) => nodeId === area.nodeId).length;
  return deferredJobs(area, early.bootRules.deferredJobs)
    .flatMap((job) => padataChunks(job, threads).chunks)
    .map((span) => {
      const pieces: Piece[] = [];
      deferredInitChunk(area.free, span, {
        maxOrderBlocks: (startPfn, blocks) => {
          for (let block = 0; block < blocks; block++) {
            const first = asPfn(startPfn + block * MAX_ORDER_PAGES);
            pieces.push({ startPfn: first, release: () => release.maxOrderRun(first, 1) });
          }
        },
        singlePages: (startPfn, pages) =>
          pieces.push({ startPfn, release: () => release.singlePages(startPfn, pages) }),
      });
      return { pieces, next: 0 };
    });
}
