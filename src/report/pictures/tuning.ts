/** What a knob costs away from its best value. */

import { GiB, KiB, MiB } from "../../units.js";
import { percent, valueText } from "../tune-texts.js";
import type { ResultDocument, TunedCurve, TunedGuest } from "./documents.js";
import { guestPanels } from "./guests.js";
import { needsResultOf } from "./needs.js";
import { gridOf, panelSpec } from "./panels.js";
import type { Drawn, Picture } from "./picture.js";
import type { ThemeColours } from "./theme.js";

export const tuning: Picture = {
  name: "tuning",
  what: "what a knob costs away from its best value, and where it is flat",
  draw,
};

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

/** Settings that do not get ready are left out; the first knob of each guest whose values are numbers is drawn. */
function draw(results: readonly ResultDocument[], colours: ThemeColours): Drawn | string {
  const guests = guestPanels(results);
  if (guests.length === 0) return needsResultOf("tune");
  const drawn = guests.flatMap(({ guest, title }) => {
    const curve = numericCurve(guest);
    return curve === undefined ? [] : [{ guest, title, curve }];
  });
  if (drawn.length === 0) return "no knob in it has numbers for values and got ready";
  const { curve: firstCurve, guest: firstGuest } = drawn[0]!;
  const same = drawn.filter(({ curve }) => curve.knob === firstCurve.knob);
  const values = same.flatMap(({ title, curve }) => {
    const { low = null, high = null } = curve.flat ?? {};
    return curve.points.flatMap(({ value, loss }) => {
      if (loss === null) return [];
      const worse = Math.min(100 * loss, MOST_PERCENT);
      return [{ panel: title, value, percent: worse, low, high, best: value === curve.best }];
    });
  });
  const x = {
    field: "value",
    type: "quantitative",
    title: null,
    scale: { type: "log", base: 2, nice: false },
    axis:
      firstCurve.unit === "bytes"
        ? { values: SIZE_TICKS, labelExpr: SIZE_LABEL, labelOverlap: "greedy" }
        : { tickCount: 6 },
  };
  const y = {
    field: "percent",
    type: "quantitative",
    title: "worse by, %",
    scale: { type: "symlog", constant: 1, domain: [0, MOST_PERCENT * 1.2] },
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
      mark: { type: "point", filled: true, opacity: 1, size: 14, color: colours.series[1] },
      encoding: { x, y },
    },
    {
      transform: [{ filter: "datum.best" }],
      mark: { type: "point", filled: true, opacity: 1, size: 100, color: colours.series[0] },
      encoding: { x, y },
    },
  ];
  const titles = [...new Set(same.map(({ title }) => title))];
  const layout = gridOf(titles.length, 40);
  const shown = new Set(titles.slice(0, layout.most));
  const within = Math.max(...same.map(({ curve }) => curve.flat?.within ?? 0));
  const best = [...new Set(same.map(({ curve }) => valueText(curve.best, curve)))];
  return {
    title: `What ${firstCurve.knob} costs away from its best value`,
    description:
      `Best (large dot): ${best.length > 3 ? `${best.slice(0, 3).join(", ")} and others` : best.join(", ")}. ` +
      `Shaded: less than ${100 * within} % worse. Small dots: values that were tried. Objective: ${firstGuest.objective}.`,
    spec: panelSpec(
      layout,
      [...shown],
      values.filter(({ panel }) => shown.has(panel)),
      "numbers",
      { height: 150, layer },
    ),
    table: {
      columns: [
        { head: "guest", align: "left" },
        { head: firstCurve.knob, align: "right" },
        { head: "worse by", align: "right" },
      ],
      rows: same.flatMap(({ title, guest, curve }) =>
        curve.points.map(({ value, loss }) => [
          title === "" ? guest.platform : title,
          valueText(value, curve),
          loss === null ? "not ready" : percent(loss),
        ]),
      ),
    },
    caveats: [
      ...(values.some(({ percent: worse }) => worse === MOST_PERCENT)
        ? [`What is more than ${MOST_PERCENT} % worse is drawn at ${MOST_PERCENT} %.`]
        : []),
      ...(same.length < guests.length
        ? [`${guests.length - same.length} of ${guests.length} guests have no such curve and are left out.`]
        : []),
      ...(shown.size < titles.length
        ? [`${shown.size} of ${titles.length} guests are drawn; the table has all.`]
        : []),
    ],
  };
}

/** The first knob of a guest whose values are numbers, and that got ready somewhere. */
export function numericCurve({ curves }: TunedGuest): TunedCurve | undefined {
  return curves.find(
    ({ points }) =>
      points.some(({ loss }) => loss !== null) && points.every(({ value }) => typeof value === "number"),
  );
}
