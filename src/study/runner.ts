/** Scenarios with the workloads that they replay. */

import type { RunResult } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import type { LoadedWorkload } from "../workload/after-boot.js";
import { runScenario } from "./run-scenario.js";

/** A run to make. */
export interface ScenarioToRun {
  readonly scenario: Scenario;
  /** May be the same object for any number of scenarios. */
  readonly workload: LoadedWorkload;
}

/**
 * For `compare` and `uncertainty`, which ask for runs of scenarios.
 *
 * @returns simulates one of these scenarios on its workload, or a variant of one, such as with other prices; the
 *   `of` tells of which. Throws Error for a scenario that is none of these
 */
export function runnerOf(runs: readonly ScenarioToRun[]): (scenario: Scenario, of?: Scenario) => RunResult {
  const workloads = new Map(runs.map(({ scenario, workload }) => [scenario, workload]));
  return (scenario, of = scenario) => {
    const workload = workloads.get(of);
    if (workload === undefined) throw new Error(`study: no workload for scenario ${of.name}`);
    return runScenario(scenario, workload, { check: false });
  };
}
