/** Rows as comma-separated values (RFC 4180): one line a row, one column a number. */

import { printableLines } from "../printable.js";
import { ROW_FIELDS } from "./measures.js";
import { type FlatValue, flatRecord, rowRecord } from "./record.js";
import type { CompareRow } from "./row.js";

/**
 * Prints rows with the names that they have in JSON, in the same order; keys within a value are joined with
 * a dot (`stalls.p99Ns`, `phases.deferred init`, `settings.seed`). What no row has gets no column, and a row
 * that lacks one leaves the field empty. Lines end in CRLF, as the RFC wants it.
 */
export function formatCsv(rows: readonly CompareRow[]): string {
  const records = rows.map((row) => flatRecord(rowRecord(row)));
  const seen = [...new Set(records.flatMap((record) => [...record.keys()]))];
  const names = ROW_FIELDS.flatMap(({ name }) =>
    seen.filter((own) => own === name || own.startsWith(`${name}.`)),
  );
  return [csvLine(names), ...records.map((record) => csvLine(names.map((name) => record.get(name))))].join(
    "",
  );
}

/** One line, with its end. */
export function csvLine(values: readonly (FlatValue | undefined)[]): string {
  return `${values.map(field).join(",")}\r\n`;
}

/** A field, in quotes where it needs them. */
function field(value: FlatValue | undefined): string {
  const text = value === null || value === undefined ? "" : printableLines(String(value), false);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
