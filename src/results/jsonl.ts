/** Rows as JSON lines, for tools that read one at a time. */

import { type CompareRow, RESULT_SCHEMA_VERSION } from "./row.js";
import { rowRecord } from "./row-record.js";

/** One line a row, each with its own `schemaVersion`; empty for no rows. */
export function formatJsonl(rows: readonly CompareRow[]): string {
  return rows
    .map((row) => `${JSON.stringify({ schemaVersion: RESULT_SCHEMA_VERSION, ...rowRecord(row) })}\n`)
    .join("");
}
