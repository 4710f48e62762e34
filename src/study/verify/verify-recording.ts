import type { UnacceptedTable } from "../../efistub/unaccepted-table.js";
import { machineFromBootLog } from "../../guest/boot-log.js";
import type { EarlyMachine } from "../../guest/early-machine.js";
import { type KernelBuild, SMALL_6_12_107 } from "../../guest/kernel-build.js";
import type { PageAllocator } from "../../page-alloc/page-allocator.js";
import { LabKind, type LabLog, readLabLog } from "../../workload/lab-log.js";
import { replayBoot } from "./boot-replay.js";
import { acceptText, compareDecisions, compareReleased, compareTexts, requestText } from "./compare-log.js";
import type { Comparison, Divergence, OutsideCauses } from "./comparison.js";
import { compareFinalLists } from "./final-lists.js";
import { allocatorOf } from "./load-snapshot.js";
import { compareMemblock } from "./memblock-log.js";
import { OpenLoop } from "./open-loop.js";
import { compareProc, type ProcComparison } from "./proc.js";
import { needText, parseFile, RecordingError, type RecordingFiles, readText } from "./recording-files.js";
import { parseSnapshot, type SnapshotZone } from "./snapshot.js";
import { RecordedAcceptance, tableOfBootLog, tableOfSnapshot } from "./unaccepted-memory.js";

const BUILDS: readonly KernelBuild[] = [SMALL_6_12_107];

/** One boot or workload. */
export interface VerifiedRun {
  /** `boot`, or the workload. */
  readonly name: string;
  readonly start: "e820" | "snapshot" | "trace";
  readonly events: number;
  readonly allocations: {
    readonly compared: number;
    readonly pfnExact: number;
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
  readonly finalLists: Comparison;
  readonly proc: ProcComparison;
  readonly outside: OutsideCauses;
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
  const acceptance = new RecordedAcceptance(tableOfBootLog(bootLog));
  const replay = replayBoot(log, machine, SMALL_6_12_107, acceptance, memblock.earlySteps);
  const table = acceptance.remaining;
  const boot = finishRun(
    files,
    "boot",
    "e820",
    log,
    replay.loop,
    replay.kernel.allocator,
    acceptance,
    "boot.snapB",
    "boot",
  );
  const outside = { ...boot.outside, deferredInterleavings: replay.deferredInterleavings };
  const parked = snapshotOf(files, "boot.snapB").flatMap((zone) => zone.unaccepted);
  const context: BootContext = { machine, table, parked };
  const workloads = workloadNames(files).map((name) => verifyWorkload(files, name, context));
  return {
    name: files.name,
    memblock: memblock.comparison,
    handover: compareReleased(replay.released, log),
    runs: [{ ...boot, outside }, ...workloads],
  };
}

function workloadNames(files: RecordingFiles): string[] {
  return files
    .list()
    .flatMap((name) => /^wl-(.+)\.lablog$/.exec(name)?.[1] ?? [])
    .sort();
}

function verifyWorkload(files: RecordingFiles, name: string, boot: BootContext): VerifiedRun {
  const snapshot = snapshotOf(files, `wl-${name}.snapA`);
  const log = labLogOf(files, `wl-${name}`);
  const parked = new Set(snapshot.flatMap((zone) => zone.unaccepted));
  const acceptance = new RecordedAcceptance(
    boot.table === undefined ? undefined : tableOfSnapshot(boot.table, boot.parked, parked),
  );
  const allocator = allocatorOf(snapshot, acceptance);
  const loop = new OpenLoop(log, allocator, boot.machine.cpuNodes);
  loop.runUntil(log.length);
  return finishRun(
    files,
    name,
    "snapshot",
    log,
    loop,
    allocator,
    acceptance,
    `wl-${name}.snapB`,
    `post-${name}`,
  );
}

function finishRun(
  files: RecordingFiles,
  name: string,
  start: VerifiedRun["start"],
  log: LabLog,
  loop: OpenLoop,
  allocator: PageAllocator,
  acceptance: RecordedAcceptance,
  snapshotName: string,
  procPrefix: string,
): VerifiedRun {
  const snapshot = snapshotOf(files, snapshotName);
  const { allocations, refills, drains, outside } = loop.result;
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
    finalLists: compareFinalLists(allocator, snapshot, log.length),
    proc: compareProc(allocator, (file) => readText(files, `${procPrefix}.${file}`), snapshot),
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
