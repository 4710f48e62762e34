/** Ratios of an earlier run, committed, and the measured rows of `results/performance.md`. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { figureOf, type Row } from "./row.js";
import { machineText, tableMarkdown } from "./table.js";

const BASELINE = join(import.meta.dirname, "../baseline.json");
const RESULTS = join(import.meta.dirname, "../../results/performance.md");
const BEGIN = "<!-- rows: npm run -s bench -- --write -->";
const END = "<!-- end of rows -->";

export interface Baseline {
  readonly machine: string;
  /** Median of each row that is a ratio, by name. */
  readonly ratios: Readonly<Record<string, number>>;
  /** All rows as measured, from which those in `results/performance.md` are printed. */
  readonly rows: readonly Row[];
}

export function readBaseline(): Baseline {
  return JSON.parse(readFileSync(BASELINE, "utf8")) as Baseline;
}

/** Puts rows into the baseline, in place of those of the same names, and all into the results. */
export function writeBaseline(measured: readonly Row[]): void {
  const rows = new Map(readBaseline().rows.map((row) => [row.name, row]));
  for (const { samples, ...row } of measured)
    rows.set(row.name, { ...row, samples: samples.map((value) => Number(value.toPrecision(5))) });
  const all = [...rows.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const ratios = all
    .filter(({ unit, samples }) => unit === "ratio" && samples.length > 0)
    .map((row) => [row.name, Number(figureOf(row)!.median.toPrecision(4))]);
  const machine = machineText();
  const baseline: Baseline = { machine, ratios: Object.fromEntries(ratios), rows: all };
  writeFileSync(BASELINE, `${JSON.stringify(baseline, null, 1)}\n`);
  const text = existsSync(RESULTS) ? readFileSync(RESULTS, "utf8") : `# Performance\n\n${BEGIN}\n${END}\n`;
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`bench: no place for rows in ${RESULTS}`);
  const table = `${BEGIN}\n\nMeasured on ${machine}.\n\n${tableMarkdown(all)}\n\n`;
  writeFileSync(RESULTS, text.slice(0, begin) + table + text.slice(end));
}
