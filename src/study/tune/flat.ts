/** How flat the optimum is along one knob, and what one wrong step costs. */

import { eachIn } from "../../results/measures.js";
import { STEPS_PER_DOUBLING } from "./knob.js";
import { EQUALLY_GOOD, isReady, type Judge, type Measurement, meets } from "./measurement.js";
import type { KnobCurve } from "./result.js";
import type { Setting, Trial, Trials } from "./trials.js";

/**
 * Measures half and twice the best value of every ordered knob, and finds the ends of the region
 * round it that is equally good, as far as the budget goes.
 */
export async function measureRoundBest(trials: Trials, judge: Judge, best: Trial): Promise<void> {
  const ordered = [...trials.knobs.keys()].filter((knob) => trials.knobs[knob]!.unit !== "name");
  trials.expect(
    ordered.flatMap((knob) => [stepFrom(trials, best, knob, -1), stepFrom(trials, best, knob, 1)]),
    trials.seeds,
  );
  for (const knob of ordered) {
    for (const direction of [-1, 1] as const) {
      await trials.measure(stepFrom(trials, best, knob, direction), trials.seeds);
      await findEdge(trials, judge, best, { knob, direction });
    }
    await findLeast(trials, best, knob);
  }
}

/** Halves what lies between the nearest smaller value that does not get ready, if any is known, and those that do. */
async function findLeast(trials: Trials, best: Trial, knob: number): Promise<void> {
  for (;;) {
    const { ready, failed } = knownLeast(trials, best, knob);
    if (failed === undefined || ready - failed <= 1) return;
    const between = best.setting.with(knob, Math.floor((ready + failed) / 2));
    if ((await trials.measure(between, 1)) === undefined) return;
  }
}

/** Positions of the smallest value from which on all that were tried get ready, and of the largest below that does not. */
function knownLeast(
  trials: Trials,
  { setting }: Trial,
  knob: number,
): { readonly ready: number; readonly failed?: number } {
  let ready = setting[knob]!;
  for (let at = ready - 1; at >= 0; at--) {
    const trial = trials.known(setting.with(knob, at));
    if (trial === undefined) continue;
    if (!isReady(trial.measured)) return { ready, failed: at };
    ready = at;
  }
  return { ready };
}

interface Way {
  readonly knob: number;
  readonly direction: -1 | 1;
}

/** Goes outwards in doubled strides to the first setting that is worse, then halves what lies between. */
async function findEdge(trials: Trials, judge: Judge, best: Trial, way: Way): Promise<void> {
  const farthest = distanceToEnd(trials, best, way);
  for (let stride = 1; ; stride *= 2) {
    const { good, bad } = knownEdge(trials, judge, best, way);
    if (bad === undefined ? good === farthest : bad - good <= 1) return;
    const next = bad === undefined ? Math.min(good + stride, farthest) : Math.floor((good + bad) / 2);
    if ((await trials.measure(along(best, way, next), trials.seeds)) === undefined) return;
  }
}

/** The farthest setting up to which all that were tried are good, and the nearest bad one after it. */
function knownEdge(
  trials: Trials,
  judge: Judge,
  best: Trial,
  way: Way,
): { readonly good: number; readonly bad?: number } {
  let good = 0;
  const farthest = distanceToEnd(trials, best, way);
  for (let distance = 1; distance <= farthest; distance++) {
    const trial = trials.known(along(best, way, distance));
    if (trial === undefined) continue;
    if (!isGood(judge, trial, best)) return { good, bad: distance };
    good = distance;
  }
  return { good };
}

function isGood(judge: Judge, trial: Trial, best: Trial): boolean {
  return meets(trial.measured) && judge.loss(trial.measured, best.measured)! < EQUALLY_GOOD;
}

function along({ setting }: Trial, { knob, direction }: Way, distance: number): Setting {
  return setting.with(knob, setting[knob]! + direction * distance);
}

function distanceToEnd(trials: Trials, { setting }: Trial, { knob, direction }: Way): number {
  return direction < 0 ? setting[knob]! : trials.knobs[knob]!.values.length - 1 - setting[knob]!;
}

/** One doubling away: half or twice the value, or the nearest the grid has; its end if that is nearer. */
function stepFrom(trials: Trials, best: Trial, knob: number, direction: -1 | 1): Setting {
  const values = trials.knobs[knob]!.values as readonly number[];
  const here = best.setting[knob]!;
  const target = values[here]! * 2 ** direction;
  let at = here;
  // A list of values need not be as fine as a range, so look for the value rather than count.
  for (let count = 0; count < STEPS_PER_DOUBLING; count++) {
    const next = values[at + direction];
    const isNearer = next !== undefined && Math.abs(next - target) < Math.abs(values[at]! - target);
    if (!isNearer && at !== here) break;
    if (next === undefined) break;
    at += direction;
  }
  return best.setting.with(knob, at);
}

/** Whether any measure of two settings differs; of a single one nothing is known. */
function differ(measured: readonly Measurement[]): boolean {
  const [first, ...others] = measured.map(({ values }) => JSON.stringify(values));
  return others.length === 0 || others.some((other) => other !== first);
}

function leastOf(trials: Trials, best: Trial, index: number): KnobCurve["least"] {
  const knob = trials.knobs[index]!;
  if (knob.unit === "name") return null;
  const { ready, failed } = knownLeast(trials, best, index);
  if (failed === undefined) return null;
  const { measured } = trials.known(best.setting.with(index, failed))!;
  return {
    value: knob.values[ready]!,
    below: knob.values[failed]!,
    why: measured.reason ?? measured.problems[0] ?? measured.outcome,
  };
}

/** The curve of each knob, with the others at their best. */
export function curvesOf(trials: Trials, judge: Judge, best: Trial): KnobCurve[] {
  return trials.knobs.map((knob, index) => {
    const line = knob.values.flatMap((_value, at) => trials.known(best.setting.with(index, at)) ?? []);
    const turnedTo = ({ setting }: Trial) => knob.values[setting[index]!]!;
    const edge = (direction: -1 | 1) => {
      const { good } = knownEdge(trials, judge, best, { knob: index, direction });
      return knob.values[best.setting[index]! + direction * good]!;
    };
    const steps = ([-1, 1] as const).flatMap((direction) => {
      const setting = stepFrom(trials, best, index, direction);
      const trial = trials.known(setting);
      if (trial === undefined || setting[index] === best.setting[index]) return [];
      const loss = meets(trial.measured) ? judge.loss(trial.measured, best.measured) : null;
      return [{ direction: direction < 0 ? "down" : "up", value: turnedTo(trial), loss } as const];
    });
    return {
      knob: knob.path,
      unit: knob.unit,
      ...(knob.reach === undefined ? {} : { reach: knob.reach }),
      best: turnedTo(best),
      acts: differ(line.map(({ measured }) => measured).filter(isReady)),
      least: leastOf(trials, best, index),
      points: line.map((trial) => ({
        value: turnedTo(trial),
        objective: judge.objectiveOf(trial.measured),
        loss: judge.loss(trial.measured, best.measured),
        ...eachIn("tune", ({ name }) => trial.measured.values[name]),
        meets: meets(trial.measured),
      })),
      flat: knob.unit === "name" ? null : { low: edge(-1), high: edge(1), within: EQUALLY_GOOD },
      steps: knob.unit === "name" ? [] : steps,
    };
  });
}
