/** Times of more inputs than panels have place for, such as a sweep's: for each policy where they all lie. */

import { formatDuration } from "../../units.js";
import { formatInteger } from "../cells.js";
import { namesAxis } from "./axes.js";
import type { ResultDocument } from "./documents.js";
import {
  gridOf,
  LINE_HEIGHT,
  LOG_TICKS,
  namesWidth,
  type PanelRow,
  type Panels,
  panelSpec,
} from "./panels.js";
import type { Drawn } from "./picture.js";
import { byRank, isDrawn, policySeries, type ShownTime, timeOf } from "./series.js";
import type { ThemeColours } from "./theme.js";

/** Places across a panel at which ticks are told apart. */
const PLACES = 240;

/** A panel for each platform, in it a tick for each input and a dot at the median of each policy. */
export function spreadSpec(
  results: readonly ResultDocument[],
  panels: Panels,
  time: ShownTime,
  colours: ThemeColours,
): Pick<Drawn, "spec" | "caveats"> {
  const rows = panels.panels.flatMap((panel) => panel.rows).filter(({ row }) => isDrawn(row));
  const policies = byRank(rows, time);
  const platforms = [...new Set(rows.map(({ row }) => row.platform))];
  const seconds = rows.map(({ row }) => timeOf(row, time) / 1e9);
  const [least, most] = [Math.min(...seconds), Math.max(...seconds)];
  const values = platforms.flatMap((platform) =>
    policies.flatMap((policy) => {
      const own = rows.filter((one) => one.policy === policy && one.row.platform === platform);
      return own.length === 0
        ? []
        : ticksOf(own, time, most / least).map((tick) => ({ panel: platform, policy, ...tick }));
    }),
  );
  const y = namesAxis("policy", policies);
  const x = {
    field: "seconds",
    type: "quantitative",
    title: null,
    scale: { type: "log", nice: false, domain: [least / 1.1, most * 1.1] },
    axis: { values: LOG_TICKS, labelExpr: "datum.label + ' s'", format: "~r", labelOverlap: "greedy" },
  };
  const { color } = policySeries(results, new Set(policies), colours, false);
  const layer = [
    {
      transform: [{ filter: "!datum.median" }],
      mark: { type: "tick", thickness: 1.5, opacity: 0.55, size: 13 },
      encoding: { x, y, color },
    },
    {
      transform: [{ filter: "datum.median" }],
      mark: { type: "point", filled: true, size: 70, opacity: 1, color: colours.text },
      encoding: { x, y },
    },
    {
      transform: [{ filter: "datum.median" }],
      mark: { type: "text", dy: -12, fontSize: 10.5, color: colours.text },
      encoding: { x, y, text: { field: "label" } },
    },
  ];
  const grid = { ...gridOf(platforms.length, namesWidth(policies)) };
  return {
    spec: panelSpec(grid, platforms, values, "numbers", { height: { step: LINE_HEIGHT + 14 }, layer }),
    caveats: [
      `Each tick is one of ${formatInteger(panels.panels.length)} inputs, or several that take the same time; the dot is the median of a policy. Logarithmic. The table has all.`,
    ],
  };
}

interface Tick {
  readonly seconds: number;
  readonly median: boolean;
  readonly label?: string;
}

/** @param ratio of the ends of the axis */
function ticksOf(rows: readonly PanelRow[], time: ShownTime, ratio: number): Tick[] {
  const sorted = rows.map(({ row }) => timeOf(row, time) / 1e9).toSorted((a, b) => a - b);
  const step = Math.log(ratio) / PLACES;
  const places = new Map(
    sorted.map((seconds) => [step === 0 ? 0 : Math.round(Math.log(seconds) / step), seconds] as const),
  );
  const median = sorted[Math.floor((sorted.length - 1) / 2)]!;
  return [
    ...[...places.values()].map((seconds) => ({ seconds, median: false })),
    { seconds: median, median: true, label: formatDuration(median * 1e9) },
  ];
}
