/** A row as files have it: with its keys in the one order of the measures, and as one level of columns. */

import { ROW_FIELDS, valueIn } from "./measures.js";
import { type Problem, problemsOf } from "./problems.js";
import type { RunResult } from "./row.js";

/**
 * Copies a row, so that equal rows print as equal text, whoever made them. What it lacks is left out.
 *
 * @returns with `problems`, what went wrong beside the outcome, where something did
 */
export function rowRecord<Row extends RunResult>(row: Row): Row & { readonly problems?: readonly Problem[] } {
  const problems = problemsOf(row);
  const source = problems.length === 0 ? row : { ...row, problems };
  const record: Branch = {};
  for (const field of ROW_FIELDS) {
    const value = valueIn(field, source);
    if (value === undefined) continue;
    const last = field.path.at(-1)!;
    let branch = record;
    for (const key of field.path.slice(0, -1)) {
      branch[key] ??= {};
      branch = branch[key] as Branch;
    }
    branch[last] = field.is === "map" ? sortedByKey(value as object) : value;
  }
  return record as unknown as Row;
}

type Branch = Record<string, unknown>;

function sortedByKey(record: object): object {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A cell of a flat table. */
export type FlatValue = string | number | boolean | null;

/**
 * A record as one level of columns: keys of mappings are joined with a dot, and a list of named times
 * becomes a column for each name (`phases.deferred init`); any other list is JSON.
 */
export function flatRecord(record: object): Map<string, FlatValue> {
  const flat = new Map<string, FlatValue>();
  const visit = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      if (value.every(isNamedTime)) for (const { name, ns } of value) flat.set(`${path}.${name}`, ns);
      else flat.set(path, JSON.stringify(value));
    } else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) visit(inner, path === "" ? key : `${path}.${key}`);
    } else if (value !== undefined) {
      flat.set(path, value as FlatValue);
    }
  };
  visit(record, "");
  return flat;
}

function isNamedTime(value: unknown): value is { readonly name: string; readonly ns: number } {
  return typeof value === "object" && value !== null && "name" in value && "ns" in value;
}
