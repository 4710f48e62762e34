/** Time and overhead against the guest's CPUs and its memory, a line for each policy. */

import { formatBytes, formatDuration, GiB } from "../../units.js";
import type { DocumentRow, ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import {
  commonSentence,
  gridOf,
  LOG_TICKS,
  type PanelRow,
  type PartName,
  panelSpec,
  panelsOf,
  tableCells,
  tableHeads,
} from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import {
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
import { type LinePoint, togetherSentences } from "./together.js";

export const scaling: Picture = {
  name: "scaling",
  what: "time and overhead against vCPUs and memory, a line for each policy",
  draw,
};

/** What a guest may have more of. */
interface Axis {
  readonly part: PartName;
  readonly text: string;
  readonly of: (row: DocumentRow) => number;
  /** Of the axis. */
  readonly title: string;
}

const AXES: readonly Axis[] = [
  {
    part: "memory",
    text: "memory",
    title: "memory, GiB",
    of: ({ memoryBytes }) => memoryBytes / GiB,
  },
  {
    part: "vcpus",
    text: "vCPUs",
    title: "vCPUs",
    of: ({ vcpus }) => vcpus,
  },
];

interface Measure {
  readonly text: string;
  readonly unit: string;
  readonly of: (row: DocumentRow) => { readonly value: number; readonly low: number; readonly high: number };
}

function measuresOf(time: ShownTime): Measure[] {
  return [
    {
      text: time.text,
      unit: "s",
      of: (row) => {
        const { low, high } = rangeOf(row, time.name);
        return { value: timeOf(row, time) / 1e9, low: low / 1e9, high: high / 1e9 };
      },
    },
    {
      text: "overhead",
      unit: "GiB",
      of: ({ overheadBytes = 0 }) => {
        const value = overheadBytes / GiB;
        return { value, low: value, high: value };
      },
    },
  ];
}

const HEIGHT = 160;
const ASIDE = 46;
/** Of each measure along each axis. */
const MOST = 6;

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const all = rowsIn(results);
  if (all.length === 0) return needsResultOf("run", "compare", "sweep");
  const ready = all.filter(isDrawn);
  if (ready.length === 0) return NOTHING_READY;
  const axes = AXES.filter(({ of }) => new Set(ready.map(of)).size > 1);
  if (axes.length === 0) return "it needs runs with several sizes of memory or numbers of vCPUs";
  const time = shownTime(ready);
  const cut: string[] = [];
  const drawn: LinePoint[] = [];
  const concat = axes.flatMap((axis) => {
    const panels = panelsOf(results, isDrawn, [axis.part]);
    const titles = panels.panels.map(({ title }) => title);
    // Overhead hardly depends on the CPUs.
    const measures = measuresOf(time).slice(0, axis.part === "memory" || axes.length === 1 ? 2 : 1);
    if (titles.length > MOST)
      cut.push(`Against ${axis.text} ${MOST} of ${titles.length} inputs are drawn; the table has all.`);
    const shown = panels.panels.slice(0, MOST);
    return measures.map((measure) => {
      const values = shown.flatMap(({ title, rows }) =>
        rows.map((one) => pointOf(title, one, axis, measure)),
      );
      drawn.push(
        ...values.map((one) => ({ ...one, at: one.size, panel: panelName(one.panel, axis, measure) })),
      );
      return partSpec(
        results,
        shown.map(({ title }) => title),
        values,
        axis,
        measure,
        colours,
      );
    });
  });
  const whole = panelsOf(results);
  return {
    title: `How ${time.text} and overhead grow with ${axes.map(({ text }) => text).join(" and ")}`,
    description: `${growthSentence(results, axes[0]!, time)} Bands: over low and high values of assumed prices. Both axes are logarithmic.${commonSentence(whole)}`,
    spec: concat.length === 1 ? concat[0]! : { vconcat: concat, spacing: 26 },
    table: {
      columns: [
        ...tableHeads(whole.varying),
        { head: time.text, align: "right" },
        { head: "overhead", align: "right" },
      ],
      rows: whole.panels.flatMap(({ rows }) =>
        rows.map((one) => [
          ...tableCells(one, whole.varying),
          isDrawn(one.row) ? formatDuration(timeOf(one.row, time)) : one.row.outcome,
          formatBytes(one.row.overheadBytes ?? 0),
        ]),
      ),
    },
    caveats: [...failedSentences(all), ...togetherSentences(drawn), ...cut],
  };
}

function panelName(title: string, { text: axis }: Axis, { text }: Measure): string {
  return `${title === "" ? "" : `${title}: `}${text} by ${axis}`;
}

interface Point {
  readonly panel: string;
  readonly policy: string;
  readonly size: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

function pointOf(panel: string, { row, policy }: PanelRow, axis: Axis, measure: Measure): Point {
  return { panel, policy, size: axis.of(row), ...measure.of(row) };
}

function partSpec(
  results: readonly ResultDocument[],
  titles: readonly string[],
  values: readonly Point[],
  along: Axis,
  measure: Measure,
  colours: ThemeColours,
): object {
  const { color, shape } = policySeries(results, new Set(values.map(({ policy }) => policy)), colours);
  const sizes = [...new Set(values.map(({ size }) => size))].sort((a, b) => a - b);
  const x = {
    field: "size",
    type: "quantitative",
    title: along.title,
    scale: { type: "log", base: 2, nice: false, domain: [sizes[0]! / 1.2, sizes.at(-1)! * 1.2] },
    axis: { values: sizes, labelOverlap: "greedy", format: "~r" },
  };
  const bounds = values.flatMap(({ low, high }) => [low, high]).filter((value) => value > 0);
  const y = (field: string): object => ({
    field,
    type: "quantitative",
    title: `${measure.text}, ${measure.unit}`,
    scale: { type: "log", nice: false, domain: [Math.min(...bounds) / 1.15, Math.max(...bounds) * 1.15] },
    axis: { values: LOG_TICKS, format: "~r" },
  });
  const layer = [
    { mark: { type: "area", opacity: 0.15 }, encoding: { x, y: y("low"), y2: { field: "high" }, color } },
    { mark: { type: "line", strokeWidth: 2 }, encoding: { x, y: y("value"), color } },
    {
      mark: { type: "point", size: 60, strokeWidth: 1.8, opacity: 1, filled: false },
      encoding: { x, y: y("value"), color, shape },
    },
  ];
  const named = titles.map((title) => panelName(title, along, measure));
  const byTitle = new Map(titles.map((title, at) => [title, named[at]!]));
  const own = values.map((value) => ({ ...value, panel: byTitle.get(value.panel)! }));
  return panelSpec(gridOf(titles.length, ASIDE), named, own, "title", { height: HEIGHT, layer });
}

/** How far each policy's time grows along an axis, on the first input. */
function growthSentence(results: readonly ResultDocument[], axis: Axis, time: ShownTime): string {
  const [first] = panelsOf(results, isDrawn, [axis.part]).panels;
  const byPolicy = new Map<string, DocumentRow[]>();
  for (const { policy, row } of first!.rows) byPolicy.set(policy, [...(byPolicy.get(policy) ?? []), row]);
  const texts = [...byPolicy].slice(0, 4).map(([policy, rows]) => {
    const sorted = rows.toSorted((a, b) => axis.of(a) - axis.of(b));
    const [least, most] = [sorted[0]!, sorted.at(-1)!].map((row) => formatDuration(timeOf(row, time)));
    return `${policy} ${least} to ${most}`;
  });
  const more = byPolicy.size > texts.length ? ` and ${byPolicy.size - texts.length} more` : "";
  const where = first!.title === "" ? "" : ` (${first!.title})`;
  return `From the least to the most ${axis.text}${where}: ${texts.join(", ")}${more}.`;
}
