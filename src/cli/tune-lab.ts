/** The settings of a tuning: the scenario file with other values at the knobs. */

import { isDeepStrictEqual } from "node:util";
import type { Scenario } from "../scenario/scenario.js";
import type { Assignment } from "../scenario/set.js";
import { isRandom, withSeed } from "../study/repeat.js";
import { settingsOf } from "../study/settings.js";
import type { Knob } from "../study/tune/knob.js";
import type { KnobValues } from "../study/tune/result.js";
import { type LoadedScenario, loadedFrom, openScenario, type ScenarioFile } from "./load.js";
import { WorkloadLoader } from "./load-recording.js";
import { UsageError } from "./usage-error.js";

export type Setting = Pick<LoadedScenario, "scenario" | "workload" | "recording">;

/** A scenario file, whose lists make one guest for each combination, and knobs that are the same for all of them. */
export class TuneLab {
  /** Each at the first value of every knob. */
  readonly guests: readonly LoadedScenario[];
  readonly #file: ScenarioFile;
  readonly #assignments: readonly Assignment[];
  readonly #knobs: readonly Knob[];
  readonly loader: WorkloadLoader;
  readonly #loaded = new Map<string, readonly LoadedScenario[]>();

  /** @throws what `loadScenarios` throws, also for a knob that turns nothing */
  constructor(path: string, assignments: readonly Assignment[], knobs: readonly Knob[], lenient: boolean) {
    this.loader = new WorkloadLoader({ lenient });
    this.#file = openScenario(path);
    this.#assignments = assignments;
    this.#knobs = knobs;
    this.guests = this.#all(Object.fromEntries(knobs.map(({ path: knob, values }) => [knob, values[0]!])));
  }

  /** A guest with its knobs set. @throws UsageError if the scenario file then makes other guests */
  loaded(guest: number, knobs: KnobValues): LoadedScenario {
    const all = this.#all(knobs);
    const own = Object.keys(knobs).length === 0 ? startOf(all, this.guests[guest]!) : all[guest];
    if (own !== undefined && (all.length === this.guests.length || Object.keys(knobs).length === 0))
      return own;
    throw new UsageError(
      `--knob: ${this.#file.path} makes other guests with ${JSON.stringify(knobs)} than without`,
    );
  }

  /** Whether another seed would make another run of a guest; not all generators leave anything to chance. */
  isRandom(guest: number, knobs: KnobValues): boolean {
    const { scenario, recording } = this.loaded(guest, knobs);
    if (!isRandom(scenario)) return false;
    if (isRandom({ ...scenario, workload: "" })) return true;
    const other = this.loader.generate(withSeed(scenario, 1));
    return !isDeepStrictEqual(
      (recording.afterBoot ?? recording).requests,
      (other.afterBoot ?? other).requests,
    );
  }

  /** A run of a guest with its knobs set. @param seed 0 for the scenario's own, 1 for the next */
  setting(guest: number, knobs: KnobValues, seed: number): Setting {
    return this.variant(guest, knobs, withSeed(this.loaded(guest, knobs).scenario, seed));
  }

  /** @param scenario a variant of the guest's with these knobs */
  variant(guest: number, knobs: KnobValues, scenario: Scenario): Setting {
    const { workload } = this.loaded(guest, knobs);
    const loader = this.loader;
    return {
      scenario,
      workload,
      get recording() {
        return workload === undefined ? loader.generate(scenario) : loader.load(workload);
      },
    };
  }

  /** What a guest has at the knobs where none is turned, as far as it has a value there. */
  asItStands(guest: number): KnobValues {
    const settings = settingsOf(this.loaded(guest, {}).scenario);
    const values = this.#knobs.flatMap(({ path }) => {
      const value = path === "policy" ? this.loaded(guest, {}).scenario.policy : undefined;
      const own =
        value ??
        [path, `${path}Bytes`, `${path}Ns`].map((name) => settings[name]).find((one) => one !== undefined);
      return own === undefined ? [] : [[path, own] as const];
    });
    return Object.fromEntries(values);
  }

  #all(knobs: KnobValues): readonly LoadedScenario[] {
    const key = JSON.stringify(knobs);
    const known = this.#loaded.get(key);
    if (known !== undefined) return known;
    const turned = Object.entries(knobs).map(([path, value]) =>
      turnedKnob(this.#knobs.find((knob) => knob.path === path)!, value),
    );
    const loaded = loadedFrom([this.#file], [...this.#assignments, ...turned], { loader: this.loader });
    this.#loaded.set(key, loaded);
    return loaded;
  }
}

/** The text for the scenario file of a knob's value; a time has its unit. */
export function turnedKnob({ path, unit }: Knob, value: KnobValues[string]): Assignment {
  const written = unit === "ns" ? `${value}ns` : value;
  return { flag: `--knob ${path}=${written}`, path: path.split("."), value: written, varies: true };
}

const MACHINE: readonly (keyof Scenario)[] = [
  "platform",
  "prices",
  "memoryBytes",
  "vcpus",
  "kernel",
  "workload",
];

/** The guest as it stands in the file; where that has a list at a knob, the first of it. */
function startOf(
  all: readonly LoadedScenario[],
  { scenario: own }: LoadedScenario,
): LoadedScenario | undefined {
  const alike = (keys: readonly (keyof Scenario)[]): LoadedScenario | undefined =>
    all.find(({ scenario }) =>
      keys.every((key) => JSON.stringify(scenario[key]) === JSON.stringify(own[key])),
    );
  return alike([...MACHINE, "policy", "seed", "host", "guest"]) ?? alike(MACHINE) ?? all[0];
}
