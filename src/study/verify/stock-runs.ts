import type { EarlyMachine } from "../../guest/early-machine.js";
import type { Kernel } from "../../guest/kernel.js";
import type { PageEvents } from "../../workload/events.js";
import { TracefsReader } from "../../workload/tracefs.js";
import type { ProcComparison } from "./proc.js";
import { cannotCompare, fieldsIn, procEvidence } from "./proc-evidence.js";
import { parseFile, type RecordingFiles } from "./recording-files.js";
import { StockLoop } from "./stock-loop.js";
import { StockStages } from "./stock-stages.js";
import { compareBuddyinfo, compareFreePages, perCpuLists } from "./stock-zoneinfo.js";
import { tracedInitcalls } from "./traced-initcalls.js";
import type { VerifiedRun } from "./verify-recording.js";

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
  const boot = traceOf(files, "boot");
  if (boot === undefined) return [];
  const { allocator } = kernel;
  const bootLoop = new StockLoop(
    boot,
    allocator,
    machine.cpuNodes,
    new StockStages(kernel, machine, boot, bootLog, tracedInitcalls(files.read("boot.trace")!, boot)),
  );
  bootLoop.run();
  const zoneinfo = fieldsIn(procEvidence(files, "boot", "zoneinfo"));
  const proc = compareBuddyinfo(allocator, procEvidence(files, "boot", "buddyinfo"), zoneinfo);
  const bootRun = {
    ...runOf("boot", boot, bootLoop, proc),
    freePages: compareFreePages(allocator, zoneinfo),
  };
  const workloads = workloadTraces(files).map(({ name, events }) => {
    const loop = new StockLoop(events, allocator, machine.cpuNodes);
    const before = procEvidence(files, `pre-${name}`, "zoneinfo");
    loop.adoptGap(perCpuLists(fieldsIn(before)));
    loop.run();
    const proc: ProcComparison = { compared: 0, equal: 0, readElsewhen: 0 };
    // It only tells how the lists were in front of the workload, so nothing of it is compared.
    if ("problem" in before) cannotCompare(proc, 1, before.problem);
    return runOf(name, events, loop, proc);
  });
  return [bootRun, ...workloads];
}

/** Traces of workloads that have an event, in the order in which they ran. */
function workloadTraces(files: RecordingFiles): { readonly name: string; readonly events: PageEvents }[] {
  return files
    .list()
    .flatMap((file) => {
      const name = /^wl-(.+)\.trace$/.exec(file)?.[1];
      const events = name === undefined ? undefined : traceOf(files, `wl-${name}`);
      return events === undefined || events.count === 0 ? [] : [{ name: name!, events }];
    })
    .sort((a, b) => a.events.timeNs[0]! - b.events.timeNs[0]!);
}

function traceOf(files: RecordingFiles, base: string): PageEvents | undefined {
  const bytes = files.read(`${base}.trace`);
  if (bytes === undefined) return undefined;
  return parseFile(files, `${base}.trace`, bytes, (content) => {
    const reader = new TracefsReader(`${base}.trace`);
    reader.feed(content);
    return reader.end();
  });
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
