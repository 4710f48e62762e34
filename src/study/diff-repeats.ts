/**
 * Whether means over seeds differ by more than chance: Welch's t test at 5 %, which lets the two results vary by
 * different amounts and be of different numbers of runs. It takes them for independent: where both ran the same
 * seeds and what is random acts on both alike, it finds less than there is, not more.
 */

import { type MeasureIn, measuresIn } from "../results/measures.js";
import type { Repeats, Spread } from "../results/row.js";
import { tQuantile95 } from "./student-t.js";

/** The means of a measure. */
export interface MeanChange {
  readonly name: MeasureIn<"repeat">;
  readonly a: number;
  readonly b: number;
  /** B's less A's. */
  readonly change: number;
  /** Half the width of the change's interval of 95 % confidence; 0 where no seed makes a difference. */
  readonly halfWidth: number;
  /** Whether that interval leaves out 0. */
  readonly isSignificant: boolean;
}

export interface RepeatsChange {
  /** Runs of each result; 1 for a row that was not repeated. */
  readonly runs: { readonly a: number; readonly b: number };
  /** Those whose means differ. */
  readonly means: readonly MeanChange[];
  /** Why nothing can be said, in one clause; there are no means then. */
  readonly whyNot?: string;
}

/** @returns undefined where neither was repeated */
export function repeatsChange(a: Repeats | undefined, b: Repeats | undefined): RepeatsChange | undefined {
  if (a === undefined && b === undefined) return undefined;
  const runs = { a: a?.runs ?? 1, b: b?.runs ?? 1 };
  const nothing = (whyNot: string): RepeatsChange => ({ runs, means: [], whyNot });
  if (a === undefined || b === undefined) {
    return nothing(`only ${a === undefined ? "B" : "A"} was repeated with other seeds`);
  }
  if (a.failed + b.failed > 0) return nothing("some of the runs with other seeds failed");
  const means = measuresIn("repeat").flatMap(({ name }) => {
    const [own, other] = [a[name], b[name]] as (Spread | undefined)[];
    return own === undefined || other === undefined || own.mean === other.mean
      ? []
      : [meanChange(name, { ...own, runs: a.runs }, { ...other, runs: b.runs })];
  });
  return { runs, means };
}

interface Sample extends Spread {
  /** 2 or more. */
  readonly runs: number;
}

function meanChange(name: MeanChange["name"], a: Sample, b: Sample): MeanChange {
  const change = b.mean - a.mean;
  const halfWidth = welchHalfWidth(a, b);
  return { name, a: a.mean, b: b.mean, change, halfWidth, isSignificant: Math.abs(change) > halfWidth };
}

/** Half the width of the interval of 95 % confidence of the difference of two means (Welch and Satterthwaite). */
export function welchHalfWidth(a: Sample, b: Sample): number {
  const [own, other] = [a, b].map(({ halfWidth, runs }) => {
    const squaredError = (halfWidth / tQuantile95(runs - 1)) ** 2;
    return { squaredError, part: squaredError ** 2 / (runs - 1) };
  }) as [{ squaredError: number; part: number }, { squaredError: number; part: number }];
  const squaredError = own.squaredError + other.squaredError;
  if (squaredError === 0) return 0;
  return tQuantile95(squaredError ** 2 / (own.part + other.part)) * Math.sqrt(squaredError);
}
