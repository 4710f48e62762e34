/** Tunes one guest: the best setting of its knobs, how flat the optimum is, and what it trades off. */

import type { Condition } from "../../results/conditions.js";
import { eachIn, type MeasureName } from "../../results/measures.js";
import { type ChargedTime, timeRange } from "../assumed-prices.js";
import { usualRank } from "../compare.js";
import { hypervolume, paretoFront } from "../pareto.js";
import { curvesOf, measureRoundBest } from "./flat.js";
import type { Knob } from "./knob.js";
import { Judge, type Measurement, measurementOf, meets } from "./measurement.js";
import { type Objective, parseObjective } from "./objective.js";
import type { KnobValues, TuneFindings, TunePoint } from "./result.js";
import { measureLattice, refine, refineFront } from "./search.js";
import { type Lab, type Trial, Trials } from "./trials.js";

export interface TuneRequest {
  /** Undefined: the time until all is done, which is that of the boot where no workload comes after it. */
  readonly objective: Objective | undefined;
  readonly constraints: readonly Condition[];
  /** At least one. */
  readonly knobs: readonly Knob[];
  /** Most runs to make. */
  readonly budget: number;
  /** Runs of a full measurement, each with a seed of its own; the same seeds for all settings. */
  readonly seeds: number;
}

/** @returns what was found, and the judge to measure other runs by */
export async function tune(
  request: TuneRequest,
  lab: Lab,
): Promise<{ readonly findings: TuneFindings; readonly judge: Judge }> {
  const { knobs, constraints, seeds, budget } = request;
  const asItStands = await lab.run({}, 0);
  const start = measurementOf([asItStands], constraints);
  const time = usualRank(asItStands)[0]!.name as ChargedTime;
  const objective = request.objective ?? parseObjective(time);
  const trials = new Trials(knobs, constraints, lab, { seeds, budget: budget - 1 });
  const stride = await measureLattice(trials, budget / seeds);
  const judge = new Judge(objective);
  await refine(trials, judge, stride);
  const best = bestOf(trials, judge);
  if (best !== undefined) {
    await measureRoundBest(trials, judge, best);
    await refineFront(trials, () => frontOf(trials, time), stride);
  }
  // What was measured last may have turned out better still.
  const final = bestOf(trials, judge);
  const point = (trial: Trial): TunePoint => pointOf(trial.knobs, trial.measured, judge, final?.measured);
  return {
    judge,
    findings: {
      objective: objective.text,
      stages: objective.stages,
      time,
      timeRange: final === undefined ? null : timeRange(trials.firstRun(final), time),
      evaluated: trials.runs + 1,
      gridSize: gridSize(knobs),
      seeds,
      start: pointOf({}, start, judge, final?.measured),
      best: final === undefined ? null : point(final),
      front: frontOf(trials, time).map(point),
      hypervolume: hypervolumeOf(trials, time),
      curves: final === undefined ? [] : curvesOf(trials, judge, final),
      points: trials.all().map(point),
    },
  };
}

export function gridSize(knobs: readonly Knob[]): number {
  return knobs.reduce((size, { values }) => size * values.length, 1);
}

/** The best of the settings that were measured with all seeds, or else of all. */
function bestOf(trials: Trials, judge: Judge): Trial | undefined {
  const suitable = trials.all().filter(({ measured }) => meets(measured));
  const whole = suitable.filter(({ measured }) => measured.runs === trials.seeds);
  return judge.rank(whole.length > 0 ? whole : suitable)[0];
}

function frontOf(trials: Trials, time: MeasureName): Trial[] {
  return paretoFront(suitableTradeOffs(trials, time)).map(({ trial }) => trial);
}

function suitableTradeOffs(trials: Trials, time: MeasureName): { x: number; y: number; trial: Trial }[] {
  return trials.all().flatMap((trial) => {
    const { [time]: x, overheadBytes: y } = trial.measured.values;
    return meets(trial.measured) ? [{ x, y, trial }] : [];
  });
}

function hypervolumeOf(trials: Trials, time: MeasureName): TuneFindings["hypervolume"] {
  const tradeOffs = suitableTradeOffs(trials, time);
  if (tradeOffs.length === 0) return null;
  const reference = {
    x: Math.max(...tradeOffs.map(({ x }) => x)),
    y: Math.max(...tradeOffs.map(({ y }) => y)),
  };
  const box = reference.x * reference.y;
  return {
    shareOfBox: box === 0 ? 0 : hypervolume(tradeOffs, reference) / box,
    referenceTimeNs: reference.x,
    referenceOverheadBytes: reference.y,
  };
}

function pointOf(
  knobs: KnobValues,
  measured: Measurement,
  judge: Judge,
  best: Measurement | undefined,
): TunePoint {
  const { runs, outcome, reason, problems, values, broken } = measured;
  return {
    knobs,
    runs,
    outcome,
    ...(reason === undefined ? {} : { reason }),
    ...(problems.length === 0 ? {} : { problems }),
    ...eachIn("tune", ({ name }) => values[name]),
    objective: judge.objectiveOf(measured),
    loss: best === undefined ? null : judge.loss(measured, best),
    broken,
  };
}
