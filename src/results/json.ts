/** Results as JSON: one document, or lines for tools that read one at a time. */

import { rowRecord } from "./record.js";
import { type CompareRow, RESULT_SCHEMA_VERSION } from "./row.js";

/** A document with its `schemaVersion`, indented by two spaces, with a newline at the end. */
export function jsonDocument(fields: object): string {
  return `${JSON.stringify({ schemaVersion: RESULT_SCHEMA_VERSION, ...fields }, undefined, 2)}\n`;
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
  return `expected schemaVersion ${RESULT_SCHEMA_VERSION}, found ${JSON.stringify(schemaVersion) ?? "none"}; run again what made it`;
}
