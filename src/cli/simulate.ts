/** What `run` and `compare` have in common: simulate a list of scenarios, print, write, judge. */

import { formatVcpus } from "../report/cells.js";
import { policyText } from "../report/row-groups.js";
import { holds } from "../results/conditions.js";
import { hasFailed } from "../results/problems.js";
import type { CompareRow, RunResult } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { BASELINE_POLICY, baselineOf, compare } from "../study/compare.js";
import { repeatsOf } from "../study/repeat.js";
import { formatBytes } from "../units.js";
import { type CliContext, listen } from "./context.js";
import type { LoadedScenario } from "./load.js";
import type { SharedOptions } from "./options.js";
import { formatRows, writeRows } from "./output.js";
import { makeDirectory } from "./output-place.js";
import { announce } from "./plan.js";
import { print } from "./print.js";
import { startProgress } from "./progress.js";
import { writeRemarks } from "./remarks.js";
import { UsageError } from "./usage-error.js";

/**
 * @param formatForPeople prints the rows where `--format` asks for nothing else
 * @returns the exit code: 0, or 1 if a run failed or a condition holds
 * @throws the reason of `io.interrupted` as soon as the current run has ended, before anything is printed
 */
export async function simulate(
  loaded: readonly LoadedScenario[],
  options: SharedOptions,
  formatForPeople: (rows: readonly CompareRow[]) => string,
  context: CliContext,
): Promise<number> {
  const { io } = context;
  // A directory that cannot be made should be known before the work, not after it.
  if (options.outDirectory !== undefined) makeDirectory(options.outDirectory);
  const rows = await runAll(loaded, options, context);
  const failed = conditionsThatHold(loaded, rows, options);
  print(io.stdout, formatRows(rows, options.format, formatForPeople));
  if (options.outDirectory !== undefined) {
    const paths = writeRows(options.outDirectory, rows);
    if (!options.quiet) print(io.stderr, `wrote ${paths.join(", ")}\n`);
  }
  for (const line of failed) print(io.stderr, `${line}\n`);
  if (options.format !== "table" || options.tellsRemarks !== true) writeRemarks(rows, options.quiet, io);
  const wrong = rows.some((row) => hasFailed(row) || (row.repeats?.failed ?? 0) > 0);
  return failed.length === 0 && !wrong ? 0 : 1;
}

/** A line for each condition to fail on and each row for which it holds. */
function conditionsThatHold(
  loaded: readonly LoadedScenario[],
  rows: readonly CompareRow[],
  { failOn = [], baseline = BASELINE_POLICY }: SharedOptions,
): string[] {
  const scenarios = loaded.map(({ scenario }) => scenario);
  const lonely = failOn.find(({ ofBaseline }) => ofBaseline);
  if (lonely !== undefined && !rows.some(({ policy }) => policy === baseline)) {
    throw new UsageError(`--fail-on ${lonely.text}: no run has the baseline policy ${baseline}`);
  }
  return failOn.flatMap((condition) =>
    rows.flatMap((row, index) =>
      holds(condition, row, baselineOf(index, baseline, scenarios, rows))
        ? [
            `--fail-on ${condition.text}: ${policyText(row)} on ${row.platform}, ${formatBytes(row.memoryBytes)}, ${formatVcpus(row.vcpus)}`,
          ]
        : [],
    ),
  );
}

async function runAll(
  loaded: readonly LoadedScenario[],
  options: SharedOptions,
  context: CliContext,
): Promise<CompareRow[]> {
  const total = loaded.reduce((sum, { again }) => sum + 1 + again.length, 0);
  const runs = startRuns([...loaded, ...loaded.flatMap(({ again }) => again)], options, context, total);
  try {
    const rows = await compare(
      loaded.map(({ scenario }) => scenario),
      (scenario) => runs.run(scenario),
      options,
    );
    const repeated: CompareRow[] = [];
    for (const [index, row] of rows.entries()) {
      const others: RunResult[] = [];
      for (const { scenario } of loaded[index]!.again) others.push(await runs.run(scenario));
      repeated.push(others.length === 0 ? row : { ...row, repeats: repeatsOf([row, ...others]) });
    }
    await runs.listen();
    return repeated;
  } finally {
    runs.stop();
  }
}

/** Simulates a scenario for nothing but the time it takes. */
export function runOne(
  { scenario, recording }: Pick<LoadedScenario, "scenario" | "recording">,
  { check }: SharedOptions,
  { runScenario }: CliContext,
): void {
  runScenario(scenario, recording, { check });
}

/** Says on stderr, unless told to be quiet, what is not done as it was asked. */
export function remarkOn({ io }: CliContext, { quiet }: SharedOptions): (text: string) => void {
  return (text) => {
    if (!quiet) print(io.stderr, `${text}\n`);
  };
}

/** Runs one after another, with progress, until somebody interrupts. */
export interface Runs {
  /**
   * Simulates a scenario on the recording of one that was loaded.
   *
   * @param loaded itself, if not given
   * @throws the reason of `io.interrupted`
   */
  run(scenario: Scenario, loaded?: Scenario): Promise<RunResult>;
  /** Hears a signal that came during the last run; @throws its reason */
  listen(): Promise<void>;
  /** Takes the progress off the screen. */
  stop(): void;
}

/** @param total runs to come, for the progress */
export function startRuns(
  loaded: readonly Pick<LoadedScenario, "scenario" | "recording">[],
  options: SharedOptions,
  { io, runScenario }: CliContext,
  total: number,
): Runs {
  const recordings = new Map(loaded.map(({ scenario, recording }) => [scenario, recording]));
  const progress = options.quiet ? undefined : startProgress(io.stderr, total);
  let done = 0;
  return {
    listen: () => listen(io),
    stop: () => progress?.stop(),
    async run(scenario, of = scenario) {
      await listen(io);
      if (done === 0 && !options.quiet) announce({ runs: total }, io);
      const result = runScenario(scenario, recordings.get(of)!, {
        check: options.check,
        timeline: options.timeline === true,
      });
      progress?.update(++done);
      return result;
    },
  };
}
