/** `unaccepted diff A B`: two results, what changed and why. */

import { printableAll } from "../../printable.js";
import { formatVcpus } from "../../report/cells.js";
import { formatDiff, formatDiffCsv, formatDiffJson, formatDiffMarkdown } from "../../report/diff.js";
import { policyText } from "../../report/row-groups.js";
import { type Condition, holds, parseCondition } from "../../results/conditions.js";
import { valueIn } from "../../results/measures.js";
import { parseRows, type StoredRow, type StoredRows } from "../../results/read.js";
import { type Diff, diffRows } from "../../study/diff.js";
import { formatBytes } from "../../units.js";
import type { RunCommand } from "../arguments.js";
import { DIFF_FORMATS } from "../flags.js";
import { readInputText } from "../input-file.js";
import { type CliIo, paintFor, print } from "../io.js";
import { readFlag } from "../options.js";
import { UsageError } from "../usage-error.js";

/**
 * @returns the exit code: 1 where a run of B fails and its like in A does not, and where a `--fail-on` holds or
 *   could not be looked at; else 0, whatever differs
 */
export const run: RunCommand = async (argv, { io }) => {
  const format = argv.format(DIFF_FORMATS);
  const failOn = argv.all("fail-on").map((text) => readFlag("fail-on", text, parseCondition));
  if (argv.files.length !== 2) {
    throw new UsageError(`expected two result files, A and B, found ${argv.files.length}`);
  }
  const [a, b] = argv.files as [string, string];
  const [rowsA, rowsB] = [rowsOf(a), rowsOf(b)];
  const diff = diffRows(rowsA.rows, rowsB.rows);
  if (diff.pairs.length === 0) throw new UsageError(`${a} and ${b}: ${whyNoPair(rowsA.rows, rowsB.rows)}`);
  const names = { a, b };
  const shown = printableAll(diff);
  const texts = {
    table: () => formatDiff(shown, names, paintFor(io)),
    json: () => formatDiffJson(diff, names),
    csv: () => formatDiffCsv(diff),
    md: () => formatDiffMarkdown(shown, names),
  };
  const failures = [
    ...failedRuns(diff),
    ...failOn.flatMap((condition) => conditionFailures(condition, diff)),
  ];
  print(io.stdout, texts[format]());
  if (!argv.has("quiet")) remarkOnUnknown([a, rowsA], [b, rowsB], io);
  for (const line of failures) print(io.stderr, `${line}\n`);
  return failures.length === 0 ? 0 : 1;
};

function rowsOf(path: string): StoredRows {
  const stored = parseRows(readInputText(path), path);
  if (stored.rows.length === 0) throw new UsageError(`${path}: expected rows, found none`);
  return stored;
}

/** What keeps rows of two results apart: the first of what they ran on in which they have nothing in common. */
function whyNoPair(a: readonly StoredRow[], b: readonly StoredRow[]): string {
  const names = [
    "scenario",
    "platform",
    "policy",
    "kernel",
    "memoryBytes",
    "vcpus",
    "workload",
    "boot",
  ] as const;
  for (const name of names) {
    const [own, other] = [a, b].map((rows) => new Set(rows.map((row) => row[name])));
    const shared = [...own!].some((value) => other!.has(value));
    if (!shared) {
      const [left, right] = [own!, other!].map((values) => [...values].join(", "));
      return `no row of one ran on what a row of the other did: ${name} is ${left} in A and ${right} in B`;
    }
  }
  return "no row of one ran on what a row of the other did, taking all of scenario, machine, workload and settings together";
}

function failedRuns({ pairs }: Diff): string[] {
  return pairs
    .filter(({ a, b }) => hasFailed(b) && !hasFailed(a))
    .map(({ b }) => `fails in B and not in A: ${placeText(b)}`);
}

/** What went wrong besides the outcome stands in the row itself. */
function hasFailed({ outcome, ...row }: StoredRow): boolean {
  const { problems = [] } = row as { readonly problems?: readonly { readonly fails?: boolean }[] };
  return outcome !== "ready" || problems.some(({ fails }) => fails === true);
}

/** A line for each run for which a condition holds, and for each that it cannot be said of. @throws UsageError */
function conditionFailures(condition: Condition, { pairs, unpaired }: Diff): string[] {
  const { text, measure, ofBaseline } = condition;
  const has = (row: StoredRow): boolean => typeof valueIn(measure, row) === "number";
  if (!pairs.some(({ a, b }) => has(a) || has(b))) {
    throw new UsageError(`--fail-on ${text}: no row has ${measure.name}`);
  }
  const held = pairs.flatMap(({ a, b }) => {
    if (holds(condition, b, a)) return [`--fail-on ${text}: ${placeText(b)}`];
    const isMissing = ofBaseline ? has(a) !== has(b) : has(a) && !has(b);
    return isMissing
      ? [`--fail-on ${text}: cannot be said of ${placeText(b)}: only ${has(a) ? "A" : "B"} has it`]
      : [];
  });
  const missing = unpaired.a.map(
    (row) => `--fail-on ${text}: cannot be said of ${placeText(row)}: it is only in A`,
  );
  return [...held, ...missing];
}

function placeText(row: StoredRow): string {
  return `${policyText(row)} on ${row.platform}, ${formatBytes(row.memoryBytes)}, ${formatVcpus(row.vcpus)}`;
}

function remarkOnUnknown(
  a: readonly [path: string, stored: StoredRows],
  b: readonly [path: string, stored: StoredRows],
  { stderr }: CliIo,
): void {
  for (const [path, { unknown }] of [a, b]) {
    if (unknown.length > 0)
      print(stderr, `${path}: not compared, as this version does not know it: ${unknown.join(", ")}\n`);
  }
}
