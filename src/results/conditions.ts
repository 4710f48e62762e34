/** Conditions such as `bootTimeNs>1.1*baseline`, for scripts that want to fail when a result gets worse. */

import { nearestName } from "../nearest-name.js";
import { parseNanoseconds, parseSize } from "../units.js";
import type { CompareRow } from "./row.js";

/** A condition that cannot be read. The message is one line with the column, from 1. */
export class ConditionError extends Error {}

const OPERATORS = {
  ">=": (a: number, b: number): boolean => a >= b,
  "<=": (a: number, b: number): boolean => a <= b,
  ">": (a: number, b: number): boolean => a > b,
  "<": (a: number, b: number): boolean => a < b,
} as const;

/** What may be compared: numbers of a row, by their names in JSON. */
const FIELDS: Readonly<Record<string, (row: CompareRow) => number | undefined>> = {
  bootTimeNs: (row) => row.bootTimeNs,
  workloadNs: (row) => row.workloadNs,
  acceptedBytes: (row) => row.acceptedBytes,
  touchedBytes: (row) => row.touchedBytes,
  hostBytes: (row) => row.hostBytes,
  hostBytesPeak: (row) => row.hostBytesPeak,
  overheadBytes: (row) => row.overheadBytes,
  acceptCalls: (row) => row.acceptCalls,
  spinNs: (row) => row.spinNs,
  longestIrqOffNs: (row) => row.longestIrqOffNs,
  softLockups: (row) => row.softLockups,
  "stalls.count": (row) => row.stalls.count,
  "stalls.p50Ns": (row) => row.stalls.p50Ns,
  "stalls.p99Ns": (row) => row.stalls.p99Ns,
  "stalls.maxNs": (row) => row.stalls.maxNs,
  "stalls.totalNs": (row) => row.stalls.totalNs,
};

/** A condition, read. */
export interface Condition {
  /** As it was written. */
  readonly text: string;
  readonly field: string;
  readonly operator: keyof typeof OPERATORS;
  readonly value: number;
  /** Whether `value` is times the baseline's. */
  readonly ofBaseline: boolean;
}

/**
 * Reads `FIELD OPERATOR VALUE`: a field of a row by its JSON name; `<`, `<=`, `>` or `>=`; a number, with
 * a unit where the field has one (`60s`, `2GiB`), or `1.1*baseline`, or `baseline`.
 *
 * @throws ConditionError
 */
export function parseCondition(text: string): Condition {
  const match = /^(\s*)([\w.]*)(\s*)(>=|<=|>|<)?(\s*)(.*?)\s*$/.exec(text)!;
  const [, before, field, gap, operator, after, value] = match as unknown as string[];
  const fieldColumn = before!.length + 1;
  if (!Object.hasOwn(FIELDS, field!)) {
    const nearest = nearestName(field!, Object.keys(FIELDS));
    const hint = nearest === undefined ? `one of ${Object.keys(FIELDS).join(", ")}` : `a field`;
    throw wrong(text, fieldColumn, hint, field! || text.slice(fieldColumn - 1), nearest);
  }
  const operatorColumn = fieldColumn + field!.length + gap!.length;
  if (operator === undefined) {
    throw wrong(text, operatorColumn, "<, <=, > or >=", text.slice(operatorColumn - 1));
  }
  const valueColumn = operatorColumn + operator.length + after!.length;
  const relative = /^(?:(\d+(?:\.\d+)?)\s*\*\s*)?baseline$/.exec(value!);
  const number = relative === null ? quantity(field!, value!) : Number(relative[1] ?? 1);
  if (number === undefined) throw wrong(text, valueColumn, expectedValue(field!), value!);
  return {
    text,
    field: field!,
    operator: operator as keyof typeof OPERATORS,
    value: number,
    ofBaseline: relative !== null,
  };
}

/**
 * Whether a condition holds for a row.
 *
 * @param baseline undefined where there is none; a condition that needs it then does not hold
 */
export function holds(condition: Condition, row: CompareRow, baseline: CompareRow | undefined): boolean {
  const pick = FIELDS[condition.field]!;
  const value = pick(row);
  const factor = condition.ofBaseline ? (baseline === undefined ? undefined : pick(baseline)) : 1;
  if (value === undefined || factor === undefined) return false;
  return OPERATORS[condition.operator](value, condition.value * factor);
}

function quantity(field: string, text: string): number | undefined {
  if (field.endsWith("Ns")) return parseNanoseconds(text);
  if (/Bytes(Peak)?$/.test(field)) return parseSize(text);
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function expectedValue(field: string): string {
  const own = field.endsWith("Ns")
    ? "a time such as 60s"
    : /Bytes(Peak)?$/.test(field)
      ? "a size such as 2GiB"
      : "a whole number";
  return `${own}, or 1.1*baseline`;
}

function wrong(
  text: string,
  column: number,
  expected: string,
  found: string,
  nearest?: string,
): ConditionError {
  const hint = nearest === undefined ? "" : `, did you mean ${nearest}?`;
  const what = found === "" ? "the end" : JSON.stringify(found);
  return new ConditionError(`${text}: column ${column}: expected ${expected}, found ${what}${hint}`);
}
