import type { Kernel } from "../guest/kernel.js";
import { PAGE_SIZE } from "../units.js";
import { PageEventKind, type PageEvents } from "../workload/events.js";
import { TracefsReader } from "../workload/tracefs.js";
import type { EarlyMachine } from "../x86/early-machine.js";
import { nothingToCompare } from "./comparison.js";
import type { ProcComparison } from "./proc.js";
import { cannotCompare, fieldsIn, procEvidence } from "./proc-evidence.js";
import { EvidenceError, parseFile, RecordingError, type RecordingFiles } from "./recording-files.js";
import { StockLoop } from "./stock-loop.js";
import { StockStages } from "./stock-stages.js";
import { compareBuddyinfo, compareFreePages, perCpuLists } from "./stock-zoneinfo.js";
import { tracedInitcalls } from "./traced-initcalls.js";
import type { VerifiedRun } from "./verify-recording.js";
import { workloadNames } from "./workload-order.js";

/**
 * Repeats the boot and all workloads that a directory has as tracefs text, one after the other on
 * the same kernel.
 *
 * @param kernel right after memblock's hand-over
 */
export function verifyTraces(
  files: RecordingFiles,
  kernel: Kernel,
  machine: EarlyMachine,
  bootLog: string,
): VerifiedRun[] {
  const names = workloadNames(files);
  const boot = traceOf(files, "boot", machine);
  if (boot === undefined) {
    if (names.length > 0) throw new RecordingError(`${files.name}/boot.trace: no such file`);
    return [];
  }
  const { allocator } = kernel;
  const bootLoop = new StockLoop(
    boot,
    allocator,
    machine.cpuNodes,
    new StockStages(kernel, machine, boot, bootLog, tracedInitcalls(files.read("boot.trace")!, boot)),
  );
  bootLoop.run();
  const zoneinfo = fieldsIn(procEvidence(files, "boot", "zoneinfo"));
  const proc = bootLoop.stopped
    ? { ...nothingToCompare(), readElsewhen: 0 }
    : compareBuddyinfo(allocator, procEvidence(files, "boot", "buddyinfo"), zoneinfo);
  const bootRun = {
    ...runOf("boot", boot, bootLoop, proc),
    freePages: compareFreePages(allocator, zoneinfo),
  };
  const runs: VerifiedRun[] = [bootRun];
  // A model that could not follow a trace is in no state to go on from.
  let { stopped } = bootLoop;
  for (const { name, events } of workloadTraces(files, names, machine)) {
    if (stopped) break;
    const loop = new StockLoop(events, allocator, machine.cpuNodes);
    const before = procEvidence(files, `pre-${name}`, "zoneinfo");
    loop.adoptGap(perCpuLists(fieldsIn(before)));
    loop.run();
    const proc: ProcComparison = { compared: 0, equal: 0, readElsewhen: 0 };
    // It only tells how the lists were in front of the workload, so nothing of it is compared.
    if ("problem" in before) cannotCompare(proc, 1, before.problem);
    if (loop.stopped) cannotCompare(proc, 1, nothingToCompare().firstDivergence!);
    ({ stopped } = loop);
    runs.push(runOf(name, events, loop, proc));
  }
  return runs;
}

/** Traces of workloads that have an event, in the order in which they ran. */
function workloadTraces(
  files: RecordingFiles,
  names: readonly string[],
  machine: EarlyMachine,
): { readonly name: string; readonly events: PageEvents }[] {
  return names
    .flatMap((name) => {
      const events = traceOf(files, `wl-${name}`, machine);
      if (events === undefined) throw new RecordingError(`${files.name}/wl-${name}.trace: no such file`);
      return events.count === 0 ? [] : [{ name, events }];
    })
    .sort((a, b) => a.events.timeNs[0]! - b.events.timeNs[0]!);
}

function traceOf(files: RecordingFiles, base: string, machine: EarlyMachine): PageEvents | undefined {
  const bytes = files.read(`${base}.trace`);
  if (bytes === undefined) return undefined;
  return parseFile(files, `${base}.trace`, bytes, (content) => {
    checkEntries(content);
    const reader = new TracefsReader(`${base}.trace`);
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
  if (head === undefined) {
    throw new EvidenceError({ line: 1, column: 1 }, "a line # entries-in-buffer/entries-written", "none");
  }
  const place = { line: text.slice(0, text.indexOf(head)).split("\n").length, column: 1 };
  if (inBuffer !== written) throw new EvidenceError(place, "as many entries in the buffer as written", head);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length;
  // workloads/record keeps of the initcalls only the lines that the replay looks for.
  const isThinned = /: initcall_finish: /.test(text) && lines < Number(inBuffer);
  if (`${lines}` !== inBuffer && !isThinned)
    throw new EvidenceError(place, `${inBuffer} entries, as the head says`, `${lines}`);
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

function runOf(name: string, events: PageEvents, loop: StockLoop, proc: ProcComparison): VerifiedRun {
  const none = { compared: 0, equal: 0 };
  return {
    name,
    start: "trace",
    events: events.count,
    allocations: loop.allocations,
    accepts: { recorded: 0, exactInOrder: 0 },
    acceptRequests: none,
    acceptDecisions: none,
    refills: loop.refills,
    drains: loop.drains,
    retypings: none,
    finalLists: none,
    proc,
    outside: {
      timerDrains: 0,
      interruptedAllocations: loop.interruptedAllocations,
      lockedFrees: 0,
      interleavedSteps: 0,
      deferredInterleavings: 0,
      counterDrifts: 0,
      otherNodeRequests: loop.otherNodeRequests,
      ...loop.outside,
    },
  };
}
