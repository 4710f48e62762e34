/** Numbers that are known so far and no further: values with half the width of their interval of 95 %. */

import { tQuantile95 } from "../study/student-t.js";

export interface Quantity {
  readonly value: number;
  /** Half the width of the interval of 95 %, 0 or more. */
  readonly half: number;
  /** Readings that it comes from, as `G3`. */
  readonly from: readonly string[];
}

export function known(value: number): Quantity {
  return { value, half: 0, from: [] };
}

/** A value of which only the range is known. */
export function between(low: number, high: number): Quantity {
  return { value: (low + high) / 2, half: (high - low) / 2, from: [] };
}

/** Errors of different readings do not know of each other, so their squares add up. */
export function sum(...parts: readonly Quantity[]): Quantity {
  return {
    value: parts.reduce((total, { value }) => total + value, 0),
    half: Math.hypot(...parts.map(({ half }) => half)),
    from: readingsOf(parts),
  };
}

export function less(a: Quantity, ...others: readonly Quantity[]): Quantity {
  return sum(a, ...others.map((one) => scaled(one, -1)));
}

export function scaled({ value, half, from }: Quantity, factor: number): Quantity {
  return { value: value * factor, half: half * Math.abs(factor), from };
}

/** @param share of the value by which the way of measuring itself may be wrong, the same way each time */
export function withBias({ value, half, from }: Quantity, share: number): Quantity {
  return { value, half: Math.hypot(half, value * share), from };
}

function readingsOf(parts: readonly Quantity[]): string[] {
  return [...new Set(parts.flatMap(({ from }) => from))].sort();
}

/**
 * The mean of samples without the tail that interrupts make: what lies above the third quartile by more than
 * three times the distance of the quartiles counts no more.
 *
 * @param samples one or more; of one alone nothing is known of its error
 */
export function meanOf(samples: readonly number[], from: readonly string[]): Quantity {
  const sorted = samples.toSorted((a, b) => a - b);
  const [low, high] = [quantileOf(sorted, 0.25), quantileOf(sorted, 0.75)];
  const kept = sorted.length < 8 ? sorted : sorted.filter((one) => one <= high + 3 * (high - low));
  const count = kept.length;
  const value = kept.reduce((total, one) => total + one, 0) / count;
  if (count < 2) return { value, half: 0, from };
  const variance = kept.reduce((total, one) => total + (one - value) ** 2, 0) / (count - 1);
  return { value, half: tQuantile95(count - 1) * Math.sqrt(variance / count), from };
}

/** @param sorted one or more, by size @param share 0 to 1 */
export function quantileOf(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const [a, b] = [sorted[below]!, sorted[Math.min(below + 1, sorted.length - 1)]!];
  return a + (b - a) * (at - below);
}

export interface FittedLine {
  readonly slope: Quantity;
  readonly intercept: Quantity;
}

/** How far each y of a line may be off, one standard deviation. */
export interface PointError {
  /** As a share of it, anew at each point. */
  readonly share: number;
  /** So much, in the same way at all points of one x; 0 where absent. */
  readonly rounding?: number;
}

/**
 * The line through points by least squares. Points at one x are repetitions, and their spread says how sure it is,
 * with what the line misses. Few points may lie on a line by chance, so it is not surer than their own errors say.
 *
 * @returns undefined where there are no two different x
 */
export function lineThrough(
  points: readonly (readonly [x: number, y: number])[],
  from: readonly string[],
  { share, rounding = 0 }: PointError,
): FittedLine | undefined {
  const count = points.length;
  if (new Set(points.map(([x]) => x)).size < 2) return undefined;
  const meanX = points.reduce((total, [x]) => total + x, 0) / count;
  const meanY = points.reduce((total, [, y]) => total + y, 0) / count;
  const spread = points.reduce((total, [x]) => total + (x - meanX) ** 2, 0);
  const slope = points.reduce((total, [x, y]) => total + (x - meanX) * (y - meanY), 0) / spread;
  const intercept = meanY - slope * meanX;
  const missed = points.reduce((total, [x, y]) => total + (y - intercept - slope * x) ** 2, 0);
  const degrees = Math.max(1, count - 2);
  const seen = count > 2 ? missed / degrees : 0;
  const told = points.reduce((total, [, y]) => total + (y * share) ** 2, 0) / count;
  const reach = seen > told ? tQuantile95(degrees) * Math.sqrt(seen) : 1.96 * Math.sqrt(told);
  // Of each x, how much one unit of error in all its y moves the line.
  const moves = new Map<number, number>();
  for (const [x] of points) moves.set(x, (moves.get(x) ?? 0) + (x - meanX) / spread);
  const rounded = 1.96 * rounding * Math.hypot(...moves.values());
  const half = Math.hypot(reach / Math.sqrt(spread), rounded);
  const atZero = Math.hypot(reach * Math.sqrt(1 / count + meanX ** 2 / spread), rounded * meanX);
  return {
    slope: { value: slope, half, from },
    intercept: { value: intercept, half: atZero, from },
  };
}
