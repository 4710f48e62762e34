/** How long the drains of Intel LKVS take, and how that grows with memory. */

import type { Claim, Target } from "./claim.js";
import { leastSquares } from "./least-squares.js";
import {
  drainLine,
  drainSeconds,
  LKVS_SERIES,
  LKVS_SOURCE,
  lkvsSetup,
  lkvsSetups,
  seriesConditions,
  seriesName,
} from "./lkvs.js";

/** Remarks on single points: CPUs, workers and GiB. */
const NOTES: ReadonlyMap<string, string> = new Map([
  [
    "32 1 16",
    "Close: the kernel of the test is not published and must be older. By the rules of 6.6, whose boot accepts less, " +
      "the row just fails.",
  ],
  ["32 32 16", "The script counts whole seconds, so 6 s may be 5 s or 7 s."],
]);

const points = LKVS_SERIES.flatMap((series) =>
  series.points.map(([memoryGiB, seconds]): Omit<Claim, "id"> => {
    const calibrated = memoryGiB === series.calibratedGiB;
    const note = calibrated
      ? series.calibration
      : NOTES.get(`${series.vcpus} ${series.workers} ${memoryGiB}`);
    return {
      what: `drain ${memoryGiB} GiB, ${seriesName(series)}`,
      conditions: seriesConditions(series),
      source: LKVS_SOURCE,
      published: seconds,
      unit: "s",
      tolerance: { within: 0.2 },
      basis: calibrated ? "calibration" : "prediction",
      ...(note === undefined ? {} : { note }),
      runs: [lkvsSetup(series, memoryGiB)],
      simulate: ([result]) => drainSeconds(result!),
    };
  }),
);

const slopes = LKVS_SERIES.map(
  (series): Omit<Claim, "id"> => ({
    what: `slope, ${seriesName(series)}`,
    conditions: seriesConditions(series),
    source: LKVS_SOURCE,
    published: leastSquares(series.points).slope,
    unit: "s/GiB",
    tolerance: { within: 0.1 },
    basis: "prediction",
    runs: lkvsSetups(series),
    simulate: (results) => drainLine(results).slope,
  }),
);

/** Twelve points, and the slope of each series by least squares, which the largest guest decides. */
export const DRAIN_TIMES: Target = {
  id: "VT1",
  title: "Draining all unaccepted memory of a TDX guest",
  claims: [...points, ...slopes].map((claim, index) => ({
    id: `VT1.${String.fromCharCode("a".charCodeAt(0) + index)}`,
    ...claim,
  })),
};
