/** Rows as files have them: keys in the one order of the measures, as JSON and as comma-separated values. */

import { printableLines } from "../printable.js";
import { type NamedField, ROW_FIELDS, valueIn } from "./measures.js";
import { type Problem, problemsOf } from "./problems.js";
import { type CompareRow, RESULT_SCHEMA_VERSION, type RunResult } from "./row.js";

/**
 * Copies a row, so that equal rows print as equal text, whatever made them. Absent values are left out.
 *
 * @returns with `problems`, those besides the outcome, where there are any
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

export type FlatValue = string | number | boolean | null;

/**
 * A record as one level of columns: keys of mappings are joined with a dot, and a list of named times
 * becomes a column for each name (`phases.deferred init`). A list of texts is joined, any other is JSON.
 */
export function flatRecord(record: object): Map<string, FlatValue> {
  const flat = new Map<string, FlatValue>();
  const visit = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      if (value.every(isNamedTime)) for (const { name, ns } of value) flat.set(`${path}.${name}`, ns);
      else if (value.every((one) => typeof one === "string")) flat.set(path, value.join("; "));
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

/** A list of numbers as `JSON.stringify` lays it out. No string of JSON has a line break. */
const NUMBERS_BY_LINE = /\[\n\s+(-?\d[^"[\]{}]*)\n\s+\]/g;

/** A document with its `schemaVersion`, indented by two spaces but for lists of numbers, with a newline at the end. */
export function jsonDocument(fields: object): string {
  const text = JSON.stringify({ schemaVersion: RESULT_SCHEMA_VERSION, ...fields }, undefined, 2);
  const short = text.replaceAll(
    NUMBERS_BY_LINE,
    (_whole, numbers: string) => `[${numbers.replaceAll(/\n\s+/g, "")}]`,
  );
  return `${short}\n`;
}

/** One line a record, each with its own `schemaVersion`; empty for none. */
export function jsonLines(records: readonly object[]): string {
  return records
    .map((record) => `${JSON.stringify({ schemaVersion: RESULT_SCHEMA_VERSION, ...record })}\n`)
    .join("");
}

/** `{ "schemaVersion": 2, "rows": [...] }`. */
export function formatJson(rows: readonly CompareRow[]): string {
  return jsonDocument({ rows: rows.map((row) => rowRecord(row)) });
}

/** One line a row. */
export function formatJsonl(rows: readonly CompareRow[]): string {
  return jsonLines(rows.map((row) => rowRecord(row)));
}

/** Why JSON that is read is not of this program's version, for one line; undefined if it is. */
export function otherVersion(document: object): string | undefined {
  const { schemaVersion } = document as { readonly schemaVersion?: unknown };
  if (schemaVersion === RESULT_SCHEMA_VERSION) return undefined;
  return `expected schemaVersion ${RESULT_SCHEMA_VERSION}, found ${versionText(schemaVersion)}; run again what made it`;
}

const LONGEST_VERSION = 40;

/** A version as a message shows it, whatever a file has there. */
export function versionText(version: unknown): string {
  const text = JSON.stringify(version) ?? "none";
  return text.length > LONGEST_VERSION ? `${text.slice(0, LONGEST_VERSION)}...` : text;
}

/**
 * Prints rows as comma-separated values (RFC 4180), a line for each, with the names that they have in JSON, in
 * the same order; keys within a value are joined with a dot (`waits.boot.p99Ns`, `phases.deferred init`,
 * `settings.seed`). A value that all rows lack gets no column, one that some lack is an empty field. Lines end
 * in CRLF, as the RFC demands.
 *
 * @param columns of the numbers only these, in their order, after what says which run it is; all if absent
 */
export function formatCsv(rows: readonly CompareRow[], columns?: readonly NamedField[]): string {
  const records = rows.map((row) => flatRecord(rowRecord(row)));
  const seen = [...new Set(records.flatMap((record) => [...record.keys()]))];
  const fields = new Set(
    (columns === undefined ? ROW_FIELDS : [...WHICH_RUN, ...columns])
      .filter(({ is }) => is !== "series")
      .map(({ name }) => name),
  );
  const names = [...fields].flatMap((name) =>
    seen.filter((own) => own === name || own.startsWith(`${name}.`)),
  );
  const lines = records.map((record) => csvLine(names.map((name) => record.get(name))));
  return [csvLine(names), ...lines].join("");
}

/** What says which run a row is, and how it ended. */
const WHICH_RUN: readonly NamedField[] = ROW_FIELDS.slice(
  0,
  1 + ROW_FIELDS.findIndex(({ name }) => name === "outcome"),
);

export function csvLine(values: readonly (FlatValue | undefined)[]): string {
  return `${values.map(field).join(",")}\r\n`;
}

/** A field, in quotes where it needs them. */
function field(value: FlatValue | undefined): string {
  const text = value === null || value === undefined ? "" : printableLines(String(value), false);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
