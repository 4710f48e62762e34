/** The objective of a tuning, one measure, a weighted sum, or several in order of importance, and its constraints. */

import { type Condition, ConditionError, measureAt, parseCondition } from "../../results/conditions.js";
import type { MeasureName } from "../../results/measures.js";

export interface Term {
  readonly weight: number;
  readonly measure: MeasureName;
}

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

/** `bootTimeNs`, `0.7 * bootTimeNs`. */
const TERM = /^(\s*)(?:(\d+(?:\.\d+)?)\s*\*\s*)?([A-Za-z][\w.]*)\s*$/;

/**
 * Reads `bootTimeNs`, `0.7*bootTimeNs+0.3*overheadBytes`, or stages in order, `bootTimeNs,overheadBytes`.
 *
 * @throws ConditionError
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
  if (match === null) {
    const found = term.trim() === "" ? "nothing" : JSON.stringify(term.trim());
    const at = column + (term.length - term.trimStart().length);
    throw new ConditionError(text, at, `expected a measure, or one with a weight, found ${found}`);
  }
  const [, space, weightText, word] = match;
  const at = column + term.indexOf(word!, space!.length);
  const { name, better } = measureAt(text, at, word!);
  if (better !== "less") {
    throw new ConditionError(text, at, `expected a measure that is better when less, found ${name}`);
  }
  const weight = weightText === undefined ? 1 : Number(weightText);
  if (weight === 0) {
    throw new ConditionError(text, column + space!.length, "expected a weight above 0, found 0");
  }
  return { weight, measure: name };
}

/**
 * Reads what a setting must keep to, whatever it does for the objective: `acceptedBytes<2GiB`.
 *
 * @throws ConditionError, also for what needs other runs to compare with
 */
export function parseConstraint(text: string): Condition {
  const condition = parseCondition(text);
  const { measure, ofBaseline } = condition;
  if (!ofBaseline && measure.relative === undefined) return condition;
  const column = ofBaseline ? text.lastIndexOf("baseline") + 1 : text.indexOf(measure.name) + 1;
  throw new ConditionError(text, column, "expected what one run tells: a tuning has no baseline");
}
