/** Rows as one JSON document. */

import { type CompareRow, RESULT_SCHEMA_VERSION } from "./row.js";
import { rowRecord } from "./row-record.js";

/** `{ "schemaVersion": 1, "rows": [...] }`, indented by two spaces, with a newline at the end. */
export function formatJson(rows: readonly CompareRow[]): string {
  return `${JSON.stringify({ schemaVersion: RESULT_SCHEMA_VERSION, rows: rows.map(rowRecord) }, undefined, 2)}\n`;
}
