import { knownAllocations, type VerifiedRecording } from "../verify/result.js";
import type { FreePages } from "../verify/stock-zoneinfo.js";
import { formatInteger } from "./cells.js";
import { markdownTable, shareCell } from "./verify-cells.js";

/** What is known of kernels that have only tracepoints: a section of the fidelity document. */
export function tracedKernelLines(recordings: readonly VerifiedRecording[]): string[] {
  const runs = recordings.flatMap(({ name, runs: ofRecording }) =>
    ofRecording.filter(({ start }) => start === "trace").map((run) => ({ name, run })),
  );
  if (runs.length === 0) return [];
  return [
    "## Kernels with tracepoints only",
    "",
    "Before tracing and between two traces the kernel allocates and frees unseen. A list is known once the",
    "trace has determined it: a per-CPU list when it was refilled, which happens only to an empty one, or",
    "drained down to a page freed within the trace; a buddy list when a larger block was split, which",
    "happens only if it is empty. Recorded events decide this, never whether the model was right. Misses on",
    "known lists are the model's; those on other lists are of pages that came to them unseen. After a miss",
    "the model gets the kernel's page.",
    "",
    "Before tracing: pages allocated when the first event was written, with those of the trace buffer.",
    "Bulk: pages taken by `alloc_pages_bulk()`, which has no event. Unseen: pages that must have been taken",
    "without an event for the next one to be possible.",
    "",
    ...markdownTable(
      [
        "recording",
        "run",
        "allocations",
        "exact",
        "of lists not known",
        "exact of these",
        "of known lists",
        "exact of known",
        "share",
        "before tracing",
        "bulk",
        "unseen",
      ],
      runs.map(({ name, run }) => {
        const { compared, pfnExact, beforeResync = { compared: 0, pfnExact: 0 } } = run.allocations;
        const known = knownAllocations(run);
        const { beforeTracing = 0, bulkPages = 0, unseenAllocations = 0 } = run.outside;
        return [
          name,
          run.name,
          formatInteger(compared),
          formatInteger(pfnExact),
          formatInteger(beforeResync.compared),
          formatInteger(beforeResync.pfnExact),
          formatInteger(known.compared),
          formatInteger(known.pfnExact),
          shareCell(known.pfnExact, known.compared),
          formatInteger(beforeTracing),
          formatInteger(bulkPages),
          formatInteger(unseenAllocations),
        ];
      }),
    ),
    "",
    ...freePagesLines(runs.flatMap(({ name, run }) => run.freePages?.map((zone) => ({ name, zone })) ?? [])),
  ];
}

function freePagesLines(rows: readonly { readonly name: string; readonly zone: FreePages }[]): string[] {
  return [
    "Where every free page is at the end of boot, in pages. A program reads /proc some tenths of a second",
    "after the last event of the trace. Until then pages went from per-CPU lists to the buddy lists or back",
    "(moved), and programs took some or gave some back, that of the reader among them (taken). A zone without both is equal",
    "in every order of /proc/buddyinfo; of the others, orders are compared where they can be.",
    "",
    ...markdownTable(
      [
        "recording",
        "zone",
        "buddy, kernel",
        "buddy, model",
        "per-CPU, kernel",
        "per-CPU, model",
        "moved",
        "taken",
      ],
      rows.map(({ name, zone: { nodeId, zone, recorded, model, takenSince } }) => [
        name,
        `${zone} of node ${nodeId}`,
        formatInteger(recorded.free),
        formatInteger(model.free),
        formatInteger(recorded.perCpu),
        formatInteger(model.perCpu),
        formatInteger(recorded.free - model.free),
        formatInteger(takenSince),
      ]),
    ),
    "",
  ];
}
