/** Runs of a command: confirmed if they are many, announced, and made until interrupted. */

import { formatCount, formatInteger } from "../report/cells.js";
import type { Arguments } from "./arguments.js";
import { MOST_RUNS } from "./flags.js";
import { type CliContext, type CliIo, Interrupted, print, throwIfInterrupted } from "./io.js";
import { type Job, threadsFor, withThreads } from "./pool/threads.js";
import type { Ask, Kind } from "./pool/work.js";
import { CountedProgress, waitText } from "./progress.js";
import { UsageError } from "./usage-error.js";

export interface Plan {
  readonly command: string;
  /** For a search an upper limit; a product beyond 2^53 is inexact. */
  readonly runs: number;
  readonly isSearch?: boolean;
  /** Makes one of the runs, for an estimate of all. */
  readonly one: () => unknown;
  /** Whether the user has agreed elsewhere, as with the shard of a sweep. */
  readonly isAgreed?: boolean;
}

/**
 * Asks on a terminal before many runs.
 *
 * @returns whether to begin: not with `--dry-run`, which prints its answer on stdout, nor after a no
 * @throws UsageError where there are many, `--yes` is missing and nobody can be asked
 */
export async function goesAhead(plan: Plan, argv: Arguments, { io }: CliContext): Promise<boolean> {
  const most = argv.wholeNumber("max-runs", 1) ?? MOST_RUNS;
  const text = runsText(plan);
  if (argv.has("dry-run")) {
    print(io.stdout, estimate(plan, text, io, argv.has("json") || argv.one("format") === "json"));
    return false;
  }
  if (!argv.has("yes") && plan.isAgreed !== true && plan.runs > most) {
    const more = `${plan.command}: ${text}, more than ${formatInteger(most)}`;
    if (io.confirm === undefined) {
      throw new UsageError(`${more}; --yes makes them, --max-runs raises the limit, --dry-run says how long`);
    }
    return io.confirm(`${more}; make them?`);
  }
  return true;
}

/** How runs are made, besides what they are. */
export interface Making extends Pick<Plan, "runs" | "isSearch"> {
  readonly quiet: boolean;
  /** Of `--jobs`. */
  readonly jobs: number | undefined;
}

/**
 * Makes runs, on several threads where that pays; `work` may ask for many at once.
 *
 * @param work is told how many threads there are
 * @throws Interrupted, also where that came during the last run
 */
export async function makeRuns<Name extends Kind, Result>(
  { quiet, jobs, ...plan }: Making,
  job: Job<Name>,
  context: CliContext,
  work: (make: Ask<Name>, threads: number) => Promise<Result>,
): Promise<Result> {
  const { io } = context;
  const { stderr, interrupted } = io;
  if (!quiet) announce(plan, stderr);
  const progress = quiet ? undefined : progressOf({ ...plan, what: "runs", total: plan.runs }, io);
  const threads = threadsFor(context, jobs, plan.runs);
  let done = 0;
  try {
    const result = await withThreads(job, threads, context, (ask) =>
      work(async (task) => {
        const made = await ask(task);
        done++;
        progress?.add(1);
        return made;
      }, threads),
    );
    await throwIfInterrupted(interrupted);
    return result;
  } catch (error) {
    if (!interrupted.aborted) throw error;
    throw new Interrupted(
      `with ${done} of ${runsText(plan)} done; nothing was written, the same command begins again`,
    );
  } finally {
    progress?.stop();
  }
}

export function progressOf(
  of: ConstructorParameters<typeof CountedProgress>[0],
  { stderr, startTicker }: Pick<CliIo, "stderr" | "startTicker">,
): CountedProgress {
  return new CountedProgress(of, stderr, { ticker: startTicker?.() });
}

export function announce(plan: Pick<Plan, "runs" | "isSearch">, stderr: CliIo["stderr"]): void {
  if (plan.runs > 1) print(stderr, `${runsText(plan)} to make\n`);
}

function runsText({ runs, isSearch = false }: Pick<Plan, "runs" | "isSearch">): string {
  const count = Number.isSafeInteger(runs) ? formatInteger(runs) : `about ${formatCount(runs)}`;
  return `${isSearch ? "at most " : ""}${count} run${runs === 1 ? "" : "s"}`;
}

function estimate(
  { runs, one }: Plan,
  text: string,
  { atWork = (run) => run() }: CliIo,
  asJson: boolean,
): string {
  const begin = performance.now();
  atWork(one);
  const oneMs = performance.now() - begin;
  if (asJson) return `${JSON.stringify({ runs, estimateSeconds: (runs * oneMs) / 1000 }, undefined, 2)}\n`;
  return `${text}, about ${waitText(runs * oneMs)} on one CPU, by one that took ${waitText(oneMs)}\n`;
}
