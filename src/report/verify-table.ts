import type { VerifiedRecording } from "../verify/result.js";
import type { Comparison } from "../verify/tally.js";
import { divergenceLines } from "./divergences.js";
import { columnsOf, type Paint, plainPaint, tableLines } from "./table.js";
import { equalCell, RUN_HEAD, runCells } from "./verify-cells.js";

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
