import { formatBytes, GiB, KiB, MiB } from "../../units.js";
import type { ThemeColours } from "./picture.js";

/** What the picture needs of a tuned guest; the JSON of `tune` has it. */
export interface PlotTuning {
  readonly platform: string;
  readonly memoryBytes: number;
  readonly objective: string;
  readonly curves: readonly PlotCurve[];
}

/** What one knob does while the others are at their best. */
export interface PlotCurve {
  readonly knob: string;
  readonly unit: string;
  readonly best: unknown;
  readonly points: readonly { readonly value: unknown; readonly loss: number | null }[];
  readonly flat: { readonly low: unknown; readonly high: unknown; readonly within: number } | null;
}

/** What is worse than this is drawn at the edge: one wants to see what is near the best. */
const MOST_PERCENT = 300;
const PANELS_WIDTH = 660;
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
 * What a knob costs beside its best value, a panel for each platform and size: the curve, the region in
 * which it is flat, and the best value. Settings that do not get ready are left out.
 *
 * @param guests with a curve whose values are numbers, at least one; the first such knob of each is drawn
 */
export function tuneSpec(guests: readonly PlotTuning[], colours: ThemeColours): object {
  const drawn = guests.flatMap((guest) => {
    const curve = numericCurve(guest);
    return curve === undefined ? [] : [{ guest, curve }];
  });
  const { guest: first, curve: firstCurve } = drawn[0]!;
  const sizes = [...new Set(drawn.map(({ guest }) => guest.memoryBytes))].sort((a, b) => a - b);
  const values = drawn.flatMap(({ guest, curve }) =>
    curve.points.flatMap(({ value, loss }) => {
      if (loss === null) return [];
      const percent = Math.min(100 * loss, MOST_PERCENT);
      const { low = null, high = null } = curve.flat ?? {};
      const { platform } = guest;
      const memory = formatBytes(guest.memoryBytes);
      return [{ platform, memory, value, percent, low, high, best: value === curve.best }];
    }),
  );
  const scale = { type: "log", base: 2, nice: false };
  const axis =
    firstCurve.unit === "bytes"
      ? { values: SIZE_TICKS, labelExpr: SIZE_LABEL, labelOverlap: "greedy" }
      : { tickCount: 6 };
  const x = { field: "value", type: "quantitative", title: firstCurve.knob, scale, axis };
  const y = {
    field: "percent",
    type: "quantitative",
    title: "worse than the best, %",
    scale: { type: "symlog", constant: 1, domain: [0, MOST_PERCENT] },
    axis: { values: [0, 2, 5, 20, 100, MOST_PERCENT] },
  };
  const within = Math.max(...drawn.map(({ curve }) => curve.flat?.within ?? 0));
  return {
    data: { values },
    facet: {
      column: { field: "memory", type: "nominal", sort: sizes.map(formatBytes), title: null },
      row: { field: "platform", type: "nominal", sort: null, title: null },
    },
    spacing: 16,
    spec: {
      width: Math.floor(PANELS_WIDTH / sizes.length),
      height: 150,
      layer: [
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
      ],
    },
    title: {
      text: `What ${firstCurve.knob} costs`,
      subtitle: `Objective: ${first.objective}. Shaded: less than ${100 * within} % worse than the best, which the dot marks.`,
    },
  };
}

/** The first knob of a guest whose values are numbers, and that got ready somewhere. */
export function numericCurve({ curves }: PlotTuning): PlotCurve | undefined {
  return curves.find(
    ({ points }) =>
      points.some(({ loss }) => loss !== null) && points.every(({ value }) => typeof value === "number"),
  );
}
