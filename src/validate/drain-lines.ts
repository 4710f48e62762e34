/** What follows from the lines through the drains of Intel LKVS. */

import type { Target } from "./claim.js";
import { leastSquares } from "./least-squares.js";
import {
  drainLine,
  LKVS_SERIES,
  LKVS_SOURCE,
  type LkvsSeries,
  lkvsSetups,
  seriesConditions,
} from "./lkvs.js";

const [ONE_CPU, ONE_CPU_8_WORKERS, MANY_CPUS_1_WORKER, MANY_CPUS] = LKVS_SERIES as readonly [
  LkvsSeries,
  LkvsSeries,
  LkvsSeries,
  LkvsSeries,
];

/** How many times as fast 32 workers are: the ratio of two slopes. */
export const DRAIN_SPEED_UP: Target = {
  id: "VT7",
  title: "32 workers instead of one, on 32 vCPUs",
  claims: [
    {
      id: "VT7.a",
      what: "ratio of the slopes",
      conditions: seriesConditions(MANY_CPUS),
      source: LKVS_SOURCE,
      published: leastSquares(MANY_CPUS_1_WORKER.points).slope / leastSquares(MANY_CPUS.points).slope,
      unit: "",
      tolerance: { from: 7, to: 11 },
      basis: "prediction",
      note: "One point of either series is a calibration of VT1; their 96 GiB decide the slopes.",
      runs: [...lkvsSetups(MANY_CPUS_1_WORKER), ...lkvsSetups(MANY_CPUS)],
      simulate: (results) => drainLine(results.slice(0, 3)).slope / drainLine(results.slice(3)).slope,
    },
  ],
};

/** Where the line meets the axis of memory: what firmware and boot have accepted before. */
export const ACCEPTED_BEFORE_DRAIN: Target = {
  id: "VT12",
  title: "Memory accepted before the drain, as the lines of VT1 tell it",
  claims: [["VT12.a", ONE_CPU] as const, ["VT12.b", ONE_CPU_8_WORKERS] as const].map(([id, series]) => ({
    id,
    what: "x-intercept of the line",
    conditions: seriesConditions(series),
    source: LKVS_SOURCE,
    published: leastSquares(series.points).xIntercept,
    unit: "GiB",
    tolerance: { from: 2.5, to: 4 },
    basis: "calibration",
    note:
      "Firmware accepts 2 GiB below the hole at 4 GiB, the boot the rest. The recorded boot ends with a small init, " +
      "so services were added that fill 512 MiB; without them the lines meet 2.4 GiB, and the rows fail.",
    runs: lkvsSetups(series),
    simulate: (results) => drainLine(results).xIntercept,
  })),
};
