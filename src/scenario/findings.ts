/**
 * Turns what zod reports into sentences for the author of a file. A schema may give
 * its own words: an error that begins with `expected ` is completed by what was
 * found, one that begins with `unknown ` replaces "unknown key", and in the params of a
 * custom issue `suggestion` becomes "did you mean", `hint` the end of the sentence.
 */

import type { z } from "zod";
import { didYouMean, nearestName } from "../nearest-name.js";
import { type DocumentPath, valueAt } from "./error.js";

/** A fault at a path of a document, before it is known where that path was written. */
export interface Finding {
  readonly path: DocumentPath;
  readonly message: string;
  /** True if the key is at fault and not its value. */
  readonly onKey: boolean;
}

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;

/**
 * @param error what `schema` reported for `value`
 * @param value the document, for "found"
 * @param schema for the keys it knows, to suggest one
 * @returns at least one finding; unknown keys come first, because they often explain
 *   what is missing
 */
export function findingsOf(error: z.ZodError, value: unknown, schema: Schema): Finding[] {
  const findings = error.issues.flatMap((issue) => findingsOfIssue(issue, [], value, schema));
  // One number can break several rules that are told in the same words.
  const once = [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
  return [...once.filter((finding) => finding.onKey), ...once.filter((finding) => !finding.onKey)];
}

/** The finding for a wrong value: `expected X, found Y, did you mean Z?`. */
export function unexpected(
  path: DocumentPath,
  expected: string,
  found: unknown,
  suggestion?: string,
): Finding {
  const hint = suggestion === undefined ? "" : `, did you mean ${suggestion}?`;
  return { path, message: `expected ${expected}, found ${describeValue(found)}${hint}`, onKey: false };
}

/** The finding for an unknown key; `what` is such as `unknown parameter`. */
function unknownKey(path: DocumentPath, what: string, known: readonly string[]): Finding {
  const hint = didYouMean(String(path.at(-1)), known);
  return { path, message: `${what}${hint}`, onKey: true };
}

function findingsOfIssue(issue: Issue, parent: DocumentPath, root: unknown, schema: Schema): Finding[] {
  const path = [...parent, ...(issue.path as (string | number)[])];
  const found = valueAt(root, path);
  if (issue.code === "unrecognized_keys") {
    const what = issue.message.startsWith("unknown ") ? issue.message : "unknown key";
    return issue.keys.map((key) => unknownKey([...path, key], what, keysAt(schema, path)));
  }
  if (issue.code === "invalid_union" && !issue.message.startsWith("expected ") && issue.errors.length > 0) {
    const closest = issue.errors.reduce((best, option) =>
      closeness(option) > closeness(best) ? option : best,
    );
    return closest.flatMap((inner) => findingsOfIssue(inner, path, root, schema));
  }
  const expected = expectation(issue);
  if (expected === undefined) {
    return [{ path, message: `${issue.message}, found ${describeValue(found)}`, onKey: false }];
  }
  const finding = unexpected(path, expected, found, suggestionFor(issue, found, takesList(schema, path)));
  const hint: unknown = issue.code === "custom" ? issue.params?.hint : undefined;
  return [typeof hint === "string" ? { ...finding, message: `${finding.message}; ${hint}` } : finding];
}

/** The likely meaning: a list without its brackets (not in words of a command line), a name, or what the schema suggests. */
function suggestionFor(issue: Issue, found: unknown, listAllowed: boolean): string | undefined {
  if (typeof found === "string") {
    if (listAllowed && !found.includes("=") && found.includes(",")) return `[${found}]`;
    if (issue.code === "invalid_value") return nearestName(found, issue.values.map(String));
  }
  const suggestion: unknown = issue.code === "custom" ? issue.params?.suggestion : undefined;
  return typeof suggestion === "string" ? suggestion : undefined;
}

/**
 * How near an alternative of a union came: one that has the right shape and fails
 * inside is what the author meant, one of the wrong shape is not.
 */
function closeness(option: readonly Issue[]): number {
  const first = option[0];
  if (first === undefined) return 0;
  if (first.path.length > 0) return 3;
  if (first.code === "unrecognized_keys" || first.code === "too_small" || first.code === "too_big") return 2;
  const container = first.code === "invalid_type" && ["array", "object", "record"].includes(first.expected);
  return container ? 0 : 1;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

/** The words between "expected" and "found"; undefined for an issue that only has a message. */
function expectation(issue: Issue): string | undefined {
  if (issue.message.startsWith("expected ")) return issue.message.slice("expected ".length);
  switch (issue.code) {
    case "invalid_value":
      return issue.values.length === 1 ? String(issue.values[0]) : `one of ${issue.values.join(", ")}`;
    case "invalid_type":
      return TYPE_NAMES[issue.expected] ?? issue.expected;
    case "too_small":
      return atLeastOrMost(issue.origin, issue.inclusive === false ? "more than" : "at least", issue.minimum);
    case "too_big":
      return atLeastOrMost(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum);
    default:
      return undefined;
  }
}

function atLeastOrMost(origin: string, bound: string, limit: number | bigint): string {
  if (origin === "array") return `a list of ${bound} ${limit}`;
  if (origin === "string") return `text of ${bound} ${limit} characters`;
  return `${bound} ${limit}`;
}

const LONGEST_QUOTE = 40;

function describeValue(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}...` : value);
  }
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return value === undefined || value === null ? "nothing" : "a mapping";
}

function takesList(schema: Schema, path: DocumentPath): boolean {
  return definitionsAt(schema, path).some((definition) => definition.type === "array");
}

function keysAt(schema: Schema, path: DocumentPath): string[] {
  return definitionsAt(schema, path).flatMap((definition) =>
    definition.type === "object" ? Object.keys(definition.shape) : [],
  );
}

type Definition = z.core.$ZodTypes["_zod"]["def"];

/** The alternatives a schema allows at a path, optional or not. */
function definitionsAt(schema: Schema, path: DocumentPath): Definition[] {
  const definition = (schema as z.core.$ZodTypes)._zod.def;
  if (definition.type === "optional") return definitionsAt(definition.innerType, path);
  if (definition.type === "union") return definition.options.flatMap((option) => definitionsAt(option, path));
  const [segment, ...rest] = path;
  if (segment === undefined) return [definition];
  if (definition.type === "array") return definitionsAt(definition.element, rest);
  if (definition.type === "record") return definitionsAt(definition.valueType, rest);
  if (definition.type !== "object" || !Object.hasOwn(definition.shape, segment)) return [];
  return definitionsAt(definition.shape[segment]!, rest);
}
