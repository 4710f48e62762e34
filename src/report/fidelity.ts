/** What `verify` found, for people: a table for terminals, and the document `results/fidelity.md`. */

import type { Comparison, Divergence } from "../study/verify/comparison.js";
import { recordingHolds } from "../study/verify/verify.js";
import type { VerifiedRecording, VerifiedRun } from "../study/verify/verify-recording.js";
import { formatInteger, NO_VALUE } from "./cells.js";
import { type Paint, plainPaint } from "./paint.js";
import { plainTableLines } from "./plain-table.js";

const HEAD = [
  "recording",
  "run",
  "start",
  "allocations",
  "exact",
  "accepts",
  "refills",
  "drains",
  "lists",
  "/proc",
];

/** Prints one line a run, and below the table where model and kernel first differ. */
export function formatVerifyTable(
  recordings: readonly VerifiedRecording[],
  paint: Paint = plainPaint,
): string {
  const rows = recordings.flatMap((recording) => [
    ...beforeRuns(recording).map(({ name, comparison }) => [
      recording.name,
      name,
      "",
      "",
      equalCell(comparison),
    ]),
    ...recording.runs.map((run) => [recording.name, ...runCells(run)]),
  ]);
  const lines = plainTableLines({
    head: HEAD,
    aligns: HEAD.map((_name, column) => (column < 3 ? "left" : "right")),
    rows: rows.map((row) => [...row, ...HEAD.slice(row.length).map(() => "")]),
  });
  const divergences = recordings.flatMap(divergenceLines);
  return [
    ...lines,
    "",
    ...(divergences.length === 0
      ? [paint("note", "Nothing differs.")]
      : divergences.map((line) => paint("failure", line))),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

/** Prints the document. The same recordings give the same bytes. */
export function formatFidelity(recordings: readonly VerifiedRecording[]): string {
  const runs = recordings.flatMap((recording) => recording.runs);
  const sum = (pick: (run: VerifiedRun) => number, of: readonly VerifiedRun[] = runs): number =>
    of.reduce((total, run) => total + pick(run), 0);
  const exactOf = (of: readonly VerifiedRun[]): string =>
    `${formatInteger(sum((run) => run.allocations.pfnExact, of))} of ` +
    formatInteger(sum((run) => run.allocations.compared, of));
  const traced = runs.filter((run) => run.start === "trace");
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
    "A kernel with tracepoints only is repeated from its trace (start `trace`). What it did before tracing",
    "or between two traces shows when an event names a page; an allocation that it changed is a miss.",
    "",
    `- allocations with the kernel's page frame: **${exactOf(runs.filter((run) => run.start !== "trace"))}**`,
    ...(traced.length === 0 ? [] : [`- the same for kernels with tracepoints only: **${exactOf(traced)}**`]),
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
    "## Taken from the log",
    "",
    "What no model of the allocator can derive, and how often it was needed. A workload that is carried on",
    "takes the same from the same log and is not listed again.",
    "",
    ...markdownTable(["recording", "run", "what", "times"], recordings.flatMap(outsideRows)),
    "",
    "## What differs",
    "",
    ...(divergences.length === 0 ? ["Nothing."] : divergences.map((line) => `- ${line}`)),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function beforeRuns(recording: VerifiedRecording): { name: string; comparison: Comparison }[] {
  return [
    ...(recording.memblock ? [{ name: "(memblock)", comparison: recording.memblock }] : []),
    ...(recording.handover ? [{ name: "(hand-over)", comparison: recording.handover }] : []),
    ...(recording.zones ? [{ name: "(zones)", comparison: recording.zones }] : []),
  ];
}

function runCells(run: VerifiedRun): string[] {
  const { allocations, accepts } = run;
  return [
    run.name,
    run.start,
    formatInteger(allocations.compared),
    shareCell(allocations.pfnExact, allocations.compared),
    equalCell({ compared: accepts.recorded, equal: accepts.exactInOrder }),
    equalCell(run.refills),
    equalCell(run.drains),
    equalCell(run.finalLists),
    equalCell(run.proc),
  ];
}

function documentCells(run: VerifiedRun): string[] {
  const [name, start, allocations, exact, accepts, refills, drains, lists, proc] = runCells(run);
  return [
    name!,
    start!,
    formatInteger(run.events),
    allocations!,
    exact!,
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

/** `47`, or `45/47` where something differs. */
function equalCell(comparison: { readonly compared: number; readonly equal: number } | undefined): string {
  if (comparison === undefined || comparison.compared === 0) return NO_VALUE;
  const { compared, equal } = comparison;
  return equal === compared ? formatInteger(compared) : `${formatInteger(equal)}/${formatInteger(compared)}`;
}

/** Percent; what is not all never reads as 100 %. */
function shareCell(part: number, whole: number): string {
  if (whole === 0) return NO_VALUE;
  if (part === whole) return "100 %";
  return `${Math.min(99.999, (100 * part) / whole).toFixed(3)} %`;
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

function divergenceLines(recording: VerifiedRecording): string[] {
  const line = (where: string, what: string, divergence: Divergence | undefined): string[] => {
    if (divergence === undefined) return [];
    const { event, expected, found, context } = divergence;
    return [
      `${recording.name} ${where}: ${what} first differ at event ${event}: expected ${expected}, found ${found} (${context})`,
    ];
  };
  return [
    ...line("boot", "memblock", recording.memblock?.firstDivergence),
    ...line("boot", "blocks handed over", recording.handover?.firstDivergence),
    ...line("boot", "sizes of zones", recording.zones?.firstDivergence),
    ...recording.runs.flatMap((run) => runDivergences(run, line)),
  ];
}

type DivergenceLine = (where: string, what: string, divergence: Divergence | undefined) => string[];

function runDivergences(run: VerifiedRun, line: DivergenceLine): string[] {
  const where = run.start === "boot" ? `${run.name}, carried on` : run.name;
  return [
    ...line(where, "allocations", run.allocations.firstDivergence),
    ...line(where, "accepted ranges", run.accepts.firstDivergence),
    ...line(where, "accept requests", run.acceptRequests.firstDivergence),
    ...line(where, "accept decisions", run.acceptDecisions.firstDivergence),
    ...line(where, "refills", run.refills.firstDivergence),
    ...line(where, "drains", run.drains.firstDivergence),
    ...line(where, "types of pageblocks", run.retypings.firstDivergence),
    ...line(where, "unaccepted blocks carried over", run.gap?.unaccepted.firstDivergence),
    ...line(where, "final lists", run.finalLists.firstDivergence),
    ...line(where, "/proc fields", run.proc.firstDivergence),
  ];
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const rule = head.map((name) => (["recording", "run", "start", "what"].includes(name) ? ":--" : "--:"));
  return [head, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}
