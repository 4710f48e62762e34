import type { UnacceptedTable } from "../../efistub/unaccepted-table.js";
import { machineFromBootLog } from "../../guest/boot-log.js";
import type { EarlyMachine } from "../../guest/early-machine.js";
import { type KernelBuild, SMALL_6_12_107 } from "../../guest/kernel-build.js";
import type { PageAllocator } from "../../page-alloc/page-allocator.js";
import { LabKind, type LabLog, readLabLog } from "../../workload/lab-log.js";
import { adoptSnapshot, type GapReport } from "./adopt-snapshot.js";
import { type BootReplay, replayBoot } from "./boot-replay.js";
import { acceptText, compareDecisions, compareReleased, compareTexts, requestText } from "./compare-log.js";
import { added, type Comparison, type Divergence, type OutsideCauses } from "./comparison.js";
import { compareFinalLists } from "./final-lists.js";
import { allocatorOf } from "./load-snapshot.js";
import { compareMemblock } from "./memblock-log.js";
import { OpenLoop } from "./open-loop.js";
import { compareProc, type ProcComparison } from "./proc.js";
import { needText, parseFile, RecordingError, type RecordingFiles } from "./recording-files.js";
import { parseSnapshot, type SnapshotZone } from "./snapshot.js";
import type { UntracedCauses } from "./stock-resync.js";
import type { FreePages } from "./stock-zoneinfo.js";
import { copyOf, RecordedAcceptance, tableOfBootLog, tableOfSnapshot } from "./unaccepted-memory.js";
import { workloadNames, workloadsInOrder } from "./workload-order.js";

const BUILDS: readonly KernelBuild[] = [SMALL_6_12_107];

/** One boot or workload. */
export interface VerifiedRun {
  /** `boot`, or the workload. */
  readonly name: string;
  /** Where its memory comes from: the firmware's map, a snapshot, the simulated boot and the runs since, a trace. */
  readonly start: "e820" | "snapshot" | "boot" | "trace";
  readonly events: number;
  readonly allocations: {
    readonly compared: number;
    readonly pfnExact: number;
    /** Of these, those from lists that a trace with gaps had not determined yet. */
    readonly beforeResync?: { readonly compared: number; readonly pfnExact: number };
    readonly firstDivergence?: Divergence;
  };
  /** What the platform was asked to accept. */
  readonly accepts: {
    readonly recorded: number;
    readonly exactInOrder: number;
    readonly firstDivergence?: Divergence;
  };
  /** Calls of accept_memory(), whether or not they found something to accept. */
  readonly acceptRequests: Comparison;
  /** Decisions to accept, with the zone and how many pages. */
  readonly acceptDecisions: Comparison;
  readonly refills: Comparison;
  readonly drains: Comparison;
  /** Pageblocks that changed their type. */
  readonly retypings: Comparison;
  readonly finalLists: Comparison;
  readonly proc: ProcComparison;
  /** Of a trace with gaps also what it did not see. */
  readonly outside: OutsideCauses & Partial<UntracedCauses>;
  /** Where every free page is at the end of a traced boot. */
  readonly freePages?: readonly FreePages[];
  /** What happened between the run before and this one; only where this one goes on from it. */
  readonly gap?: GapReport;
}

/** Allocations from lists that the recording determines: all, unless a trace has gaps. */
export function knownAllocations({ allocations }: VerifiedRun): { compared: number; pfnExact: number } {
  const { compared, pfnExact, beforeResync } = allocations;
  return {
    compared: compared - (beforeResync?.compared ?? 0),
    pfnExact: pfnExact - (beforeResync?.pfnExact ?? 0),
  };
}

/** All that was compared in one directory. */
export interface VerifiedRecording {
  readonly name: string;
  readonly memblock?: Comparison;
  readonly handover?: Comparison;
  /** Sizes and watermarks of zones, where that is all that can be compared of a boot. */
  readonly zones?: Comparison;
  readonly runs: readonly VerifiedRun[];
}

/** Machine and acceptance at the end of the boot: what a workload needs beside its own snapshot. */
interface BootContext {
  readonly machine: EarlyMachine;
  readonly replay: BootReplay;
  readonly acceptance: RecordedAcceptance;
  /** Unaccepted memory as boot left it; undefined where nothing was unaccepted. */
  readonly table: UnacceptedTable | undefined;
  /** Frame numbers of the blocks that were on the unaccepted lists then. */
  readonly parked: readonly number[];
}

/**
 * Repeats everything a directory has recorded of an instrumented kernel, open loop, and compares.
 *
 * @throws RecordingError when a file is missing or cannot be read
 */
export function verifyLabRecording(files: RecordingFiles): VerifiedRecording {
  const bootLog = needText(files, "boot.dmesg");
  const machine = machineFromBootLog(bootLog);
  if (machine === undefined)
    throw new RecordingError(`${files.name}/boot.dmesg: expected a whole boot log with the e820 map`);
  const memblock = compareMemblock(bootLog, machine, BUILDS);
  const log = labLogOf(files, "boot");
  const acceptance = new RecordedAcceptance(parseFile(files, "boot.dmesg", bootLog, tableOfBootLog));
  const replay = replayBoot(log, machine, SMALL_6_12_107, acceptance, memblock.earlySteps);
  const boot = finishRun(files, {
    name: "boot",
    start: "e820",
    log,
    loop: replay.loop,
    allocator: replay.kernel.allocator,
    acceptance,
    snapshot: snapshotOf(files, "boot.snapB"),
    procPrefix: "boot",
  });
  const outside = { ...boot.outside, deferredInterleavings: replay.deferredInterleavings };
  const parked = snapshotOf(files, "boot.snapB").flatMap((zone) => zone.unaccepted);
  const table = acceptance.remaining === undefined ? undefined : copyOf(acceptance.remaining);
  const context: BootContext = { machine, replay, acceptance, table, parked };
  return {
    name: files.name,
    memblock: memblock.comparison,
    handover: compareReleased(replay.released, log),
    runs: [
      { ...boot, outside },
      ...workloadNames(files).map((name) => verifyFromSnapshot(files, name, context)),
      ...verifyCarriedOn(files, context),
    ],
  };
}

/** A workload by itself, on an allocator made from the snapshot in front of it. */
function verifyFromSnapshot(files: RecordingFiles, name: string, boot: BootContext): VerifiedRun {
  const snapshot = snapshotOf(files, `wl-${name}.snapA`);
  const parked = new Set(snapshot.flatMap((zone) => zone.unaccepted));
  const acceptance = new RecordedAcceptance(
    boot.table === undefined ? undefined : tableOfSnapshot(boot.table, boot.parked, parked),
  );
  const allocator = allocatorOf(snapshot, acceptance);
  return verifyWorkload(files, name, "snapshot", allocator, acceptance, snapshot, boot.machine);
}

/**
 * All workloads one after another on the machine that was booted. What the guest did in between has
 * no log: it is taken from the snapshot, but for what is accepted.
 */
function verifyCarriedOn(files: RecordingFiles, { machine, replay, acceptance }: BootContext): VerifiedRun[] {
  const { allocator } = replay.kernel;
  allocator.kswapdRunning = true;
  return workloadsInOrder(files).map((name) => {
    const snapshot = snapshotOf(files, `wl-${name}.snapA`);
    const gap = adoptSnapshot(allocator, snapshot);
    acceptance.nextRun();
    return { ...verifyWorkload(files, name, "boot", allocator, acceptance, snapshot, machine), gap };
  });
}

function verifyWorkload(
  files: RecordingFiles,
  name: string,
  start: VerifiedRun["start"],
  allocator: PageAllocator,
  acceptance: RecordedAcceptance,
  before: readonly SnapshotZone[],
  machine: EarlyMachine,
): VerifiedRun {
  const isReadBefore = files.list().some((file) => file.startsWith(`pre-${name}.`));
  const procBefore: ProcComparison = isReadBefore
    ? compareProc(allocator, files, `pre-${name}`, before)
    : { compared: 0, equal: 0, readElsewhen: 0 };
  const log = labLogOf(files, `wl-${name}`);
  const loop = new OpenLoop(log, allocator, machine.cpuNodes);
  loop.runUntil(log.length);
  const run = finishRun(files, {
    name,
    start,
    log,
    loop,
    allocator,
    acceptance,
    snapshot: snapshotOf(files, `wl-${name}.snapB`),
    procPrefix: `post-${name}`,
  });
  const readElsewhen = procBefore.readElsewhen + run.proc.readElsewhen;
  return { ...run, proc: { ...added(procBefore, run.proc), readElsewhen } };
}

/** A run that is through, and what to compare it with. */
interface FinishedRun {
  readonly name: string;
  readonly start: VerifiedRun["start"];
  readonly log: LabLog;
  readonly loop: OpenLoop;
  readonly allocator: PageAllocator;
  readonly acceptance: RecordedAcceptance;
  /** The state that the recording has at its end. */
  readonly snapshot: readonly SnapshotZone[];
  /** Of the names of its files from /proc. */
  readonly procPrefix: string;
}

function finishRun(files: RecordingFiles, finished: FinishedRun): VerifiedRun {
  const { name, start, log, loop, allocator, acceptance, snapshot, procPrefix } = finished;
  const { allocations, refills, drains, retypings, outside } = loop.result;
  const decisions = compareDecisions(log, acceptance.decisions);
  const { compared, equal, firstDivergence } = compareTexts(
    log,
    LabKind.ARCH_ACCEPT,
    acceptText,
    acceptance.accepts,
  );
  return {
    name,
    start,
    events: log.length,
    allocations,
    accepts: { recorded: compared, exactInOrder: equal, ...(firstDivergence ? { firstDivergence } : {}) },
    acceptRequests: compareTexts(log, LabKind.ACCEPT_MEMORY, requestText, acceptance.requests),
    acceptDecisions: decisions.comparison,
    refills,
    drains,
    retypings,
    finalLists: compareFinalLists(allocator, snapshot, log.length),
    proc: compareProc(allocator, files, procPrefix, snapshot),
    outside: { ...outside, counterDrifts: decisions.drifted },
  };
}

function labLogOf(files: RecordingFiles, base: string): LabLog {
  const name = `${base}.lablog`;
  const bytes = files.read(name);
  if (bytes === undefined) throw new RecordingError(`${files.name}/${name}: no such file`);
  return parseFile(files, name, bytes, readLabLog);
}

function snapshotOf(files: RecordingFiles, name: string): readonly SnapshotZone[] {
  const zones = parseFile(files, name, needText(files, name), parseSnapshot);
  if (zones.length === 0) throw new RecordingError(`${files.name}/${name}: no zone in it`);
  return zones;
}
