/** How far the model does what recorded kernels did: each thing that was compared, and how much of it is the same. */

import { knownAllocations, type VerifiedRecording, type VerifiedRun } from "../../verify/result.js";
import { countOf } from "../cells.js";
import { equalCell } from "../verify.js";
import type { ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import { namesWidth } from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import { INK, inkOn, type ThemeColours } from "./theme.js";

export const fidelity: Picture = {
  name: "fidelity",
  what: "what was compared with recorded kernels, and how much of it is the same",
  draw,
};

type Counts = { readonly compared: number; readonly equal: number } | undefined;

/** What is compared of a run, in the order of columns. */
const CHECKS: readonly (readonly [name: string, (run: VerifiedRun) => Counts])[] = [
  ["allocations", (run) => asCounts(knownAllocations(run))],
  ["accepts", ({ accepts }) => ({ compared: accepts.recorded, equal: accepts.exactInOrder })],
  ["decisions", ({ acceptDecisions }) => acceptDecisions],
  ["refills", ({ refills }) => refills],
  ["drains", ({ drains }) => drains],
  ["types", ({ retypings }) => retypings],
  ["lists", ({ finalLists }) => finalLists],
  ["/proc", ({ proc }) => proc],
];

/** What is compared of a recording beside its runs. */
const BESIDE: readonly (readonly [name: string, (recording: VerifiedRecording) => Counts])[] = [
  ["firmware", ({ firmware }) => firmware],
  ["memblock", ({ memblock }) => memblock],
  ["hand-over", ({ handover }) => handover],
  ["zones", ({ zones }) => zones],
];

function asCounts({ compared, pfnExact }: { readonly compared: number; readonly pfnExact: number }): Counts {
  return { compared, equal: pfnExact };
}

const CELL = { width: 54, height: 18 };
/** More rows are no picture any more. */
const MOST = 60;

const SAMENESS = ["all the same", "some differ"] as const;

interface Cell {
  readonly row: string;
  readonly check: string;
  readonly text: string;
  readonly same: (typeof SAMENESS)[number];
}

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const recordings = results.flatMap((result) => (result.kind === "verify" ? result.recordings : []));
  if (recordings.length === 0) return needsResultOf("verify");
  const cells = recordings.flatMap(cellsOf);
  if (cells.length === 0) return "nothing in it was compared";
  const rows = [...new Set(cells.map(({ row }) => row))];
  const shown = rows.slice(0, MOST);
  const fills = [colours.region, colours.series[0]!];
  const values = cells
    .filter(({ row }) => shown.includes(row))
    .map((cell) => ({ ...cell, ink: inkOn(fills[SAMENESS.indexOf(cell.same)]!, colours) }));
  const checks = [...BESIDE, ...CHECKS]
    .map(([name]) => name)
    .filter((name) => values.some(({ check }) => check === name));
  const differ = cells.filter(({ same }) => same === "some differ");
  const y = {
    field: "row",
    type: "nominal",
    sort: shown,
    title: null,
    axis: { labelLimit: 320, domain: false, ticks: false, labelPadding: 6 },
  };
  const x = {
    field: "check",
    type: "nominal",
    sort: checks,
    title: null,
    axis: { orient: "top", labelAngle: 0, domain: false, ticks: false, labelLimit: 80, labelFontSize: 10 },
  };
  const color = {
    field: "same",
    type: "nominal",
    title: null,
    scale: { domain: SAMENESS, range: fills },
    legend: { orient: "bottom", symbolType: "square", symbolSize: 120 },
  };
  const width = Math.max(
    CELL.width,
    Math.min(74, Math.floor((740 - Math.min(320, namesWidth(shown))) / checks.length)),
  );
  const compared = cells.filter(({ check }) => check === "allocations").length;
  return {
    title: "What the model does as recorded kernels did",
    description:
      `${differ.length === 0 ? "Nothing differs" : `${countOf(differ.length, "cell")} of ${cells.length} ${differ.length === 1 ? "differs" : "differ"}`} in ${countOf(recordings.length, "recording")}, with allocations of ${countOf(compared, "run")}. ` +
      "A number: so many were compared and all are the same; a/b: only a of b are.",
    spec: {
      data: { values },
      view: { stroke: null },
      width: { step: width },
      height: { step: CELL.height },
      layer: [
        { mark: { type: "rect", stroke: colours.background, strokeWidth: 2 }, encoding: { x, y, color } },
        {
          mark: { type: "text", fontSize: 10 },
          encoding: { x, y, text: { field: "text" }, color: INK },
        },
      ],
    },
    table: {
      columns: [
        { head: "recording", align: "left" },
        { head: "compared", align: "left" },
        { head: "the same", align: "right" },
      ],
      rows: cells.map(({ row, check, text }) => [row, check, text]),
    },
    caveats: [
      ...(cells.some(({ check }) => check === "allocations")
        ? [
            "Of traces with gaps only allocations from lists that the trace had determined by then are counted.",
          ]
        : []),
      ...(shown.length < rows.length
        ? [`${shown.length} of ${rows.length} rows are drawn; the table has all.`]
        : []),
    ],
  };
}

function cellsOf(recording: VerifiedRecording): Cell[] {
  const { name, runs } = recording;
  const cell = (row: string, check: string, counts: Counts): Cell[] => {
    if (counts === undefined || counts.compared === 0) return [];
    const same = counts.equal === counts.compared ? "all the same" : "some differ";
    return [{ row, check, text: equalCell(counts), same }];
  };
  const beside = BESIDE.flatMap(([check, of]) =>
    cell(runs.length === 1 ? rowName(name, runs[0]!) : name, check, of(recording)),
  );
  return [
    ...beside,
    ...runs.flatMap((run) => CHECKS.flatMap(([check, of]) => cell(rowName(name, run), check, of(run)))),
  ];
}

function rowName(recording: string, { name, start }: VerifiedRun): string {
  return start === "boot" ? `${recording}: ${name}, carried on` : `${recording}: ${name}`;
}
