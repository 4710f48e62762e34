/** What `verify` found, as a table for a terminal; with the cells and lines that the fidelity document shares. */

import { knownAllocations, type VerifiedRecording, type VerifiedRun } from "../verify/result.js";
import type { Comparison, Divergence } from "../verify/tally.js";
import { formatInteger, NO_VALUE } from "./cells.js";
import { columnsOf, type Paint, plainPaint, tableLines } from "./table.js";

/** What `runCells` gives, by name. */
const RUN_HEAD = [
  "run",
  "start",
  "allocations",
  "exact",
  "of known",
  "accepts",
  "refills",
  "drains",
  "lists",
  "/proc",
] as const;

const KNOWN_NOTE =
  "of known: exact allocations of those from lists that the trace had determined by then; only these must hold.";

const HEAD = ["recording", ...RUN_HEAD];

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
  const lines = tableLines(
    columnsOf(HEAD, 3),
    rows.map((row) => [...row, ...HEAD.slice(row.length).map(() => "")]),
  );
  const divergences = recordings.flatMap(divergenceLines);
  const hasTraces = recordings.some(({ runs }) => runs.some(({ start }) => start === "trace"));
  return [
    ...lines,
    "",
    ...(hasTraces ? [paint("note", KNOWN_NOTE), ""] : []),
    ...(divergences.length === 0
      ? [paint("note", "Nothing differs.")]
      : divergences.map((line) => paint("failure", line))),
    ...recordings.flatMap(({ name, notCompared = [] }) =>
      notCompared.length === 0 ? [] : [paint("note", `${name}: not compared: ${notCompared.join(", ")}`)],
    ),
  ]
    .map((line) => `${line}\n`)
    .join("");
}

function beforeRuns(recording: VerifiedRecording): { name: string; comparison: Comparison }[] {
  return [
    ...(recording.memblock ? [{ name: "(memblock)", comparison: recording.memblock }] : []),
    ...(recording.handover ? [{ name: "(hand-over)", comparison: recording.handover }] : []),
    ...(recording.zones ? [{ name: "(zones)", comparison: recording.zones }] : []),
    ...(recording.files ? [{ name: "(files)", comparison: recording.files }] : []),
  ];
}

/** One run in a row. */
export function runCells(run: VerifiedRun): string[] {
  const { allocations, accepts } = run;
  const known = knownAllocations(run);
  return [
    run.name,
    run.start,
    formatInteger(allocations.compared),
    shareCell(allocations.pfnExact, allocations.compared),
    shareCell(known.pfnExact, known.compared),
    equalCell({ compared: accepts.recorded, equal: accepts.exactInOrder }),
    equalCell(run.refills),
    equalCell(run.drains),
    equalCell(run.finalLists),
    equalCell(run.proc),
  ];
}

/** `47`, or `45/47` where something differs. */
export function equalCell(
  comparison: { readonly compared: number; readonly equal: number } | undefined,
): string {
  if (comparison === undefined || comparison.compared === 0) return NO_VALUE;
  const { compared, equal } = comparison;
  return equal === compared ? formatInteger(compared) : `${formatInteger(equal)}/${formatInteger(compared)}`;
}

/** Percent; what is not all never reads as 100 %. */
export function shareCell(part: number, whole: number): string {
  if (whole === 0) return NO_VALUE;
  if (part === whole) return "100 %";
  return `${Math.min(99.999, (100 * part) / whole).toFixed(3)} %`;
}

/** Where model and kernel first differ in each respect, a line each. */
export function divergenceLines(recording: VerifiedRecording): string[] {
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
    ...line("files", "contents", recording.files?.firstDivergence),
    ...recording.runs.flatMap((run) => runDivergences(run, line)),
  ];
}

type DivergenceLine = (where: string, what: string, divergence: Divergence | undefined) => string[];

function runDivergences(run: VerifiedRun, line: DivergenceLine): string[] {
  const where = run.start === "boot" ? `${run.name}, carried on` : run.name;
  return [
    ...line(where, "records", run.records?.firstDivergence),
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
