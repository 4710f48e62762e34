/** Pictures of results, in colours for light and dark pages: what policies trade off, and what a knob costs. */

import type { CompareRow } from "../results/row.js";
import { hasWorkload } from "../study/compare.js";
import type { KnobCurve, Tuning } from "../study/tune/result.js";
import { formatBytes, GiB, KiB, MiB } from "../units.js";
import { policyText } from "./row-groups.js";

export const THEMES = ["light", "dark"] as const;
export type Theme = (typeof THEMES)[number];

export interface ThemeColours {
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  /** For the region that a reader may choose from. */
  readonly region: string;
  /** Told apart by people with any colour vision (Okabe and Ito, 2008), in the order of use. */
  readonly series: readonly string[];
}

export const COLOURS: Readonly<Record<Theme, ThemeColours>> = {
  light: {
    background: "#ffffff",
    text: "#1f2328",
    muted: "#59636e",
    grid: "#d1d9e0",
    region: "#cfe8dc",
    series: "#d55e00 #0072b2 #8a6d00 #009e73 #cc79a7 #56b4e9 #7a5195 #5f6b76 #a11d33".split(" "),
  },
  dark: {
    background: "#0d1117",
    text: "#e6edf3",
    muted: "#9198a1",
    grid: "#30363d",
    region: "#143d2f",
    series: "#ff8f4a #58a6ff #e3c34b #2fc796 #f09ac6 #8fd0f5 #b392f0 #a8b3bd #ff7b8a".split(" "),
  },
};

/** Vega-Lite's own settings in these colours; sizes for a picture that is shown 800 pixels wide. */
function configOf({ background, text, muted, grid }: ThemeColours): object {
  return {
    background,
    font: "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
    padding: 12,
    view: { stroke: grid },
    axis: {
      labelColor: muted,
      titleColor: text,
      gridColor: grid,
      gridOpacity: 0.6,
      domainColor: grid,
      tickColor: grid,
      labelFontSize: 11,
      titleFontSize: 12,
      titleFontWeight: "normal",
    },
    header: { labelColor: text, labelFontSize: 13, titleColor: text, labelFontWeight: "bold" },
    legend: { labelColor: text, titleColor: muted, labelFontSize: 12, titleFontWeight: "normal" },
    title: { color: text, fontSize: 14, subtitleColor: muted, anchor: "start" },
  };
}

/**
 * Draws a Vega-Lite specification. The same specification gives the same bytes; text is escaped by the
 * renderer. The libraries are loaded here, so that nobody waits for them without a picture to draw.
 *
 * @returns an SVG document with a newline at its end
 */
export async function renderSvg(spec: object, theme: Theme): Promise<string> {
  const [vega, vegaLite] = await Promise.all([import("vega"), import("vega-lite")]);
  const themed = {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    ...spec,
    config: configOf(COLOURS[theme]),
  };
  const compiled = vegaLite.compile(themed as Parameters<typeof vegaLite.compile>[0]);
  const view = new vega.View(vega.parse(compiled.spec), { renderer: "none", logLevel: vega.Error });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg}\n`;
}

/** All panels of a row together, so that the picture is shown 800 pixels wide. */
const PANELS_WIDTH = 660;

/** Panels, a column for each size of guest and a row for each platform, in the order given or in Vega-Lite's. */
function panels(
  drawn: readonly { readonly memoryBytes: number }[],
  platforms: readonly string[] | null,
  values: readonly object[],
  spec: { readonly height: number; readonly layer: readonly object[] },
  title: { readonly text: string; readonly subtitle: string },
): object {
  const sizes = [...new Set(drawn.map(({ memoryBytes }) => memoryBytes))].sort((a, b) => a - b);
  return {
    data: { values },
    facet: {
      column: { field: "memory", type: "nominal", sort: sizes.map(formatBytes), title: null },
      row: { field: "platform", type: "nominal", sort: platforms, title: null },
    },
    spacing: 16,
    spec: { width: Math.floor(PANELS_WIDTH / sizes.length), ...spec },
    title,
  };
}

/** One for each colour; the last is a pentagon. */
const SHAPES: readonly string[] = [
  ..."circle square triangle-up cross diamond triangle-right triangle-down triangle-left".split(" "),
  "M0,-1L0.951,-0.309L0.588,0.809L-0.588,0.809L-0.951,-0.309Z",
];

const LOG_TICKS = [-2, -1, 0, 1, 2, 3, 4].flatMap((power) => [10 ** power, 3 * 10 ** power]);

/** A row as JSON has it. */
export type PlotRow = CompareRow & { readonly problems?: readonly unknown[] };

/**
 * Boot time, or total time where there is a workload, against memory overhead, a panel for each platform and size: a point for each policy that
 * got ready without a problem, and a line through those that no other one beats.
 *
 * @param rows at least one that got ready
 * @returns a Vega-Lite specification without colours of its own
 */
export function paretoSpec(rows: readonly PlotRow[], colours: ThemeColours): object {
  const ready = rows.filter(isDrawn);
  const policies = [...new Set(ready.map(policyText))];
  const [time, timeTitle] = ready.some(hasWorkload)
    ? (["totalTimeNs", "Total time"] as const)
    : (["bootTimeNs", "Boot time"] as const);
  const values = ready.map((row) => ({
    platform: row.platform,
    memory: formatBytes(row.memoryBytes),
    policy: policyText(row),
    overheadGiB: row.overheadBytes / GiB,
    seconds: (row[time] ?? 0) / 1e9,
    front: row.paretoOptimal === true,
  }));
  const axis = (field: "overheadGiB" | "seconds", title: string): object => {
    const drawn = values.map((value) => value[field]);
    // A little room around what is drawn.
    const domain = [Math.min(...drawn) / 1.4, Math.max(...drawn) * 1.4];
    const scale = { type: "log", domain };
    return { field, type: "quantitative", title, scale, axis: { values: LOG_TICKS, format: "~r" } };
  };
  const x = axis("overheadGiB", "memory overhead of the host, GiB");
  const y = axis("seconds", `${timeTitle.toLowerCase()}, s`);
  const byPolicy = (range: readonly string[]): object => ({
    field: "policy",
    type: "nominal",
    title: null,
    legend: { orient: "bottom", columns: 4, symbolSize: 80, columnPadding: 24, labelLimit: 240 },
    scale: { domain: policies, range: range.slice(0, policies.length) },
  });
  const layer = [
    {
      transform: [{ filter: "datum.front" }],
      mark: { type: "line", color: colours.muted, strokeDash: [4, 3], strokeWidth: 1.5 },
      encoding: { x, y, order: { field: "overheadGiB" } },
    },
    {
      mark: { type: "point", filled: false, size: 80, strokeWidth: 2, opacity: 0.9 },
      encoding: { x, y, color: byPolicy(colours.series), shape: byPolicy(SHAPES) },
    },
  ];
  const title = {
    text: `${timeTitle} against memory overhead`,
    subtitle: "Lower and further left is better; the dashed line joins what no other policy beats.",
  };
  const platforms = [...new Set(ready.map(({ platform }) => platform))];
  return panels(ready, platforms, values, { height: 170, layer }, title);
}

/** A run that got ready without a problem; what another one did with less memory says nothing. */
export function isDrawn({ outcome, problems = [] }: PlotRow): boolean {
  return outcome === "ready" && problems.length === 0;
}

/** The part of a tuned guest that the picture shows; the JSON of `tune` has it. */
export interface PlotTuning extends Pick<Tuning, "platform" | "memoryBytes" | "objective"> {
  readonly curves: readonly PlotCurve[];
}

/** The effect of one knob while the others are at their best. */
interface PlotCurve extends Pick<KnobCurve, "knob" | "unit" | "best" | "flat"> {
  readonly points: readonly Pick<KnobCurve["points"][number], "value" | "loss">[];
}

/** Worse values are drawn at the edge: the interesting part is near the best. */
const MOST_PERCENT = 300;
const SIZE_TICKS: readonly number[] = [
  64 * KiB,
  ...[1, 4, 16, 64, 256].map((size) => size * MiB),
  ...[1, 4, 16, 64, 256].map((size) => size * GiB),
];
const SIZE_LABEL =
  "datum.value >= 1073741824 ? format(datum.value / 1073741824, '~r') + ' GiB' : " +
  "datum.value >= 1048576 ? format(datum.value / 1048576, '~r') + ' MiB' : " +
  "format(datum.value / 1024, '~r') + ' KiB'";

/**
 * The cost of a knob away from its best value, a panel for each platform and size: the curve, the region in
 * which it is flat, and the best value. Settings that do not get ready are left out.
 *
 * @param guests with a curve whose values are numbers, at least one; the first such knob of each is drawn
 */
export function tuneSpec(guests: readonly PlotTuning[], colours: ThemeColours): object {
  const drawn = guests.flatMap((guest) => {
    const curve = numericCurve(guest);
    return curve === undefined ? [] : [{ ...guest, curve }];
  });
  const { objective, curve: firstCurve } = drawn[0]!;
  const values = drawn.flatMap(({ platform, memoryBytes, curve }) =>
    curve.points.flatMap(({ value, loss }) => {
      if (loss === null) return [];
      const percent = Math.min(100 * loss, MOST_PERCENT);
      const { low = null, high = null } = curve.flat ?? {};
      const memory = formatBytes(memoryBytes);
      return [{ platform, memory, value, percent, low, high, best: value === curve.best }];
    }),
  );
  const x = {
    field: "value",
    type: "quantitative",
    title: firstCurve.knob,
    scale: { type: "log", base: 2, nice: false },
    axis:
      firstCurve.unit === "bytes"
        ? { values: SIZE_TICKS, labelExpr: SIZE_LABEL, labelOverlap: "greedy" }
        : { tickCount: 6 },
  };
  const y = {
    field: "percent",
    type: "quantitative",
    title: "worse than the best, %",
    scale: { type: "symlog", constant: 1, domain: [0, MOST_PERCENT] },
    axis: { values: [0, 2, 5, 20, 100, MOST_PERCENT] },
  };
  const layer = [
    {
      transform: [{ filter: "datum.best && datum.low !== null" }],
      mark: { type: "rect", color: colours.region },
      encoding: { x: { ...x, field: "low" }, x2: { field: "high" } },
    },
    { mark: { type: "line", color: colours.series[1], strokeWidth: 2 }, encoding: { x, y } },
    {
      transform: [{ filter: "datum.best" }],
      mark: { type: "point", filled: true, opacity: 1, size: 90, color: colours.series[0] },
      encoding: { x, y },
    },
  ];
  const within = Math.max(...drawn.map(({ curve }) => curve.flat?.within ?? 0));
  const title = {
    text: `What ${firstCurve.knob} costs`,
    subtitle: `Objective: ${objective}. Shaded: less than ${100 * within} % worse than the best, which the dot marks.`,
  };
  return panels(drawn, null, values, { height: 150, layer }, title);
}

/** The first knob of a guest whose values are numbers, and that got ready somewhere. */
export function numericCurve({ curves }: PlotTuning): PlotCurve | undefined {
  return curves.find(
    ({ points }) =>
      points.some(({ loss }) => loss !== null) && points.every(({ value }) => typeof value === "number"),
  );
}
