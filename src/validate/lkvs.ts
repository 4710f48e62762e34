/** The memory tests of Intel LKVS: workers touch memory until nothing is left to accept. */

import type { RunResult } from "../results/row.js";
import { GiB } from "../units.js";
import { type Claim, type Setup, type Target, target, UNPUBLISHED_KERNEL } from "./claim.js";

type Point = readonly [x: number, y: number];

/** The line `y = slope * x + c`, by where it meets the x axis. */
interface Line {
  readonly slope: number;
  readonly xIntercept: number;
}

/** The line through points that makes the sum of the squares of the vertical distances least. @param points two or more, at different x */
export function leastSquares(points: readonly Point[]): Line {
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const slope =
    points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) /
    points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  return { slope, xIntercept: meanX - meanY / slope };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** One kind of guest with a number of workers, at three sizes. */
export interface LkvsSeries {
  readonly vcpus: number;
  readonly workers: number;
  /** GiB of the guest, and seconds. */
  readonly points: readonly [Point, Point, Point];
  /** Nanoseconds of a user-space touch, calibrated on the second point; undefined for the default. */
  readonly userTouch4kNs?: number;
  readonly calibration: string;
  /** Remarks on other points, by GiB. */
  readonly notes?: Readonly<Record<number, string>>;
}

/**
 * A page takes longer on one CPU than on 32, and longer with one worker than with eight. The likely
 * reason is that the script itself polls in an endless loop (grep and awk on /proc/vmstat), which takes
 * time from the workers where there is only one CPU, and more of it from one than from eight. So each
 * series has its own price of a touch, calibrated on its middle point, within the parameter's range.
 */
const ONE_CPU: LkvsSeries = {
  vcpus: 1,
  workers: 1,
  // biome-ignore format: a row each
  points: [[8, 24], [32, 119], [96, 398]],
  userTouch4kNs: 6_080,
  calibration:
    "userTouch4kNs 6080, as the point asks for. The script polls on the same CPU, which is not simulated.",
};
const ONE_CPU_8_WORKERS: LkvsSeries = {
  vcpus: 1,
  workers: 8,
  // biome-ignore format: a row each
  points: [[8, 19], [32, 95], [96, 321]],
  userTouch4kNs: 2_900,
  calibration: "userTouch4kNs 2900, as the point asks for.",
};
const MANY_CPUS_1_WORKER: LkvsSeries = {
  vcpus: 32,
  workers: 1,
  // biome-ignore format: a row each
  points: [[16, 34], [32, 80], [96, 271]],
  userTouch4kNs: 1_000,
  calibration:
    "eptViolation4kNs of tdx-lkvs-spr comes from this point, with userTouch4kNs 1000, its lower end.",
};
const MANY_CPUS: LkvsSeries = {
  vcpus: 32,
  workers: 32,
  // biome-ignore format: a row each
  points: [[16, 6], [32, 11], [96, 33]],
  calibration: "The default of sharedAccept4kNs comes from this point.",
  notes: { 16: "The script counts whole seconds, so 6 s may be 5 s or 7 s." },
};
export const LKVS_SERIES: readonly LkvsSeries[] = [ONE_CPU, ONE_CPU_8_WORKERS, MANY_CPUS_1_WORKER, MANY_CPUS];

/**
 * Stands for the services of the distribution that LKVS boots, up to the login of the test: memory
 * filled and kept. Assumption: a server of today has about this much in use and in its page cache when it
 * is up; the recorded boot ends with a small init and touches far less.
 */
const DISTRIBUTION = "generate:page-cache?size=512MiB";

function setupOf({ vcpus, workers, userTouch4kNs }: LkvsSeries, memoryGiB: number): Setup {
  return {
    kernel: UNPUBLISHED_KERNEL,
    platform: userTouch4kNs === undefined ? "tdx" : { kind: "tdx", userTouch4kNs: `${userTouch4kNs}ns` },
    prices: "tdx-lkvs-spr",
    memory: `${memoryGiB}GiB`,
    vcpus,
    workload: DISTRIBUTION,
    drain: { workers },
  };
}

function setupsOf(series: LkvsSeries): Setup[] {
  return series.points.map(([memoryGiB]) => setupOf(series, memoryGiB));
}

function drainSeconds({ drain }: RunResult): number {
  if (drain === undefined) throw new Error("validate: the run has no drain");
  return drain.timeNs / 1e9;
}

/** The line through simulated points: seconds over GiB of the guest. */
function drainLine(...results: readonly RunResult[]): Line {
  return leastSquares(results.map((result): Point => [result.memoryBytes / GiB, drainSeconds(result)]));
}

/** `1 vCPU, 8 workers`. */
function nameOf({ vcpus, workers }: LkvsSeries): string {
  return `${vcpus} vCPU${vcpus === 1 ? "" : "s"}, ${workers} worker${workers === 1 ? "" : "s"}`;
}

function conditionsOf(series: LkvsSeries): string {
  return `${nameOf(series)} [host pages of 4 KiB, firmware accepts below 4 GiB, services fill 512 MiB]`;
}

const SHARED = {
  source:
    "github.com/intel/lkvs BM/tdx-guest/tdx_mem_test.sh (2024-05-24), expected seconds; the test passes up to 15 % more",
  basis: "prediction",
} as const;

const points = LKVS_SERIES.flatMap((series) =>
  series.points.map(([memoryGiB, seconds], at): Omit<Claim, "id" | "source" | "basis"> & Partial<Claim> => ({
    what: `drain ${memoryGiB} GiB, ${nameOf(series)}`,
    conditions: conditionsOf(series),
    published: seconds,
    unit: "s",
    tolerance: { within: 0.2 },
    basis: at === 1 ? "calibration" : "prediction",
    note: at === 1 ? series.calibration : series.notes?.[memoryGiB],
    runs: [setupOf(series, memoryGiB)],
    simulate: drainSeconds,
  })),
);

const slopes = LKVS_SERIES.map((series) => ({
  what: `slope, ${nameOf(series)}`,
  conditions: conditionsOf(series),
  published: leastSquares(series.points).slope,
  unit: "s/GiB",
  tolerance: { within: 0.1 },
  runs: setupsOf(series),
  simulate: (...results: RunResult[]) => drainLine(...results).slope,
}));

/** Twelve points, and the slope of each series by least squares, which the largest guest decides. */
export const DRAIN_TIMES: Target = target("VT1", "Draining all unaccepted memory of a TDX guest", SHARED, [
  ...points,
  ...slopes,
]);

/** How many times as fast 32 workers are: the ratio of two slopes. */
export const DRAIN_SPEED_UP: Target = target("VT7", "32 workers instead of one, on 32 vCPUs", SHARED, [
  {
    what: "ratio of the slopes",
    conditions: conditionsOf(MANY_CPUS),
    published: leastSquares(MANY_CPUS_1_WORKER.points).slope / leastSquares(MANY_CPUS.points).slope,
    unit: "",
    tolerance: { from: 7, to: 11 },
    note: "One point of either series is a calibration of VT1; their 96 GiB decide the slopes.",
    runs: [...setupsOf(MANY_CPUS_1_WORKER), ...setupsOf(MANY_CPUS)],
    simulate: (...results) => drainLine(...results.slice(0, 3)).slope / drainLine(...results.slice(3)).slope,
  },
]);

/** The memory axis intercept: what firmware and boot have accepted before. */
export const ACCEPTED_BEFORE_DRAIN: Target = target(
  "VT12",
  "Memory accepted before the drain, as the lines of VT1 tell it",
  {
    ...SHARED,
    basis: "calibration",
    note:
      "Firmware accepts 2 GiB below the hole at 4 GiB, the boot the rest. The recorded boot ends with a small init, " +
      "so services were added that fill 512 MiB; without them the lines meet 2.4 GiB, and the rows fail.",
  },
  [ONE_CPU, ONE_CPU_8_WORKERS].map((series) => ({
    what: "x-intercept of the line",
    conditions: conditionsOf(series),
    published: leastSquares(series.points).xIntercept,
    unit: "GiB",
    tolerance: { from: 2.5, to: 4 },
    runs: setupsOf(series),
    simulate: (...results: RunResult[]) => drainLine(...results).xIntercept,
  })),
);
