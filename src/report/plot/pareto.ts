import type { CompareRow } from "../../results/row.js";
import { formatBytes, GiB } from "../../units.js";
import { policyText } from "../row-groups.js";
import type { ThemeColours } from "./picture.js";

/** All panels of a row together, so that the picture is shown 800 pixels wide. */
const PANELS_WIDTH = 660;

/** One for each colour; the last is a pentagon. */
const SHAPES: readonly string[] = [
  "circle",
  "square",
  "triangle-up",
  "cross",
  "diamond",
  "triangle-right",
  "triangle-down",
  "triangle-left",
  "M0,-1L0.951,-0.309L0.588,0.809L-0.588,0.809L-0.951,-0.309Z",
];

/** Two for each power of ten. */
const LOG_TICKS: readonly number[] = [-2, -1, 0, 1, 2, 3, 4].flatMap((power) => [
  10 ** power,
  3 * 10 ** power,
]);

/** What the picture needs of a row. */
export type PlotRow = Pick<
  CompareRow,
  | "platform"
  | "policy"
  | "memoryBytes"
  | "bootTimeNs"
  | "overheadBytes"
  | "outcome"
  | "paretoOptimal"
  | "settings"
> & {
  /** What went wrong in it; absent where nothing did. */
  readonly problems?: readonly unknown[];
};

/**
 * Boot time against memory overhead, a panel for each platform and size: a point for each policy that
 * got ready without a problem, and a line through those that no other one beats.
 *
 * @param rows at least one that got ready
 * @returns a Vega-Lite specification without colours of its own
 */
export function paretoSpec(rows: readonly PlotRow[], colours: ThemeColours): object {
  const ready = rows.filter(isDrawn);
  const sizes = [...new Set(ready.map(({ memoryBytes }) => memoryBytes))].sort((a, b) => a - b);
  const platforms = [...new Set(ready.map(({ platform }) => platform))];
  const policies = [...new Set(ready.map((row) => policyText(row as CompareRow)))];
  const values = ready.map((row) => ({
    platform: row.platform,
    memory: formatBytes(row.memoryBytes),
    policy: policyText(row as CompareRow),
    overheadGiB: row.overheadBytes / GiB,
    bootSeconds: row.bootTimeNs / 1e9,
    front: row.paretoOptimal === true,
  }));
  const x = {
    field: "overheadGiB",
    type: "quantitative",
    title: "memory overhead of the host, GiB",
    scale: { type: "log", domain: logDomain(values.map((value) => value.overheadGiB)) },
    axis: { values: LOG_TICKS, format: "~r" },
  };
  const y = {
    field: "bootSeconds",
    type: "quantitative",
    title: "boot time, s",
    scale: { type: "log", domain: logDomain(values.map((value) => value.bootSeconds)) },
    axis: { values: LOG_TICKS, format: "~r" },
  };
  const legend = {
    title: null,
    legend: { orient: "bottom", columns: 4, symbolSize: 80, columnPadding: 24, labelLimit: 240 },
  };
  return {
    data: { values },
    facet: {
      column: { field: "memory", type: "nominal", sort: sizes.map(formatBytes), title: null },
      row: { field: "platform", type: "nominal", sort: platforms, title: null },
    },
    spec: {
      width: Math.floor(PANELS_WIDTH / sizes.length),
      height: 170,
      layer: [
        {
          transform: [{ filter: "datum.front" }],
          mark: { type: "line", color: colours.muted, strokeDash: [4, 3], strokeWidth: 1.5 },
          encoding: { x, y, order: { field: "overheadGiB" } },
        },
        {
          mark: { type: "point", filled: false, size: 80, strokeWidth: 2, opacity: 0.9 },
          encoding: {
            x,
            y,
            color: {
              field: "policy",
              type: "nominal",
              ...legend,
              scale: { domain: policies, range: colours.series.slice(0, policies.length) },
            },
            shape: {
              field: "policy",
              type: "nominal",
              ...legend,
              scale: { domain: policies, range: SHAPES.slice(0, policies.length) },
            },
          },
        },
      ],
    },
    spacing: 16,
    title: {
      text: "Boot time against memory overhead",
      subtitle: "Lower and further left is better; the dashed line joins what no other policy beats.",
    },
  };
}

/** A run that got ready without a problem; what another one did with less memory says nothing. */
export function isDrawn({ outcome, problems = [] }: PlotRow): boolean {
  return outcome === "ready" && problems.length === 0;
}

/** A little room around what is drawn. */
function logDomain(values: readonly number[]): [number, number] {
  return [Math.min(...values) / 1.4, Math.max(...values) * 1.4];
}
