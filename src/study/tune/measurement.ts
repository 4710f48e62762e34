/** Settings as they were measured, and which of two is better. */

import { type Condition, excess } from "../../results/conditions.js";
import { MEASURES, type MeasureName, numberIn } from "../../results/measures.js";
import { isSound, problemsOf } from "../../results/problems.js";
import type { Outcome, RunResult } from "../../results/row.js";
import type { Objective } from "./objective.js";

/** Loss below which two settings count as equally good. */
export const EQUALLY_GOOD = 0.02;

/** Share by which a stage of an objective may be worse than its best before the next stage counts no more. */
const SAME_STAGE = 0.01;

export interface Measurement {
  readonly runs: number;
  readonly outcome: Outcome;
  readonly reason?: string;
  /** Problems of the first run that is not sound, besides its outcome. */
  readonly problems: readonly string[];
  /** Mean of every measure over the runs. */
  readonly values: Readonly<Record<MeasureName, number>>;
  readonly broken: readonly string[];
  /** Sum of how far the broken constraints are exceeded, as shares. */
  readonly excess: number;
}

/** @param results of one setting, at least one */
export function measurementOf(results: readonly RunResult[], constraints: readonly Condition[]): Measurement {
  const failed = results.find((result) => !isSound(result));
  const values = Object.fromEntries(
    MEASURES.map((measure) => {
      const mean = results.reduce((sum, run) => sum + numberIn(measure, run), 0) / results.length;
      return [measure.name, measure.is === "share" || measure.is === "ratio" ? mean : Math.round(mean)];
    }),
  ) as Record<MeasureName, number>;
  const broken = constraints.filter((one) => excess(one, values[one.measure.name]) > 0);
  return {
    runs: results.length,
    outcome: failed?.outcome ?? "ready",
    ...(failed?.reason === undefined ? {} : { reason: failed.reason }),
    problems: failed === undefined ? [] : problemsOf(failed).map(({ text }) => text),
    values,
    broken: failed === undefined ? broken.map(({ text }) => text) : [],
    excess: broken.reduce((sum, one) => sum + excess(one, values[one.measure.name]), 0),
  };
}

export function isReady({ outcome, problems }: Pick<Measurement, "outcome" | "problems">): boolean {
  return outcome === "ready" && problems.length === 0;
}

/** Whether the setting also keeps to the constraints. */
export function meets(measured: Measurement): boolean {
  return isReady(measured) && measured.broken.length === 0;
}

export class Judge {
  readonly #objective: Objective;

  constructor(objective: Objective) {
    this.#objective = objective;
  }

  /** One value for each stage, small is good. */
  objectiveOf({ values }: Pick<Measurement, "values">): number[] {
    return this.#objective.stages.map(({ terms }) =>
      terms.reduce((sum, { weight, measure, per = 1 }) => sum + (weight * values[measure]) / per, 0),
    );
  }

  /**
   * Best first; equals stay in their order. Settings that keep to the constraints come before those that do
   * not, by how far, and those that never got ready, or in which something went wrong, come last. Of several
   * stages the first counts up to 1 %: what is no worse than the best by more counts as the same, and the next
   * one decides.
   */
  rank<T extends { readonly measured: Measurement }>(tried: readonly T[]): T[] {
    const ranked = tried.map((one) => ({ one, key: this.objectiveOf(one.measured) }));
    let within = ranked.filter(({ one }) => meets(one.measured));
    for (let stage = 0; stage < this.#objective.stages.length - 1; stage++) {
      const least = Math.min(...within.map(({ key }) => key[stage]!));
      const bound = least * (1 + SAME_STAGE);
      for (const { key } of ranked) if (key[stage]! <= bound) key[stage] = least;
      within = within.filter(({ key }) => key[stage]! <= bound);
    }
    return ranked
      .sort(
        (a, b) =>
          badness(a.one.measured) - badness(b.one.measured) ||
          a.one.measured.excess - b.one.measured.excess ||
          compareInOrder(a.key, b.key),
      )
      .map(({ one }) => one);
  }

  /** Share by which a setting is worse than another one, in the first stage where it differs by more than 1 %. */
  loss(measured: Measurement, best: Measurement): number | null {
    if (!isReady(measured) || !isReady(best)) return null;
    const [own, least] = [this.objectiveOf(measured), this.objectiveOf(best)];
    const last = own.length - 1;
    const stage = own.findIndex((value, at) => at === last || share(value, least[at]!) > SAME_STAGE);
    return Math.max(0, share(own[stage]!, least[stage]!));
  }
}

function badness(measured: Measurement): number {
  if (!isReady(measured)) return 2;
  return measured.broken.length > 0 ? 1 : 0;
}

/** By the first number that differs. */
export function compareInOrder(a: readonly number[], b: readonly number[]): number {
  const first = a.findIndex((value, at) => value !== b[at]);
  return first === -1 ? 0 : a[first]! - b[first]!;
}

/** By how much the value is more, as a share; of nothing, itself. */
function share(value: number, least: number): number {
  return least === 0 ? value : value / least - 1;
}
