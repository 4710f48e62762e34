/** Scenario files, written. */

import { stringify } from "yaml";
import { type Assignment, applyAssignments } from "./set.js";
import { YamlSource } from "./yaml.js";

/**
 * A scenario file with values written over those it has; a run of it is a run of the file with these assignments.
 *
 * @param text content of the file
 * @param fileName only for messages
 * @returns YAML without the comments of the file
 * @throws ScenarioError for text that is not YAML, and for an assignment that leads through something else than a mapping
 */
export function writtenScenario(text: string, fileName: string, assignments: readonly Assignment[]): string {
  const { value } = new YamlSource(text, fileName);
  return stringify(applyAssignments(value, assignments), { lineWidth: 0 });
}
