/** What `verify` found, as the document `results/fidelity.md`. */

import {
  knownAllocations,
  recordingHolds,
  type VerifiedRecording,
  type VerifiedRun,
} from "../verify/result.js";
import type { FreePages } from "../verify/stock-zoneinfo.js";
import { formatInteger } from "./cells.js";
import { divergenceLines, equalCell, runCells, shareCell } from "./verify.js";

/** Prints the document. The same recordings give the same bytes. */
export function formatFidelity(recordings: readonly VerifiedRecording[]): string {
  const runs = recordings.flatMap((recording) => recording.runs);
  const sum = (pick: (run: VerifiedRun) => number, of: readonly VerifiedRun[] = runs): number =>
    of.reduce((total, run) => total + pick(run), 0);
  const exactOf = (of: readonly VerifiedRun[]): string =>
    `${formatInteger(sum((run) => run.allocations.pfnExact, of))} of ` +
    formatInteger(sum((run) => run.allocations.compared, of));
  const traced = runs.filter((run) => run.start === "trace");
  const known = traced.map((run) => knownAllocations(run));
  const knownOf = `${formatInteger(known.reduce((total, { pfnExact }) => total + pfnExact, 0))} of ${formatInteger(known.reduce((total, { compared }) => total + compared, 0))}`;
  const recorded = sum((run) => run.accepts.recorded);
  const accepted = sum((run) => run.accepts.exactInOrder);
  const lists = sum((run) => run.finalLists.compared);
  const equalLists = sum((run) => run.finalLists.equal);
  const divergences = recordings.flatMap(divergenceLines);
  const lines = [
    "# Fidelity",
    "",
    "Recordings of real Linux 6.12 kernels, repeated open loop: the model is told what was asked of the",
    "allocator (CPU, order, gfp flags, frees), never which page to hand out. A boot starts from the",
    "firmware's e820 map; a workload once from a snapshot of all lists, and once carried on from the",
    "simulated boot through all workloads before it.",
    "A kernel with tracepoints only is repeated from its trace (start `trace`), see below.",
    "",
    `- allocations with the kernel's page frame: **${exactOf(runs.filter((run) => run.start !== "trace"))}**`,
    ...(traced.length === 0
      ? []
      : [
          `- the same for kernels with tracepoints only: **${exactOf(traced)}**, of lists known from the trace **${knownOf}**`,
        ]),
    `- accepted ranges, exact and in order: **${formatInteger(accepted)} of ${formatInteger(recorded)}**`,
    `- free, per-CPU and unaccepted lists, page by page in list order, with the zones' numbers: **${formatInteger(equalLists)} of ${formatInteger(lists)}**`,
    `- recordings in which everything holds: **${recordings.filter(recordingHolds).length} of ${recordings.length}**`,
    "",
    "Rebuild with `npm run fidelity -- DIR...`.",
    "",
    "## Boot memory",
    "",
    "memblock: lines of `memblock=debug`, or returned values and regions of the kernel's own test bench.",
    "Hand-over: blocks given to the page allocator, in order, by memblock and by deferred initialisation;",
    "of kernels without the log of every step, the totals that the boot log prints, and of their zones the",
    "sizes and watermarks in /proc/zoneinfo.",
    "",
    ...markdownTable(
      ["recording", "memblock", "hand-over", "zones"],
      recordings.map((recording) => [
        recording.name,
        equalCell(recording.memblock),
        equalCell(recording.handover),
        equalCell(recording.zones),
      ]),
    ),
    "",
    "## Boots and workloads",
    "",
    ...markdownTable(
      [
        "recording",
        "run",
        "start",
        "events",
        "allocations",
        "exact",
        "of known",
        "accepts",
        "decisions",
        "refills",
        "drains",
        "retypings",
        "lists",
        "/proc",
      ],
      recordings.flatMap(({ name, runs }) => runs.map((run) => [name, ...documentCells(run)])),
    ),
    "",
    ...gapLines(recordings),
    ...tracedKernelLines(recordings),
    "## Taken from the log",
    "",
    "What no model of the allocator can derive, and how often it was needed. A workload that is carried on",
    "takes the same from the same log and is not listed again.",
    "",
    ...markdownTable(["recording", "run", "what", "times"], recordings.flatMap(outsideRows)),
    "",
    ...notComparedLines(recordings),
    "## What differs",
    "",
    ...(divergences.length === 0 ? ["Nothing."] : divergences.map((line) => `- ${line}`)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** What a recording has that nothing is held against. */
function notComparedLines(recordings: readonly VerifiedRecording[]): string[] {
  const rows = recordings.flatMap(({ name, notCompared }) =>
    notCompared === undefined ? [] : [[name, notCompared.join(", ")]],
  );
  return [
    "## Not compared",
    "",
    "Every file of /proc must be whole, with the lines that the others of its kind in the directory have, and",
    "MemTotal must be what the zones manage. Fields that are read, but held against nothing: statistics of nodes,",
    "LRU and NUMA counters, limits of zones without memory, all other lines of meminfo and vmstat. Numbers of free",
    "blocks and pages, MemFree, pages on per-CPU lists and their limits may differ from the snapshot in a zone that",
    "went on, as long as its pages are the same but for 1024. Nor are compared: of a snapshot reserved highatomic",
    "pages, flags, alloc_factor and free_count; of a log process numbers, alloc_flags and what gfp flags have beyond",
    "zone and type; of a boot log what it says of anything but memory. Of an unmodified kernel without a trace of its",
    "boot there are",
    "only memblock, the hand-over and its zones.",
    "",
    ...(rows.length === 0 ? [] : [...markdownTable(["recording", "what"], rows), ""]),
  ];
}

function documentCells(run: VerifiedRun): string[] {
  const [name, start, allocations, exact, known, accepts, refills, drains, lists, proc] = runCells(run);
  return [
    name!,
    start!,
    formatInteger(run.events),
    allocations!,
    exact!,
    known!,
    accepts!,
    equalCell(run.acceptDecisions),
    refills!,
    drains!,
    equalCell(run.retypings),
    lists!,
    proc!,
  ];
}

/** What is between the runs of a machine that goes on from its boot. */
function gapLines(recordings: readonly VerifiedRecording[]): string[] {
  const rows = recordings.flatMap(({ name, runs }) =>
    runs.flatMap(({ name: run, gap }) =>
      gap === undefined
        ? []
        : [
            [
              name,
              run,
              `${formatInteger(gap.before.equal)}/${formatInteger(gap.before.compared)}`,
              formatInteger(gap.lists),
              formatInteger(gap.pages),
              formatInteger(gap.pageblocks),
              formatInteger(gap.acceptedBlocks),
              equalCell(gap.unaccepted),
            ],
          ],
    ),
  );
  if (rows.length === 0) return [];
  return [
    "## Gaps between runs",
    "",
    "A workload that is carried on goes on with the machine as the run before left it. What the guest did",
    "between the two (shell, /proc, the recorder itself) has no log. So the lists are compared with the",
    "snapshot in front of the workload as they are, and then what differs is adopted from it: lists in",
    "another order or with other pages, pages that went from allocated to free or back, pageblocks of",
    "another type. What is unaccepted is never adopted: the lists and NR_UNACCEPTED of each zone have to",
    "be the snapshot's, but for blocks that the kernel took from their heads in the gap.",
    "",
    ...markdownTable(
      [
        "recording",
        "run",
        "equal before",
        "lists adopted",
        "pages adopted",
        "pageblocks adopted",
        "blocks accepted",
        "unaccepted",
      ],
      rows,
    ),
    "",
  ];
}

/** What is known of kernels that have only tracepoints: a section of the fidelity document. */
function tracedKernelLines(recordings: readonly VerifiedRecording[]): string[] {
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
function outsideRows({ name, runs }: VerifiedRecording): string[][] {
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

/** A table; names go to the left of their column, numbers to the right. */
function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const rule = head.map((name) =>
    ["recording", "run", "start", "what", "zone"].includes(name) ? ":--" : "--:",
  );
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}
