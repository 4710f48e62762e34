/** What `verify` found, as the document `results/fidelity.md`. */

import {
  knownAllocations,
  recordingHolds,
  type VerifiedRecording,
  type VerifiedRun,
} from "../verify/result.js";
import { formatInteger } from "./cells.js";
import { divergenceLines } from "./divergences.js";
import { outsideRows } from "./outside-causes.js";
import { tracedKernelLines } from "./traced-kernels.js";
import { equalCell, markdownTable, runCells } from "./verify-cells.js";

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
