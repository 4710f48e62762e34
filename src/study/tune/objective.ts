/** The objective of a tuning, one measure, a sum, or several in order of importance, and its constraints. */

import {
  amountIn,
  type Condition,
  ConditionError,
  measureAt,
  parseCondition,
} from "../../results/conditions.js";
import type { Measure, MeasureName, Unit } from "../../results/measures.js";

export interface Term {
  readonly weight: number;
  readonly measure: MeasureName;
  /** The amount that the measure is divided by, in its unit; absent where the sum has that unit. */
  readonly per?: number;
}

/** A sum. Its terms are all in one unit, or all divided by an amount each, which leaves plain numbers. */
export interface Stage {
  /** Of its value: that of its measures, `ratio` where they are divided. */
  readonly unit: Unit;
  readonly terms: readonly Term[];
}

export interface Objective {
  /** As the user wrote it. */
  readonly text: string;
  /** The most important first. */
  readonly stages: readonly Stage[];
}

/** `bootTimeNs`, `0.7 * bootTimeNs`, `0.7 * bootTimeNs / 10s`. */
const TERM = /^(\s*)(?:(\d+(?:\.\d+)?)\s*\*\s*)?([A-Za-z][\w.]*)\s*(?:(\/\s*)(.*?)\s*)?$/s;

/**
 * Reads `bootTimeNs`, a sum in one unit such as `bootTimeNs+2*workloadTimeNs`, a sum of different units in which
 * each term says what it is divided by, `0.7*bootTimeNs/10s+0.3*overheadBytes/1GiB`, or stages in order,
 * `bootTimeNs,overheadBytes`.
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
    return stageOf(text, terms);
  });
  return { text, stages };
}

interface ParsedTerm {
  readonly term: Term;
  readonly unit: Unit;
  /** Where its measure stands, from 1. */
  readonly column: number;
}

/** @throws ConditionError for seconds and bytes in one sum, and for a sum of which only a part is divided */
function stageOf(text: string, parsed: readonly ParsedTerm[]): Stage {
  const [{ term: first, unit }] = parsed as [ParsedTerm];
  const isDivided = first.per !== undefined;
  const other = parsed.find(({ term, unit: own }) =>
    isDivided ? term.per === undefined : term.per !== undefined || own !== unit,
  );
  if (other !== undefined) {
    const { measure, per } = other.term;
    const what = `${measure}, which is ${per === undefined ? `in ${other.unit}` : "divided by an amount"}`;
    const expected = isDivided
      ? `a measure divided by an amount, as ${first.measure} is`
      : `a measure in ${unit}, as ${first.measure} is, or each one divided by an amount, such as ` +
        `${first.measure}/${AMOUNTS[unit]}`;
    throw new ConditionError(text, other.column, `expected ${expected}, found ${what}`);
  }
  return { unit: isDivided ? "ratio" : unit, terms: parsed.map(({ term }) => term) };
}

const AMOUNTS: Readonly<Record<Unit, string>> = {
  ns: "10s",
  bytes: "1GiB",
  count: "1000",
  ratio: "2",
  share: "0.5",
};

function parseTerm(text: string, term: string, column: number): ParsedTerm {
  const match = TERM.exec(term);
  if (match === null) {
    const found = term.trim() === "" ? "nothing" : JSON.stringify(term.trim());
    const at = column + (term.length - term.trimStart().length);
    throw new ConditionError(text, at, `expected a measure, or one with a weight, found ${found}`);
  }
  const [, space, weightText, word, slash, amountText] = match;
  const at = column + term.indexOf(word!, space!.length);
  const measure = measureAt(text, at, word!);
  const { name, better, is: unit } = measure;
  if (better !== "less") {
    throw new ConditionError(text, at, `expected a measure that is better when less, found ${name}`);
  }
  const weight = weightText === undefined ? 1 : Number(weightText);
  if (weight === 0) {
    throw new ConditionError(text, column + space!.length, "expected a weight above 0, found 0");
  }
  if (slash === undefined) return { term: { weight, measure: name }, unit, column: at };
  const per = divisor(text, column + term.indexOf(slash) + slash.length, measure, amountText!);
  return { term: { weight, measure: name, per }, unit, column: at };
}

function divisor(text: string, column: number, measure: Measure, amount: string): number {
  const { value, expected } = amountIn(measure, amount);
  if (value !== undefined && value > 0) return value;
  const found = amount === "" ? "nothing" : JSON.stringify(amount);
  throw new ConditionError(text, column, `expected ${expected}, above 0, found ${found}`);
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
