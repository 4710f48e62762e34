/** Results of a tuning. Times are integer nanoseconds, sizes integer bytes. */

import type { MeasureIn } from "../../results/measures.js";
import type { Outcome, RunResult } from "../../results/row.js";
import type { RangeEnd } from "../uncertainty.js";
import type { Knob, KnobValue } from "./knob.js";

/** Values of all knobs, by their paths. */
export type KnobValues = Readonly<Record<string, KnobValue>>;

/** A setting that was tried, with means over its runs. */
export interface TunePoint extends Readonly<Record<MeasureIn<"tune">, number>> {
  readonly knobs: KnobValues;
  /** Runs it was measured with, one for each seed. */
  readonly runs: number;
  /** `ready`, or how the first run ended that did not get ready. */
  readonly outcome: Outcome;
  /** One sentence, for every outcome but `ready`. */
  readonly reason?: string;
  /** Other problems of a run; absent where there were none. */
  readonly problems?: readonly string[];
  /** One value for each stage of the objective, small is good. */
  readonly objective: readonly number[];
  /** Share by which the objective is worse than at the best setting; null where no run got ready. */
  readonly loss: number | null;
  /** Constraints that do not hold, as the user wrote them. */
  readonly broken: readonly string[];
}

/** The effect of one knob while the others are at their best. */
export interface KnobCurve {
  readonly knob: string;
  readonly unit: Knob["unit"];
  readonly best: KnobValue;
  /** In the order of the knob's values. */
  readonly points: readonly (Pick<TunePoint, "objective" | "loss" | "bootTimeNs" | "overheadBytes"> & {
    readonly value: KnobValue;
    /** Whether it gets ready and keeps to the constraints. */
    readonly meets: boolean;
  })[];
  /** Values round the best one of which all that were tried cost less than `within`; null for names. */
  readonly flat: { readonly low: KnobValue; readonly high: KnobValue; readonly within: number } | null;
  /** Half and twice the best value, as near as the grid has them. */
  readonly steps: readonly {
    readonly direction: "down" | "up";
    readonly value: KnobValue;
    readonly loss: number | null;
  }[];
}

/** Whether the best setting is still good where an assumed parameter is not what it is assumed to be. */
export interface Sensitivity {
  /** Runs besides those of the tuning. */
  readonly runs: number;
  readonly within: number;
  /** Whether the setting costs less than `within` everywhere, and keeps to the constraints. */
  readonly survives: boolean;
  readonly variants: readonly (RangeEnd & {
    readonly outcome: Outcome;
    readonly broken: readonly string[];
    /** The best of the settings that were tried again. */
    readonly best: KnobValues | null;
    /** How much worse the recommended setting is than that; null where it does not get ready. */
    readonly loss: number | null;
  })[];
}

/** The tuning of one guest; its policy is that of the best setting. Of `remarks` each line comes once. */
export interface Tuning
  extends TuneFindings,
    Pick<
      RunResult,
      | "scenario"
      | "platform"
      | "policy"
      | "kernel"
      | "kernelRules"
      | "memoryBytes"
      | "vcpus"
      | "workload"
      | "remarks"
    > {
  readonly objective: string;
  readonly constraints: readonly string[];
  readonly uncertainty?: Sensitivity;
}

export interface TuneFindings {
  readonly seeds: number;
  readonly evaluated: number;
  readonly gridSize: number;
  /** The scenario as it stands, without any knob turned: `knobs` is empty. */
  readonly start: TunePoint;
  /** Null if none gets ready and keeps to the constraints. */
  readonly best: TunePoint | null;
  /** Settings that no other one beats in both boot time and overhead, by rising boot time. */
  readonly front: readonly TunePoint[];
  /** The part of the box between nothing and the worst boot time and overhead seen that the front dominates. */
  readonly hypervolume: {
    readonly shareOfBox: number;
    readonly referenceBootTimeNs: number;
    readonly referenceOverheadBytes: number;
  } | null;
  readonly curves: readonly KnobCurve[];
  /** Every setting tried, in the order of the grid. */
  readonly points: readonly TunePoint[];
}
