/** What `run` and `compare` have in common: simulate a list of scenarios, print, write, judge. */

import { setImmediate } from "node:timers/promises";
import type { Scenario } from "../scenario/scenario.js";
import { compare } from "../study/compare.js";
import type { CompareRow, RunResult } from "../study/result.js";
import type { CliContext } from "./context.js";
import type { LoadedScenario } from "./load.js";
import type { SharedOptions } from "./options.js";
import { formatRows, makeDirectory, writeRows } from "./output.js";
import { startProgress } from "./progress.js";

/**
 * @param formatForPeople prints the rows where `--format` asks for nothing else
 * @returns the exit code: 0, or 1 if a run did not get ready
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
  io.stdout.write(formatRows(rows, options.format, formatForPeople));
  if (options.outDirectory !== undefined) {
    const paths = writeRows(options.outDirectory, rows);
    if (!options.quiet) io.stderr.write(`wrote ${paths.join(", ")}\n`);
  }
  return rows.every((row) => row.outcome === "ready") ? 0 : 1;
}

async function runAll(
  loaded: readonly LoadedScenario[],
  options: SharedOptions,
  context: CliContext,
): Promise<CompareRow[]> {
  const runs = startRuns(loaded, options, context, loaded.length);
  try {
    const rows = await compare(
      loaded.map(({ scenario }) => scenario),
      (scenario) => runs.run(scenario),
    );
    await runs.listen();
    return rows;
  } finally {
    runs.stop();
  }
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
  loaded: readonly LoadedScenario[],
  options: SharedOptions,
  { io, runScenario }: CliContext,
  total: number,
): Runs {
  const recordings = new Map(loaded.map(({ scenario, recording }) => [scenario, recording]));
  const progress = options.quiet ? undefined : startProgress(io.stderr, total);
  let done = 0;
  // A run never waits, so signals are heard only between runs, and only if somebody waits there.
  const listen = async (): Promise<void> => {
    await setImmediate();
    io.interrupted.throwIfAborted();
  };
  return {
    listen,
    stop: () => progress?.stop(),
    async run(scenario, of = scenario) {
      await listen();
      const result = runScenario(scenario, recordings.get(of)!, {
        check: options.check,
        timeline: options.timeline === true,
      });
      progress?.update(++done);
      return result;
    },
  };
}
