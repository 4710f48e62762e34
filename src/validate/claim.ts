/** A published number, and how the simulator is to come to it by itself. */

import type { RunResult } from "../results/row.js";
import type { ScenarioDocument } from "../scenario/scenario.js";

/** A guest to simulate: a scenario file without its name; without a workload it is the standard boot. */
export type Setup = Omit<ScenarioDocument, "name" | "workload"> & { readonly workload?: string };

/**
 * Whether a parameter, or a condition that nobody has stated, was chosen with this very number, or
 * with a measurement behind it, in mind, or not.
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

/** One published number. */
export interface Claim {
  /** Of the target and one letter: `VT1.a`. */
  readonly id: string;
  readonly what: string;
  /** What the publication says about the machine; in brackets what it leaves out and was assumed here. */
  readonly conditions: string;
  /** Public document, thread or repository, with its date where it has one. */
  readonly source: string;
  readonly published: number | readonly [low: number, high: number];
  /** Of all numbers of the claim; empty for a plain ratio. */
  readonly unit: string;
  readonly tolerance: Tolerance;
  readonly basis: ClaimBasis;
  /** Why it was calibrated, what limits it, why it cannot hold. */
  readonly note?: string;
  /** Runs that the number comes from; the same setup in several claims is simulated once. */
  readonly runs: readonly Setup[];
  /** @param results one for each of `runs`, all of them ready */
  readonly simulate: (results: readonly RunResult[]) => number;
}

/** Numbers that belong together. */
export interface Target {
  /** `VT1` to `VT12`. */
  readonly id: string;
  readonly title: string;
  readonly claims: readonly Claim[];
}
