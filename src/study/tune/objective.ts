/** What a tuning makes small: one quantity, a weighted sum, or several in order of importance. */

import { flagError } from "./flag-error.js";
import { METRIC_NAMES, type MetricName, metricNamed } from "./metric.js";

/** A quantity with its weight in a sum. */
export interface Term {
  readonly weight: number;
  readonly metric: MetricName;
}

/** An objective, read. */
export interface Objective {
  /** As the user wrote it. */
  readonly text: string;
  /**
   * The most important first. One of a single term is measured in its own unit; in a sum of several
   * each term is a ratio to what it is at the first setting that gets ready, since seconds and bytes
   * cannot be added.
   */
  readonly stages: readonly (readonly Term[])[];
}

/** `bootTime`, `0.7 * bootTime`. */
const TERM = /^(\s*)(?:(\d+(?:\.\d+)?)\s*\*\s*)?([A-Za-z]\w*)\s*$/;

/**
 * Reads `bootTime`, `0.7*bootTime+0.3*overheadBytes`, or stages in order, `bootTime,overheadBytes`.
 *
 * @throws ScenarioError that names the flag and the column
 */
export function parseObjective(text: string): Objective {
  let column = 1;
  const stages = text.split(",").map((stage) => {
    const terms = stage.split("+").map((term) => {
      const parsed = parseTerm(text, term, column);
      column += term.length + 1;
      return parsed;
    });
    return terms;
  });
  return { text, stages };
}

function parseTerm(text: string, term: string, column: number): Term {
  const match = TERM.exec(term);
  const expected = `expected one of ${METRIC_NAMES.join(", ")}, with a weight as in 0.7*bootTime`;
  if (match === null) {
    const found = term.trim() === "" ? "nothing" : `"${term.trim()}"`;
    const at = column + (term.length - term.trimStart().length);
    throw flagError("objective", text, at, `${expected}, found ${found}`);
  }
  const [, space, weightText, word] = match;
  const metric = metricNamed(word!);
  if (metric === undefined) {
    const at = column + term.indexOf(word!, space!.length);
    throw flagError("objective", text, at, `${expected}, found "${word}"`);
  }
  const weight = weightText === undefined ? 1 : Number(weightText);
  if (weight === 0) {
    throw flagError("objective", text, column + space!.length, "expected a weight above 0, found 0");
  }
  return { weight, metric };
}
