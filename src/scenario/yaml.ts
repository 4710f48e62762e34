/** YAML text to checked values. Scenario files and descriptions of recordings are both read through here. */

import type { z } from "zod";
import { formatPath } from "./document-path.js";
import { type IssuePlace, ScenarioError, type ScenarioIssue } from "./error.js";
import { type Finding, findingsOf } from "./findings.js";
import { YamlSource } from "./yaml-source.js";

/**
 * Reads a YAML file and checks it against a schema.
 *
 * @param text the content of the file
 * @param fileName only for messages
 * @returns what the schema makes of the file
 * @throws ScenarioError with every YAML mistake, or else every mismatch with the schema
 */
export function parseYamlWithPositions<T>(text: string, fileName: string, schema: z.ZodType<T>): T {
  const source = new YamlSource(text, fileName);
  const result = schema.safeParse(source.value);
  if (result.success) return result.data;
  const findings = findingsOf(result.error, source.value, schema);
  throw errorFor(findings, (finding) => source.placeOf(finding.path, finding.onKey));
}

/** Puts findings in the order of the file, those of flags last, and makes the error of them. */
export function errorFor(
  findings: readonly Finding[],
  placeOf: (finding: Finding) => IssuePlace,
): ScenarioError {
  const issues = findings.map(
    (finding): ScenarioIssue => ({
      place: placeOf(finding),
      path: formatPath(finding.path),
      message: finding.message,
    }),
  );
  return new ScenarioError(issues.sort(byPlace));
}

function byPlace(a: ScenarioIssue, b: ScenarioIssue): number {
  if ("flag" in a.place || "flag" in b.place) return Number("flag" in a.place) - Number("flag" in b.place);
  return a.place.line - b.place.line || a.place.column - b.place.column;
}
