/** Common steps of commands that simulate a list of scenarios: run, print, write, judge. */

import { join } from "node:path";
import type { RunWatch } from "../memory-map/run-watch.js";
import { BASELINE_POLICY } from "../policy/policies.js";
import { printableAll } from "../printable.js";
import { formatVcpus } from "../report/cells.js";
import { remarkLines } from "../report/remarks.js";
import { policyText } from "../report/row-groups.js";
import { formatMarkdown, type RowsLook } from "../report/rows.js";
import { formatUncertainty, formatUncertaintyJson } from "../report/uncertainty.js";
import { holds } from "../results/conditions.js";
import { formatCsv, formatJson, formatJsonl } from "../results/formats.js";
import { hasFailed } from "../results/problems.js";
import type { CompareRow, RunResult } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { baselinesOf, compare } from "../study/compare.js";
import { inOrder } from "../study/in-order.js";
import { repeatsOf } from "../study/repeat.js";
import { rangeVariants, uncertainty } from "../study/uncertainty.js";
import type { Recorder } from "../timeline/recorder.js";
import { formatBytes } from "../units.js";
import type { OutputFormat } from "./flags.js";
import { type CliContext, type CliIo, paintFor, print } from "./io.js";
import type { LoadedScenario } from "./load.js";
import type { WorkloadLoader } from "./load-recording.js";
import type { SharedOptions, StudyOptions } from "./options.js";
import { makeDirectory, writeTogether } from "./output-file.js";
import { runsWith } from "./pool/run-work.js";
import type { RunTask } from "./pool/work.js";
import { makeRuns } from "./runs.js";
import { UsageError } from "./usage-error.js";

export interface SimulateOptions extends SharedOptions, Partial<StudyOptions> {
  /** Told what happens when, of the only run. */
  readonly recorder?: Recorder | undefined;
  /** Told how the only run goes on. */
  readonly watch?: RunWatch | undefined;
  /** Whether the text for people has the remarks of its runs, which then need no place of their own. */
  readonly tellsRemarks?: boolean;
}

/**
 * @param loader that they were loaded with
 * @param formatForPeople prints the rows where `--format` asks for nothing else
 * @returns the exit code: 0, or 1 if a run failed or a condition holds
 * @throws the reason of `io.interrupted` as soon as the current run has ended, before anything is printed
 */
export async function simulate(
  loaded: readonly LoadedScenario[],
  loader: WorkloadLoader,
  options: SimulateOptions,
  formatForPeople: (rows: readonly CompareRow[]) => string,
  context: CliContext,
): Promise<number> {
  const { io } = context;
  // A directory that cannot be made should be known before the work, not after it.
  if (options.outDirectory !== undefined) makeDirectory(options.outDirectory);
  const rows = await runAll(loaded, loader, options, context);
  const failed = conditionsThatHold(loaded, rows, options);
  const { format } = options;
  print(
    io.stdout,
    format === "table" ? formatForPeople(printableAll(rows)) : FORMATTERS[format](rows, options),
  );
  if (options.outDirectory !== undefined) {
    const paths = writeRows(options.outDirectory, rows);
    if (!options.quiet) print(io.stderr, `wrote ${paths.join(", ")}\n`);
  }
  for (const line of failed) print(io.stderr, `${line}\n`);
  if (format !== "table" || options.tellsRemarks !== true) writeRemarks(rows, options.quiet, io);
  const wrong = rows.some((row) => hasFailed(row) || (row.repeats?.failed ?? 0) > 0);
  return failed.length === 0 && !wrong ? 0 : 1;
}

const FORMATTERS: Readonly<
  Record<Exclude<OutputFormat, "table">, (rows: readonly CompareRow[], look: RowsLook) => string>
> = {
  json: formatJson,
  jsonl: formatJsonl,
  csv: (rows, { columns }) => formatCsv(rows, columns),
  md: (rows, look) => formatMarkdown(printableAll(rows), look),
};

/** Writes `NAME.json` and `NAME.csv` for the rows of each scenario: all files, or none. @returns the paths */
function writeRows(directory: string, rows: readonly CompareRow[]): string[] {
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

function conditionsThatHold(
  loaded: readonly LoadedScenario[],
  rows: readonly CompareRow[],
  { failOn = [], baseline = BASELINE_POLICY }: SimulateOptions,
): string[] {
  const scenarios = loaded.map(({ scenario }) => scenario);
  const needsBaseline = failOn.find(({ ofBaseline }) => ofBaseline);
  if (needsBaseline !== undefined && !rows.some(({ policy }) => policy === baseline)) {
    throw new UsageError(`--fail-on ${needsBaseline.text}: no run has the baseline policy ${baseline}`);
  }
  if (failOn.length === 0) return [];
  const baselines = baselinesOf(baseline, scenarios, rows);
  return failOn.flatMap((condition) =>
    rows.flatMap((row, index) =>
      holds(condition, row, baselines[index])
        ? [
            `--fail-on ${condition.text}: ${policyText(row)} on ${row.platform}, ${formatBytes(row.memoryBytes)}, ${formatVcpus(row.vcpus)}`,
          ]
        : [],
    ),
  );
}

function runAll(
  loaded: readonly LoadedScenario[],
  loader: WorkloadLoader,
  options: SimulateOptions,
  context: CliContext,
): Promise<CompareRow[]> {
  const runs = loaded.reduce((sum, { repeats }) => sum + 1 + repeats.length, 0);
  const workloads = workloadsOf([...loaded, ...loaded.flatMap(({ repeats }) => repeats)]);
  const { check, format, outDirectory, recorder, watch, quiet, jobs } = options;
  // Only files and JSON have room for it.
  const overTime = ["json", "jsonl"].includes(format) || outDirectory !== undefined;
  const more = {
    ...(recorder === undefined ? {} : { recorder }),
    ...(watch === undefined ? {} : { watch }),
  };
  return makeRuns({ runs, quiet, jobs }, runsWith(loader, context.runScenario), context, async (make) => {
    const runWith =
      (extra: Partial<RunTask["options"]>) =>
      (scenario: Scenario): Promise<RunResult> =>
        make({ scenario, workload: workloads.get(scenario), options: { check, ...extra } });
    const rows = compare(
      loaded.map(({ scenario }) => scenario),
      runWith({ overTime, ...more }),
      options,
    );
    const others = inOrder(
      loaded.map(({ repeats }) => inOrder(repeats.map(({ scenario }) => runWith({})(scenario)))),
    );
    await inOrder<unknown>([rows, others]);
    const repeats = await others;
    return (await rows).map((row, index) =>
      repeats[index]!.length === 0 ? row : { ...row, repeats: repeatsOf([row, ...repeats[index]!]) },
    );
  });
}

function workloadsOf(loaded: readonly LoadedScenario[]): Map<Scenario, string | undefined> {
  return new Map(loaded.map(({ scenario, workload }) => [scenario, workload]));
}

/**
 * `--uncertainty`: every run at the ends of all assumed parameters as well.
 *
 * @returns the exit code: 0, or 1 if a run at the defaults failed
 * @throws UsageError for a format that has no place for ranges; what `simulate` throws
 */
export async function simulateUncertain(
  loaded: readonly LoadedScenario[],
  loader: WorkloadLoader,
  { format, outDirectory, quiet, jobs, check }: SharedOptions,
  context: CliContext,
): Promise<number> {
  if (format !== "table" && format !== "json") {
    throw new UsageError(`--format ${format}: with --uncertainty expected table or json`);
  }
  if (outDirectory !== undefined) {
    throw new UsageError("--out: not with --uncertainty, which prints ranges; send its --json to a file");
  }
  const scenarios = loaded.map(({ scenario }) => scenario);
  const runs = scenarios.reduce((sum, scenario) => sum + 1 + rangeVariants(scenario).length, 0);
  const workloads = workloadsOf(loaded);
  const { io } = context;
  const job = runsWith(loader, context.runScenario);
  const { rows, found } = await makeRuns({ runs, quiet, jobs }, job, context, async (make) => {
    const run = (scenario: Scenario, of: Scenario = scenario): Promise<RunResult> =>
      make({ scenario, workload: workloads.get(of), options: { check } });
    const defaults = await compare(scenarios, (scenario) => run(scenario));
    return { rows: defaults, found: await uncertainty(defaults, scenarios, run) };
  });
  print(io.stdout, format === "json" ? formatUncertaintyJson(found) : formatUncertainty(found, paintFor(io)));
  writeRemarks(rows, quiet, io);
  return rows.some(hasFailed) ? 1 : 0;
}

export function runOne(
  { scenario, recording }: Pick<LoadedScenario, "scenario" | "recording">,
  { check }: Pick<SharedOptions, "check">,
  { runScenario }: CliContext,
): void {
  runScenario(scenario, recording, { check });
}

export function remarkOn({ io }: CliContext, quiet: boolean): (text: string) => void {
  return (text) => {
    if (!quiet) print(io.stderr, `${text}\n`);
  };
}

/** Writes each remark once, on stderr. */
export function writeRemarks(
  runs: readonly RunResult[],
  quiet: boolean,
  { stderr }: Pick<CliIo, "stderr">,
): void {
  if (quiet) return;
  for (const line of remarkLines(runs)) print(stderr, `${line}\n`);
}
