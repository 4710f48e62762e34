/** Reads scenario files and every recording that they replay. */

import { dirname, isAbsolute, join } from "node:path";
import { parseScenario } from "../scenario/load.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Assignment } from "../scenario/set.js";
import { isRandom, withSeed } from "../study/repeat.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { isGenerated } from "../workload/generators/index.js";
import { WorkloadLoader } from "./load-recording.js";
import { readInputText } from "./read-file.js";

/** A run with all it needs. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  /** The same object for all runs that replay it. */
  readonly recording: LoadedWorkload;
  /** The same with other seeds, if the run is to be repeated and anything in it is random. */
  readonly again: readonly LoadedScenario[];
}

/** How scenarios are loaded. */
export interface LoadOptions {
  /** How many runs each is to become, with seeds that follow its own; 1 or more. Default 1. */
  readonly repeat?: number;
  /** Remembers the workloads that other calls have loaded. Default: one of its own. */
  readonly loader?: WorkloadLoader;
}

/**
 * @param paths of scenario files
 * @param assignments written over each of them
 * @returns the runs of the files, in their order
 * @throws UsageError, ScenarioError or TraceError, each with a message of one line that names the file
 */
export function loadScenarios(
  paths: readonly string[],
  assignments: readonly Assignment[],
  { repeat = 1, loader = new WorkloadLoader() }: LoadOptions = {},
): LoadedScenario[] {
  return paths
    .flatMap((path) =>
      parseScenario(readInputText(path), path, assignments).map((scenario) => ({
        scenario,
        path,
      })),
    )
    .map(({ scenario, path }) => {
      const loaded = (later: number): LoadedScenario => {
        const own = withSeed(scenario, later);
        return { scenario: own, recording: workloadOf(own, path, loader), again: [] };
      };
      const others = isRandom(scenario) ? Array.from({ length: repeat - 1 }, (_value, at) => at + 1) : [];
      return {
        ...loaded(0),
        again: others.map(loaded),
      };
    });
}

/**
 * What a scenario of a file replays.
 *
 * @param scenarioPath of the file, beside which its workload is
 */
export function workloadOf(scenario: Scenario, scenarioPath: string, loader: WorkloadLoader): LoadedWorkload {
  return isGenerated(scenario.workload)
    ? loader.generate(scenario)
    : loader.load(resolveBeside(scenarioPath, scenario.workload));
}

/** A path that a file mentions, as seen from where the program runs. */
function resolveBeside(file: string, mentioned: string): string {
  return isAbsolute(mentioned) ? mentioned : join(dirname(file), mentioned);
}
