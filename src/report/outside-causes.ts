import type { VerifiedRecording, VerifiedRun } from "../verify/result.js";
import { formatInteger } from "./cells.js";

const OUTSIDE_TEXT = {
  pcpDecays: "the vmstat worker lowered a per-CPU limit",
  timerDrains: "the vmstat worker drained another node's list",
  interruptedAllocations: "an interrupt freed pages before an allocation's line was written",
  lockedFrees: "an interrupt freed pages past a locked per-CPU list",
  interleavedSteps: "another CPU came between a step and its line",
  deferredInterleavings: "threads of deferred initialisation took turns",
  counterDrifts: "the vmstat worker had updated the counter of free pages",
  otherNodeRequests: "a request asked for another node than its CPU's",
  beforeTracing: "pages were allocated before tracing began",
  bulkPages: "a page was taken by alloc_pages_bulk(), which has no event",
  unseenAllocations: "a page must have been allocated without an event",
  resyncs: "the model's lists were corrected after the first event",
  pageblocks: "a pageblock had been claimed for another type between two traces",
  pcpLimits: "the limit of a per-CPU list had been lowered without an event",
} as const satisfies Record<keyof VerifiedRun["outside"], string>;

/** What no model can derive, for each run that takes it from its log: recording, run, cause, times. */
export function outsideRows({ name, runs }: VerifiedRecording): string[][] {
  return runs
    .filter(({ start }) => start !== "boot")
    .flatMap((run) => [
      ...Object.entries(OUTSIDE_TEXT).flatMap(([cause, text]) => {
        const times = run.outside[cause as keyof typeof OUTSIDE_TEXT] ?? 0;
        return times === 0 ? [] : [[name, run.name, text, formatInteger(times)]];
      }),
      ...(run.proc.readElsewhen === 0
        ? []
        : [
            [
              name,
              run.name,
              "a field of /proc was read at another moment than the snapshot",
              formatInteger(run.proc.readElsewhen),
            ],
          ]),
    ]);
}
