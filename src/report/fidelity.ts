/** The document `results/fidelity.md`. */

import { compareReleases, parseReleaseName, type ReleaseName } from "../linux/release-name.js";
import type { Exactness } from "../verify/follower.js";
import { OUTSIDE_CAUSES, UNTRACED_CAUSES } from "../verify/outside.js";
import {
  knownAllocations,
  recordingHolds,
  type VerifiedRecording,
  type VerifiedRun,
} from "../verify/result.js";
import type { GapReport } from "../verify/snapshot-state.js";
import type { FreePages } from "../verify/stock-zoneinfo.js";
import { formatInteger, NO_VALUE } from "./cells.js";
import { type Column, left, markdownLines, right, textOf } from "./table.js";
import { divergenceLines, equalCell, exactShare, RUN_COLUMNS, type RunRow, runRows } from "./verify.js";

/** Prints the document. The same recordings give the same bytes. */
export function formatFidelity(given: readonly VerifiedRecording[]): string {
  const bySeries = newestFirst(given);
  const recordings = bySeries.flatMap(({ recordings }) => recordings);
  const rows = runRows(recordings);
  const divergences = recordings.flatMap(divergenceLines);
  const lines = [
    "# Fidelity",
    "",
    "Recordings of real Linux kernels, repeated open loop: the model is told what was asked of the",
    "allocator (CPU, order, gfp flags, frees), never which page to hand out. A boot starts from the",
    "firmware's e820 map; a workload once from a snapshot of all lists, and once carried on from the",
    "simulated boot through all workloads before it.",
    "A kernel with tracepoints only is repeated from its trace (start `trace`), see below.",
    "",
    ...markdownLines(SERIES_COLUMNS, bySeries),
    "",
    "Allocations: those with the kernel's page frame. Tracepoints only: the same of kernels without a log of every",
    "step; only those of lists that the trace determines have to be equal. Accepts: ranges, exact and in order. Lists:",
    "free, per-CPU and unaccepted, page by page in list order, with the zones' numbers.",
    "",
    "Rebuild with `npm run fidelity -- DIR...`.",
    "",
    "## Boot memory",
    "",
    "memblock: lines of `memblock=debug`, or returned values and regions of the kernel's own test bench.",
    "Hand-over: blocks given to the page allocator, in order, by memblock and by deferred initialisation;",
    "of kernels without the log of every step, the totals that the boot log prints, and of their zones the",
    "sizes and watermarks in /proc/zoneinfo; of boots of real firmware the lines about zones and nodes.",
    "Firmware: what the EFI stub made of the firmware's map (the e820 map, the place of its own memory), and what the",
    "kernel may free of boot services.",
    "",
    ...markdownLines(BOOT_COLUMNS, recordings),
    "",
    "## Boots and workloads",
    "",
    ...markdownLines(DOCUMENT_COLUMNS, rows),
    "",
    ...gapLines(rows),
    ...tracedKernelLines(rows),
    "## Taken from the log",
    "",
    "What no model of the allocator can derive, and how often it was needed. A workload that is carried on",
    "takes the same from the same log and is not listed again.",
    "",
    ...markdownLines(OUTSIDE_COLUMNS, recordings.flatMap(outsideRows)),
    "",
    ...notComparedLines(recordings),
    "## What differs",
    "",
    ...(divergences.length === 0 ? ["Nothing."] : divergences.map((line) => `- ${line}`)),
  ];
  return textOf(lines);
}

/** Recordings of one kernel series. */
interface Series {
  /** Such as `Linux 7.3`; recordings that do not name their kernel come last. */
  readonly name: string;
  readonly recordings: readonly VerifiedRecording[];
}

/** By series, the newest first; within one in the order given. */
function newestFirst(recordings: readonly VerifiedRecording[]): Series[] {
  const releases = recordings.map(({ kernel }) =>
    kernel === undefined ? undefined : parseReleaseName(kernel),
  );
  const nameOf = (release: ReleaseName | undefined): string =>
    release === undefined ? "not named" : `Linux ${release.major}.${release.minor}`;
  const named = releases.filter((release) => release !== undefined).sort((a, b) => compareReleases(b, a));
  return [...new Set([...named, ...releases].map(nameOf))].map((name) => ({
    name,
    recordings: recordings.filter((_, at) => nameOf(releases[at]) === name),
  }));
}

/** `9 of 10`, all added up. */
function totalsText(pairs: readonly (readonly [part: number, whole: number])[]): string {
  const total = (at: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[at], 0);
  if (total(1) === 0) return NO_VALUE;
  return `${formatInteger(total(0))} of ${formatInteger(total(1))}`;
}

function exactText(allocations: readonly Exactness[]): string {
  return totalsText(allocations.map(({ compared, pfnExact }) => [pfnExact, compared]));
}

function runsOf({ recordings }: Series, traced: boolean): VerifiedRun[] {
  return recordings.flatMap(({ runs }) => runs.filter(({ start }) => (start === "trace") === traced));
}

const SERIES_COLUMNS: readonly Column<Series>[] = [
  left("kernel", ({ name }) => name),
  right("everything holds", ({ recordings }) =>
    totalsText(recordings.map((recording) => [recordingHolds(recording) ? 1 : 0, 1])),
  ),
  right("allocations", (series) => exactText(runsOf(series, false).map(({ allocations }) => allocations))),
  right("tracepoints only", (series) =>
    exactText(runsOf(series, true).map(({ allocations }) => allocations)),
  ),
  right("of known lists", (series) => exactText(runsOf(series, true).map(knownAllocations))),
  right("accepts", ({ recordings }) =>
    totalsText(
      recordings.flatMap(({ runs }) => runs.map(({ accepts }) => [accepts.exactInOrder, accepts.recorded])),
    ),
  ),
  right("lists", ({ recordings }) =>
    totalsText(
      recordings.flatMap(({ runs }) => runs.map(({ finalLists }) => [finalLists.equal, finalLists.compared])),
    ),
  ),
];

const BOOT_COLUMNS: readonly Column<VerifiedRecording>[] = [
  left("recording", ({ name }) => name),
  right("memblock", ({ memblock }) => equalCell(memblock)),
  right("hand-over", ({ handover }) => equalCell(handover)),
  right("zones", ({ zones }) => equalCell(zones)),
  right("firmware", ({ firmware }) => equalCell(firmware)),
];

/** Those of the terminal, and what it has no room for. */
const DOCUMENT_COLUMNS: readonly Column<RunRow>[] = RUN_COLUMNS.flatMap((column) => {
  switch (column.head) {
    case "start":
      return [column, right("events", ({ run }) => formatInteger(run.events))];
    case "accepts":
      return [column, right("decisions", ({ run }) => equalCell(run.acceptDecisions))];
    case "drains":
      return [column, right("retypings", ({ run }) => equalCell(run.retypings))];
    default:
      return [column];
  }
});

function notComparedLines(recordings: readonly VerifiedRecording[]): string[] {
  const rows = recordings.filter(({ notCompared }) => notCompared !== undefined);
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
    ...(rows.length === 0 ? [] : [...markdownLines(NOT_COMPARED_COLUMNS, rows), ""]),
  ];
}

const NOT_COMPARED_COLUMNS: readonly Column<VerifiedRecording>[] = [
  left("recording", ({ name }) => name),
  left("what", ({ notCompared = [] }) => notCompared.join(", ")),
];

function gapLines(runs: readonly RunRow[]): string[] {
  const rows = runs.flatMap(({ name, run }) => (run.gap === undefined ? [] : [{ name, run, gap: run.gap }]));
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
    ...markdownLines(GAP_COLUMNS, rows),
    "",
  ];
}

const GAP_COLUMNS: readonly Column<RunRow & { readonly gap: GapReport }>[] = [
  left("recording", ({ name }) => name),
  left("run", ({ run }) => run.name),
  right(
    "equal before",
    ({ gap: { before } }) => `${formatInteger(before.equal)}/${formatInteger(before.compared)}`,
  ),
  right("lists adopted", ({ gap }) => formatInteger(gap.lists)),
  right("pages adopted", ({ gap }) => formatInteger(gap.pages)),
  right("pageblocks adopted", ({ gap }) => formatInteger(gap.pageblocks)),
  right("blocks accepted", ({ gap }) => formatInteger(gap.acceptedBlocks)),
  right("unaccepted", ({ gap }) => equalCell(gap.unaccepted)),
];

function tracedKernelLines(rows: readonly RunRow[]): string[] {
  const runs = rows.filter(({ run }) => run.start === "trace");
  if (runs.length === 0) return [];
  return [
    "## Kernels with tracepoints only",
    "",
    "Before tracing and between two traces the kernel allocates and frees unseen. A list is known once the",
    "trace has determined it: a per-CPU list when it was refilled, which happens only to an empty one, or",
    "drained down to a page freed within the trace; a buddy list when a larger block was split, which",
    "happens only if it is empty. Recorded events decide this, never whether the model was right. Misses on",
    "known lists are the model's; those on other lists are of pages that came to them unseen. After a miss",
    "the model gets the kernel's page. While a machine idles the vmstat worker lowers the limits of per-CPU lists, which",
    "no event shows: a drain after that is seen, but not where it ends, and the order of blocks after it can differ.",
    "",
    "Before tracing: pages allocated when the first event was written, with those of the trace buffer.",
    "Bulk: pages taken by `alloc_pages_bulk()`, which has no event. Unseen: pages that must have been taken",
    "without an event for the next one to be possible.",
    "",
    ...markdownLines(TRACED_COLUMNS, runs),
    "",
    ...freePagesLines(runs.flatMap(({ name, run }) => run.freePages?.map((zone) => ({ name, zone })) ?? [])),
  ];
}

const TRACED_COLUMNS: readonly Column<RunRow>[] = [
  left("recording", ({ name }) => name),
  left("run", ({ run }) => run.name),
  right("allocations", ({ run }) => formatInteger(run.allocations.compared)),
  right("exact", ({ run }) => formatInteger(run.allocations.pfnExact)),
  right("of lists not known", ({ run }) => formatInteger(run.allocations.beforeResync?.compared ?? 0)),
  right("exact of these", ({ run }) => formatInteger(run.allocations.beforeResync?.pfnExact ?? 0)),
  right("of known lists", ({ run }) => formatInteger(knownAllocations(run).compared)),
  right("exact of known", ({ run }) => formatInteger(knownAllocations(run).pfnExact)),
  right("share", ({ run }) => exactShare(knownAllocations(run))),
  right("before tracing", ({ run }) => formatInteger(run.outside.beforeTracing ?? 0)),
  right("bulk", ({ run }) => formatInteger(run.outside.bulkPages ?? 0)),
  right("unseen", ({ run }) => formatInteger(run.outside.unseenAllocations ?? 0)),
];

interface FreePagesRow {
  readonly name: string;
  readonly zone: FreePages;
}

function freePagesLines(rows: readonly FreePagesRow[]): string[] {
  return [
    "Where every free page is at the end of boot, in pages. A program reads /proc some tenths of a second",
    "after the last event of the trace. Until then pages went from per-CPU lists to the buddy lists or back",
    "(moved), and programs took some or gave some back, that of the reader among them (taken). A zone without both is equal",
    "in every order of /proc/buddyinfo; of the others, orders are compared where they can be.",
    "",
    ...markdownLines(FREE_PAGES_COLUMNS, rows),
    "",
  ];
}

const FREE_PAGES_COLUMNS: readonly Column<FreePagesRow>[] = [
  left("recording", ({ name }) => name),
  left("zone", ({ zone }) => `${zone.zone} of node ${zone.nodeId}`),
  right("buddy, kernel", ({ zone }) => formatInteger(zone.recorded.free)),
  right("buddy, model", ({ zone }) => formatInteger(zone.model.free)),
  right("per-CPU, kernel", ({ zone }) => formatInteger(zone.recorded.perCpu)),
  right("per-CPU, model", ({ zone }) => formatInteger(zone.model.perCpu)),
  right("moved", ({ zone }) => formatInteger(zone.recorded.free - zone.model.free)),
  right("taken", ({ zone }) => formatInteger(zone.takenSince)),
];

type OutsideRow = readonly [recording: string, run: string, what: string, times: number];

const OUTSIDE_COLUMNS: readonly Column<OutsideRow>[] = [
  left("recording", ([recording]) => recording),
  left("run", ([, run]) => run),
  left("what", ([, , what]) => what),
  right("times", ([, , , times]) => formatInteger(times)),
];

function outsideRows({ name, runs }: VerifiedRecording): OutsideRow[] {
  return runs
    .filter(({ start }) => start !== "boot")
    .flatMap((run) =>
      [
        ...Object.entries({ ...OUTSIDE_CAUSES, ...UNTRACED_CAUSES }).map(
          ([cause, text]) => [text, run.outside[cause as keyof VerifiedRun["outside"]] ?? 0] as const,
        ),
        ["a field of /proc was read at another moment than the snapshot", run.proc.readElsewhen] as const,
      ].flatMap(([text, times]): OutsideRow[] => (times === 0 ? [] : [[name, run.name, text, times]])),
    );
}
