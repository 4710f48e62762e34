/** A measured row, as the process that measured it tells it, and as `--json` prints it. */

import type { Measure } from "../measure.js";
import { type Interval, median, medianInterval } from "./statistics.js";

export interface Row extends Pick<Measure, "name" | "goal" | "unit" | "limit" | "better" | "peer" | "skip"> {
  /** Name of the file in `bench`, without its ending. */
  readonly file: string;
  /** In the order taken; empty for a row that was skipped. */
  readonly samples: readonly number[];
}

/** What the samples say; undefined for a row that was skipped. */
export interface Figure {
  readonly median: number;
  readonly interval: Interval | undefined;
  /** Undefined for a row without a limit. */
  readonly met: boolean | undefined;
}

export function rowOf(file: string, measure: Measure, samples: readonly number[]): Row {
  const { name, goal, unit, limit, better, peer, skip } = measure;
  return {
    file,
    name,
    goal,
    unit,
    ...(limit === undefined ? {} : { limit }),
    better,
    peer,
    ...(skip === undefined ? {} : { skip }),
    samples,
  };
}

export function figureOf({ samples, limit, better }: Row): Figure | undefined {
  if (samples.length === 0) return undefined;
  const middle = median(samples);
  const met = limit === undefined ? undefined : better === "less" ? middle <= limit : middle >= limit;
  return { median: middle, interval: medianInterval(samples), met };
}

/** Three digits, or what is before the point. */
export function digits(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export function intervalText({ samples }: Row, interval: Interval | undefined): string {
  if (interval !== undefined) return `${digits(interval.low)}-${digits(interval.high)}`;
  return `(${digits(Math.min(...samples))}-${digits(Math.max(...samples))})`;
}
