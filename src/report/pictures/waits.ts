/** How long allocations wait for memory to be accepted: of all of them the share that waits longer. */

import type { WaitDistribution } from "../../accept/wait-distribution.js";
import { formatDuration } from "../../units.js";
import { countOf, formatInteger } from "../cells.js";
import type { DocumentRow, ResultDocument } from "./documents.js";
import { needsResultOf } from "./needs.js";
import {
  commonSentence,
  gridOf,
  type PanelRow,
  panelSpec,
  panelsOf,
  tableCells,
  tableHeads,
} from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import { policySeries, rowsIn } from "./series.js";
import type { ThemeColours } from "./theme.js";
import { togetherSentences } from "./together.js";

export const waits: Picture = {
  name: "waits",
  what: "how long allocations wait for memory, as shares of all allocations",
  draw,
};

const PHASES = ["boot", "workload"] as const;
type Phase = (typeof PHASES)[number];

function distributionOf({ waits: own }: DocumentRow, phase: Phase): WaitDistribution | undefined {
  return own?.[phase]?.distribution;
}

const HEIGHT = 180;
const ASIDE = 50;

function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const all = rowsIn(results);
  if (all.length === 0) return needsResultOf("run", "compare");
  const told = all.filter((row) => PHASES.some((phase) => distributionOf(row, phase) !== undefined));
  if (told.length === 0) return "its rows have no distribution of waits, which run and compare write as JSON";
  const panels = panelsOf(results, (row) => told.includes(row));
  const curves = panels.panels.flatMap(({ title, rows }) =>
    PHASES.flatMap((phase) => {
      const panel = title === "" ? `of the ${phase}` : `${title}: ${phase}`;
      return rows.flatMap((one) => {
        const distribution = distributionOf(one.row, phase);
        const points = distribution === undefined ? [] : longerThan(distribution);
        return points.length === 0 ? [] : [{ panel, one, phase, points }];
      });
    }),
  );
  if (curves.length === 0) return "no allocation in it waits";
  const titles = [...new Set(curves.map(({ panel }) => panel))];
  const grid = gridOf(titles.length, ASIDE);
  const shown = titles.slice(0, grid.most);
  const values = curves.flatMap(({ panel, one: { policy }, points }) =>
    shown.includes(panel) ? points.map((point) => ({ panel, policy, ...point })) : [],
  );
  const least = Math.min(...values.map(({ share }) => share));
  const policies = new Set(values.map(({ policy }) => policy));
  const { color, shape } = policySeries(results, policies, colours);
  const x = {
    field: "ns",
    type: "quantitative",
    title: null,
    scale: { type: "log", nice: false },
    axis: { values: TIME_TICKS, labelOverlap: "greedy", labelExpr: TIME_LABEL },
  };
  const y = {
    field: "share",
    type: "quantitative",
    title: "share that waits longer",
    scale: { type: "log", domain: [10 ** Math.floor(Math.log10(least)), 1] },
    axis: {
      values: [1, 0.1, 0.01, 1e-3, 1e-4, 1e-5, 1e-6],
      labelExpr: "format(100 * datum.value, '~r') + ' %'",
    },
  };
  const layer = [
    { mark: { type: "line", interpolate: "step-after", strokeWidth: 2 }, encoding: { x, y, color } },
    {
      transform: [{ filter: "datum.marked" }],
      mark: { type: "point", size: 45, strokeWidth: 1.6, opacity: 1, fill: colours.background },
      encoding: { x, y, color, shape },
    },
  ];
  const rows = panels.panels.flatMap((panel) => panel.rows);
  const calm = rows.filter((one) => !curves.some((curve) => curve.one === one));
  return {
    title: "How long allocations wait for memory to be accepted",
    description: `${worstSentence(curves)} Lines: the share of all allocations that wait longer than the time below; those that do not wait count, too.${commonSentence(panels)}`,
    spec: panelSpec(grid, shown, values, "numbers", { height: HEIGHT, layer }),
    table: {
      columns: [
        ...tableHeads(panels.varying),
        { head: "phase", align: "left" },
        { head: "at most", align: "right" },
        { head: "allocations", align: "right" },
      ],
      rows: rows.flatMap((one) =>
        PHASES.flatMap((phase) =>
          tableRows(one, phase).map((cells) => [...tableCells(one, panels.varying), ...cells]),
        ),
      ),
    },
    caveats: [
      ...togetherSentences(values.map(({ ns, share, ...one }) => ({ ...one, at: ns, value: share }))),
      ...(calm.length === 0
        ? []
        : [
            `${countOf(calm.length, "run")} of ${rows.length} ${calm.length === 1 ? "has" : "have"} no line: none of ${calm.length === 1 ? "its" : "their"} allocations waits.`,
          ]),
      ...(shown.length < titles.length
        ? [`${shown.length} of ${titles.length} panels are drawn; the table has all.`]
        : []),
    ],
  };
}

const TIME_TICKS: readonly number[] = [3, 4, 5, 6, 7, 8, 9, 10, 11].flatMap((power) =>
  [1, 2, 5].map((digit) => digit * 10 ** power),
);
const TIME_LABEL =
  "datum.value >= 1e9 ? format(datum.value / 1e9, '~r') + ' s' : datum.value >= 1e6 ? " +
  "format(datum.value / 1e6, '~r') + ' ms' : format(datum.value / 1e3, '~r') + ' us'";

interface Point {
  readonly ns: number;
  /** Of all allocations, those that wait longer. */
  readonly share: number;
  /** Whether it has a mark, which tells lines apart without their colours. */
  readonly marked: boolean;
}

const MARKED_EVERY = 4;

function longerThan({ atMostNs, allocations }: WaitDistribution): Point[] {
  const total = allocations.reduce((sum, count) => sum + count, 0);
  let longer = total - (allocations[0] ?? 0);
  const points: Point[] = [];
  for (let at = 1; at < atMostNs.length; at++) {
    // Up to the end of the bucket before, that many wait longer.
    const from = at === 1 ? atMostNs[1]! / 1.5 : atMostNs[at - 1]!;
    if (longer > 0)
      points.push({ ns: from, share: longer / total, marked: points.length % MARKED_EVERY === 0 });
    longer -= allocations[at]!;
    if (longer === 0 && points.length > 0) {
      // Its line ends where the longest wait does.
      points.push({ ...points.at(-1)!, ns: atMostNs[at]!, marked: true });
      break;
    }
  }
  return points;
}

function worstSentence(
  curves: readonly { readonly panel: string; readonly one: PanelRow; readonly phase: Phase }[],
): string {
  const worst = curves
    .map(({ panel, one, phase }) => ({ panel, one, own: one.row.waits?.[phase] }))
    .toSorted((a, b) => (b.own?.maxNs ?? 0) - (a.own?.maxNs ?? 0))[0]!;
  const { own, one, panel } = worst;
  return `Longest: ${formatDuration(own?.maxNs ?? 0)}, of ${one.policy} (${panel}), where ${formatInteger(own?.count ?? 0)} of ${formatInteger(own?.allocations ?? 0)} wait.`;
}

function tableRows({ row }: PanelRow, phase: Phase): string[][] {
  const { atMostNs = [], allocations = [] } = distributionOf(row, phase) ?? {};
  return atMostNs.map((ns, at) => [phase, formatDuration(ns), formatInteger(allocations[at]!)]);
}
