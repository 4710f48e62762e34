/**
 * Measures as users name them: in conditions such as `bootTimeNs>1.1*baseline`, for `--fail-on` and
 * `--constraint`, and in objectives.
 */

import { nearestName } from "../nearest-name.js";
import { parseNanoseconds, parseSize } from "../units.js";
import { MEASURES, type Measure, type Unit, valueIn } from "./measures.js";

/** Text that cannot be read. The message is one line with the column, from 1. */
export class ConditionError extends Error {
  /** @param column from 1 */
  constructor(text: string, column: number, message: string) {
    super(`${text}: column ${column}: ${message}`);
  }
}

const OPERATORS: Readonly<Record<Operator, (a: number, b: number) => boolean>> = {
  ">=": (a, b) => a >= b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  "<": (a, b) => a < b,
};

type Operator = ">=" | "<=" | ">" | "<";

export interface Condition {
  readonly text: string;
  readonly measure: Measure;
  readonly operator: Operator;
  readonly value: number;
  /** Whether `value` is times the baseline's. */
  readonly ofBaseline: boolean;
}

/**
 * Reads `MEASURE OPERATOR VALUE`: a number of a row by its name; `<`, `<=`, `>` or `>=`; a value with its unit
 * (`60s`, `2GiB`), or `1.1*baseline`, or `baseline`.
 *
 * @throws ConditionError
 */
export function parseCondition(text: string): Condition {
  const match = /^(\s*)([\w.]*)(\s*)(>=|<=|>|<)?(\s*)(.*?)\s*$/s.exec(text)!;
  const [, before, name, gap, operator, after, valueText] = match as unknown as string[];
  const nameColumn = before!.length + 1;
  const measure = measureAt(text, nameColumn, name! || text.slice(nameColumn - 1));
  const operatorColumn = nameColumn + name!.length + gap!.length;
  if (operator === undefined) {
    const found = quoted(text.slice(operatorColumn - 1));
    throw new ConditionError(text, operatorColumn, `expected <, <=, > or >=, found ${found}`);
  }
  const relative = /^(?:(\d+(?:\.\d+)?)\s*\*\s*)?baseline$/.exec(valueText!);
  const { parse, expected } = VALUES[measure.is];
  const value = relative === null ? parse(valueText!) : Number(relative[1] ?? 1);
  if (value === undefined) {
    const column = operatorColumn + operator.length + after!.length;
    const found = quoted(valueText!);
    throw new ConditionError(text, column, `expected ${expected}, or 1.1*baseline, found ${found}`);
  }
  return { text, measure, operator: operator as Operator, value, ofBaseline: relative !== null };
}

/** Reads names of measures with commas between them, at least one. @throws ConditionError */
export function parseMeasures(text: string): Measure[] {
  let column = 1;
  return text.split(",").map((part) => {
    const start = column + part.length - part.trimStart().length;
    column += part.length + 1;
    return measureAt(text, start, part.trim());
  });
}

/**
 * @param text the whole of what was written, with the name at `column`
 * @throws ConditionError that says which name may have been meant, or now is the name of what was
 */
export function measureAt(text: string, column: number, name: string): Measure {
  const measure = MEASURES.find((one) => one.name === name);
  if (measure !== undefined) return measure;
  const names = MEASURES.map((one) => one.name);
  const renamed = MEASURES.filter(({ was }) => was?.includes(name)).map((one) => one.name);
  const meant = renamed.length > 0 ? renamed.join(" or ") : nearestName(name, names);
  const hint = meant === undefined ? "; unaccepted schema results lists all" : `, did you mean ${meant}?`;
  const expected = "expected a measure such as bootTimeNs or waits.boot.p99Ns";
  throw new ConditionError(text, column, `${expected}, found ${quoted(name)}${hint}`);
}

/** @param baseline undefined where there is none; a condition that needs it then does not hold */
export function holds(condition: Condition, row: object, baseline: object | undefined): boolean {
  const { measure, operator, value, ofBaseline } = condition;
  const own = valueIn(measure, row);
  const factor = ofBaseline ? (baseline === undefined ? undefined : valueIn(measure, baseline)) : 1;
  if (typeof own !== "number" || typeof factor !== "number") return false;
  return OPERATORS[operator](own, value * factor);
}

/** How far a number is from meeting a condition without a baseline, as a share of its value; 0 where it meets it. */
export function excess({ operator, value }: Condition, own: number): number {
  if (OPERATORS[operator](own, value)) return 0;
  const share = value === 0 ? Math.abs(own) : Math.abs(own / value - 1);
  return Math.max(share, Number.MIN_VALUE);
}

const FRACTION = {
  parse: (text: string): number | undefined => (/^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined),
  expected: "a number",
};

/** The notation of each unit's values. */
const VALUES: Readonly<Record<Unit, typeof FRACTION>> = {
  ns: { parse: parseNanoseconds, expected: "a time such as 60s" },
  bytes: { parse: parseSize, expected: "a size such as 2GiB" },
  count: { parse: (text) => (/^\d+$/.test(text) ? Number(text) : undefined), expected: "a whole number" },
  ratio: FRACTION,
  share: FRACTION,
};

/** An amount of a measure as people write it; `expected` says how, for where it is none. */
export function amountIn(
  { is }: Measure,
  text: string,
): { readonly value: number | undefined; readonly expected: string } {
  const { parse, expected } = VALUES[is];
  return { value: parse(text), expected };
}

function quoted(found: string): string {
  return found === "" ? "the end" : JSON.stringify(found);
}
