/** Where the boot went: its phases one after another. */

import { formatDuration } from "../../units.js";
import { namesAxis, SECONDS_AXIS } from "./axes.js";
import type { DocumentRow, ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import {
  commonSentence,
  LINE_HEIGHT,
  laidOut,
  namesWidth,
  type PanelRow,
  panelSpec,
  panelsOf,
  roomFor,
  tableCells,
  tableHeads,
} from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import {
  BOOT_TIME,
  byRank,
  contrastSentence,
  failedSentences,
  isDrawn,
  NOTHING_READY,
  rowsIn,
} from "./series.js";
import { textWidth } from "./text-width.js";
import { INK, inkOn, type ThemeColours } from "./theme.js";

export const phases: Picture = {
  name: "phases",
  what: "where the boot went: its phases one after another",
  draw,
};

const OTHER = "other phases";
/** What is shorter everywhere has no place for its colour. */
const LEAST_SHARE = 0.01;

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const all = rowsIn(results);
  if (all.length === 0) return needsResultOf("run", "compare", "sweep");
  const ready = all.filter(isDrawn);
  if (ready.length === 0) return NOTHING_READY;
  const told = ready.filter((row) => (row.phases ?? []).length > 0);
  if (told.length === 0) return "its rows have no phases";
  const panels = panelsOf(results, (row) => told.includes(row));
  const policies = byRank(
    panels.panels.flatMap(({ rows }) => rows),
    BOOT_TIME,
  );
  const layout = laidOut(panels, namesWidth(policies));
  const names = namedPhases(told, colours.series.length);
  const values = layout.shown.flatMap(({ title, rows }) => {
    const longest = Math.max(...rows.map(({ row }) => row.bootTimeNs)) / 1e9;
    const room = longest * roomFor(layout.width);
    return rows.flatMap((one) =>
      segmentsOf(one, names).map((segment) => ({
        panel: title,
        room,
        ...segment,
        // Where it fits, the name stands in its own segment.
        name: fits(segment, room, layout.width) ? segment.phase : "",
        ink: inkOn(colours.series[names.indexOf(segment.phase)]!, colours),
      })),
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
  const color = {
    field: "phase",
    type: "nominal",
    title: null,
    scale: { domain: names, range: names.map((_name, at) => colours.series[at]!) },
    legend: { orient: "bottom", columns: 5, symbolType: "square", symbolSize: 110, labelLimit: 200 },
  };
  const layer = [
    { mark: { type: "point", opacity: 0 }, encoding: { x: x("room"), y } },
    {
      mark: { type: "bar", height: { band: 0.74 }, stroke: colours.background, strokeWidth: 1, opacity: 1 },
      encoding: { x: x("from"), x2: { field: "to" }, y, color },
    },
    {
      mark: { type: "text", fontSize: NAME_SIZE },
      encoding: { x: x("middle"), y, text: { field: "name" }, color: INK },
    },
    {
      transform: [{ filter: "isValid(datum.label)" }],
      mark: { type: "text", align: "left", dx: 4, fontSize: 11, color: colours.text },
      encoding: { x: x("to"), y, text: { field: "label" } },
    },
  ];
  return {
    title: "Where the boot went",
    description: `${contrastSentence(panels.panels, BOOT_TIME)} ${longestSentence(told)}${commonSentence(panels)}`,
    spec: panelSpec(
      layout,
      layout.shown.map(({ title }) => title),
      values,
      "numbers",
      { height: { step: LINE_HEIGHT }, layer },
      { resolve: { scale: { x: "independent" } } },
    ),
    table: {
      columns: [
        ...tableHeads(panels.varying),
        { head: "phase", align: "left" },
        { head: "time", align: "right" },
      ],
      rows: panels.panels.flatMap(({ rows }) =>
        rows.flatMap((one) =>
          (one.row.phases ?? []).map(({ name, ns }) => [
            ...tableCells(one, panels.varying),
            name,
            formatDuration(ns),
          ]),
        ),
      ),
    },
    caveats: [...failedSentences(all), ...layout.cut],
  };
}

interface Segment {
  readonly policy: string;
  readonly phase: string;
  readonly from: number;
  readonly to: number;
  readonly middle: number;
  /** Of the whole boot, at its last segment. */
  readonly label?: string;
}

/** In the order of the boot, those that have no name of their own summed up at its end; seconds. */
function segmentsOf({ row, policy }: PanelRow, names: readonly string[]): Segment[] {
  const own = row.phases ?? [];
  const named = own.filter(({ name, ns }) => names.includes(name) && ns > 0);
  const rest = own.filter(({ name }) => !names.includes(name)).reduce((sum, { ns }) => sum + ns, 0);
  const parts = [...named, ...(rest > 0 ? [{ name: OTHER, ns: rest }] : [])];
  let from = 0;
  return parts.map(({ name: phase, ns }, at) => {
    const to = from + ns / 1e9;
    const segment = { policy, phase, from, to, middle: (from + to) / 2 };
    from = to;
    return at < parts.length - 1 ? segment : { ...segment, label: formatDuration(row.bootTimeNs) };
  });
}

/** The phases that have a colour of their own, in the order of the boot; the last may be that of all others. */
function namedPhases(rows: readonly DocumentRow[], most: number): string[] {
  const shares = new Map<string, number>();
  for (const { phases: own = [], bootTimeNs } of rows) {
    for (const { name, ns } of own) shares.set(name, Math.max(shares.get(name) ?? 0, ns / bootTimeNs));
  }
  const visible = [...shares].filter(([, share]) => share >= LEAST_SHARE).toSorted(([, a], [, b]) => b - a);
  const isWhole = visible.length === shares.size && visible.length <= most;
  const kept = new Set(visible.slice(0, isWhole ? most : most - 1).map(([name]) => name));
  const inOrder = [...shares.keys()].filter((name) => kept.has(name));
  return isWhole ? inOrder : [...inOrder, OTHER];
}

const NAME_SIZE = 10;

function fits({ phase, from, to }: Segment, room: number, width: number): boolean {
  return ((to - from) / room) * width > textWidth(phase, NAME_SIZE) + 6;
}

/** Which phase takes most of how many boots. */
function longestSentence(rows: readonly DocumentRow[]): string {
  const longest = rows.map(({ phases: own = [], bootTimeNs }) => {
    const first = own.toSorted((a, b) => b.ns - a.ns)[0]!;
    return { ...first, share: first.ns / bootTimeNs };
  });
  const counts = new Map<string, number>();
  for (const { name } of longest) counts.set(name, (counts.get(name) ?? 0) + 1);
  const most = longest.toSorted((a, b) => b.ns - a.ns)[0]!;
  if (rows.length === 1) return `Longest phase: ${most.name}, ${formatDuration(most.ns)}.`;
  const shares = [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([name, count]) => `${name} of ${count}`);
  return `Longest phase of ${rows.length} boots: ${shares.join(", ")}; at most ${formatDuration(most.ns)} (${most.name}).`;
}
