/** One run of a sweep: what it is known by, and its line among the results. */

import { policyNamed } from "../../policy/policies.js";
import { rowRecord } from "../../results/formats.js";
import type { RunResult, Settings } from "../../results/row.js";
import type { Scenario } from "../../scenario/scenario.js";
import { settingsOf } from "../settings.js";

/**
 * The input of a run's id: its whole scenario, with the name of its workload, the digest of a policy that came
 * from a file, and prices that did. Equal for equal scenarios, whatever study or file they come from.
 *
 * @param version of the simulator
 */
export function runIdentity(scenario: Scenario, version: string): string {
  const settings = Object.entries(settingsOf(scenario)).sort(([a], [b]) => (a < b ? -1 : 1));
  const { sha256 } = policyNamed(scenario.policy);
  return JSON.stringify([
    version,
    scenario.policy,
    settings,
    ...(sha256 === undefined ? [] : [sha256]),
    ...(scenario.prices === undefined ? [] : [scenario.prices]),
  ]);
}

/**
 * A run as JSON, without the newline: the point of the study and which of its runs it is, the hash of
 * everything that decides the result, and the row as `compare` has it. The same run gives the same bytes.
 */
export function sweepLine(
  { point, run, id }: { readonly point: number; readonly run: number; readonly id: string },
  settings: Settings,
  result: RunResult,
): string {
  return JSON.stringify({ point, run, id, ...rowRecord({ ...result, settings }) });
}
