/** Flags that say what a comparison is to answer. */

import { nearestName } from "../nearest-name.js";
import { POLICY_NAMES, type PolicyName } from "../policy/policies.js";
import { type Condition, ConditionError, parseCondition } from "../results/conditions.js";
import { parseDuration } from "../units.js";
import type { ParsedArguments } from "./options.js";
import { UsageError } from "./usage-error.js";

/** Most runs of one scenario with other seeds. */
const REPEAT_MAX = 1000;

/** The flags, read. */
export interface StudyOptions {
  readonly baseline?: PolicyName;
  readonly deadlineNs?: number;
  readonly failOn: readonly Condition[];
  readonly repeat: number;
}

/** @throws UsageError for a value that a flag cannot have */
export function studyOptions(argv: ParsedArguments): StudyOptions {
  const { baseline, deadline, repeat = "1" } = argv;
  const conditions = [argv["fail-on"] ?? []].flat().map(String);
  return {
    ...(baseline === undefined ? {} : { baseline: policyOf(String(baseline)) }),
    ...(deadline === undefined ? {} : { deadlineNs: deadlineOf(String(deadline)) }),
    failOn: conditions.map((text) => readFlag("fail-on", text, parseCondition)),
    repeat: repeatOf(String(repeat)),
  };
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

function policyOf(text: string): PolicyName {
  const policy = POLICY_NAMES.find((name) => name === text);
  if (policy !== undefined) return policy;
  const nearest = nearestName(text, POLICY_NAMES);
  const hint = nearest === undefined ? "" : `, did you mean ${nearest}?`;
  throw new UsageError(`--baseline ${text}: expected one of ${POLICY_NAMES.join(", ")}${hint}`);
}

function repeatOf(text: string): number {
  const runs = Number(text);
  if (Number.isInteger(runs) && runs >= 1 && runs <= REPEAT_MAX) return runs;
  throw new UsageError(`--repeat ${text}: expected a whole number from 1 to ${REPEAT_MAX}`);
}
