/** What policies trade off: time against the memory that the host spends besides what the guest uses. */

import { formatBytes, formatDuration, GiB } from "../../units.js";
import { NO_VALUE } from "../cells.js";
import { namesAxis } from "./axes.js";
import type { ResultDocument } from "./documents.js";
import { LABEL_SIZE, labelsBeside, type Place } from "./labels.js";
import { needsResultOf } from "./needs.js";
import {
  columnWidth,
  commonSentence,
  GAP,
  LINE_HEIGHT,
  LOG_TICKS,
  laidOut,
  namesWidth,
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
  failedSentences,
  isDrawn,
  NOTHING_READY,
  policySeries,
  rangeOf,
  rowsIn,
  type ShownTime,
  shownTime,
  timeOf,
} from "./series.js";
import type { ThemeColours } from "./theme.js";

export const overhead: Picture = {
  name: "overhead",
  what: "time against memory overhead, with the policies that no other one beats",
  draw,
};

/** A run, in its panel. */
interface Point {
  readonly panel: string;
  readonly policy: string;
  readonly seconds: number;
  readonly low: number;
  readonly high: number;
  readonly overheadGiB: number;
  /** Whether no other policy of the panel is as good in both and better in one. */
  readonly front: boolean;
}

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const all = rowsIn(results);
  if (all.length === 0) return needsResultOf("run", "compare", "sweep");
  const ready = all.filter(isDrawn);
  if (ready.length === 0) return NOTHING_READY;
  if (ready.some((row) => row.overheadBytes === undefined)) return "its rows have no overheadBytes";
  const time = shownTime(ready);
  const panels = panelsOf(results, isDrawn);
  if (!panels.panels.some(({ rows }) => rows.length > 1)) {
    return "it needs two policies at least that got ready on the same input";
  }
  const points = pointsOf(panels, time);
  const scatter = scatterOf(panels, points);
  const isCrowded = scatter.closest < CLOSE_PIXELS;
  const { spec, cut } = isCrowded
    ? barsSpec(results, panels, points, time, colours)
    : scatterSpec(results, panels, scatter, time, colours);
  const keyOf = (panel: string, policy: string): string => `${panel}\n${policy}`;
  const front = new Set(points.filter((one) => one.front).map(({ panel, policy }) => keyOf(panel, policy)));
  return {
    title: `${time.text === "boot time" ? "Boot time" : "Total time"} against memory overhead`,
    description:
      `${isCrowded ? "Strong bars" : "Dashed"}: policies that no other one beats in both. ` +
      `${frontSentence(panels, points)} Whiskers: over low and high values of assumed prices.${commonSentence(panels)}`,
    spec,
    table: {
      columns: [
        ...tableHeads(panels.varying),
        ...[time.text, "overhead"].map((head) => ({ head, align: "right" }) as const),
        { head: "beaten", align: "left" },
      ],
      rows: panels.panels.flatMap(({ rows, title }) =>
        rows.map((one) => [
          ...tableCells(one, panels.varying),
          formatDuration(timeOf(one.row, time)),
          formatBytes(one.row.overheadBytes ?? 0),
          front.has(keyOf(title, one.policy)) ? NO_VALUE : "yes",
        ]),
      ),
    },
    caveats: [...failedSentences(all), ...cut],
  };
}

function pointsOf({ panels }: Panels, time: ShownTime): Point[] {
  return panels.flatMap(({ title, rows }) => {
    const own = rows.map(({ row, policy }) => ({
      panel: title,
      policy,
      seconds: timeOf(row, time) / 1e9,
      low: rangeOf(row, time.name).low / 1e9,
      high: rangeOf(row, time.name).high / 1e9,
      overheadGiB: (row.overheadBytes ?? 0) / GiB,
    }));
    return own.map((one) => ({ ...one, front: !own.some((other) => beats(other, one)) }));
  });
}

type Traded = Pick<Point, "seconds" | "overheadGiB">;

function beats(a: Traded, b: Traded): boolean {
  const isAsGood = a.seconds <= b.seconds && a.overheadGiB <= b.overheadGiB;
  return isAsGood && (a.seconds < b.seconds || a.overheadGiB < b.overheadGiB);
}

function frontSentence({ panels }: Panels, points: readonly Point[]): string {
  const fronts = new Map<string, Set<string>>();
  for (const { panel, policy, front } of points) {
    const own = fronts.get(panel) ?? new Set<string>();
    fronts.set(panel, front ? own.add(policy) : own);
  }
  const counts = new Map<string, number>();
  for (const own of fronts.values()) {
    const policies = [...own].toSorted().join(", ");
    counts.set(policies, (counts.get(policies) ?? 0) + 1);
  }
  const [first, ...others] = [...counts].toSorted(([, a], [, b]) => b - a);
  if (panels.length === 1) return `Unbeaten: ${first![0]}.`;
  const rest = others.slice(0, 2).map(([policies, count]) => `; ${policies} on ${count}`);
  const more = others.length > 2 ? "; others on the rest" : "";
  return `Unbeaten: ${first![0]} on ${first![1]} of ${panels.length} inputs${rest.join("")}${more}.`;
}

/** Of few panels, and of many. */
const PANEL_HEIGHTS = [190, 120] as const;
const FEW = 6;
/** Marks that are nearer hide each other. */
const CLOSE_PIXELS = 11;
/** Room around what is drawn, so that marks and some labels lie inside. */
const ROOM = 1.4;

interface Scatter {
  readonly width: number;
  readonly height: number;
  readonly places: readonly (Place & { readonly point: Point })[];
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  /** The least distance of two points in one panel. */
  readonly closest: number;
}

/** Where points come to lie on two logarithmic axes that all panels share. */
function scatterOf(panels: Panels, points: readonly Point[]): Scatter {
  const { width, shown } = laidOut(panels, SCATTER_ASIDE);
  const height = PANEL_HEIGHTS[shown.length > FEW ? 1 : 0];
  const titles = new Set(shown.map(({ title }) => title));
  const own = points.filter(({ panel }) => titles.has(panel));
  const x = domainOf(own.map(({ overheadGiB }) => overheadGiB));
  const y = domainOf(own.flatMap(({ low, high }) => [low, high]));
  const places = own.map((point) => ({
    point,
    panel: point.panel,
    text: point.policy,
    x: (Math.log(Math.max(point.overheadGiB, x[0]) / x[0]) / Math.log(x[1] / x[0])) * width,
    y: height * (1 - Math.log(point.seconds / y[0]) / Math.log(y[1] / y[0])),
  }));
  let closest = Number.POSITIVE_INFINITY;
  for (const [at, a] of places.entries()) {
    for (const b of places.slice(at + 1)) {
      if (a.panel === b.panel) closest = Math.min(closest, Math.hypot(a.x - b.x, a.y - b.y));
    }
  }
  return { width, height, places, x, y, closest };
}

const SCATTER_ASIDE = 30;
/** Where nothing else says how little there may be. */
const LEAST = 1e-6;

function domainOf(values: readonly number[]): [number, number] {
  const positive = values.map((value) => Math.max(value, LEAST));
  return [Math.min(...positive) / ROOM, Math.max(...positive) * ROOM];
}

function scatterSpec(
  results: readonly ResultDocument[],
  panels: Panels,
  scatter: Scatter,
  time: ShownTime,
  colours: ThemeColours,
): { readonly spec: object; readonly cut: readonly string[] } {
  const layout = laidOut(panels, SCATTER_ASIDE);
  const labels = labelsBeside(scatter.places, scatter);
  const values = scatter.places.map(({ point }, at) => ({ ...point, ...labels[at] }));
  const axis = (field: string, title: string, domain: readonly number[]): object => ({
    field,
    type: "quantitative",
    title,
    scale: { type: "log", domain },
    axis: { values: LOG_TICKS, format: "~r", labelOverlap: "greedy" },
  });
  const x = axis("overheadGiB", "memory overhead of the host, GiB", scatter.x);
  const y = axis("seconds", `${time.text}, s`, scatter.y);
  const policies = new Set(values.map(({ policy }) => policy));
  const { color, shape } = policySeries(results, policies, colours);
  const sides = (["left", "right"] as const).map((align) => ({
    transform: [{ filter: `datum.align === '${align}'` }],
    mark: { type: "text", align, dx: align === "left" ? 8 : -8, fontSize: LABEL_SIZE },
    encoding: { x, y, text: { field: "policy" } },
  }));
  const layer = [
    {
      transform: [{ filter: "datum.front" }],
      mark: {
        type: "line",
        color: colours.muted,
        strokeDash: [4, 3],
        strokeWidth: 1.5,
        interpolate: "step-after",
      },
      encoding: { x, y, order: { field: "overheadGiB" } },
    },
    {
      transform: [{ filter: "datum.high > datum.low" }],
      mark: { type: "rule", strokeWidth: 1.2, opacity: 0.6 },
      encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
    },
    {
      mark: { type: "point", filled: false, size: 80, strokeWidth: 2, opacity: 1 },
      encoding: { x, y, color, shape },
    },
    ...sides,
  ];
  const titles = layout.shown.map(({ title }) => title);
  return {
    spec: panelSpec(layout, titles, values, "title", { height: scatter.height, layer }),
    cut: layout.cut,
  };
}

/** Two columns for each input, time and overhead: no policy hides another one. */
function barsSpec(
  results: readonly ResultDocument[],
  panels: Panels,
  points: readonly Point[],
  time: ShownTime,
  colours: ThemeColours,
): { readonly spec: object; readonly cut: readonly string[] } {
  const policies = byRank(
    panels.panels.flatMap(({ rows }) => rows),
    time,
  );
  const { shown, cut } = laidOut(panels);
  const aside = namesWidth(policies);
  const columns = shown.length === 1 ? 2 : 4;
  const width = columnWidth(columns, aside);
  const titleOf = (panel: string, measure: string): string =>
    panel === "" ? measure : `${panel}\n${measure}`;
  const measures = [
    {
      name: time.text,
      of: ({ seconds, low, high }: Point) => ({
        value: seconds,
        low,
        high,
        label: formatDuration(seconds * 1e9),
      }),
    },
    {
      name: "overhead",
      of: ({ overheadGiB: value }: Point) => ({
        value,
        low: value,
        high: value,
        label: formatBytes(value * GiB),
      }),
    },
  ];
  const titles = shown.flatMap(({ title }) => measures.map(({ name }) => titleOf(title, name)));
  const values = shown.flatMap(({ title }) =>
    measures.flatMap(({ name, of }) => {
      const own = points.filter(({ panel }) => panel === title);
      const longest = Math.max(...own.map((point) => of(point).high));
      return own.map((point) => ({
        panel: titleOf(title, name),
        policy: point.policy,
        ...of(point),
        room: longest * roomFor(width),
        kind: point.front ? "unbeaten" : "beaten",
      }));
    }),
  );
  const y = namesAxis("policy", policies);
  const x = (field: string): object => ({
    field,
    type: "quantitative",
    title: null,
    axis: null,
    scale: { nice: false, zero: true },
  });
  const { color } = policySeries(results, new Set(policies), colours, false);
  const opacity = {
    field: "kind",
    type: "ordinal",
    title: null,
    scale: { domain: ["unbeaten", "beaten"], range: [1, 0.35] },
    legend: { orient: "bottom", symbolType: "square", symbolSize: 120, symbolFillColor: colours.text },
  };
  const layer = [
    { mark: { type: "point", opacity: 0 }, encoding: { x: x("room"), y } },
    { mark: { type: "bar", height: { band: 0.62 } }, encoding: { x: x("value"), y, color, opacity } },
    {
      transform: [{ filter: "datum.high > datum.low" }],
      mark: { type: "rule", color: colours.text, strokeWidth: 1.2 },
      encoding: { x: x("low"), x2: { field: "high" }, y },
    },
    {
      mark: { type: "text", align: "left", dx: 4, fontSize: 10.5, color: colours.text },
      encoding: { x: x("high"), y, text: { field: "label" } },
    },
  ];
  const spec = panelSpec(
    { columns, width, gap: GAP },
    titles,
    values,
    "none",
    { height: { step: LINE_HEIGHT }, layer },
    {
      resolve: { scale: { x: "independent" } },
    },
  );
  return { spec, cut };
}
