/** What was measured of a machine, for people and for programs. */

import type { Calibration, MeasuredPrice } from "../calibrate/calibrate.js";
import type { CurveScore } from "../calibrate/predict.js";
import { jsonDocument } from "../results/formats.js";
import { formatDuration } from "../units.js";
import { countOf, NO_VALUE } from "./cells.js";
import { type Column, type Line, left, type Paint, right, tableText } from "./table.js";

const COLUMNS: readonly Column<MeasuredPrice>[] = [
  left("price", ({ parameter }) => parameter),
  right("value", ({ valueNs }) => formatDuration(valueNs)),
  right("low", ({ lowNs }) => formatDuration(lowNs)),
  right("high", ({ highNs }) => formatDuration(highNs)),
  left("from", ({ readings }) => readings.join(" ")),
  left("against", ({ heldBack }) => heldBack?.readings.join(" ") ?? NO_VALUE, 1),
  right("off by", differenceText),
];

/** How far what was held back lies from the price. */
function differenceText({ valueNs, ridge, heldBack }: MeasuredPrice): string {
  if (heldBack === undefined) return NO_VALUE;
  if (heldBack.isLower) return `>= ${formatDuration(heldBack.valueNs)}`;
  const whole = ridge?.sumNs ?? valueNs;
  const percent = Math.round((100 * (heldBack.valueNs - whole)) / whole);
  return `${percent > 0 ? "+" : ""}${percent} %`;
}

export function formatCalibration(
  calibration: Calibration,
  scores: readonly CurveScore[],
  platformTitle: string,
  paint: Paint,
): string {
  const { prices, refused, unpriced, missing, remarks } = calibration;
  const below: Line[] = [
    ...prices.flatMap(ridgeText).map((text) => ({ text })),
    ...refused.map(
      ({ parameter, because }): Line => ({ text: `${parameter} is refused: ${because}.`, role: "failure" }),
    ),
    ...unpriced.map(
      ({ parameter, because }): Line => ({ text: `${parameter} is not measured: ${because}.` }),
    ),
    ...missing.map(
      ({ reading, lacks }): Line => ({ text: `${reading} was not read, for want of ${lacks}.` }),
    ),
    ...remarks.map((text): Line => ({ text: `${text}.` })),
  ];
  return tableText(
    {
      lead: [conclusionOf(calibration, platformTitle), scoreText(scores)],
      columns: COLUMNS,
      groups: [{ rows: prices, below: below.length === 0 ? [] : [{ text: "" }, ...below] }],
      notes: [
        "low, high: interval of 95 %. from: readings that determine the price. against: readings that do not, and " +
          "how far what they say lies from it; >= where they only bound it. What is not here keeps its default.",
      ],
    },
    paint,
  );
}

function conclusionOf({ prices, refused, unpriced }: Calibration, title: string): string {
  const rest = [
    ...(refused.length === 0 ? [] : [`${refused.length} refused, as readings disagree`]),
    ...(unpriced.length === 0 ? [] : [`${unpriced.length} not measured`]),
  ];
  const more = rest.length === 0 ? "" : `; ${rest.join("; ")}`;
  return `${countOf(prices.length, "price")} of this ${title} machine measured${more}.`;
}

/** The number that says what all of it is worth. */
function scoreText(scores: readonly CurveScore[]): string {
  if (scores.length === 0) {
    return "No curve of nr_unaccepted to predict (G2), so nothing says how well the prices together do.";
  }
  const worst = scores.reduce((a, b) => (b.rms > a.rms ? b : a));
  const [rms, most] = [worst.rms, worst.most].map((share) => `${(100 * share).toFixed(1)} %`);
  const of = scores.length === 1 ? "" : `, the worst of ${scores.length}`;
  return (
    `The curve of nr_unaccepted, which feeds none of them${of}: predicted to ${rms} RMS, ${most} at most; all ` +
    `accepted after ${formatDuration(worst.measuredNs)}, predicted ${formatDuration(worst.simulatedNs)}.`
  );
}

function ridgeText({ parameter, ridge }: MeasuredPrice): string[] {
  if (ridge === undefined) return [];
  const terms = ridge.kept.map((one) =>
    one.times === 1 ? one.parameter : `${one.times} x ${one.parameter}`,
  );
  const [sum, low, high] = [ridge.sumNs, ridge.lowNs, ridge.highNs].map(formatDuration);
  const kept = ridge.kept.map((one) => `${one.parameter} ${formatDuration(one.valueNs)}`).join(", ");
  return [
    `Cannot be told apart: ${[parameter, ...terms].join(" + ")} = ${sum} (${low} to ${high}). Kept: ${kept}; ` +
      `${parameter} is the rest, and their ranges are in its own.`,
  ];
}

/** `{ schemaVersion, platform, hostPages, prices, refused, unpriced, missing, curves }`; times in nanoseconds. */
export function formatCalibrationJson(
  { platform, level, prices, refused, unpriced, missing, remarks }: Calibration,
  curves: readonly CurveScore[],
): string {
  return jsonDocument({ platform, hostPages: level, prices, refused, unpriced, missing, remarks, curves });
}
