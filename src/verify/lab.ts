/** Recordings of an instrumented kernel, which logs every step of the allocator. */

import type { UnacceptedTable } from "../efistub/unaccepted-table.js";
import type { Kernel } from "../guest/kernel.js";
import { buildOf } from "../linux/kernel-build.js";
import type { KernelRules } from "../linux/rules.js";
import type { PageAllocator } from "../page-alloc/index.js";
import { PAGE_SIZE, type Pfn, PHYSICAL_ADDRESS_END } from "../units.js";
import { type LabLog, readLabLog, tellsKswapd, wholeB, zoneOfMark } from "../workload/lab-log.js";
import { stubOfBootLog } from "../x86/boot-log.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import { compareAcceptance, RecordedAcceptance, tableOfBootLog, tableOfSnapshot } from "./acceptance.js";
import { bootLogOf } from "./boot-machine.js";
import { type Booted, bootKernel, compareReleased, DeferredReplay } from "./boot-replay.js";
import { compareFirmware } from "./efi-map.js";
import { compareFinalLists } from "./final-lists.js";
import { Follower } from "./follower.js";
import { type CheckedLog, checkRecords, labSteps } from "./lab-steps.js";
import { compareMemblock } from "./memblock-log.js";
import { compareProc, type ProcComparison } from "./proc.js";
import {
  followed,
  needFile,
  needText,
  parseFile,
  RecordingError,
  type RecordingFiles,
  workloadNames,
  workloadsInOrder,
} from "./recording-files.js";
import type { VerifiedRecording, VerifiedRun } from "./result.js";
import { populated, readSnapshot, type Snapshot, type SnapshotZone } from "./snapshot.js";
import { adoptSnapshot, allocatorOf } from "./snapshot-state.js";
import { Step } from "./steps.js";
import { added, NOT_FOLLOWED, type Tally } from "./tally.js";

interface Setup {
  readonly files: RecordingFiles;
  readonly machine: EarlyMachine;
  readonly rules: KernelRules;
  readonly allocator: PageAllocator;
  readonly acceptance: RecordedAcceptance;
}

/** The same at the end of the boot: what a workload needs beside its own snapshot. */
interface BootContext extends Setup {
  /** The model could not follow the boot to its end. */
  readonly stopped: boolean;
  /** Unaccepted memory as boot left it; undefined where nothing was unaccepted. */
  readonly table: UnacceptedTable | undefined;
  /** Logs say what kswapd did. */
  readonly tellsKswapd: boolean;
  /** Frame numbers of the blocks that were on the unaccepted lists then. */
  readonly parked: readonly Pfn[];
}

/**
 * Repeats everything a directory has recorded of an instrumented kernel, open loop, and compares.
 *
 * @throws RecordingError when a file is missing or cannot be read
 */
export function verifyLabRecording(files: RecordingFiles): VerifiedRecording {
  const { text, machine, kernel, rules } = bootLogOf(files);
  const build = buildOf("small", kernel);
  const memblock = followed(files, "boot.dmesg", () => compareMemblock(text, machine, build, rules));
  const stub = stubOfBootLog(text);
  const acceptance = new RecordedAcceptance(
    parseFile(files, "boot.dmesg", text, tableOfBootLog) ?? stub?.table,
    rules.acceptMemory,
  );
  const booted = followed(files, "boot.dmesg", () =>
    bootKernel(machine, build, rules, acceptance, memblock.earlySteps),
  );
  const early = memblock.earlySteps === undefined ? booted.kernel.early : undefined;
  const setup: Setup = { files, machine, rules, allocator: booted.kernel.allocator, acceptance };
  const end = snapshotOf(setup, "boot.snapB");
  const checked = labLogOf(setup, "boot", end.records);
  const follower = followed(files, "boot.dmesg", () => replayBoot(booted, checked.log));
  const boot = finishRun(setup, "boot", "e820", checked, follower, end);
  const context: BootContext = {
    ...setup,
    stopped: follower.stopped,
    table: acceptance.remaining?.copy(),
    tellsKswapd: tellsKswapd(checked.recorded),
    parked: end.zones.flatMap((zone) => zone.unaccepted),
  };
  return {
    name: files.name,
    kernel,
    ...(stub && { firmware: compareFirmware("boot.dmesg", text, stub, early) }),
    memblock: memblock.comparison,
    handover: compareReleased(booted, checked.recorded),
    runs: [
      boot,
      ...workloadNames(files).map((name) => verifyFromSnapshot(name, context)),
      ...verifyCarriedOn(context),
    ],
  };
}

/**
 * Repeats the rest of a boot. The log says when something is asked for and when a stage of boot is
 * reached; what happens then is the model's.
 */
export function replayBoot({ kernel, machine, stages }: Booted, log: LabLog): Follower {
  const { allocator } = kernel;
  allocator.kswapdTold = tellsKswapd(log);
  let deferred: DeferredReplay | undefined;
  const reach = (step: number, record: number): void => {
    if (step === Step.PCP_SIZES) stages.sizePcp();
    else if (step === Step.WATERMARKS) stages.setWatermarks();
    else if (step === Step.GROWN) compareGrowth(kernel, log, record, follower.told.counters);
    // Before per-CPU lists are set up, a zone that ran empty grows within a request.
    else if (stages.online > 0) {
      deferred ??= new DeferredReplay(kernel);
      deferred.step(log.pfn[record]!);
    }
  };
  const follower = new Follower(labSteps(log, allocator.rules), allocator, machine.cpuNodes, { reach });
  follower.run();
  deferred?.finish();
  follower.outside.deferredInterleavings = deferred?.interleavings ?? 0;
  return follower;
}

/** Where a node's deferred initialisation goes on once a zone has grown; behind its last frame where nothing is left. */
function compareGrowth({ deferredAreas }: Kernel, log: LabLog, record: number, counters: Tally): void {
  const { nodeId } = zoneOfMark(log.type[record]!);
  const found = deferredAreas.find((area) => area.nodeId === nodeId)?.firstDeferredPfn;
  const expected = wholeB(log, record);
  const isLeft = found !== undefined && Number.isFinite(found);
  const isSame = isLeft ? found === expected : expected * PAGE_SIZE >= PHYSICAL_ADDRESS_END;
  counters.expect(isSame, () => ({
    event: record,
    expected: `deferred frames from 0x${expected.toString(16)} on`,
    found: isLeft ? `from 0x${found.toString(16)} on` : "none",
    context: "a zone that grew",
  }));
}

/** A workload by itself, on an allocator made from the snapshot in front of it. */
function verifyFromSnapshot(name: string, boot: BootContext): VerifiedRun {
  const before = snapshotBefore(name, boot);
  const parked = new Set(before.flatMap((zone) => zone.unaccepted));
  const acceptance = new RecordedAcceptance(
    boot.table && tableOfSnapshot(boot.table, boot.parked, parked),
    boot.rules.acceptMemory,
  );
  const allocator = followed(boot.files, `wl-${name}.snapA`, () =>
    allocatorOf(before, boot.rules.pageAlloc, acceptance),
  );
  allocator.kswapdTold = boot.tellsKswapd;
  return verifyWorkload({ ...boot, allocator, acceptance }, name, "snapshot", before);
}

/**
 * All workloads one after another on the machine that was booted. What the guest did in between has
 * no log: it is taken from the snapshot, but for what is accepted.
 */
function verifyCarriedOn(boot: BootContext): VerifiedRun[] {
  const { files, allocator, acceptance } = boot;
  allocator.kswapdRunning = true;
  allocator.kswapdTold = boot.tellsKswapd;
  const runs: VerifiedRun[] = [];
  // A model that could not follow a run is in no state to go on from.
  let { stopped } = boot;
  for (const name of workloadsInOrder(files)) {
    if (stopped) break;
    const before = snapshotBefore(name, boot);
    const gap = followed(files, `wl-${name}.snapA`, () => adoptSnapshot(allocator, before));
    acceptance.nextRun();
    const run = verifyWorkload(boot, name, "boot", before);
    stopped = run.stopped === true;
    runs.push({ ...run, gap });
  }
  return runs;
}

function snapshotBefore(name: string, setup: Setup): readonly SnapshotZone[] {
  const { records, zones } = snapshotOf(setup, `wl-${name}.snapA`);
  if (records === 0) return zones;
  throw new RecordingError(
    `${setup.files.name}/wl-${name}.snapA:1:5: expected 0 records before a workload, found ${records}`,
  );
}

function verifyWorkload(
  setup: Setup,
  name: string,
  start: VerifiedRun["start"],
  before: readonly SnapshotZone[],
): VerifiedRun {
  const { files, allocator, machine } = setup;
  const isReadBefore = files.list().some((file) => file.startsWith(`pre-${name}.`));
  const procBefore: ProcComparison = isReadBefore
    ? compareProc(allocator, files, `pre-${name}`, before)
    : { compared: 0, equal: 0, readElsewhen: 0 };
  const end = snapshotOf(setup, `wl-${name}.snapB`);
  const checked = labLogOf(setup, `wl-${name}`, end.records);
  const follower = followed(files, `wl-${name}.lablog`, () => {
    const run = new Follower(labSteps(checked.log, allocator.rules), allocator, machine.cpuNodes);
    run.run();
    return run;
  });
  const run = finishRun(setup, `wl-${name}`, start, checked, follower, end);
  const readElsewhen = procBefore.readElsewhen + run.proc.readElsewhen;
  return { ...run, proc: { ...added(procBefore, run.proc), readElsewhen } };
}

/** Holds a run that is through against its log and against the state that the recording has at its end. */
function finishRun(
  { files, allocator, acceptance }: Setup,
  base: string,
  start: VerifiedRun["start"],
  { recorded: log, records }: CheckedLog,
  follower: Follower,
  { zones }: Snapshot,
): VerifiedRun {
  const { accepts, requests, decisions, counterDrifts } = compareAcceptance(log, acceptance);
  const { compared, equal, firstDivergence } = accepts;
  return {
    name: base.replace(/^wl-/, ""),
    start,
    events: log.length,
    records,
    allocations: follower.exactness,
    accepts: { recorded: compared, exactInOrder: equal, ...(firstDivergence && { firstDivergence }) },
    acceptRequests: requests,
    acceptDecisions: decisions,
    refills: follower.refills,
    drains: follower.drains,
    retypings: follower.retypings,
    counters: follower.told.counters,
    ...(follower.stopped
      ? { stopped: true, finalLists: NOT_FOLLOWED, proc: { ...NOT_FOLLOWED, readElsewhen: 0 } }
      : {
          finalLists: followed(files, `${base}.snapB`, () => compareFinalLists(allocator, zones, log.length)),
          proc: compareProc(allocator, files, base.replace(/^wl-/, "post-"), zones),
        }),
    outside: { ...follower.outside, counterDrifts },
  };
}

function labLogOf({ files, machine, allocator }: Setup, base: string, count: number): CheckedLog {
  const name = `${base}.lablog`;
  const log = parseFile(files, name, needFile(files, name), readLabLog);
  return checkRecords(log, { zones: allocator.zones, cpus: machine.cpuNodes.length }, count);
}

type ZoneText = Pick<SnapshotZone, "nodeId" | "type" | "startPfn" | "endPfn"> & {
  readonly pcp: readonly unknown[];
};

/** @throws RecordingError for a snapshot of another machine than that of the boot log */
function snapshotOf({ files, allocator: { zones } }: Setup, name: string): Snapshot {
  const snapshot = parseFile(files, name, needText(files, name), readSnapshot);
  const text = (of: ZoneText | undefined): string =>
    of === undefined
      ? "no more zones"
      : `zone ${of.type} of node ${of.nodeId} from 0x${of.startPfn.toString(16)} to 0x${of.endPfn.toString(16)} with ${of.pcp.length} CPUs`;
  const recorded = populated(snapshot.zones);
  for (let at = 0; at < Math.max(zones.length, recorded.length); at++) {
    const expected = text(zones[at]);
    const found = text(recorded[at]);
    if (expected === found) continue;
    throw new RecordingError(
      `${files.name}/${name}:1:1: expected ${expected}, as boot.dmesg has it, found ${found}`,
    );
  }
  return snapshot;
}
