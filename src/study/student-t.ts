/** Numerics of Student's t distribution, for confidence intervals of few runs. */

/** Terms of the continued fraction; it converges long before for the values asked here. */
const MAX_TERMS = 300;
const PRECISION = 1e-14;

/**
 * How many standard errors the two-sided interval of 95 % reaches from a mean.
 *
 * @param degrees of freedom, 1 or more: runs less one
 * @returns 12.706 for 1, 1.96 in the limit
 */
export function tQuantile95(degrees: number): number {
  let low = 0;
  let high = 1000;
  // The probability of a |T| above t, I_x(n/2, 1/2) at x = n / (n + t^2), falls from 1 to 0 as t grows.
  for (let step = 0; step < 200 && high - low > 1e-12 * high; step++) {
    const middle = (low + high) / 2;
    const x = degrees / (degrees + middle ** 2);
    if (regularisedBeta(x, degrees / 2, 0.5) > 0.05) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** I_x(a, b) by its continued fraction (Abramowitz and Stegun 26.5.8), on the side where that converges fast. */
function regularisedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - regularisedBeta(1 - x, b, a);
  const logFront =
    a * Math.log(x) + b * Math.log1p(-x) - Math.log(a) - (logGamma(a) + logGamma(b) - logGamma(a + b));
  // Lentz's method: 1 / (1 + d1 / (1 + d2 / (1 + ...))).
  let fraction = 1;
  let c = 1;
  let d = 0;
  for (let term = 0; term <= MAX_TERMS; term++) {
    const m = Math.floor(term / 2);
    let numerator = 1;
    if (term > 0) {
      numerator =
        term % 2 === 0
          ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
          : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    }
    d = 1 / (1 + numerator * d);
    c = 1 + numerator / c;
    fraction *= c * d;
    if (Math.abs(1 - c * d) < PRECISION) break;
  }
  return Math.exp(logFront) * (fraction - 1);
}

/** Stirling's series for log(Gamma(x)), x > 0, moved to where it is exact to 1e-15. */
function logGamma(x: number): number {
  let shift = 0;
  let at = x;
  while (at < 10) {
    shift += Math.log(at);
    at++;
  }
  const inverse = 1 / (at * at);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse * (1 / 1680)))) / at;
  return (at - 0.5) * Math.log(at) - at + 0.5 * Math.log(2 * Math.PI) + series - shift;
}
