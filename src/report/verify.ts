/** Results of `verify` as a table for a terminal; with the cells and lines that the fidelity document shares. */

import type { Exactness } from "../verify/follower.js";
import { knownAllocations, type VerifiedRecording, type VerifiedRun } from "../verify/result.js";
import type { Divergence } from "../verify/tally.js";
import { formatInteger, NO_VALUE } from "./cells.js";
import { type Column, cellsOf, left, type Paint, plainPaint, right, tableLines, textOf } from "./table.js";

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
  right("refills", ({ run }) => equalCell(run.refills)),
  right("drains", ({ run }) => equalCell(run.drains)),
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

/** Prints one line a run, and below the table where model and kernel first differ. */
export function formatVerifyTable(
  recordings: readonly VerifiedRecording[],
  paint: Paint = plainPaint,
): string {
  const rows = recordings.flatMap((recording) => [
    ...BESIDE_RUNS.flatMap(({ of, row }) => {
      const comparison = recording[of];
      if (comparison === undefined) return [];
      const cells = [recording.name, row, "", "", equalCell(comparison)];
      return [RUN_COLUMNS.map((_, at) => cells[at] ?? "")];
    }),
    ...cellsOf(RUN_COLUMNS, runRows([recording])),
  ]);
  const divergences = recordings.flatMap(divergenceLines);
  const hasTraces = recordings.some(({ runs }) => runs.some(({ start }) => start === "trace"));
  return textOf([
    ...tableLines(RUN_COLUMNS, rows, paint),
    "",
    ...(hasTraces ? [paint("note", KNOWN_NOTE), ""] : []),
    ...(divergences.length === 0
      ? [paint("note", "Nothing differs.")]
      : divergences.map((line) => paint("failure", line))),
    ...recordings.flatMap(({ name, notCompared = [] }) =>
      notCompared.length === 0 ? [] : [paint("note", `${name}: not compared: ${notCompared.join(", ")}`)],
    ),
  ]);
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
