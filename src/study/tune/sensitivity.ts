/** Whether a recommended setting is still good where the assumed parameters are not what they are assumed to be. */

import type { Condition } from "../../results/conditions.js";
import type { RunResult } from "../../results/row.js";
import type { Scenario } from "../../scenario/scenario.js";
import { rangeVariants } from "../uncertainty.js";
import { EQUALLY_GOOD, type Judge, measurementOf, meets } from "./measurement.js";
import type { KnobValues, Sensitivity, TuneFindings, TunePoint } from "./result.js";

/** Settings that are tried again besides the recommended one. */
const MOST_RIVALS = 8;

export interface SensitivityLab {
  scenarioOf(knobs: KnobValues): Scenario;
  run(variant: Scenario, knobs: KnobValues): Promise<RunResult>;
}

/**
 * Runs the best setting and its rivals at both ends of every assumed parameter, and at all ends at once.
 *
 * @param findings with a best setting
 */
export async function sensitivityOf(
  findings: TuneFindings,
  best: TunePoint,
  judge: Judge,
  constraints: readonly Condition[],
  lab: SensitivityLab,
): Promise<Sensitivity> {
  const settings = [best, ...rivalsOf(findings, best)].map(({ knobs }) => knobs);
  const variantsOf = settings.map((knobs) => rangeVariants(lab.scenarioOf(knobs)));
  const variants: Sensitivity["variants"][number][] = [];
  let runs = 0;
  for (const [at, { parameter, end }] of variantsOf[0]!.entries()) {
    const tried = [];
    for (const [index, knobs] of settings.entries()) {
      // A setting of another platform has other parameters.
      const variant = variantsOf[index]![at];
      if (variant?.parameter !== parameter || variant.end !== end) continue;
      tried.push({ knobs, measured: measurementOf([await lab.run(variant.scenario, knobs)], constraints) });
      runs++;
    }
    const own = tried[0]!.measured;
    const winner = judge.rank(tried.filter(({ measured }) => meets(measured)))[0];
    variants.push({
      parameter,
      end,
      outcome: own.outcome,
      broken: own.broken,
      best: winner?.knobs ?? null,
      loss: winner === undefined ? null : judge.loss(own, winner.measured),
    });
  }
  const survives = variants.every(
    ({ loss, broken }) => loss !== null && loss < EQUALLY_GOOD && broken.length === 0,
  );
  return { runs, within: EQUALLY_GOOD, survives, variants };
}

/** Other settings that get ready, spread evenly over the grid and with both ends of the front. */
function rivalsOf({ points, front }: TuneFindings, best: TunePoint): TunePoint[] {
  const others = points.filter(
    (point) => point.outcome === "ready" && point.problems === undefined && point.knobs !== best.knobs,
  );
  const ends = [front[0], front.at(-1)].filter((point) => point !== undefined && point.knobs !== best.knobs);
  const count = Math.min(others.length, MOST_RIVALS - ends.length);
  const spread = Array.from({ length: count }, (_none, index) => {
    const share = count === 1 ? 0 : index / (count - 1);
    return others[Math.round(share * (others.length - 1))]!;
  });
  const all = [...ends, ...spread] as TunePoint[];
  return all.filter(({ knobs }, at) => all.findIndex((other) => other.knobs === knobs) === at);
}
