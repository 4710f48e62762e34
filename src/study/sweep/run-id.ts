import type { Scenario } from "../../scenario/scenario.js";
import { settingsOf } from "../settings.js";

/**
 * What a run's id is made of: its whole scenario, with the name of its workload. Equal for equal
 * scenarios, whatever study or file they come from.
 *
 * @param version of the simulator
 */
export function runIdentity(scenario: Scenario, version: string): string {
  const settings = Object.entries(settingsOf(scenario)).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([version, scenario.policy, settings]);
}
