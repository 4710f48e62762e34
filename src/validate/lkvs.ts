/**
 * The memory tests of Intel LKVS: workers touch memory until nothing is left to accept. Points, as
 * published, and as simulated; the claims about them are in drain-times.ts and drain-lines.ts.
 */

import type { RunResult } from "../results/row.js";
import { GiB } from "../units.js";
import type { Setup } from "./claim.js";
import { type Line, leastSquares, type Point } from "./least-squares.js";

/** Where all of it was published. */
export const LKVS_SOURCE =
  "github.com/intel/lkvs BM/tdx-guest/tdx_mem_test.sh (2024-05-24), expected seconds; the test passes up to 15 % more";

/** One kind of guest with a number of workers, at three sizes. */
export interface LkvsSeries {
  readonly vcpus: number;
  readonly workers: number;
  /** GiB of the guest, and seconds. */
  readonly points: readonly [Point, Point, Point];
  /** The point, by its GiB, that a parameter of the series was calibrated on. */
  readonly calibratedGiB: number;
  /** Nanoseconds of a user-space touch; undefined for the default. */
  readonly userTouch4kNs?: number;
  /** How it was calibrated, for the reader of the calibrated row. */
  readonly calibration: string;
}

/**
 * A page takes longer on one CPU than on 32, and longer with one worker than with eight. The likely
 * reason is that the script itself polls in an endless loop (grep and awk on /proc/vmstat), which takes
 * time from the workers where there is only one CPU, and more of it from one than from eight. So each
 * series has its own price of a touch, calibrated on its middle point, within the parameter's range.
 */
export const LKVS_SERIES: readonly LkvsSeries[] = [
  {
    vcpus: 1,
    workers: 1,
    points: [
      [8, 24],
      [32, 119],
      [96, 398],
    ],
    calibratedGiB: 32,
    userTouch4kNs: 5_000,
    calibration:
      "userTouch4kNs 5000, the upper end of its range; the point by itself asks for 5170. The script polls on the " +
      "same CPU, which is not simulated.",
  },
  {
    vcpus: 1,
    workers: 8,
    points: [
      [8, 19],
      [32, 95],
      [96, 321],
    ],
    calibratedGiB: 32,
    userTouch4kNs: 2_020,
    calibration: "userTouch4kNs 2020, as the point asks for.",
  },
  {
    vcpus: 32,
    workers: 1,
    points: [
      [16, 34],
      [32, 80],
      [96, 271],
    ],
    calibratedGiB: 32,
    userTouch4kNs: 1_000,
    calibration:
      "userTouch4kNs 1000, the lower end of its range; the point by itself asks for 50, so accepting must be a " +
      "little faster there than the 10.5 us a page assumed everywhere.",
  },
  {
    vcpus: 32,
    workers: 32,
    points: [
      [16, 6],
      [32, 11],
      [96, 33],
    ],
    calibratedGiB: 32,
    calibration: "The default of sharedAccept4kNs comes from this point.",
  },
];

/**
 * What stands for the services of the distribution that LKVS boots, up to the login of the test: so
 * much memory filled and kept. Assumption: a server of today has about so much in use and in its page
 * cache when it is up; the recorded boot ends with a small init and touches far less.
 */
const DISTRIBUTION = "generate:page-cache?size=512MiB";

/** A point of a series as a guest to simulate. */
export function lkvsSetup({ vcpus, workers, userTouch4kNs }: LkvsSeries, memoryGiB: number): Setup {
  return {
    platform: userTouch4kNs === undefined ? "tdx" : { kind: "tdx", userTouch4kNs: `${userTouch4kNs}ns` },
    memory: `${memoryGiB}GiB`,
    vcpus,
    workload: DISTRIBUTION,
    drain: { workers },
  };
}

/** All three points of a series. */
export function lkvsSetups(series: LkvsSeries): Setup[] {
  return series.points.map(([memoryGiB]) => lkvsSetup(series, memoryGiB));
}

/** Seconds that a drain took. */
export function drainSeconds({ drain }: RunResult): number {
  if (drain === undefined) throw new Error("validate: the run has no drain");
  return drain.timeNs / 1e9;
}

/** The line through simulated points: seconds over GiB of the guest. */
export function drainLine(results: readonly RunResult[]): Line {
  return leastSquares(results.map((result): Point => [result.memoryBytes / GiB, drainSeconds(result)]));
}

/** `1 vCPU, 8 workers`. */
export function seriesName({ vcpus, workers }: LkvsSeries): string {
  return `${vcpus} vCPU${vcpus === 1 ? "" : "s"}, ${workers} worker${workers === 1 ? "" : "s"}`;
}

/** The conditions of every claim about a series. */
export function seriesConditions(series: LkvsSeries): string {
  return `${seriesName(series)} [host pages of 4 KiB, firmware accepts below 4 GiB, kernel 6.12, services fill 512 MiB]`;
}
