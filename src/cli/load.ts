/** Reads scenario files and every recording that they replay. */

import { dirname, isAbsolute, join } from "node:path";
import { parseScenario } from "../scenario/load.js";
import type { Scenario } from "../scenario/scenario.js";
import type { Assignment } from "../scenario/set.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { isGenerated } from "../workload/generators/index.js";
import { readInput, WorkloadLoader } from "./load-recording.js";

/** A run with all it needs. */
export interface LoadedScenario {
  readonly scenario: Scenario;
  /** The same object for all runs that replay it. */
  readonly recording: LoadedWorkload;
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
): LoadedScenario[] {
  const loader = new WorkloadLoader();
  return paths
    .flatMap((path) =>
      parseScenario(readInput(path).toString("utf8"), path, assignments).map((scenario) => ({
        scenario,
        recordingPath: resolveBeside(path, scenario.workload),
      })),
    )
    .map(({ scenario, recordingPath }) => ({
      scenario,
      recording: isGenerated(scenario.workload) ? loader.generate(scenario) : loader.load(recordingPath),
    }));
}

/** A path that a file mentions, as seen from where the program runs. */
function resolveBeside(file: string, mentioned: string): string {
  return isAbsolute(mentioned) ? mentioned : join(dirname(file), mentioned);
}
