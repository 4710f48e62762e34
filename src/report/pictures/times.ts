/** Times of runs: boot, workload and their sum, with what the sum may be over all that is assumed. */

import { formatDuration } from "../../units.js";
import { NO_VALUE } from "../cells.js";
import { namesAxis, SECONDS_AXIS } from "./axes.js";
import type { DocumentRow, ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import {
  commonSentence,
  LINE_HEIGHT,
  laidOut,
  MOST_PANELS,
  namesWidth,
  type PanelRow,
  type Panels,
  panelSpec,
  panelsOf,
  roomFor,
  tableCells,
  tableHeads,
} from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import {
  byRank,
  contrastSentence,
  isDrawn,
  NOTHING_READY,
  policySeries,
  rangeOf,
  rowsIn,
  type ShownTime,
  shownTime,
} from "./series.js";
import { spreadSpec } from "./spread.js";
import type { ThemeColours } from "./theme.js";

export const times: Picture = {
  name: "times",
  what: "boot, workload and total time of each policy, with the range over what is assumed",
  draw,
};

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const all = rowsIn(results);
  if (all.length === 0) return needsResultOf("run", "compare", "sweep");
  if (!all.some(isDrawn)) return NOTHING_READY;
  const time = shownTime(all.filter(isDrawn));
  const panels = panelsOf(results);
  const isSpread = panels.panels.length > MOST_PANELS;
  const { spec, caveats, note } = isSpread
    ? { ...spreadSpec(results, panels, time, colours), note: "" }
    : barsSpec(results, panels, time, colours);
  const failed = all.length - all.filter(isDrawn).length;
  const hasTotal = time.name === "totalTimeNs";
  return {
    title: hasTotal ? "Time from power-on until the workload is done" : "Time from power-on until init runs",
    description: contrastSentence(panels.panels, time) + note + commonSentence(panels),
    spec,
    table: {
      columns: [
        ...tableHeads(panels.varying),
        ...["boot", ...(hasTotal ? ["workload", "total"] : []), "from", "to"].map(
          (head) => ({ head, align: "right" }) as const,
        ),
        { head: "outcome", align: "left" },
      ],
      rows: panels.panels.flatMap(({ rows }) =>
        rows.map((one) => [...tableCells(one, panels.varying), ...cellsOf(one.row, time)]),
      ),
    },
    caveats: [
      ...(failed === 0
        ? []
        : [
            `${failed} of ${all.length} runs did not get ready without a problem and have no ${isSpread ? "tick" : "bar"}.`,
          ]),
      ...caveats,
    ],
  };
}

/** A panel for each input, with a bar for each policy. */
function barsSpec(
  results: readonly ResultDocument[],
  panels: Panels,
  time: ShownTime,
  colours: ThemeColours,
): Pick<Drawn, "spec" | "caveats"> & { readonly note: string } {
  const policies = byRank(
    panels.panels.flatMap(({ rows }) => rows),
    time,
  );
  const layout = laidOut(panels, namesWidth(policies));
  const { shown } = layout;
  const values = shown.flatMap((panel) => {
    const longest = Math.max(
      ...panel.rows.map(({ row }) => (isDrawn(row) ? rangeOf(row, time.name).high : 0)),
    );
    const room = (longest / 1e9) * roomFor(layout.width);
    return panel.rows.flatMap((one) =>
      barsOf(one, time).map((value) => ({ panel: panel.title, room, ...value })),
    );
  });
  const y = namesAxis("policy", policies);
  const x = (field: string): object => ({
    field,
    type: "quantitative",
    title: null,
    scale: { nice: false, zero: true },
    axis: SECONDS_AXIS,
  });
  const shownPolicies = new Set(values.map(({ policy }) => policy));
  const { color } = policySeries(results, shownPolicies, colours, false);
  const parts = time.name === "totalTimeNs" ? ["boot", "workload"] : ["boot"];
  const opacity = {
    field: "part",
    type: "ordinal",
    title: null,
    scale: { domain: parts, range: [1, 0.45] },
    legend: { orient: "bottom", symbolType: "square", symbolSize: 120, symbolFillColor: colours.text },
  };
  const layer = [
    { mark: { type: "point", opacity: 0 }, encoding: { x: x("room"), y } },
    {
      transform: [{ filter: "isValid(datum.part)" }],
      mark: { type: "bar", height: { band: 0.62 }, opacity: 1 },
      encoding: { x: x("from"), x2: { field: "to" }, y, color, ...(parts.length > 1 ? { opacity } : {}) },
    },
    {
      transform: [{ filter: "datum.high > datum.low" }],
      mark: { type: "rule", color: colours.text, strokeWidth: 1.5 },
      encoding: { x: x("low"), x2: { field: "high" }, y },
    },
    {
      transform: [{ filter: "datum.high > datum.low" }, { fold: ["low", "high"], as: ["end", "cap"] }],
      mark: { type: "tick", color: colours.text, thickness: 1.5, size: 7 },
      encoding: { x: x("cap"), y },
    },
    {
      transform: [{ filter: "isValid(datum.label)" }],
      mark: { type: "text", align: "left", dx: 5, fontSize: 11, color: colours.text },
      encoding: { x: x("high"), y, text: { field: "label" } },
    },
    {
      transform: [{ filter: "isValid(datum.failed)" }],
      mark: { type: "text", align: "left", dx: 3, fontSize: 11, fontStyle: "italic", color: colours.muted },
      encoding: { x: { datum: 0 }, y, text: { field: "failed" } },
    },
  ];
  const hasRanges = values.some(({ low = 0, high = 0 }) => high > low);
  const titles = shown.map(({ title }) => title);
  return {
    spec: panelSpec(
      layout,
      titles,
      values,
      "numbers",
      { height: { step: LINE_HEIGHT }, layer },
      {
        resolve: { scale: { x: "independent" } },
      },
    ),
    caveats: layout.cut,
    note: hasRanges ? " Whiskers: over low and high values of assumed prices." : "",
  };
}

interface Bar {
  readonly policy: string;
  readonly part?: string;
  readonly from?: number;
  readonly to?: number;
  readonly low?: number;
  readonly high?: number;
  readonly label?: string;
  readonly failed?: string;
}

/** Bars of one run in seconds; its last one has the range and the words. */
function barsOf({ row, policy }: PanelRow, { name }: ShownTime): Bar[] {
  if (!isDrawn(row)) return [{ policy, failed: row.outcome === "ready" ? "with a problem" : row.outcome }];
  const boot = row.bootTimeNs / 1e9;
  const total = (row[name] ?? row.bootTimeNs) / 1e9;
  const { low, high } = rangeOf(row, name);
  const ends = { low: low / 1e9, high: high / 1e9, label: formatDuration(row[name] ?? row.bootTimeNs) };
  if (name === "bootTimeNs") return [{ policy, part: "boot", from: 0, to: boot, ...ends }];
  return [
    { policy, part: "boot", from: 0, to: boot },
    { policy, part: "workload", from: boot, to: total, ...ends },
  ];
}

function cellsOf(row: DocumentRow, { name }: ShownTime): string[] {
  const { low, high } = rangeOf(row, name);
  const shown = [row.bootTimeNs, ...(name === "bootTimeNs" ? [] : [row.workloadTimeNs, row.totalTimeNs])];
  const range = row.outcome === "ready" ? [low, high] : [undefined, undefined];
  return [
    ...[...shown, ...range].map((ns) => (ns === undefined ? NO_VALUE : formatDuration(ns))),
    row.outcome,
  ];
}
