import type { UnacceptedTable } from "../../efistub/unaccepted-table.js";
import { machineFromBootLog } from "../../guest/boot-log.js";
import type { EarlyMachine } from "../../guest/early-machine.js";
import { type KernelBuild, SMALL_6_12_107 } from "../../guest/kernel-build.js";
import type { PageAllocator } from "../../page-alloc/page-allocator.js";
import { MAX_ORDER_PAGES } from "../../units.js";
import { LabKind, type LabLog, readLabLog } from "../../workload/lab-log.js";
import { type BootReplay, firstRecord, replayBoot } from "./boot-replay.js";
import { compareFinalLists } from "./final-lists.js";
import { allocatorOf } from "./load-snapshot.js";
import { compareMemblock } from "./memblock-log.js";
import { type Comparison, type Divergence, OpenLoop, type OutsideCauses } from "./open-loop.js";
import { compareProc, type ProcComparison } from "./proc.js";
import { needText, parseFile, RecordingError, type RecordingFiles, readText } from "./recording-files.js";
import { type ReleasedBlock, releasedInLog, releasedText } from "./released-blocks.js";
import { parseSnapshot, type SnapshotZone } from "./snapshot.js";
import {
  type AcceptDecision,
  RecordedAcceptance,
  rangeText,
  tableOfBootLog,
  tableOfSnapshot,
} from "./unaccepted-memory.js";

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
  readonly bootLog: string;
  readonly machine: EarlyMachine;
  /** Unaccepted memory as boot left it; undefined where nothing was unaccepted. */
  readonly table: UnacceptedTable | undefined;
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
  const context: BootContext = { bootLog, machine, table };
  const workloads = workloadNames(files).map((name) => verifyWorkload(files, name, context));
  return {
    name: files.name,
    memblock: memblock.comparison,
    handover: compareReleased(replay, log),
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
    boot.table === undefined ? undefined : tableOfSnapshot(boot.table, parked),
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

function acceptText(log: LabLog, i: number): string {
  return rangeText(log.pfn[i]!, log.bHigh[i]! * 2 ** 32 + log.bLow[i]!);
}

function requestText(log: LabLog, i: number): string {
  return rangeText(log.pfn[i]!, log.pfn[i]! + log.bHigh[i]! * 2 ** 32 + log.bLow[i]!);
}

/**
 * A decision is the same when it is for the same zone and the same number of blocks. The pages can
 * differ by what CPUs hold back from the counter: when the vmstat worker collects that is not in the log.
 */
function compareDecisions(
  log: LabLog,
  found: readonly AcceptDecision[],
): { comparison: Comparison; drifted: number } {
  const comparison: Comparison = { compared: 0, equal: 0 };
  let drifted = 0;
  for (let i = 0; i < log.length; i++) {
    if (log.kind[i] !== LabKind.COND_ACCEPT) continue;
    const actual = found[comparison.compared++];
    const pages = log.bLow[i]!;
    const blocks = (count: number): number => Math.ceil(count / MAX_ORDER_PAGES);
    const apart = actual === undefined ? Infinity : Math.abs(actual.pagesToAccept - pages);
    if (
      actual?.zone === log.a[i] &&
      apart <= actual!.heldBackMax &&
      blocks(actual!.pagesToAccept) === blocks(pages)
    ) {
      comparison.equal++;
      if (apart > 0) drifted++;
      continue;
    }
    comparison.firstDivergence ??= {
      event: i,
      expected: decisionText(log.a[i]!, pages),
      found: actual === undefined ? "nothing" : decisionText(actual.zone, actual.pagesToAccept),
      context: `decision ${comparison.compared}`,
    };
  }
  if (found.length > comparison.compared) {
    const extra = found[comparison.compared]!;
    comparison.firstDivergence ??= {
      event: log.length,
      expected: "nothing more",
      found: decisionText(extra.zone, extra.pagesToAccept),
      context: `${found.length - comparison.compared} too many`,
    };
    comparison.compared = found.length;
  }
  return { comparison, drifted };
}

function decisionText(zone: number, pagesToAccept: number): string {
  return `node ${Math.floor(zone / 256)} zone ${zone % 256}: ${pagesToAccept} pages`;
}

/** Compares the records of a kind, as text, with what the model did, in order. What one side has too much counts as different. */
function compareTexts(
  log: LabLog,
  kind: number,
  textOf: (log: LabLog, i: number) => string,
  found: readonly string[],
): Comparison {
  const result: Comparison = { compared: 0, equal: 0 };
  for (let i = 0; i < log.length; i++) {
    if (log.kind[i] !== kind) continue;
    const expected = textOf(log, i);
    const actual = found[result.compared++];
    if (actual === expected) result.equal++;
    else
      result.firstDivergence ??= {
        event: i,
        expected,
        found: actual ?? "nothing",
        context: `number ${result.compared}`,
      };
  }
  const extra = found[result.compared];
  if (extra !== undefined) {
    result.firstDivergence ??= {
      event: log.length,
      expected: "nothing more",
      found: extra,
      context: `${found.length - result.compared} too many`,
    };
    result.compared = found.length;
  }
  return result;
}

/** Boot memory, piece by piece in order. */
function compareReleased({ released }: BootReplay, log: LabLog): Comparison {
  const result: Comparison = { compared: 0, equal: 0 };
  const recorded = releasedInLog(log, 0, log.length);
  const handedOver = releasedInLog(log, 0, firstRecord(log, LabKind.ALLOC)).length;
  const length = Math.max(recorded.length, released.length);
  for (let at = 0; at < length; at++) {
    result.compared++;
    if (same(recorded[at], released[at])) result.equal++;
    else {
      result.firstDivergence ??= {
        event: at,
        expected: releasedText(recorded[at]),
        found: releasedText(released[at]),
        context: `piece ${at} of ${recorded.length}, ${handedOver} of them by memblock`,
      };
    }
  }
  return result;
}

function same(a: ReleasedBlock | undefined, b: ReleasedBlock | undefined): boolean {
  return (
    a !== undefined && b !== undefined && a.pfn === b.pfn && a.order === b.order && a.parked === b.parked
  );
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
