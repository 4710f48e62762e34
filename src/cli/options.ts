/** Values of the flags that simulating commands share, and of those that control a comparison. */

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { didYouMean, nearestName } from "../nearest-name.js";
import { policies } from "../policy/policies.js";
import { type Condition, ConditionError, parseCondition, parseMeasures } from "../results/conditions.js";
import type { Measure } from "../results/measures.js";
import { type Assignment, parseAssignment } from "../scenario/set.js";
import { typedAssignment } from "../scenario/typed.js";
import { parseDuration } from "../units.js";
import { isGenerated } from "../workload/generators/index.js";
import type { Arguments } from "./arguments.js";
import { bundledWorkload, bundledWorkloadNames } from "./bundled.js";
import { OUTPUT_FORMATS, type OutputFormat, SCENARIO_FLAGS, type ScenarioFlag } from "./flags.js";
import { typedPrices } from "./price-sets.js";
import { UsageError } from "./usage-error.js";

export interface SharedOptions {
  /** To write over the scenario file, in this order. */
  readonly assignments: readonly Assignment[];
  readonly format: OutputFormat;
  readonly outDirectory: string | undefined;
  readonly check: boolean;
  readonly quiet: boolean;
  readonly lenient: boolean;
  /** Threads that the user asks for. */
  readonly jobs: number | undefined;
}

export interface StudyOptions {
  /** The policy that others are compared with. */
  readonly baseline?: string;
  /** From power-on until init runs. */
  readonly deadlineNs?: number;
  /** What tables and CSV show, what rows are sorted and ranked by, where the user says so. */
  readonly columns?: readonly Measure[];
  readonly sort?: readonly Measure[];
  readonly rank?: readonly Measure[];
  /** Conditions that make the exit code 1 where they hold. */
  readonly failOn: readonly Condition[];
  /** Runs of each scenario in which anything is random. */
  readonly repeat: number;
}

/**
 * @throws UsageError for a flag that was given twice, or a bundled workload that is misspelt;
 *   ScenarioError for a `--set` that is no assignment
 */
export function sharedOptions(argv: Arguments): SharedOptions {
  return {
    assignments: [...typedFlags(argv, Object.keys(SCENARIO_FLAGS)), ...argv.all("set").map(parseAssignment)],
    format: argv.format(OUTPUT_FORMATS),
    outDirectory: argv.one("out"),
    check: argv.has("check"),
    quiet: argv.has("quiet"),
    lenient: argv.has("lenient"),
    jobs: jobsOf(argv),
  };
}

/** @throws UsageError */
export function jobsOf(argv: Arguments): number | undefined {
  return argv.wholeNumber("jobs", 1, 1024);
}

/** What flags of these names write over a scenario file. @throws UsageError for one that was given twice */
export function typedFlags(argv: Arguments, names: readonly string[]): Assignment[] {
  return names.flatMap((name) => {
    const values = argv.all(name);
    if (values.length > 1) {
      const list = `several values are one list, --${name} ${values.join(",")}`;
      throw new UsageError(`--${name} was given twice; ${list}`);
    }
    return values.map((text) => assignmentOf(name, SCENARIO_FLAGS[name]!, text));
  });
}

/** @throws UsageError for a value that a flag cannot have */
export function studyOptions(argv: Arguments): StudyOptions {
  const [baseline, deadline] = [argv.one("baseline"), argv.one("deadline")];
  return {
    ...(baseline === undefined ? {} : { baseline: policyOf(baseline) }),
    ...(deadline === undefined ? {} : { deadlineNs: deadlineOf(deadline) }),
    ...measuresOf(argv, "columns"),
    ...measuresOf(argv, "sort"),
    ...measuresOf(argv, "rank"),
    failOn: argv.all("fail-on").map((text) => readFlag("fail-on", text, parseCondition)),
    repeat: argv.wholeNumber("repeat", 1, 1000) ?? 1,
  };
}

function measuresOf<Name extends "columns" | "sort" | "rank">(
  argv: Arguments,
  flag: Name,
): { readonly [Own in Name]?: readonly Measure[] } {
  const text = argv.one(flag);
  return text === undefined
    ? {}
    : ({ [flag]: readFlag(flag, text, parseMeasures) } as { [Own in Name]: Measure[] });
}

/** Reads a flag that names measures; @throws UsageError that begins with the flag */
export function readFlag<T>(flag: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (error instanceof ConditionError) throw new UsageError(`--${flag} ${error.message}`);
    throw error;
  }
}

/** A time above zero; @throws UsageError */
export function deadlineOf(text: string): number {
  const ns = parseDuration(text);
  if (ns === undefined || ns <= 0) throw new UsageError(`--deadline ${text}: expected a time such as 60s`);
  return ns;
}

function policyOf(text: string): string {
  const { names } = policies();
  if (names.includes(text)) return text;
  throw new UsageError(`--baseline ${text}: expected one of ${names.join(", ")}${didYouMean(text, names)}`);
}

/** What a flag writes over a scenario file: a value, or a list of those with commas between them. */
export function assignmentOf(name: string, flag: ScenarioFlag, text: string): Assignment {
  const named =
    flag.workload === true ? workloadPath : flag.prices === true ? typedPrices : (own: string) => own;
  return typedAssignment(`--${name} ${text}`, flag, text, named);
}

/** Paths in scenario files are relative to those files; a path typed as a flag is relative to the working directory, or bundled. */
function workloadPath(text: string): string {
  if (text === "" || isGenerated(text)) return text;
  const bundled = bundledWorkload(text);
  if (bundled !== undefined) return bundled;
  if (!existsSync(text)) {
    const nearest = nearestName(text, bundledWorkloadNames());
    if (nearest !== undefined)
      throw new UsageError(`--workload ${text}: no such file, did you mean ${nearest}?`);
  }
  return resolve(text);
}
