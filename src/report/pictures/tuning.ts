/** What a knob costs away from its best value. */

import { formatBytes, GiB, KiB, MiB } from "../../units.js";
import { percent, valueText } from "../tune-texts.js";
import type { ResultDocument, TunedCurve, TunedGuest } from "./documents.js";
import { needsResultOf } from "./needs.js";
import { sizePanels } from "./panels.js";
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
  const guests = results.flatMap((result) => (result.kind === "tune" ? result.guests : []));
  if (guests.length === 0) return needsResultOf("tune");
  const drawn = guests.flatMap((guest) => {
    const curve = numericCurve(guest);
    return curve === undefined ? [] : [{ ...guest, curve }];
  });
  if (drawn.length === 0) return "no knob in it has numbers for values and got ready";
  const { objective, curve: firstCurve } = drawn[0]!;
  const values = drawn.flatMap(({ platform, memoryBytes, curve }) =>
    curve.points.flatMap(({ value, loss }) => {
      if (loss === null) return [];
      const { low = null, high = null } = curve.flat ?? {};
      const memory = formatBytes(memoryBytes);
      const worse = Math.min(100 * loss, MOST_PERCENT);
      return [{ platform, memory, value, percent: worse, low, high, best: value === curve.best }];
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
  return {
    title: `What ${firstCurve.knob} costs`,
    description: `Objective: ${objective}. Shaded: less than ${100 * within} % worse than the best, which the dot marks.`,
    spec: sizePanels(drawn, null, values, { height: 150, layer }),
    table: {
      columns: [
        { head: "platform", align: "left" },
        { head: "memory", align: "right" },
        { head: firstCurve.knob, align: "right" },
        { head: "worse by", align: "right" },
      ],
      rows: drawn.flatMap(({ platform, memoryBytes, curve }) =>
        curve.points.map(({ value, loss }) => [
          platform,
          formatBytes(memoryBytes),
          valueText(value, curve),
          loss === null ? "not ready" : percent(loss),
        ]),
      ),
    },
    caveats: [],
  };
}

/** The first knob of a guest whose values are numbers, and that got ready somewhere. */
function numericCurve({ curves }: TunedGuest): TunedCurve | undefined {
  return curves.find(
    ({ points }) =>
      points.some(({ loss }) => loss !== null) && points.every(({ value }) => typeof value === "number"),
  );
}
