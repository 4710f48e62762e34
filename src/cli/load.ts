/** Reads scenario files and every recording that they replay. */

import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { parseScenario, scenarioOutlook } from "../scenario/load.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Assignment } from "../scenario/set.js";
import { isRandom, withSeed } from "../study/repeat.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { isGenerated } from "../workload/generators/index.js";
import { bundledWorkload, scenarioPath } from "./bundled.js";
import { readInputText } from "./input-file.js";
import { WorkloadLoader } from "./load-recording.js";
import { priceSetsFor } from "./price-sets.js";

export interface LoadedScenario {
  readonly scenario: Scenario;
  /** The same object for all runs that replay it. */
  readonly recording: LoadedWorkload;
  /** The same with other seeds, if the run is to be repeated and anything in it is random. */
  readonly repeats: readonly LoadedScenario[];
}

/**
 * How many runs each file asks for, without repeats, told without loading more than its first scenario.
 *
 * @throws what `loadScenarios` throws
 */
export function outlookOf(
  paths: readonly string[],
  assignments: readonly Assignment[],
  loader: WorkloadLoader = new WorkloadLoader(),
): { readonly count: number; readonly first: LoadedScenario }[] {
  return paths.map(scenarioPath).map((path) => {
    const { count, first } = scenarioOutlook(readInputText(path), path, assignments, priceSetsFor(path));
    // Without points of a study, a file that makes no run has been refused.
    const scenario = first!;
    return { count, first: { scenario, recording: workloadOf(scenario, path, loader), repeats: [] } };
  });
}

export interface LoadOptions {
  /** How many runs each is to become, with seeds that follow its own; 1 or more. */
  readonly repeat?: number;
  readonly loader?: WorkloadLoader;
  /** Called with each thing that is not done as it was asked. */
  readonly remark?: (text: string) => void;
}

/**
 * @param paths of scenario files, or names of bundled ones
 * @param assignments written over each of them
 * @returns the runs of the files, in their order
 * @throws UsageError, ScenarioError or TraceError, each with a message of one line that names the file
 */
export function loadScenarios(
  paths: readonly string[],
  assignments: readonly Assignment[],
  { repeat = 1, loader = new WorkloadLoader(), remark = () => {} }: LoadOptions = {},
): LoadedScenario[] {
  const all = paths.map(scenarioPath).flatMap((path) => {
    const sets = priceSetsFor(path);
    const scenarios = parseScenario(readInputText(path), path, assignments, sets);
    for (const set of sets.read.values()) {
      if (scenarios.every(({ prices }) => prices !== set)) {
        remark(`prices ${set.name}: of platform ${set.platform}, on which nothing runs`);
      }
    }
    return scenarios.map((scenario) => ({ scenario, path }));
  });
  const different = [...new Map(all.map((one) => [runKey(one), one])).values()];
  const twice = all.length - different.length;
  if (twice > 0) remark(repeatsText(twice));
  return different.map(({ scenario, path }) => {
    const loaded = (later: number): LoadedScenario => {
      const own = withSeed(scenario, later);
      return { scenario: own, recording: workloadOf(own, path, loader), repeats: [] };
    };
    const others = isRandom(scenario) ? Array.from({ length: repeat - 1 }, (_value, at) => at + 1) : [];
    return { ...loaded(0), repeats: others.map(loaded) };
  });
}

export function repeatsText(twice: number): string {
  return twice === 1
    ? "1 run is the same as another, and made once"
    : `${twice} runs are the same as others, and made once`;
}

function runKey({ scenario, path }: { readonly scenario: Scenario; readonly path: string }): string {
  const { workload } = scenario;
  const replayed = isGenerated(workload) ? workload : resolve(workloadPath(path, workload));
  return JSON.stringify({ ...scenario, workload: replayed });
}

export function workloadOf(scenario: Scenario, scenarioFile: string, loader: WorkloadLoader): LoadedWorkload {
  return isGenerated(scenario.workload)
    ? loader.generate(scenario)
    : loader.load(workloadPath(scenarioFile, scenario.workload));
}

/** A workload named by a file, as a path from the working directory; a file next to it takes precedence over a bundled one. */
function workloadPath(file: string, mentioned: string): string {
  const path = isAbsolute(mentioned) ? mentioned : join(dirname(file), mentioned);
  return existsSync(path) ? path : (bundledWorkload(mentioned) ?? path);
}
