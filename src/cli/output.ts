/** Rows in the formats of `--format`, and as files. */

import { join } from "node:path";
import { printableAll } from "../printable.js";
import { formatMarkdown } from "../report/rows.js";
import { formatCsv, formatJson, formatJsonl } from "../results/formats.js";
import type { CompareRow } from "../results/row.js";
import type { OutputFormat } from "./flags.js";
import { writeTogether } from "./output-file.js";

/** @param formatForPeople what `table` means for this command */
export function formatRows(
  rows: readonly CompareRow[],
  format: OutputFormat,
  formatForPeople: (rows: readonly CompareRow[]) => string,
): string {
  switch (format) {
    case "table":
      return formatForPeople(printableAll(rows));
    case "json":
      return formatJson(rows);
    case "jsonl":
      return formatJsonl(rows);
    case "csv":
      return formatCsv(rows);
    case "md":
      return formatMarkdown(printableAll(rows));
  }
}

/**
 * Writes `NAME.json` and `NAME.csv` for the rows of each scenario: all files, or none.
 *
 * @param directory exists
 * @returns the paths written
 */
export function writeRows(directory: string, rows: readonly CompareRow[]): string[] {
  const names = new Set(rows.map((row) => fileNameFor(row.scenario)));
  const files = [...names].flatMap((name) => {
    const own = rows.filter((row) => fileNameFor(row.scenario) === name);
    return [
      { path: join(directory, `${name}.json`), text: formatJson(own) },
      { path: join(directory, `${name}.csv`), text: formatCsv(own) },
    ];
  });
  writeTogether(files);
  return files.map(({ path }) => path);
}

/** The name of a scenario as a file name that stays in its directory: `a/b` becomes `a-b`. */
function fileNameFor(scenario: string): string {
  return scenario.replaceAll(/[^\w.-]+/g, "-").replace(/^\./, "-");
}
