/** How many runs a command is about to make: asked about before many, and said when they begin. */

import type { Argv } from "yargs";
import { formatCount, formatInteger } from "../report/cells.js";
import type { CliContext } from "./context.js";
import type { ParsedArguments } from "./options.js";
import { print } from "./print.js";
import { UsageError } from "./usage-error.js";

/** Runs that nobody is asked about: some minutes of short ones. */
export const MOST_RUNS = 10_000;
const MOST_RUNS_FLAG = "max-runs";

/** What a command is about to do. */
export interface Plan {
  readonly command: string;
  /** The most there can be where a search decides how many; a product beyond 2^53 only about. */
  readonly runs: number;
  readonly isSearch?: boolean;
  /** Makes one of the runs, for an estimate of all. */
  readonly one: () => unknown;
  /** Somebody else has agreed already, as with the shard of a sweep. */
  readonly isAgreed?: boolean;
}

/** Adds what `goesAhead` reads. */
export function addPlanOptions<T>(yargs: Argv<T>): Argv<T> {
  const group = "How many runs:";
  return yargs
    .option("dry-run", {
      type: "boolean",
      group,
      describe: "make one run, say how many there would be and how long they would take, and end",
    })
    .option("yes", {
      type: "boolean",
      group,
      describe: `do not ask before more than ${formatInteger(MOST_RUNS)} runs`,
    })
    .option(MOST_RUNS_FLAG, {
      type: "string",
      requiresArg: true,
      group,
      describe: "ask only before more than so many",
    });
}

/**
 * Asks on a terminal before many runs.
 *
 * @returns whether to begin: not with `--dry-run`, which prints its answer on stdout, nor after a no
 * @throws UsageError where there are many, `--yes` is missing and nobody can be asked
 */
export async function goesAhead(plan: Plan, argv: ParsedArguments, { io }: CliContext): Promise<boolean> {
  const most = mostRuns(argv);
  const text = runsText(plan);
  if (argv["dry-run"] === true) {
    print(io.stdout, estimate(plan, text, argv.json === true || argv.format === "json"));
    return false;
  }
  if (argv.yes !== true && plan.isAgreed !== true && plan.runs > most) {
    const more = `${plan.command}: ${text}, more than ${formatInteger(most)}`;
    if (io.confirm === undefined) {
      throw new UsageError(
        `${more}; --yes makes them, --${MOST_RUNS_FLAG} raises the limit, --dry-run says how long`,
      );
    }
    return io.confirm(`${more}; make them?`);
  }
  return true;
}

/** Says on stderr how many runs are about to begin, where it is more than one; for when all input is known to be right. */
export function announce(plan: Pick<Plan, "runs" | "isSearch">, { stderr }: CliContext["io"]): void {
  if (plan.runs > 1) print(stderr, `${runsText(plan)} to make\n`);
}

function mostRuns(argv: ParsedArguments): number {
  const given = argv[MOST_RUNS_FLAG];
  if (given === undefined) return MOST_RUNS;
  const most = /^\d+$/.test(String(given)) ? Number(given) : 0;
  if (most >= 1 && Number.isSafeInteger(most)) return most;
  throw new UsageError(`--${MOST_RUNS_FLAG} ${String(given)}: expected a whole number from 1`);
}

function runsText({ runs, isSearch = false }: Pick<Plan, "runs" | "isSearch">): string {
  const count = Number.isSafeInteger(runs) ? formatInteger(runs) : `about ${formatCount(runs)}`;
  return `${isSearch ? "at most " : ""}${count} run${runs === 1 ? "" : "s"}`;
}

/** One line for people, or an object. */
function estimate({ runs, one }: Plan, text: string, asJson: boolean): string {
  const begin = performance.now();
  one();
  const oneMs = performance.now() - begin;
  if (asJson) return `${JSON.stringify({ runs, estimateSeconds: (runs * oneMs) / 1000 }, undefined, 2)}\n`;
  return `${text}, about ${waitText(runs * oneMs)} on one CPU, by one that took ${waitText(oneMs)}\n`;
}

const UNITS_MS = [
  ["days", 24 * 3600e3],
  ["hours", 3600e3],
  ["minutes", 60e3],
  ["s", 1e3],
] as const;

/** A wait in the largest unit of which there are two or more. */
function waitText(ms: number): string {
  const [unit, unitMs] = UNITS_MS.find(([, length]) => ms >= 2 * length) ?? ["ms", 1];
  const count = ms / unitMs;
  return `${count >= 10 ? Math.round(count) : count.toFixed(1)} ${unit}`;
}
