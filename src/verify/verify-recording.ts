import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import { type KernelBuild, SMALL_6_12_107 } from "../linux/kernel-build.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { LabKind, type LabLog, readLabLog } from "../workload/lab-log.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import { adoptSnapshot, type GapReport } from "./adopt-snapshot.js";
import { bootLogOf } from "./boot-machine.js";
import { type BootReplay, replayBoot } from "./boot-replay.js";
import { acceptText, compareDecisions, compareReleased, compareTexts, requestText } from "./compare-log.js";
import {
  added,
  type Comparison,
  type Divergence,
  nothingToCompare,
  type OutsideCauses,
} from "./comparison.js";
import { compareFinalLists } from "./final-lists.js";
import { followed } from "./followed.js";
import { type CheckedLog, checkRecords } from "./lab-records.js";
import { allocatorOf } from "./load-snapshot.js";
import { compareMemblock } from "./memblock-log.js";
import { OpenLoop } from "./open-loop.js";
import { compareProc, type ProcComparison } from "./proc.js";
import { needText, parseFile, RecordingError, type RecordingFiles } from "./recording-files.js";
import { readSnapshot, type Snapshot } from "./snapshot.js";
import type { SnapshotZone } from "./snapshot-zone.js";
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
  /** Records of a log that can be followed, of those that it should have. */
  readonly records?: Comparison;
  /** The model could not follow the run to its end; absent when it could. */
  readonly stopped?: boolean;
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
  /** Files of /proc: whether each is whole, and of the same kernel as the others. */
  readonly files?: Comparison;
  readonly runs: readonly VerifiedRun[];
  /** Files with evidence that nothing is compared with; absent if there are none. */
  readonly notCompared?: readonly string[];
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
  const bootLog = bootLogOf(files);
  const { text, machine } = bootLog;
  const memblock = followed(files, "boot.dmesg", () => compareMemblock(text, machine, BUILDS));
  const acceptance = new RecordedAcceptance(parseFile(files, "boot.dmesg", text, tableOfBootLog));
  const checked = (allocator: PageAllocator): CheckedLog & { snapshot: Snapshot } => {
    const snapshot = snapshotOf(files, "boot.snapB", allocator);
    return { snapshot, ...labLogOf(files, "boot", allocator, snapshot.records) };
  };
  const { replay, snapshot, recorded, records } = followed(files, "boot.dmesg", () => {
    let found: ReturnType<typeof checked> | undefined;
    const logOf = (allocator: PageAllocator): LabLog => {
      found = checked(allocator);
      return found.log;
    };
    const repeated = replayBoot(logOf, machine, SMALL_6_12_107, acceptance, memblock.earlySteps);
    return { replay: repeated, ...found! };
  });
  const { allocator } = replay.kernel;
  const boot = finishRun(files, {
    name: "boot",
    start: "e820",
    log: recorded,
    records,
    loop: replay.loop,
    allocator,
    acceptance,
    snapshot: snapshot.zones,
    procPrefix: "boot",
  });
  const outside = { ...boot.outside, deferredInterleavings: replay.deferredInterleavings };
  const parked = snapshot.zones.flatMap((zone) => zone.unaccepted);
  const table = acceptance.remaining === undefined ? undefined : copyOf(acceptance.remaining);
  const context: BootContext = { machine, replay, acceptance, table, parked };
  return {
    name: files.name,
    memblock: memblock.comparison,
    handover: compareReleased(replay.released, recorded),
    runs: [
      { ...boot, outside },
      ...workloadNames(files).map((name) => verifyFromSnapshot(files, name, context)),
      ...verifyCarriedOn(files, context),
    ],
  };
}

/** A workload by itself, on an allocator made from the snapshot in front of it. */
function verifyFromSnapshot(files: RecordingFiles, name: string, boot: BootContext): VerifiedRun {
  const snapshot = snapshotBefore(files, name, boot.replay.kernel.allocator);
  const parked = new Set(snapshot.flatMap((zone) => zone.unaccepted));
  const acceptance = new RecordedAcceptance(
    boot.table === undefined ? undefined : tableOfSnapshot(boot.table, boot.parked, parked),
  );
  const allocator = followed(files, `wl-${name}.snapA`, () => allocatorOf(snapshot, acceptance));
  return verifyWorkload(files, name, "snapshot", allocator, acceptance, snapshot, boot.machine);
}

/**
 * All workloads one after another on the machine that was booted. What the guest did in between has
 * no log: it is taken from the snapshot, but for what is accepted.
 */
function verifyCarriedOn(files: RecordingFiles, { machine, replay, acceptance }: BootContext): VerifiedRun[] {
  const { allocator } = replay.kernel;
  allocator.kswapdRunning = true;
  const runs: VerifiedRun[] = [];
  // A model that could not follow a run is in no state to go on from.
  let stopped = replay.loop.stopped;
  for (const name of workloadsInOrder(files)) {
    if (stopped) break;
    const snapshot = snapshotBefore(files, name, allocator);
    const gap = followed(files, `wl-${name}.snapA`, () => adoptSnapshot(allocator, snapshot));
    acceptance.nextRun();
    const run = verifyWorkload(files, name, "boot", allocator, acceptance, snapshot, machine);
    stopped = run.stopped === true;
    runs.push({ ...run, gap });
  }
  return runs;
}

function snapshotBefore(
  files: RecordingFiles,
  name: string,
  allocator: PageAllocator,
): readonly SnapshotZone[] {
  const { records, zones } = snapshotOf(files, `wl-${name}.snapA`, allocator);
  if (records === 0) return zones;
  throw new RecordingError(
    `${files.name}/wl-${name}.snapA:1:5: expected 0 records before a workload, found ${records}`,
  );
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
  const snapshot = snapshotOf(files, `wl-${name}.snapB`, allocator);
  const { recorded, log, records } = labLogOf(files, `wl-${name}`, allocator, snapshot.records);
  const loop = followed(files, `wl-${name}.lablog`, () => new OpenLoop(log, allocator, machine.cpuNodes));
  followed(files, `wl-${name}.lablog`, () => loop.runUntil(log.length));
  const run = finishRun(files, {
    name,
    start,
    log: recorded,
    records,
    loop,
    allocator,
    acceptance,
    snapshot: snapshot.zones,
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
  readonly records: Comparison;
  readonly loop: OpenLoop;
  readonly allocator: PageAllocator;
  readonly acceptance: RecordedAcceptance;
  /** The state that the recording has at its end. */
  readonly snapshot: readonly SnapshotZone[];
  /** Of the names of its files from /proc. */
  readonly procPrefix: string;
}

function finishRun(files: RecordingFiles, finished: FinishedRun): VerifiedRun {
  const logName = finished.name === "boot" && finished.start === "e820" ? "boot" : `wl-${finished.name}`;
  const { name, start, log, records, loop, allocator, acceptance, snapshot, procPrefix } = finished;
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
    records,
    allocations,
    accepts: { recorded: compared, exactInOrder: equal, ...(firstDivergence ? { firstDivergence } : {}) },
    acceptRequests: compareTexts(log, LabKind.ACCEPT_MEMORY, requestText, acceptance.requests),
    acceptDecisions: decisions.comparison,
    refills,
    drains,
    retypings,
    ...(loop.stopped
      ? { stopped: true, finalLists: nothingToCompare(), proc: { ...nothingToCompare(), readElsewhen: 0 } }
      : {
          finalLists: followed(files, `${logName}.snapB`, () =>
            compareFinalLists(allocator, snapshot, log.length),
          ),
          proc: compareProc(allocator, files, procPrefix, snapshot),
        }),
    outside: { ...outside, counterDrifts: decisions.drifted },
  };
}

function labLogOf(files: RecordingFiles, base: string, allocator: PageAllocator, count: number): CheckedLog {
  const name = `${base}.lablog`;
  const bytes = files.read(name);
  if (bytes === undefined) throw new RecordingError(`${files.name}/${name}: no such file`);
  const log = parseFile(files, name, bytes, readLabLog);
  return checkRecords(log, { zones: allocator.zones, cpus: allocator.zones[0]!.pcp.length }, count);
}

type ZoneText = Pick<SnapshotZone, "nodeId" | "type" | "startPfn" | "endPfn"> & {
  readonly pcp: readonly unknown[];
};

/** @throws RecordingError for a snapshot of another machine than that of the boot log */
function snapshotOf(files: RecordingFiles, name: string, { zones }: PageAllocator): Snapshot {
  const snapshot = parseFile(files, name, needText(files, name), readSnapshot);
  const text = (of: ZoneText | undefined): string =>
    of === undefined
      ? "no more zones"
      : `zone ${of.type} of node ${of.nodeId} from 0x${of.startPfn.toString(16)} to 0x${of.endPfn.toString(16)} with ${of.pcp.length} CPUs`;
  const populated = snapshot.zones.filter((zone) => zone.presentPages > 0);
  for (let at = 0; at < Math.max(zones.length, populated.length); at++) {
    const expected = text(zones[at]);
    const found = text(populated[at]);
    if (expected === found) continue;
    throw new RecordingError(
      `${files.name}/${name}:1:1: expected ${expected}, as boot.dmesg has it, found ${found}`,
    );
  }
  return snapshot;
}
