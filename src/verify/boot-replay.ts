import { type Kernel, startKernel } from "../guest/kernel.js";
import type { KernelBuild } from "../linux/kernel-build.js";
import { kernelRules } from "../linux/kernel-rules.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import {
  cpuComesOnline,
  initPerZoneWmarkMin,
  raiseForHugePages,
  recalculateWithoutHugePages,
  setupPerCpuPageset,
} from "../page-alloc/zone-setup.js";
import { CostLedger } from "../sim/cost-ledger.js";
import { GuestClock } from "../sim/guest-clock.js";
import { VirtualCpus } from "../sim/virtual-cpus.js";
import { LabKind, type LabLog, LabMark } from "../workload/lab-log.js";
import type { EarlyBoot, EarlyMachine } from "../x86/early-machine.js";
import { DeferredReplay } from "./deferred-replay.js";
import { OpenLoop } from "./open-loop.js";
import { piecesOf, type ReleasedBlock } from "./released-blocks.js";
import type { RecordedAcceptance } from "./unaccepted-memory.js";

/** A boot that was repeated from the e820 map on with the requests of its log. */
export interface BootReplay {
  readonly kernel: Kernel;
  readonly loop: OpenLoop;
  /** Boot memory in the order in which the model gave it to the allocator. */
  readonly released: readonly ReleasedBlock[];
  readonly deferredInterleavings: number;
}

const isMark = (log: LabLog, i: number, mark: number): boolean =>
  log.kind[i] === LabKind.MARK && log.order[i] === mark;

/**
 * Repeats a boot. The log says when something is asked for and when a stage of boot is reached;
 * what happens then is the model's.
 *
 * @param logOf the log, which is looked at once the machine's zones are known
 */
export function replayBoot(
  logOf: LabLog | ((allocator: PageAllocator) => LabLog),
  machine: EarlyMachine,
  build: KernelBuild,
  acceptance: RecordedAcceptance,
  earlySteps?: (boot: EarlyBoot) => void,
): BootReplay {
  const released: ReleasedBlock[] = [];
  const lazy = !/(^|\s)accept_memory=eager(\s|$)/.test(machine.commandLine);
  const clock = new GuestClock(new VirtualCpus(machine.cpuNodes.length), new CostLedger());
  const kernel = startKernel({
    machine,
    build,
    rules: kernelRules("6.12").pageAlloc,
    acceptance,
    lazy,
    clock,
    ...(earlySteps === undefined ? {} : { earlySteps }),
    released: (startPfn, order, blocks, parked) => {
      for (const piece of piecesOf(startPfn, order, blocks, parked)) released.push(piece);
    },
  });
  const log = typeof logOf === "function" ? logOf(kernel.allocator) : logOf;
  const loop = new OpenLoop(log, kernel.allocator, machine.cpuNodes);
  const stages = new Stages(kernel.allocator, machine);
  let deferred: DeferredReplay | undefined;
  // Everything in front of the first request has happened in the kernel's constructor.
  const firstRequest = firstRecord(log, LabKind.ALLOC);
  const stageAt = stagesOfLog(log);
  for (let i = firstRequest; i < log.length; i++) {
    if (stageAt[i] !== Stage.NONE) {
      loop.runUntil(i);
      stages.reach(stageAt[i]!);
      continue;
    }
    const isRelease = log.kind[i] === LabKind.INIT_FREE || log.kind[i] === LabKind.PARK;
    // Before per-CPU lists are set up, a zone that ran empty grows within a request.
    if (isRelease && stages.perCpuLists) {
      loop.runUntil(i);
      deferred ??= new DeferredReplay(kernel);
      deferred.step(log.pfn[i]!);
    }
  }
  loop.runUntil(log.length);
  deferred?.finish();
  return { kernel, loop, released, deferredInterleavings: deferred?.interleavings ?? 0 };
}

/** First record of a kind, or the length of the log. */
export function firstRecord(log: LabLog, kind: number): number {
  const found = log.kind.indexOf(kind);
  return found < 0 ? log.length : found;
}

/** What a record announces. */
const Stage = { NONE: 0, PCP_SIZES: 1, WATERMARKS: 2 } as const;

/**
 * The records with which a stage begins. It has one for each zone, and they need not be neighbours:
 * an interrupt or another CPU can come between. Watermarks are set from the first zone on, so each
 * record of that zone begins a stage; sizes of per-CPU lists follow from them. Before there are any,
 * sizes are set when a CPU comes up, and only zones whose sizes change have a record.
 */
export function stagesOfLog(log: LabLog): Uint8Array {
  const stages = new Uint8Array(log.length);
  const sized = new Set<number>();
  const previousOnCpu = new Int32Array(256).fill(-1);
  let lastSize = -1;
  let firstZone = -1;
  for (let i = 0; i < log.length; i++) {
    const cpu = log.cpu[i]!;
    const zone = log.type[i]!;
    if (isMark(log, i, LabMark.WATERMARKS)) {
      if (firstZone < 0) firstZone = zone;
      if (zone === firstZone) stages[i] = Stage.WATERMARKS;
    } else if (isMark(log, i, LabMark.PCP_SIZES) && firstZone < 0) {
      const goesOn = lastSize >= 0 && previousOnCpu[cpu] === lastSize && !sized.has(zone);
      if (!goesOn) {
        sized.clear();
        stages[i] = Stage.PCP_SIZES;
      }
      sized.add(zone);
      lastSize = i;
    }
    previousOnCpu[cpu] = i;
  }
  return stages;
}

/** Stages of boot that tune the zones, as the log reaches them. */
class Stages {
  perCpuLists = false;
  readonly #allocator: PageAllocator;
  readonly #cpuNodes: readonly number[];
  readonly #hugePages: boolean;
  #online = 1;
  #minFreeKbytes = 0;

  constructor(allocator: PageAllocator, { cpuNodes, commandLine }: EarlyMachine) {
    this.#allocator = allocator;
    this.#cpuNodes = cpuNodes;
    this.#hugePages = !/(^|\s)transparent_hugepage=never(\s|$)/.test(commandLine);
  }

  reach(stage: number): void {
    const allocator = this.#allocator;
    if (stage === Stage.WATERMARKS) {
      this.#minFreeKbytes =
        this.#minFreeKbytes === 0
          ? initPerZoneWmarkMin(allocator, this.#cpuNodes)
          : this.#hugePages
            ? raiseForHugePages(allocator, this.#minFreeKbytes, this.#cpuNodes)
            : recalculateWithoutHugePages(allocator, this.#cpuNodes);
    } else if (!this.perCpuLists) {
      setupPerCpuPageset(allocator, this.#cpuNodes.slice(0, 1));
      this.perCpuLists = true;
    } else {
      cpuComesOnline(allocator, this.#cpuNodes.slice(0, this.#online));
      this.#online++;
    }
  }
}
