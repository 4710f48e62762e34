import type { Tolerance } from "./claim.js";

/** What a simulated number may be. */
export interface AllowedRange {
  readonly from: number;
  readonly to: number;
  /** Whether the ends belong to it. */
  readonly inclusive: boolean;
  /** For people. */
  readonly text: string;
}

/** @param published a number, or a range of them */
export function allowedRange(
  published: number | readonly [low: number, high: number],
  tolerance: Tolerance,
): AllowedRange {
  const [low, high] = typeof published === "number" ? [published, published] : published;
  if (tolerance === "exact") return { from: low, to: high, inclusive: true, text: "exact" };
  if (tolerance === "above")
    return { from: high, to: Number.POSITIVE_INFINITY, inclusive: false, text: "above" };
  if (tolerance === "below")
    return { from: Number.NEGATIVE_INFINITY, to: low, inclusive: false, text: "below" };
  if ("within" in tolerance) {
    const { within } = tolerance;
    const text = `±${Math.round(within * 100)} %`;
    return { from: low * (1 - within), to: high * (1 + within), inclusive: true, text };
  }
  const { from, to } = tolerance;
  return { from, to, inclusive: true, text: `${digits(from)} to ${digits(to)}` };
}

/** NaN is never allowed. */
export function isAllowed(value: number, { from, to, inclusive }: AllowedRange): boolean {
  return inclusive ? value >= from && value <= to : value > from && value < to;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
