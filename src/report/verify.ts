/** Results of `verify` as a table for a terminal; with the cells and lines that the fidelity document shares. */

import type { Exactness } from "../verify/follower.js";
import {
  knownAllocations,
  recordingHolds,
  type VerifiedRecording,
  type VerifiedRun,
} from "../verify/result.js";
import type { Divergence } from "../verify/tally.js";
import { countOf, formatInteger, NO_VALUE } from "./cells.js";
import {
  type Column,
  cellsOf,
  type Line,
  left,
  type Paint,
  plainPaint,
  right,
  type Table,
  tableText,
} from "./table.js";

/** A run and the recording it is of. */
export interface RunRow {
  readonly name: string;
  readonly run: VerifiedRun;
}

export function runRows(recordings: readonly VerifiedRecording[]): RunRow[] {
  return recordings.flatMap(({ name, runs }) => runs.map((run) => ({ name, run })));
}

export const RUN_COLUMNS: readonly Column<RunRow>[] = [
  left("recording", ({ name }) => name),
  left("run", ({ run }) => run.name),
  left("start", ({ run }) => run.start),
  right("allocations", ({ run }) => formatInteger(run.allocations.compared)),
  right("exact", ({ run }) => exactShare(run.allocations)),
  right("of known", ({ run }) => exactShare(knownAllocations(run))),
  right("accepts", ({ run: { accepts } }) =>
    equalCell({ compared: accepts.recorded, equal: accepts.exactInOrder }),
  ),
  right("refills", ({ run }) => equalCell(run.refills), 11),
  right("drains", ({ run }) => equalCell(run.drains), 12),
  right("lists", ({ run }) => equalCell(run.finalLists)),
  right("/proc", ({ run }) => equalCell(run.proc)),
];

/** What is compared of a recording beside its runs: name of its row, and the words for what differs. */
const BESIDE_RUNS = [
  { of: "firmware", row: "(firmware)", where: "boot", what: "what the stub made of the firmware's map" },
  { of: "memblock", row: "(memblock)", where: "boot", what: "memblock" },
  { of: "handover", row: "(hand-over)", where: "boot", what: "blocks handed over" },
  { of: "zones", row: "(zones)", where: "boot", what: "sizes of zones" },
  { of: "files", row: "(files)", where: "files", what: "contents" },
] as const;

const KNOWN_NOTE =
  "of known: exact allocations of those from lists that the trace had determined by then; only these must hold.";

/** Prints one line a run and, below those of a recording, where model and kernel first differ. */
export function formatVerifyTable(
  recordings: readonly VerifiedRecording[],
  paint: Paint = plainPaint,
): string {
  return tableText(verifyTable(recordings), paint);
}

/** The same as a table that is not laid out yet; a row is its cells. */
export function verifyTable(recordings: readonly VerifiedRecording[]): Table<readonly string[]> {
  const hasTraces = recordings.some(({ runs }) => runs.some(({ start }) => start === "trace"));
  return {
    lead: [conclusionOf(recordings)],
    columns: CELL_COLUMNS,
    groups: recordings.map((recording) => ({
      title: recording.name,
      rows: rowsOf(recording),
      below: [
        ...divergenceLines(recording).map((text): Line => ({ text: `  ${text}`, role: "failure" })),
        ...notComparedLines(recording),
      ],
    })),
    notes: hasTraces ? [KNOWN_NOTE] : [],
  };
}

function notComparedLines({ notCompared = [] }: VerifiedRecording): Line[] {
  return notCompared.length === 0
    ? []
    : [{ text: `  not compared: ${notCompared.join(", ")}`, role: "note" }];
}

/** Without the recording, whose name is a title. */
const CELL_COLUMNS: readonly Column<readonly string[]>[] = RUN_COLUMNS.slice(1).map((column, at) => ({
  ...column,
  cell: (cells) => cells[at] ?? "",
}));

function rowsOf(recording: VerifiedRecording): string[][] {
  return [
    ...BESIDE_RUNS.flatMap(({ of, row }) => {
      const comparison = recording[of];
      return comparison === undefined ? [] : [[row, "", equalCell(comparison)]];
    }),
    ...cellsOf(RUN_COLUMNS, runRows([recording])).map((cells) => cells.slice(1)),
  ];
}

function conclusionOf(recordings: readonly VerifiedRecording[]): string {
  const differ = recordings.filter((recording) => divergenceLines(recording).length > 0).length;
  if (differ === 0) {
    const all = recordings.flatMap(({ runs }) => runs.map(({ allocations }) => allocations.compared));
    const compared = all.reduce((sum, count) => sum + count, 0);
    const of = countOf(recordings.length, "recording");
    return `Nothing differs: ${countOf(compared, "allocation")} of ${of} took the pages that the kernel took.`;
  }
  const wrong = recordings.filter((recording) => !recordingHolds(recording)).length;
  const must = wrong === 0 ? "none" : String(wrong);
  return `Differences in ${differ} of ${countOf(recordings.length, "recording")}, ${must} in what must be the same.`;
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
export function exactShare({ compared, pfnExact }: Exactness): string {
  if (compared === 0) return NO_VALUE;
  if (pfnExact === compared) return "100 %";
  return `${Math.min(99.999, (100 * pfnExact) / compared).toFixed(3)} %`;
}

/** Where model and kernel first differ in each respect, a line each. */
export function divergenceLines(recording: VerifiedRecording): string[] {
  const found = [
    ...BESIDE_RUNS.map(({ of, where, what }) => ({ where, what, of: recording[of] })),
    ...recording.runs.flatMap((run) => {
      const where = run.start === "boot" ? `${run.name}, carried on` : run.name;
      return runComparisons(run).map(([what, of]) => ({ where, what, of }));
    }),
  ];
  return found.flatMap(({ where, what, of }) => {
    if (of?.firstDivergence === undefined) return [];
    const { event, expected, found, context } = of.firstDivergence;
    return `${recording.name} ${where}: ${what} first differ at event ${event}: expected ${expected}, found ${found} (${context})`;
  });
}

type Compared = { readonly firstDivergence?: Divergence } | undefined;

function runComparisons(run: VerifiedRun): (readonly [what: string, Compared])[] {
  return [
    ["records", run.records],
    ["allocations", run.allocations],
    ["accepted ranges", run.accepts],
    ["accept requests", run.acceptRequests],
    ["accept decisions", run.acceptDecisions],
    ["refills", run.refills],
    ["drains", run.drains],
    ["types of pageblocks", run.retypings],
    ["counters", run.counters],
    ["unaccepted blocks carried over", run.gap?.unaccepted],
    ["final lists", run.finalLists],
    ["/proc fields", run.proc],
  ];
}
