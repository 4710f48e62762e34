/** A published number, how the simulator is to come to it by itself, and what it then may be. */

import type { RunResult } from "../results/row.js";
import type { ScenarioDocument } from "../scenario/scenario.js";

/** A guest to simulate: a scenario file without its name; without a workload it is the standard boot. */
export type Setup = Omit<ScenarioDocument, "name" | "workload" | "kernel"> & {
  readonly workload?: string;
  /** Said of each, so that a number does not move when the default of scenarios does. */
  readonly kernel: string;
};

/** Of a guest whose kernel is not published; the recordings of its series are exact. */
export const UNPUBLISHED_KERNEL = "6.12";

/**
 * Whether a parameter, or an unstated condition, was chosen to fit this very number or the measurement it
 * comes from.
 */
export type ClaimBasis = "calibration" | "prediction";

/** How far a simulated number may be from the published one. */
export type Tolerance =
  /** A share of the published number, or of both ends of its range. */
  | { readonly within: number }
  /** Bounds that do not follow from the published number alone; both ends are allowed. */
  | { readonly from: number; readonly to: number }
  /** The number itself is the bound, and not allowed. */
  | "above"
  | "below"
  | "exact";

/** A number, or a range of them. */
export type Published = number | readonly [low: number, high: number];

export interface Claim {
  /** Of the target and one letter: `VT1.a`. */
  readonly id: string;
  readonly what: string;
  /**
   * The machine as published; in brackets what the publication leaves out and was assumed here. Whose rules its
   * kernels follow, and whose prices its machine has, is added from `runs`.
   */
  readonly conditions: string;
  /** Public document, thread or repository, with its date where it has one. */
  readonly source: string;
  readonly published: Published;
  /** Of all numbers of the claim; empty for a plain ratio. */
  readonly unit: string;
  readonly tolerance: Tolerance;
  readonly basis: ClaimBasis;
  /** Why it was calibrated, what limits it, why it cannot hold. */
  readonly note?: string | undefined;
  /** Runs the number comes from; a setup that several claims share is simulated once. */
  readonly runs: readonly Setup[];
  /** @param results one for each of `runs`, all of them ready */
  readonly simulate: (...results: readonly RunResult[]) => number;
}

export interface Target {
  /** `VT1`, and so on. */
  readonly id: string;
  readonly title: string;
  readonly claims: readonly Claim[];
}

/** @param shared what its claims have in common */
export function target<Shared extends Partial<Claim>>(
  id: string,
  title: string,
  shared: Shared,
  claims: readonly (Omit<Claim, "id" | keyof Shared> & Partial<Claim>)[],
): Target {
  const lettered = claims.map((claim, index) => {
    const letter = String.fromCharCode("a".charCodeAt(0) + index);
    return { id: `${id}.${letter}`, ...shared, ...claim } as Partial<Claim> as Claim;
  });
  return { id, title, claims: lettered };
}

export interface AllowedRange {
  readonly from: number;
  readonly to: number;
  readonly inclusive: boolean;
  readonly text: string;
}

export function allowedRange(published: Published, tolerance: Tolerance): AllowedRange {
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
