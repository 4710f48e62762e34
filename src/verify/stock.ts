/** Recordings of an unmodified kernel, which has tracepoints alone. */

import { deferredInit } from "../guest/page-alloc-init-late.js";
import { buildOf } from "../linux/kernel-build.js";
import type { VmallocRules } from "../linux/rules.js";
import type { PageAllocator } from "../page-alloc/index.js";
import { PAGE_SIZE, pfnDown } from "../units.js";
import { PageEventKind, type PageEvents } from "../workload/events.js";
import { freedRanges } from "../workload/freed-ranges.js";
import { TracefsReader } from "../workload/tracefs.js";
import { stubOfBootLog } from "../x86/boot-log.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import { RecordedAcceptance } from "./acceptance.js";
import { type BootLog, bootLogOf } from "./boot-machine.js";
import { type Booted, bootKernel } from "./boot-replay.js";
import { compareFirmware } from "./efi-map.js";
import { Follower } from "./follower.js";
import { compareMemblock } from "./memblock-log.js";
import { compareMemoryLine, freedPages } from "./memory-line.js";
import { compareFreeTypes, freeByType } from "./pagetypeinfo.js";
import { compareZoneSizes, type ProcComparison, ProcTally } from "./proc.js";
import { fieldsIn, type ProcFields, procEvidence, zoneKey } from "./proc-fields.js";
import {
  EvidenceError,
  followed,
  needFile,
  parseFile,
  type RecordingFiles,
  readText,
  workloadNames,
} from "./recording-files.js";
import type { VerifiedRecording, VerifiedRun } from "./result.js";
import { Resync } from "./resync.js";
import { StockStages, tracedInitcalls } from "./stock-stages.js";
import { stockSteps } from "./stock-steps.js";
import { compareBuddyinfo, compareFreePages, hasGoneOn } from "./stock-zoneinfo.js";
import { NOT_FOLLOWED } from "./tally.js";
import { TracedWatermarks } from "./traced-watermarks.js";

/**
 * Repeats the boot of an unmodified kernel: memblock, the pages handed over, the sizes and watermarks
 * of the zones; and what was traced of boot and workloads, on a kernel of its own that reaches the
 * stages of boot with the trace.
 *
 * @throws RecordingError when a file is missing or cannot be read
 */
export function verifyStockRecording(files: RecordingFiles): VerifiedRecording {
  const bootLog = bootLogOf(files);
  return followed(files, "boot.dmesg", () => compareBoot(files, bootLog));
}

function compareBoot(
  files: RecordingFiles,
  { text: bootLog, machine, kernel: release, rules }: BootLog,
): VerifiedRecording {
  const build = buildOf("cloud", release);
  const { comparison: memblock, earlySteps } = compareMemblock(bootLog, machine, build, rules);
  const newKernel = (): Booted =>
    bootKernel(machine, build, rules, new RecordedAcceptance(undefined, rules.acceptMemory), earlySteps);
  const { kernel, stages } = newKernel();
  const { allocator } = kernel;
  stages.bringUp();
  deferredInit(kernel);
  // All that is freed later lies in the zone of the kernel image.
  const imageZone = allocator.zoneOfPfn(pfnDown(machine.kernelStart));
  const { beforeMemoryLine, betweenWatermarks, later } = freedPages(bootLog);
  allocator.adjustManagedPages(imageZone, beforeMemoryLine);
  const handover = compareMemoryLine(bootLog, allocator.zones, "boot.dmesg");
  stages.setWatermarks();
  allocator.adjustManagedPages(imageZone, betweenWatermarks);
  stages.setWatermarks();
  allocator.adjustManagedPages(imageZone, later);
  const zones = compareZoneSizes(allocator, files);
  const runs = verifyTraces(files, newKernel(), bootLog, {
    vmalloc: rules.vmalloc,
    preempts: PREEMPTS.test(bootLog),
  });
  const stub = stubOfBootLog(bootLog);
  const early = earlySteps === undefined ? kernel.early : undefined;
  return {
    name: files.name,
    kernel: release,
    ...(stub && { firmware: compareFirmware("boot.dmesg", bootLog, stub, early) }),
    memblock,
    handover,
    zones,
    runs,
  };
}

/** What a kernel with PREEMPT_DYNAMIC prints (kernel/sched/core.c: preempt_dynamic_init) if tasks in the kernel give way to others. */
const PREEMPTS = /Dynamic Preempt: (lazy|full)/;

/** What traces of a kernel depend on. */
interface TracedKernel {
  readonly vmalloc: VmallocRules;
  readonly preempts: boolean;
}

/**
 * Repeats the boot and all workloads that a directory has as tracefs text, one after the other on
 * the same kernel, which has just handed over its memory.
 */
function verifyTraces(
  files: RecordingFiles,
  booted: Booted,
  bootLog: string,
  traced: TracedKernel,
): VerifiedRun[] {
  const names = workloadNames(files);
  const { machine } = booted;
  // workloads/record traces boot and workload in one, and reads /proc once more at its end.
  const [base, end] = files.list().includes("run.trace") ? ["run", "end"] : ["boot", "boot"];
  if (names.length === 0 && files.read(`${base}.trace`) === undefined) return [];
  const boot = traceOf(files, base, machine);
  const { allocator } = booted.kernel;
  const initcalls = tracedInitcalls(needFile(files, `${base}.trace`), boot);
  const stages = new StockStages(booted, boot, bootLog, initcalls);
  const watermarks = new TracedWatermarks(needFile(files, `${base}.trace`), boot);
  const bootRun = follow(boot, allocator, machine, traced, stages, undefined, watermarks);
  watermarks.compareBefore(boot.count + 1, allocator);
  const counters = watermarks.tally.compared === 0 ? {} : { counters: watermarks.tally };
  const zoneinfo = fieldsIn(procEvidence(files, end, "zoneinfo"));
  const proc = bootRun.follower.stopped
    ? { ...NOT_FOLLOWED, readElsewhen: 0 }
    : compareProcAtEnd(files, end, allocator, zoneinfo);
  const runs: VerifiedRun[] = [
    { ...runOf(base, boot, bootRun, proc), ...counters, freePages: compareFreePages(allocator, zoneinfo) },
  ];
  let { stopped } = bootRun.follower;
  for (const { name, events } of workloadTraces(files, names, machine)) {
    // A model that could not follow a trace is in no state to go on from.
    if (stopped) break;
    const before = procEvidence(files, `pre-${name}`, "zoneinfo");
    const run = follow(events, allocator, machine, traced, undefined, fieldsIn(before));
    const proc = new ProcTally();
    // It only tells how the lists were in front of the workload, so nothing of it is compared.
    if ("problem" in before) proc.cannotCompare(1, before.problem);
    ({ stopped } = run.follower);
    if (stopped) proc.cannotCompare(1, NOT_FOLLOWED.firstDivergence);
    runs.push(runOf(name, events, run, proc));
  }
  return runs;
}

function compareProcAtEnd(
  files: RecordingFiles,
  end: string,
  allocator: PageAllocator,
  zoneinfo: ProcFields,
): ProcComparison {
  const buddyinfo = procEvidence(files, end, "buddyinfo");
  const tally = compareBuddyinfo(allocator, buddyinfo, zoneinfo);
  const name = `${end}.pagetypeinfo`;
  const text = readText(files, name);
  if (text === undefined) return tally;
  const zones = new Map(allocator.zones.map((zone) => [zoneKey(zone), zone]));
  const counts = parseFile(files, name, text, freeByType);
  compareFreeTypes(tally, allocator, counts, (zone) =>
    hasGoneOn(zones.get(zone)!, fieldsIn(buddyinfo), zoneinfo),
  );
  return tally;
}

/** @param gap /proc/zoneinfo in front of a workload: what happened to the per-CPU lists since the trace before */
function follow(
  events: PageEvents,
  allocator: PageAllocator,
  { cpuNodes }: EarlyMachine,
  { vmalloc, preempts }: TracedKernel,
  stages: StockStages | undefined,
  gap?: ProcFields,
  watermarks?: TracedWatermarks,
): { readonly follower: Follower; readonly resync: Resync } {
  const ranges = vmalloc.freesRanges ? freedRanges(events, stages === undefined) : undefined;
  const steps = stockSteps(events, (pfn) => allocator.zoneOfPfn(pfn).index, ranges);
  const resync = new Resync(steps, events, allocator, { stages, preempts, watermarks });
  const follower = new Follower(steps, allocator, cpuNodes, { resync });
  if (gap !== undefined) follower.outside.pcpDecays += resync.adoptGap(gap);
  follower.run();
  return { follower, resync };
}

function workloadTraces(
  files: RecordingFiles,
  names: readonly string[],
  machine: EarlyMachine,
): { readonly name: string; readonly events: PageEvents }[] {
  return names
    .flatMap((name) => {
      const events = traceOf(files, `wl-${name}`, machine);
      return events.count === 0 ? [] : [{ name, events }];
    })
    .sort((a, b) => a.events.timeNs[0]! - b.events.timeNs[0]!);
}

function traceOf(files: RecordingFiles, base: string, machine: EarlyMachine): PageEvents {
  const name = `${base}.trace`;
  return parseFile(files, name, needFile(files, name), (content) => {
    checkEntries(content);
    const reader = new TracefsReader(name);
    reader.feed(content);
    const events = reader.end();
    checkEvents(events, machine);
    return events;
  });
}

/** The head of a trace says how many lines with events follow, and that none was lost. */
function checkEntries(trace: Uint8Array): void {
  const text = new TextDecoder().decode(trace);
  const [head, inBuffer, written] = /^# entries-in-buffer\/entries-written: (\d+)\/(\d+) /m.exec(text) ?? [];
  if (head === undefined) throw new EvidenceError("a line # entries-in-buffer/entries-written", "none", 1);
  const line = text.slice(0, text.indexOf(head)).split("\n").length;
  if (inBuffer !== written) throw new EvidenceError("as many entries in the buffer as written", head, line);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
  // workloads/record keeps of the initcalls only the lines that the replay looks for.
  const isThinned = /: initcall_finish: /.test(text) && lines < Number(inBuffer);
  if (`${lines}` !== inBuffer && !isThinned)
    throw new EvidenceError(`${inBuffer} entries, as the head says`, `${lines}`, line);
}

/** An event names a CPU and frames that the machine of the boot log has. */
function checkEvents({ count, kind, cpu, pfn, order }: PageEvents, { cpuNodes, e820 }: EarlyMachine): void {
  const end = Math.max(...e820.map((range) => range.end)) / PAGE_SIZE;
  for (let event = 0; event < count; event++) {
    const last = pfn[event]! + (kind[event] === PageEventKind.freeBatched ? 1 : 2 ** order[event]!);
    if (cpu[event]! < cpuNodes.length && last <= end) continue;
    const found = `CPU ${cpu[event]}, pfn 0x${pfn[event]!.toString(16)}`;
    throw new Error(
      `event ${event}: expected a CPU below ${cpuNodes.length} and memory of the machine, found ${found}`,
    );
  }
}

function runOf(
  name: string,
  events: PageEvents,
  { follower, resync }: ReturnType<typeof follow>,
  proc: ProcComparison,
): VerifiedRun {
  const none = { compared: 0, equal: 0 };
  const { pcpDecays, ...outside } = follower.outside;
  return {
    name,
    start: "trace",
    events: events.count,
    allocations: follower.exactness,
    accepts: { recorded: 0, exactInOrder: 0 },
    acceptRequests: none,
    acceptDecisions: none,
    refills: follower.refills,
    drains: follower.drains,
    retypings: none,
    finalLists: none,
    proc,
    outside: { ...outside, ...resync.outside, pcpDecays },
  };
}
