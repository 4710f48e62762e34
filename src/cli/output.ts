/** Where results go: one format to stdout, and files that are either whole or not there. */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { formatCsv } from "../report/csv.js";
import { formatJson } from "../report/json.js";
import { formatJsonl } from "../report/jsonl.js";
import { formatMarkdown } from "../report/markdown.js";
import { printableAll } from "../report/printable.js";
import type { CompareRow } from "../study/result.js";
import { writeWhole } from "./output-file.js";
import { systemErrorText, UsageError } from "./usage-error.js";

/** What `--format` takes; `table` is for people and looks different from command to command. */
export const OUTPUT_FORMATS = ["table", "json", "jsonl", "csv", "md"] as const;

/** One of `OUTPUT_FORMATS`. */
export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

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

/** Makes a directory and its parents; @throws UsageError that names it. */
export function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    throw new UsageError(`${directory}: cannot make this directory: ${systemErrorText(error)}`);
  }
}

/**
 * Writes `NAME.json` and `NAME.csv` for the rows of each scenario.
 *
 * @param directory exists
 * @returns the paths written
 */
export function writeRows(directory: string, rows: readonly CompareRow[]): string[] {
  const names = new Set(rows.map((row) => fileNameFor(row.scenario)));
  return [...names].flatMap((name) => {
    const own = rows.filter((row) => fileNameFor(row.scenario) === name);
    const files = [
      { path: join(directory, `${name}.json`), text: formatJson(own) },
      { path: join(directory, `${name}.csv`), text: formatCsv(own) },
    ];
    for (const { path, text } of files) writeWhole(path, text);
    return files.map(({ path }) => path);
  });
}

/** The name of a scenario as a file name that stays in its directory: `a/b` becomes `a-b`. */
function fileNameFor(scenario: string): string {
  return scenario.replaceAll(/[^\w.-]+/g, "-").replace(/^\./, "-");
}
