/** Rows as JSON: one document, or lines for tools that read one at a time. */

import { rowRecord } from "./record.js";
import { type CompareRow, RESULT_SCHEMA_VERSION } from "./row.js";

/** `{ "schemaVersion": 1, "rows": [...] }`, indented by two spaces, with a newline at the end. */
export function formatJson(rows: readonly CompareRow[]): string {
  return `${JSON.stringify({ schemaVersion: RESULT_SCHEMA_VERSION, rows: rows.map((row) => rowRecord(row)) }, undefined, 2)}\n`;
}

/** One line a row, each with its own `schemaVersion`; empty for no rows. */
export function formatJsonl(rows: readonly CompareRow[]): string {
  return rows
    .map((row) => `${JSON.stringify({ schemaVersion: RESULT_SCHEMA_VERSION, ...rowRecord(row) })}\n`)
    .join("");
}
