/** What a setting must keep to, whatever it does for the objective. */

import { parseNanoseconds } from "../../units.js";
import { flagError } from "./flag-error.js";
import { METRIC_NAMES, METRICS, type MetricName, metricNamed, parseValue, VALUE_EXPECTED } from "./metric.js";

/** `metric < limit`, or `<=`. */
export interface Constraint {
  /** As the user wrote it. */
  readonly text: string;
  readonly metric: MetricName;
  readonly orEqual: boolean;
  readonly limit: number;
}

const CONSTRAINT = /^(\s*)([A-Za-z]\w*)(\s*)(<=?)(\s*)(.*?)\s*$/s;

/**
 * Reads `acceptedBytes<2GiB`, `bootTime<=15s`.
 *
 * @throws ScenarioError that names the flag and the column
 */
export function parseConstraint(text: string): Constraint {
  const match = CONSTRAINT.exec(text);
  if (match === null) {
    const word = /^\s*\w*\s*/.exec(text)![0];
    const found = text.slice(word.length) === "" ? "the end" : `"${text.slice(word.length)}"`;
    throw flagError(
      "constraint",
      text,
      word.length + 1,
      `expected METRIC<LIMIT or METRIC<=LIMIT, found ${found}`,
    );
  }
  const [, before, word, space, sign, gap, limitText] = match as unknown as string[];
  const metric = metricNamed(word!);
  if (metric === undefined) {
    const expected = `expected one of ${METRIC_NAMES.join(", ")}, found "${word}"`;
    throw flagError("constraint", text, before!.length + 1, expected);
  }
  const { unit } = METRICS[metric];
  const limit = word!.endsWith("Ns") ? parseNanoseconds(limitText!) : parseValue(limitText!, unit);
  if (limit === undefined) {
    const column = [before, word, space, sign, gap].join("").length + 1;
    const found = limitText === "" ? "nothing" : `"${limitText}"`;
    throw flagError("constraint", text, column, `expected ${VALUE_EXPECTED[unit]}, found ${found}`);
  }
  return { text, metric, orEqual: sign === "<=", limit };
}

/** How far a value is beyond the limit, as a share of it; 0 where the constraint holds. */
export function excess({ limit, orEqual }: Constraint, value: number): number {
  if (orEqual ? value <= limit : value < limit) return 0;
  return limit === 0 ? Math.max(value, Number.MIN_VALUE) : Math.max(value / limit - 1, Number.MIN_VALUE);
}
