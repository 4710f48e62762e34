/** How many runs a document makes, told without making them: a product can be larger than memory. */

import { asList, type CompleteDocument, completeDocuments, parameterNamesOf } from "./complete.js";
import type { ScenarioDocument } from "./document.js";
import { type DocumentPath, valueAt } from "./document-path.js";
import { hasParameter } from "./platform-parameters.js";
import { takesParameter } from "./strategy.js";
import { MACHINE_AXES } from "./variants.js";

/**
 * @param document has passed `scenarioSchema` and `checkTogether`
 * @returns the length of what `expandVariants` makes of it; beyond 2^53 only about
 */
export function countVariants(document: ScenarioDocument): number {
  return completeDocuments(document).reduce((sum, complete) => sum + countOf(complete), 0);
}

function countOf(document: CompleteDocument): number {
  const platforms = asList(document.platform?.kind).reduce((sum, kind) => {
    const names = parameterNamesOf(document).filter((name) => kind !== undefined && hasParameter(kind, name));
    return sum + productOf(document, namesUnder("platform", names));
  }, 0);
  const policies = asList(document.policy).reduce((sum, policy) => {
    const names = Object.keys(document.strategy ?? {}).filter(
      (name) => policy !== undefined && takesParameter(policy, name),
    );
    return sum + productOf(document, namesUnder("strategy", names));
  }, 0);
  return productOf(document, MACHINE_AXES) * platforms * policies;
}

function namesUnder(room: string, names: readonly string[]): DocumentPath[] {
  return names.map((name) => [room, name]);
}

/** How many ways there are to take one value at each path. */
function productOf(document: CompleteDocument, paths: readonly DocumentPath[]): number {
  return paths.reduce((product, path) => {
    const values = valueAt(document, path);
    return product * (Array.isArray(values) ? values.length : 1);
  }, 1);
}

/** The document with the first value of each of its lists: the first run that it makes. */
export function firstVariant(document: ScenarioDocument): ScenarioDocument {
  return firstValues(document) as ScenarioDocument;
}

function firstValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.length > 0 && typeof value[0] !== "object" ? value[0] : value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, firstValues(inner)]));
}
