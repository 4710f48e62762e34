import { GiB, MiB, PAGE_SIZE } from "../units.js";
import type { CpuBringUp } from "./cpu-bring-up.js";
import type { PageEvents } from "./events.js";
import type { RecordedZone, Recording } from "./recording.js";
import type { ImportReport, Requests } from "./requests.js";

export interface RecordedRequests {
  readonly recording: Recording;
  readonly requests: Requests;
  readonly report: ImportReport;
  /** Omissions and assumptions about the trace, a sentence each. Default: none. */
  readonly remarks?: readonly string[];
}

/** A guest's workload: a recorded boot, and what comes after it. */
export interface LoadedWorkload extends RecordedRequests {
  /** Requests of each CPU that the recorded machine did not have. */
  readonly bringUp?: CpuBringUp;
  /**
   * Requests of another recording, to be made when init runs. Their think time is on the clock of
   * the boot, and begins with their first event: `thinkBeforeNs` is how long that machine had been
   * up, which is no work.
   */
  readonly afterBoot?: RecordedRequests;
}

/** Whether a recording lacks the boot: its machine was up when the trace began. */
export function beginsAfterBoot({ milestones }: Recording): boolean {
  return milestones.ready === 0;
}

export function followingBoot(boot: LoadedWorkload, own: RecordedRequests): LoadedWorkload {
  // Guest work has one price in a run, that of the boot.
  const scale = own.recording.clock.timeScale.value / boot.recording.clock.timeScale.value;
  const requests = { ...own.requests, thinkNs: own.requests.thinkNs.map((ns) => ns * scale) };
  return { ...boot, afterBoot: { ...own, requests } };
}

/** DMA up to 16 MiB, DMA32 up to 4 GiB (arch/x86/mm/init.c: zone_sizes_init). */
const DMA_END: number = 16 * MiB;
const DMA32_END: number = 4 * GiB;

/** One node; memory from 4 GiB on may end anywhere. */
export function zonesUpTo(end: number): RecordedZone[] {
  return [
    { node: 0, name: "DMA", start: PAGE_SIZE, end: DMA_END },
    { node: 0, name: "DMA32", start: DMA_END, end: DMA32_END },
    { node: 0, name: "Normal", start: DMA32_END, end: Math.max(end, DMA32_END) },
  ];
}

/** A description of which nothing is known but a name and a machine, which was up when it began. */
export function bareDescription(name: string, machine: Recording["machine"]): Recording {
  return {
    schemaVersion: 1,
    name,
    kernel: "not known",
    command: { machine: "not known", kernel: "not known" },
    recordedWith: "not known",
    date: "1970-01-01",
    machine,
    clock: {
      statement: "Not known; taken for the time of hardware such as the simulated one.",
      timeScale: { value: 1, low: 0.5, high: 2, basis: "assumed", source: "no description of the trace" },
    },
    trace: { file: name, sha256: "0".repeat(64) },
    reserved: [],
    milestones: { ready: 0 },
    modelled: [],
    beforeTracing: { pages: 0, source: "not known" },
    instrument: { pages: 0, source: "not known" },
  };
}

/** A description for a trace that has none: what its events show of the machine. */
export function describeTrace(name: string, events: PageEvents, kernel: string | undefined): Recording {
  const { count, pfn, order, cpu } = events;
  let lastPage = 0;
  let lastCpu = 0;
  for (let i = 0; i < count; i++) {
    lastPage = Math.max(lastPage, pfn[i]! + (1 << order[i]!) - 1);
    lastCpu = Math.max(lastCpu, cpu[i]!);
  }
  const end = (lastPage + 1) * PAGE_SIZE;
  const machine = { memoryBytes: end, vcpus: lastCpu + 1, nodes: 1, zones: zonesUpTo(end) };
  const bare = bareDescription(name, machine);
  return { ...bare, kernel: kernel ?? bare.kernel };
}
