/** Whether a recommended setting is still good where the assumed parameters are not what they are assumed to be. */

import { parametersOf } from "../../coco/price-set.js";
import type { Condition } from "../../results/conditions.js";
import type { RunResult } from "../../results/row.js";
import type { Scenario } from "../../scenario/scenario.js";
import { actingVariants } from "../acting-prices.js";
import { inOrder } from "../in-order.js";
import { EQUALLY_GOOD, isReady, type Judge, measurementOf, meets } from "./measurement.js";
import type { KnobValues, Sensitivity, TuneFindings, TunePoint } from "./result.js";

/** Settings that are tried again besides the recommended one. */
export const MOST_RIVALS = 8;

export interface SensitivityLab {
  scenarioOf(knobs: KnobValues): Scenario;
  /** May answer later, and is asked for all variants at once. */
  run(variant: Scenario, knobs: KnobValues): Promise<RunResult>;
  /** Events of all runs of the tuning (`eventsIn`). */
  readonly happened: ReadonlySet<string>;
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
  const measured = async (variant: Scenario, knobs: KnobValues) => ({
    knobs,
    measured: measurementOf([await lab.run(variant, knobs)], constraints),
  });
  const variantsOf = settings.map((knobs) => actingVariants(lab.scenarioOf(knobs), lab.happened));
  const triedAt = await inOrder(
    variantsOf[0]!.map(({ parameter, end }) =>
      inOrder(
        settings.flatMap((knobs, index) => {
          // A setting of another platform has other parameters.
          const variant = variantsOf[index]!.find((one) => one.parameter === parameter && one.end === end);
          return variant === undefined ? [] : [measured(variant.scenario, knobs)];
        }),
      ),
    ),
  );
  const variants = variantsOf[0]!.map(({ parameter, end, scenario }, at): Sensitivity["variants"][number] => {
    const tried = triedAt[at]!;
    const own = tried[0]!.measured;
    const winner = judge.rank(tried.filter(({ measured }) => meets(measured)))[0];
    return {
      parameter,
      end,
      valueNs: parametersOf(scenario.platform.kind, scenario.prices)[parameter]?.[end] ?? null,
      outcome: own.outcome,
      broken: own.broken,
      objective: isReady(own) ? judge.objectiveOf(own) : null,
      best: winner?.knobs ?? null,
      loss: winner === undefined ? null : judge.loss(own, winner.measured),
    };
  });
  const values = [best.objective[0]!, ...variants.flatMap(({ objective }) => objective?.[0] ?? [])];
  const losses = variants.map(({ loss }) => loss);
  return {
    runs: triedAt.flat().length,
    settings: settings.length,
    prices: [...new Set(variants.flatMap(({ parameter, valueNs }) => (valueNs === null ? [] : [parameter])))],
    within: EQUALLY_GOOD,
    survives: variants.every(
      ({ loss, broken }) => loss !== null && loss < EQUALLY_GOOD && broken.length === 0,
    ),
    objective: { low: Math.min(...values), default: best.objective[0]!, high: Math.max(...values) },
    regret: losses.includes(null) ? null : Math.max(0, ...(losses as number[])),
    variants,
  };
}

/** Other settings that get ready: a step from the best, both ends of the front, and others spread over the grid. */
function rivalsOf({ points, front, curves }: TuneFindings, best: TunePoint): TunePoint[] {
  const others = points.filter(
    (point) => point.outcome === "ready" && point.problems === undefined && point.knobs !== best.knobs,
  );
  const steps = curves.flatMap(({ knob, steps: own }) =>
    own.flatMap(({ value }) => others.filter(({ knobs }) => isTurned(knobs, best.knobs, knob, value))),
  );
  const ends = [front[0], front.at(-1)].filter(
    (point) => point !== undefined && point.knobs !== best.knobs,
  ) as TunePoint[];
  const near = distinct([...steps, ...ends]).slice(0, MOST_RIVALS);
  const count = Math.min(others.length, MOST_RIVALS - near.length);
  const spread = Array.from({ length: count }, (_none, index) => {
    const share = count === 1 ? 0 : index / (count - 1);
    return others[Math.round(share * (others.length - 1))]!;
  });
  return distinct([...near, ...spread]);
}

function distinct(points: readonly TunePoint[]): TunePoint[] {
  return points.filter(({ knobs }, at) => points.findIndex((other) => other.knobs === knobs) === at);
}

/** Whether settings differ in one knob, which has the value in the first. */
function isTurned(knobs: KnobValues, from: KnobValues, knob: string, value: KnobValues[string]): boolean {
  return Object.keys(from).every((path) => knobs[path] === (path === knob ? value : from[path]));
}
