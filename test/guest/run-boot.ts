import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import type { Booted } from "../../src/guest/state.js";
import type { RunResult } from "../../src/results/row.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { runGuest, runScenario } from "../../src/study/run-scenario.js";
import type { LoadedWorkload } from "../../src/workload/after-boot.js";
import { LOADER } from "../loader.js";

/** Runs the one scenario that `workloads/boot.yaml` makes with these assignments, checked all the way. */
export function runBoot(...assignments: readonly string[]): RunResult {
  const loaded = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), { loader: LOADER });
  assert.is(loaded.length, 1);
  return runScenario(loaded[0]!.scenario, loaded[0]!.recording, { check: true });
}

/** A guest that came through all of its scenario, checked all the way unless it is said. */
export function livedGuest(scenario: Scenario, loaded: LoadedWorkload, check = true): Booted {
  const { guest, ended } = runGuest(scenario, loaded, { check });
  if (ended !== undefined) throw ended;
  return guest as Booted;
}
