/** What a search is measured against: every setting of the grid. */

import { type Judge, type Measurement, measurementOf } from "../src/study/tune/measurement.js";
import type { KnobValues } from "../src/study/tune/result.js";
import type { Lab } from "../src/study/tune/trials.js";
import { gridSize, type TuneRequest } from "../src/study/tune/tune.js";

/** The best setting of a grid and what it took to find it. */
export interface WholeGrid {
  readonly knobs: KnobValues;
  readonly objective: readonly number[];
  readonly runs: number;
  /** Share by which the setting that a search found is worse; null if it does not get ready. */
  lossOf(found: KnobValues): number | null;
}

/** Runs all settings with all seeds and ranks them as the search does. */
export async function measureWholeGrid(request: TuneRequest, judge: Judge, lab: Lab): Promise<WholeGrid> {
  const { knobs, constraints, seeds } = request;
  const tried: { readonly knobs: KnobValues; readonly measured: Measurement }[] = [];
  for (let index = 0; index < gridSize(knobs); index++) {
    let rest = index;
    const values: Record<string, KnobValues[string]> = {};
    for (const knob of knobs) {
      values[knob.path] = knob.values[rest % knob.values.length]!;
      rest = Math.floor(rest / knob.values.length);
    }
    const results = [];
    for (let seed = 0; seed < seeds; seed++) results.push(await lab.run(values, seed));
    tried.push({ knobs: values, measured: measurementOf(results, constraints) });
  }
  const best = judge.rank(tried)[0]!;
  return {
    knobs: best.knobs,
    objective: judge.objectiveOf(best.measured),
    runs: tried.length * seeds,
    lossOf: (found) => {
      const own = tried.find((one) => knobs.every(({ path }) => one.knobs[path] === found[path]))!;
      return judge.loss(own.measured, best.measured);
    },
  };
}
