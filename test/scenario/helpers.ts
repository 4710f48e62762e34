import { formatIssue, ScenarioError } from "../../src/scenario/error.js";
import { parseScenario } from "../../src/scenario/load.js";
import type { Scenario } from "../../src/scenario/scenario.js";

/** The least that a scenario file can say; lines 1 to 4. */
export const MINIMAL = "name: small\nworkload: recording.yaml\nplatform: tdx\nmemory: 4GiB\n";

/** The only scenario of a text. */
export function only(text: string, assignments: readonly string[] = []): Scenario {
  const scenarios = parseScenario(text, "file.yaml", assignments);
  if (scenarios.length !== 1) throw new Error(`expected one scenario, got ${scenarios.length}`);
  return scenarios[0]!;
}

/** All lines of the error that a function throws. */
export function linesOf(run: () => unknown): string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof ScenarioError) return error.issues.map(formatIssue);
    throw error;
  }
  return [];
}

/** All lines of the error for a scenario text named `file.yaml`. */
export function errorsOf(text: string, assignments: readonly string[] = []): string[] {
  return linesOf(() => parseScenario(text, "file.yaml", assignments));
}
