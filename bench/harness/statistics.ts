/** What samples say: the median, and between which two samples that of all possible samples lies. */

/** Lowest and highest sample of an interval, both in it. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const CONFIDENCE = 0.95;

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The narrowest interval of two samples, as many from the lowest as from the highest, that holds the median with a
 * probability of at least 95 %: how many of n samples lie below the median is binomial with p = 1/2, whatever the samples'
 * distribution. Of 9 samples it is the second to the eighth.
 *
 * @returns undefined with fewer than 6 samples, of which not even the lowest and the highest are sure enough
 */
export function medianInterval(samples: readonly number[]): Interval | undefined {
  const count = samples.length;
  const sorted = samples.toSorted((a, b) => a - b);
  let left: number | undefined;
  let outside = 0;
  let ways = 1;
  for (let below = 0; 2 * below < count; below++) {
    outside += 2 * ways * 0.5 ** count;
    if (1 - outside < CONFIDENCE) break;
    left = below;
    ways = (ways * (count - below)) / (below + 1);
  }
  return left === undefined ? undefined : { low: sorted[left]!, high: sorted[count - 1 - left]! };
}

/** Slope of log y over log x, by least squares: the exponent of a power that y grows by. */
export function exponent(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const meanX = logs.reduce((sum, [x]) => sum + x, 0) / logs.length;
  const meanY = logs.reduce((sum, [, y]) => sum + y, 0) / logs.length;
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}
