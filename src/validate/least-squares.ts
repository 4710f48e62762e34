/** A point, such as memory and the time it takes. */
export type Point = readonly [x: number, y: number];

/** The line `y = slope * x + c`, by where it meets the x axis. */
export interface Line {
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
