/** Runs settings, each once for every seed, and stops when the runs are spent. */

import type { Condition } from "../../results/conditions.js";
import { isSound } from "../../results/problems.js";
import type { RunResult } from "../../results/row.js";
import type { Knob } from "./knob.js";
import { compareInOrder, type Measurement, measurementOf } from "./measurement.js";
import type { KnobValues } from "./result.js";

/** For each knob the position of its value on the grid. */
export type Setting = readonly number[];

export interface Lab {
  /**
   * @param knobs values of all knobs; nothing for the scenario as it stands
   * @param seed 0 for the scenario's own, 1 for the next
   */
  run(knobs: KnobValues, seed: number): Promise<RunResult>;
  /** Told of runs that are about to be asked for, one after the other, which it may begin. */
  expect?(knobs: KnobValues, seed: number): void;
}

export interface Trial {
  readonly setting: Setting;
  readonly knobs: KnobValues;
  readonly measured: Measurement;
}

export class Trials {
  readonly knobs: readonly Knob[];
  readonly seeds: number;
  runs = 0;
  readonly #constraints: readonly Condition[];
  readonly #budget: number;
  readonly #lab: Lab;
  readonly #results = new Map<string, RunResult[]>();
  readonly #trials = new Map<string, Trial>();

  /** @param budget most runs to make */
  constructor(
    knobs: readonly Knob[],
    constraints: readonly Condition[],
    lab: Lab,
    { seeds, budget }: { readonly seeds: number; readonly budget: number },
  ) {
    this.knobs = knobs;
    this.seeds = seeds;
    this.#constraints = constraints;
    this.#budget = budget;
    this.#lab = lab;
  }

  /** In the order of the grid. */
  all(): Trial[] {
    return [...this.#trials.values()].sort((a, b) => compareInOrder(a.setting, b.setting));
  }

  known(setting: Setting): Trial | undefined {
    return this.#trials.get(setting.join());
  }

  /** The first run of a setting that was measured. */
  firstRun({ setting }: Trial): RunResult {
    return this.#results.get(setting.join())![0]!;
  }

  /**
   * Measures a setting with at least `seeds` seeds; runs made before count. A first run that does
   * not get ready, or has a problem, says enough.
   *
   * @returns undefined where the budget does not suffice
   */
  async measure(setting: Setting, seeds: number): Promise<Trial | undefined> {
    const key = setting.join();
    const missing = this.#missing(key, seeds);
    if (missing === 0) return this.#trials.get(key);
    if (this.runs + missing > this.#budget) return undefined;
    this.expect([setting], seeds);
    const results = this.#results.get(key) ?? [];
    const knobs = this.valuesAt(setting);
    for (let seed = results.length; seed < seeds; seed++) {
      const result = await this.#lab.run(knobs, seed);
      this.runs++;
      results.push(result);
      if (!isSound(result)) break;
    }
    this.#results.set(key, results);
    const trial = { setting, knobs, measured: measurementOf(results, this.#constraints) };
    this.#trials.set(key, trial);
    return trial;
  }

  /**
   * Tells the lab of what `measure` will ask for with these settings, as far as the budget is sure to suffice; of a
   * setting that turns out not to get ready all seeds but the first are made in vain.
   */
  expect(settings: readonly Setting[], seeds: number): void {
    let { runs } = this;
    for (const [key, setting] of new Map(settings.map((one) => [one.join(), one]))) {
      const missing = this.#missing(key, seeds);
      if (runs + missing > this.#budget) continue;
      runs += missing;
      for (let seed = seeds - missing; seed < seeds; seed++) this.#lab.expect?.(this.valuesAt(setting), seed);
    }
  }

  #missing(key: string, seeds: number): number {
    const results = this.#results.get(key) ?? [];
    return results.some((result) => !isSound(result)) ? 0 : Math.max(0, seeds - results.length);
  }

  valuesAt(setting: Setting): KnobValues {
    return Object.fromEntries(this.knobs.map(({ path, values }, index) => [path, values[setting[index]!]!]));
  }
}
