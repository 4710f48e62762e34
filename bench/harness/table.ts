/** Rows as text of 80 columns, and as the Markdown that `results/performance.md` has. */

import { availableParallelism, cpus, totalmem } from "node:os";
import type { Baseline } from "./baseline.js";
import { digits, type Figure, figureOf, intervalText, type Row } from "./row.js";

const HEAD = ["row", "median", "95 % interval", "runs", "goal", "baseline"] as const;
const WIDTHS = [31, 10, 15, 4, 6, 8] as const;

/** Two lines for each row: figures, then its goal and what it is measured against. */
export function tableText(rows: readonly Row[], baseline: Baseline): string {
  const lines = [lineOf(HEAD), "-".repeat(80)];
  for (const row of rows) {
    const figure = figureOf(row);
    if (figure === undefined) {
      lines.push(`${row.name}: not measured, ${row.skip}`);
      continue;
    }
    lines.push(
      lineOf([
        row.name,
        `${digits(figure.median)}${row.unit === "ratio" ? "" : ` ${row.unit}`}`,
        intervalText(row, figure.interval),
        String(row.samples.length),
        metText(figure),
        changeText(row, figure, baseline),
      ]),
      ...wrapped(`${row.goal}; ${row.peer}`),
    );
  }
  return `${lines.join("\n")}\n`;
}

function lineOf(cells: readonly string[]): string {
  return cells
    .map((cell, at) => (at === 0 ? cell.padEnd(WIDTHS[at]!) : cell.padStart(WIDTHS[at]!)))
    .join(" ")
    .trimEnd();
}

function wrapped(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    if (lines.at(-1)!.length + word.length > 74) lines.push("");
    lines[lines.length - 1] += ` ${word}`;
  }
  return lines.map((line) => `   ${line}`);
}

function metText({ met }: Figure): string {
  return met === undefined ? "" : met ? "met" : "missed";
}

/** Only ratios compare with those of another run. */
function changeText({ name, unit }: Row, { median }: Figure, baseline: Baseline): string {
  const before = unit === "ratio" ? baseline.ratios[name] : undefined;
  return before === undefined || before === 0 ? "" : `x${(median / before).toFixed(2)}`;
}

/** What was measured on; without a date, so that the same figures are the same text. */
export function machineText(): string {
  const model = cpus()[0]?.model.trim().replaceAll(/\s+/g, " ") ?? process.arch;
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${model}, ${availableParallelism()} CPUs, ${memory} GiB, ${process.platform}, Node ${process.version}`;
}

export function tableMarkdown(rows: readonly Row[]): string {
  const head = "| row | goal | median | 95 % interval | runs | met | command | beside |";
  const lines = rows.map((row) => {
    const figure = figureOf(row);
    const figures =
      figure === undefined
        ? ["not measured", "", "0", ""]
        : [
            `${digits(figure.median)}${row.unit === "ratio" ? " times" : ` ${row.unit}`}`,
            intervalText(row, figure.interval),
            String(row.samples.length),
            metText(figure),
          ];
    const beside = row.skip === undefined ? row.peer : `${row.peer} (${row.skip})`;
    const cells = [row.name, row.goal, ...figures, `\`npm run -s bench -- ${row.name}\``, beside];
    return `| ${cells.join(" | ")} |`;
  });
  return [head, "|---|---|---|---|---|---|---|---|", ...lines].join("\n");
}
