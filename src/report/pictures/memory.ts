/** Accepted, touched and host memory over the time of a run. */

import type { OverTime } from "../../results/row.js";
import { formatBytes, formatDuration, GiB } from "../../units.js";
import type { ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import { commonSentence, gridOf, panelSpec, panelsOf, tableCells, tableHeads } from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import { rowsIn } from "./series.js";
import type { ThemeColours } from "./theme.js";

export const memory: Picture = {
  name: "memory",
  what: "accepted, touched and host memory over the time of a run",
  draw,
};

/** Lines, and how each is drawn. */
const LINES = [
  { name: "host", column: "hostBytes", dash: [1, 0] },
  { name: "accepted", column: "acceptedBytes", dash: [6, 3] },
  { name: "touched", column: "touchedBytes", dash: [2, 2] },
] as const;

const HEIGHT = 150;
/** Of the numbers left of each panel. */
const NUMBERS = 44;

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const all = rowsIn(results);
  if (all.length === 0) return needsResultOf("run", "compare");
  const told = all.filter((row) => row.overTime !== undefined);
  if (told.length === 0) return "its rows have no overTime, which run and compare write as JSON";
  const panels = panelsOf(results, (row) => told.includes(row));
  const hasPolicies = new Set(all.map(({ policy }) => policy)).size > 1 || told.length > panels.panels.length;
  const runs = panels.panels.flatMap(({ title, rows }) =>
    rows.map((one) => ({
      one,
      title: [title, ...(hasPolicies || title === "" ? [one.policy] : [])]
        .filter((part) => part !== "")
        .join(", "),
      series: one.row.overTime!,
    })),
  );
  const grid = gridOf(runs.length, NUMBERS, NUMBERS + 14);
  const shown = runs.slice(0, grid.most);
  const values = shown.flatMap(({ title, series }) =>
    LINES.flatMap(({ name, column }) =>
      series.timeNs.map((ns, at) => ({
        panel: title,
        line: name,
        seconds: ns / 1e9,
        gib: series[column][at]! / GiB,
        ...(at === 0 ? { room: (Math.max(...series.hostBytes, ...series.acceptedBytes) / GiB) * 1.08 } : {}),
      })),
    ),
  );
  const names = LINES.map(({ name }) => name);
  const x = {
    field: "seconds",
    type: "quantitative",
    title: null,
    scale: { nice: false },
    axis: { tickCount: 4, labelExpr: "datum.label + ' s'", format: "~r" },
  };
  const y = {
    field: "gib",
    type: "quantitative",
    title: null,
    scale: { nice: false },
    axis: { tickCount: 4, labelExpr: "datum.label + ' GiB'", format: "~r" },
  };
  const color = {
    field: "line",
    type: "nominal",
    title: null,
    scale: { domain: names, range: names.map((_name, at) => colours.series[at]!) },
    legend: { orient: "bottom", symbolType: "stroke", symbolSize: 300, symbolStrokeWidth: 2 },
  };
  const strokeDash = {
    field: "line",
    type: "nominal",
    scale: { domain: names, range: LINES.map(({ dash }) => dash) },
  };
  const layer = [
    // A number at the upper edge would stick out.
    {
      transform: [{ filter: "isValid(datum.room)" }],
      mark: { type: "point", opacity: 0 },
      encoding: { x, y: { ...y, field: "room" } },
    },
    {
      mark: { type: "line", interpolate: "step-after", strokeWidth: 2 },
      encoding: { x, y, color, strokeDash },
    },
  ];
  return {
    title: "Memory over the time of the run",
    description: `${endsSentence(shown[0]!)} Host: all that it spends for the guest. Accepted: by firmware and kernel. ${touchedSentence(shown)}${commonSentence(panels)}`,
    spec: panelSpec(
      grid,
      shown.map(({ title }) => title),
      values,
      "numbers",
      { height: HEIGHT, layer },
      { resolve: { scale: { x: "independent", y: "independent" } } },
    ),
    table: {
      columns: [
        ...tableHeads(panels.varying),
        ...["time", "accepted", "touched", "host"].map((head) => ({ head, align: "right" }) as const),
      ],
      rows: runs.flatMap(({ one, series }) =>
        series.timeNs.map((ns, at) => [
          ...tableCells(one, panels.varying),
          formatDuration(ns),
          ...(["acceptedBytes", "touchedBytes", "hostBytes"] as const).map((column) =>
            formatBytes(series[column][at]!),
          ),
        ]),
      ),
    },
    caveats: [
      ...(shown.length < runs.length
        ? [`${shown.length} of ${runs.length} runs are drawn; the table has all.`]
        : []),
      ...(told.length < all.length
        ? [`${all.length - told.length} of ${all.length} rows do not have their memory over time.`]
        : []),
    ],
  };
}

/** What touched counts, and where a line falls, why it does: memory used before is made shared, and is new to both sides. */
function touchedSentence(shown: readonly { readonly series: OverTime }[]): string {
  const falls = shown.some(({ series: { touchedBytes } }) =>
    touchedBytes.some((bytes, at) => at > 0 && bytes < touchedBytes[at - 1]!),
  );
  if (!falls) return "Touched: used by the guest so far.";
  return "Touched: used by the guest so far; falls as memory becomes shared (the bounce buffer), which counts once a device or the guest uses it.";
}

function endsSentence({ title, series }: { readonly title: string; readonly series: OverTime }): string {
  const last = (column: keyof OverTime): number => series[column].at(-1) ?? 0;
  const parts = LINES.map(({ name, column }) => `${name} ${formatBytes(last(column))}`);
  return `${title}, after ${formatDuration(last("timeNs"))}: ${parts.join(", ")}.`;
}
