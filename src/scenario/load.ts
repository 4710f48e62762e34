/** From the text of a scenario file and the flags of the command line to runs. */

import { checkMachines, checkTogether } from "./check.js";
import { checkPrices } from "./check-prices.js";
import { type DocumentPath, type IssuePlace, startsWith } from "./error.js";
import { type Finding, findingsOf } from "./findings.js";
import { checkIdle } from "./idle.js";
import { NO_PRICE_SETS, type PriceSets } from "./price-set-file.js";
import { type Scenario, type ScenarioDocument, scenarioSchema } from "./scenario.js";
import { type Assignment, applyAssignments, parseAssignment } from "./set.js";
import { countVariants, expandVariants, variantsOf } from "./variants.js";
import { errorFor, YamlSource } from "./yaml.js";

/**
 * Reads a scenario file.
 *
 * @param text content of the file
 * @param fileName only for messages
 * @param assignments values that replace those of the file: text as after `--set`, or parsed
 *   assignments, which can name the flag they came from
 * @param sets of prices that the file can name
 * @returns one frozen scenario for each combination of lists, in the order of `expandVariants`
 * @throws ScenarioError with every mistake in file and flags that can be told at once
 */
export function parseScenario(
  text: string,
  fileName: string,
  assignments: readonly (string | Assignment)[] = [],
  sets: PriceSets = NO_PRICE_SETS,
): Scenario[] {
  return scenariosOf(new YamlSource(text, fileName), assignments, sets);
}

/** The same for a file that is read many times with other assignments. @param source the file, read */
export function scenariosOf(
  source: YamlSource,
  assignments: readonly (string | Assignment)[],
  sets: PriceSets = NO_PRICE_SETS,
): Scenario[] {
  return expandVariants(checkedDocument(source, assignments, sets), sets);
}

/**
 * How many scenarios a file makes, and the first, if any (a point of a study can have prices of another platform); without all of them, which may be more than memory holds.
 *
 * @throws ScenarioError as `parseScenario` does
 */
export function scenarioOutlook(
  text: string,
  fileName: string,
  assignments: readonly (string | Assignment)[],
  sets: PriceSets = NO_PRICE_SETS,
): { readonly count: number; readonly first: Scenario | undefined } {
  const document = checkedDocument(new YamlSource(text, fileName), assignments, sets);
  return { count: countVariants(document, sets), first: variantsOf(document, sets).next().value };
}

function checkedDocument(
  source: YamlSource,
  assignments: readonly (string | Assignment)[],
  sets: PriceSets,
): ScenarioDocument {
  const parsed = assignments.map((item) => (typeof item === "string" ? parseAssignment(item) : item));
  const raw = applyAssignments(source.value, parsed);
  const fail = (findings: readonly Finding[]): never => {
    throw errorFor(findings, (finding) => placeOf(finding, source, parsed));
  };
  const schema = scenarioSchema();
  const result = schema.safeParse(raw);
  if (!result.success) return fail(findingsOf(result.error, raw, schema));
  const fromFlag = (path: DocumentPath): boolean =>
    parsed.some((assignment) => startsWith(path, assignment.path));
  // Of a study this is one point: what does nothing at it may do something at another one.
  const isPoint = parsed.some(({ varies }) => varies === true);
  const together = [...checkTogether(result.data, fromFlag), ...checkPrices(result.data, sets, isPoint)];
  const apart = together.length > 0 ? together : checkMachines(result.data);
  const findings = apart.length > 0 || isPoint ? apart : checkIdle(result.data, fromFlag);
  return findings.length > 0 ? fail(findings) : result.data;
}

/** A mistake belongs to the last flag that wrote its value; if none did, to the file. */
function placeOf(finding: Finding, source: YamlSource, assignments: readonly Assignment[]): IssuePlace {
  const inFile = source.has(finding.path);
  const assignment = assignments.findLast(
    ({ path }) => startsWith(finding.path, path) || (!inFile && startsWith(path, finding.path)),
  );
  return assignment === undefined ? source.placeOf(finding.path, finding.onKey) : { flag: assignment.flag };
}
