/** Columns of numbers of one length, such as bytes over time: their shapes, and whether a file keeps to them. */

import type { WaitDistribution } from "../accept/wait-distribution.js";
import type { HostUse } from "../host/guest-memory.js";

/** Memory over a run, at most 100 points; whole nanoseconds and bytes. The last point is the end of the run. */
export type OverTime = {
  readonly [Name in
    | "timeNs"
    | "acceptedBytes"
    | "touchedBytes"
    | "hostBytes"
    | keyof HostUse]: readonly number[];
};

/** The first column never falls. */
export const OVER_TIME: readonly (keyof OverTime)[] = [
  "timeNs",
  "acceptedBytes",
  "touchedBytes",
  "hostBytes",
  "privateBytes",
  "keptBytes",
  "sharedBytes",
  "tableBytes",
  "metadataBytes",
  "bitmapBytes",
  "directMapBytes",
];

export const DISTRIBUTION: readonly (keyof WaitDistribution)[] = ["atMostNs", "allocations"];

/** More than any guest has, takes or counts; a number beyond it is damage, and words for it have no unit. */
const MOST = 2 ** 64;

/** Whether a value is a number that something measured can be. */
export function isWithin(value: unknown, least: number): boolean {
  return typeof value === "number" && value >= least && value <= MOST;
}

/** What is wrong with a series, and where in it. */
export interface SeriesDamage {
  readonly path: readonly (string | number)[];
  readonly expected: string;
  readonly found: unknown;
}

/** @param columns the names that there have to be; the first one's numbers must not fall */
export function seriesDamage(value: unknown, columns: readonly string[]): SeriesDamage | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { path: [], expected: "an object of columns of numbers", found: value };
  }
  const found = value as Readonly<Record<string, unknown>>;
  const [first] = columns;
  for (const name of columns) {
    const column = found[name];
    if (!Array.isArray(column)) return { path: [name], expected: "a list of numbers", found: column };
    const bad = column.findIndex((one) => !isWithin(one, 0));
    if (bad !== -1) return { path: [name, bad], expected: "a number from 0 to 2^64", found: column[bad] };
    const { length } = found[first!] as readonly unknown[];
    if (column.length !== length) {
      return {
        path: [name],
        expected: `${length} numbers, as ${first} has`,
        found: column.length,
      };
    }
  }
  const axis = found[first!] as readonly number[];
  const falls = axis.findIndex((one, at) => at > 0 && one < axis[at - 1]!);
  if (falls === -1) return undefined;
  return {
    path: [first!, falls],
    expected: `${axis[falls - 1]} or more, as the one before`,
    found: axis[falls],
  };
}
