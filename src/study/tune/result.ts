/** Results of a tuning. Times are integer nanoseconds, sizes integer bytes. */

import type { MeasureIn } from "../../results/measures.js";
import type { Outcome, RunResult } from "../../results/row.js";
import type { ChargedTime, TimeRange } from "../assumed-prices.js";
import type { RangeEnd } from "../uncertainty.js";
import type { Knob, KnobValue, Reach } from "./knob.js";
import type { Stage } from "./objective.js";

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
  /** For the limit of what the firmware accepts: what it takes the value for, and where RAM is. */
  readonly reach?: Reach;
  readonly best: KnobValue;
  /** Whether any two of its values gave other results. */
  readonly acts: boolean;
  /** The least value that gets ready, the next one tried below, and why that does not; null where all do. */
  readonly least: { readonly value: KnobValue; readonly below: KnobValue; readonly why: string } | null;
  /** In the order of the knob's values. */
  readonly points: readonly (Pick<TunePoint, "objective" | "loss" | MeasureIn<"tune">> & {
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
  /** Settings that were tried at every end, the recommended one among them. */
  readonly settings: number;
  /** Assumed parameters that were turned: those that price anything that happened. */
  readonly prices: readonly string[];
  readonly within: number;
  /** Whether the setting costs less than `within` everywhere, and keeps to the constraints. */
  readonly survives: boolean;
  /** The first stage of the objective at the recommended setting, over all ends where that gets ready. */
  readonly objective: { readonly low: number; readonly default: number; readonly high: number };
  /** The most by which it is worse than the best setting tried at an end; null where it does not get ready. */
  readonly regret: number | null;
  readonly variants: readonly (RangeEnd & {
    /** The price at that end; null for all at once. */
    readonly valueNs: number | null;
    readonly outcome: Outcome;
    readonly broken: readonly string[];
    /** The objective of the recommended setting; null where it does not get ready. */
    readonly objective: readonly number[] | null;
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
      | "prices"
      | "memoryBytes"
      | "vcpus"
      | "workload"
      | "remarks"
    > {
  readonly constraints: readonly string[];
  /** Values of the knobs in the scenario as it stands, as far as it has them. */
  readonly asItStands: KnobValues;
  readonly uncertainty?: Sensitivity;
}

export interface TuneFindings {
  /** As the user wrote it, or the measure that it is by default. */
  readonly objective: string;
  /** The same in parts: the unit of each stage's value, and its terms with what they are divided by. */
  readonly stages: readonly Stage[];
  /** The time that the front goes by. */
  readonly time: ChargedTime;
  /** That time at the best setting over low and high values of assumed prices, to first order; null without one. */
  readonly timeRange: TimeRange | null;
  readonly seeds: number;
  readonly evaluated: number;
  readonly gridSize: number;
  /** The scenario as it stands, without any knob turned: `knobs` is empty. */
  readonly start: TunePoint;
  /** Null if none gets ready and keeps to the constraints. */
  readonly best: TunePoint | null;
  /** Settings that no other one beats in both `time` and overhead, by rising time. */
  readonly front: readonly TunePoint[];
  /** The part of the box between nothing and the worst time and overhead seen that the front dominates. */
  readonly hypervolume: {
    readonly shareOfBox: number;
    readonly referenceTimeNs: number;
    readonly referenceOverheadBytes: number;
  } | null;
  readonly curves: readonly KnobCurve[];
  /** Every setting tried, in the order of the grid. */
  readonly points: readonly TunePoint[];
}
