/** Scenario files, written. */

import { stringify } from "yaml";
import { isMapping } from "./error.js";
import { type Assignment, applyAssignments } from "./set.js";
import { YamlSource } from "./yaml.js";

/**
 * A scenario file with values written over those it has; a run of it is a run of the file with these assignments.
 *
 * @param text content of the file
 * @param fileName only for messages
 * @param names.workload gives what the new file says for a workload, as paths are relative to the folder of a file
 * @returns YAML without the comments of the file
 * @throws ScenarioError for text that is not YAML, and for an assignment that leads through something else than a mapping
 */
export function writtenScenario(
  text: string,
  fileName: string,
  assignments: readonly Assignment[],
  names: { readonly workload: (mentioned: string) => string },
): string {
  const { value } = new YamlSource(text, fileName);
  const written = applyAssignments(value, assignments);
  const { workload } = isMapping(written) ? written : {};
  const named = typeof workload === "string" ? { workload: names.workload(workload) } : {};
  return stringify(isMapping(written) ? { ...written, ...named } : written, { lineWidth: 0 });
}
