/** The points of a study, one after the other, without a list of them. */

import type { Assignment } from "../../scenario/set.js";
import { chanceAt } from "../../sim/prng.js";
import { MiB } from "../../units.js";
import { rangeEnds, type Study, type StudyRange, type StudyValue } from "./study-file.js";

/** Samples that are looked at before a sweep starts. */
const SAMPLES_CHECKED = 256;

/** Combinations of axis values and samples. A point can be several runs, where the scenario file has lists. */
export function pointCount({ axes, samples }: Study): number {
  const combinations = Object.values(axes).reduce((product, values) => product * values.length, 1);
  return combinations * (samples?.count ?? 1);
}

/** Points among which every value of every axis is, and some samples: where mistakes show. */
export function pointsToCheck({ axes, samples }: Study): number[] {
  const points: number[] = [];
  let stride = 1;
  for (const values of Object.values(axes).reverse()) {
    for (let value = 0; value < values.length; value++) points.push(value * stride);
    stride *= values.length;
  }
  const drawn = Math.min(samples?.count ?? 1, SAMPLES_CHECKED);
  for (let sample = 0; sample < drawn; sample++) points.push(sample * stride);
  return [...new Set(points)];
}

/**
 * The assignments of a point. Samples come one after the other, each with every combination; of the axes
 * the last changes fastest.
 *
 * @param point from 0, below `pointCount`
 */
export function assignmentsOf({ axes, samples }: Study, point: number): Assignment[] {
  const assignments: Assignment[] = [];
  let rest = point;
  for (const [path, values] of Object.entries(axes).reverse()) {
    assignments.unshift(assignment("axes", path, values[rest % values.length]!));
    rest = Math.floor(rest / values.length);
  }
  if (samples === undefined) return assignments;
  const ranges = Object.entries(samples.ranges);
  const drawn = ranges.map(([path, range], at) =>
    assignment("samples.ranges", path, draw(range, chanceAt(samples.seed, rest * ranges.length + at))),
  );
  return [...assignments, ...drawn];
}

function assignment(part: string, path: string, value: StudyValue): Assignment {
  return { flag: `${part}.${path} ${value}`, path: path.split("."), value, varies: true };
}

/** Sizes in whole MiB where the range allows that, times and whole numbers rounded. */
function draw(range: StudyRange, chance: number): StudyValue {
  const { low, high, kind } = rangeEnds(range)!;
  const value = range.log === true ? low * (high / low) ** chance : low + (high - low) * chance;
  if (kind === "size") {
    const step = low % MiB === 0 && high % MiB === 0 ? MiB : 1;
    return Math.round(value / step) * step;
  }
  if (kind === "time") return `${Math.round(value)}ns`;
  return Number.isInteger(low) && Number.isInteger(high) ? Math.round(value) : value;
}
