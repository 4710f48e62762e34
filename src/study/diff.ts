/** Two results side by side: what changed between rows that ran on the same, and which events and prices account for it. */

import {
  isNumber,
  MEASURES,
  type MeasureName,
  type NamedField,
  ROW_FIELDS,
  valueIn,
} from "../results/measures.js";
import { IDENTITY, type StoredRow } from "../results/read.js";
import { hasBooted } from "./compare.js";
import { type EventChange, eventChanges } from "./diff-events.js";
import { type RepeatsChange, repeatsChange } from "./diff-repeats.js";

/** Of what is not a number: a text, a flag, a list, a setting. Undefined where a row lacks it. */
export interface FieldChange {
  readonly name: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** A measure whose values differ; null where a row lacks it, which then is no change by a number. */
export interface MeasureChange {
  readonly name: MeasureName;
  readonly a: number | null;
  readonly b: number | null;
  /** B's less A's, in the measure's unit. */
  readonly change: number | null;
  /** That of A's, 0.12 for 12 % more; null where A has 0. */
  readonly share: number | null;
  /** "neither" too where one of the two guests never came up, as its numbers then say little. */
  readonly verdict: "better" | "worse" | "neither";
}

/** A part of the boot whose time differs; null where a row lacks it. Nanoseconds. */
export interface PhaseChange {
  readonly name: string;
  readonly aNs: number | null;
  readonly bNs: number | null;
  /** With 0 for a part that a row lacks. */
  readonly changeNs: number;
}

/** A time that differs, and what its events account for. Nanoseconds. */
export interface TimeChange {
  readonly name: "bootTimeNs" | "totalTimeNs";
  readonly changeNs: number;
  /** Those that happened more or less often, or at another price; what accounts for most comes first. */
  readonly events: readonly EventChange[];
  /**
   * What no event accounts for: the guest's own work and waiting. Null on more CPUs than one, whose events happen
   * at the same time, so that their sum is time of CPUs and not of the guest; and where prices are not known.
   */
  readonly otherNs: number | null;
}

/** A row of each result. */
export interface RowDiff {
  readonly a: StoredRow;
  readonly b: StoredRow;
  /** In what they do not agree though they were to: of two rows that are the only ones of their results. */
  readonly inputs: readonly FieldChange[];
  readonly measures: readonly MeasureChange[];
  readonly others: readonly FieldChange[];
  /** What moved most comes first. */
  readonly phases: readonly PhaseChange[];
  /** Of the boot, and of all up to the last request; those that differ. */
  readonly times: readonly TimeChange[];
  /** Whether the means over seeds differ by more than chance, where both rows were repeated or one was. */
  readonly repeats?: RepeatsChange;
}

export interface Diff {
  readonly pairs: readonly RowDiff[];
  /** Rows that have no like in the other result. */
  readonly unpaired: { readonly a: readonly StoredRow[]; readonly b: readonly StoredRow[] };
}

/**
 * Pairs rows by what they ran on: scenario, platform, policy, kernel, memory, CPUs, workload, the boot before it and
 * settings. Rows that are alike within a result pair in their order. If each result has one row, the two are a pair
 * whatever they ran on.
 */
export function diffRows(a: readonly StoredRow[], b: readonly StoredRow[]): Diff {
  const [onlyA, onlyB] = [a[0], b[0]];
  if (a.length === 1 && b.length === 1) {
    return { pairs: [rowDiff(onlyA!, onlyB!)], unpaired: { a: [], b: [] } };
  }
  const waiting = new Map<string, StoredRow[]>();
  for (const row of b) {
    const like = waiting.get(identityText(row));
    if (like === undefined) waiting.set(identityText(row), [row]);
    else like.push(row);
  }
  const pairs: RowDiff[] = [];
  const unpaired: StoredRow[] = [];
  for (const row of a) {
    const like = waiting.get(identityText(row))?.shift();
    if (like === undefined) unpaired.push(row);
    else pairs.push(rowDiff(row, like));
  }
  const left = new Set([...waiting.values()].flat());
  return { pairs, unpaired: { a: unpaired, b: b.filter((row) => left.has(row)) } };
}

function identityText(row: StoredRow): string {
  return JSON.stringify(IDENTITY.map((name) => (name === "settings" ? sorted(row.settings) : row[name])));
}

function rowDiff(a: StoredRow, b: StoredRow): RowDiff {
  const repeats = repeatsChange(a.repeats, b.repeats);
  return {
    a,
    b,
    inputs: inputChanges(a, b),
    measures: measureChanges(a, b),
    others: otherChanges(a, b),
    phases: phaseChanges(a, b),
    times: (["bootTimeNs", "totalTimeNs"] as const).flatMap((name) => timeChange(name, a, b)),
    ...(repeats === undefined ? {} : { repeats }),
  };
}

function inputChanges(a: StoredRow, b: StoredRow): FieldChange[] {
  const plain = IDENTITY.filter((name) => name !== "settings").map((name) => ({
    name,
    a: a[name],
    b: b[name],
  }));
  const paths = new Set([...Object.keys(a.settings), ...Object.keys(b.settings)]);
  const settings = [...paths].map((path) => ({
    name: `settings.${path}`,
    a: a.settings[path],
    b: b.settings[path],
  }));
  return [...plain, ...settings].filter((one) => one.a !== one.b);
}

function measureChanges(a: StoredRow, b: StoredRow): MeasureChange[] {
  const areUp = [a, b].every(hasBooted);
  const inputs: readonly string[] = IDENTITY;
  return MEASURES.filter(({ name }) => !inputs.includes(name)).flatMap((measure): MeasureChange[] => {
    const [own, other] = [a, b].map((row) => valueIn(measure, row) as number | null | undefined);
    const [valueA, valueB] = [own ?? null, other ?? null];
    if (valueA === valueB) return [];
    const change = valueA === null || valueB === null ? null : valueB - valueA;
    const share = change === null || valueA === 0 ? null : change / valueA!;
    const isJudged = areUp && change !== null && measure.better !== undefined;
    const isBetter = (change ?? 0) < 0 === (measure.better === "less");
    const verdict = !isJudged ? "neither" : isBetter ? "better" : "worse";
    return [{ name: measure.name, a: valueA, b: valueB, change, share, verdict }];
  });
}

/** Told apart by measures, phases, events and means. */
const TOLD_ELSEWHERE: readonly string[] = [
  ...IDENTITY,
  ..."phases costs bootCosts eventPrices bootAssumedNs totalAssumedNs assumedPrices repeats".split(" "),
];

function otherChanges(a: StoredRow, b: StoredRow): FieldChange[] {
  // Of series the numbers beside them say what changed.
  const isTold = ({ name, is }: NamedField): boolean =>
    isNumber(is) || is === "series" || TOLD_ELSEWHERE.includes(name);
  return ROW_FIELDS.filter((field) => !isTold(field)).flatMap((field) => {
    const [own, other] = [valueIn(field, a), valueIn(field, b)];
    return JSON.stringify(own) === JSON.stringify(other) ? [] : [{ name: field.name, a: own, b: other }];
  });
}

function phaseChanges(a: StoredRow, b: StoredRow): PhaseChange[] {
  const [own, other] = [a, b].map(({ phases = [] }) => {
    const byName = new Map<string, number>();
    for (const { name, ns } of phases) byName.set(name, (byName.get(name) ?? 0) + ns);
    return byName;
  }) as [Map<string, number>, Map<string, number>];
  return [...new Set([...own.keys(), ...other.keys()])]
    .map((name) => {
      const [aNs, bNs] = [own.get(name) ?? null, other.get(name) ?? null];
      return { name, aNs, bNs, changeNs: (bNs ?? 0) - (aNs ?? 0) };
    })
    .filter(({ changeNs }) => changeNs !== 0)
    .sort((x, y) => Math.abs(y.changeNs) - Math.abs(x.changeNs));
}

/** Of a time, the events that fell into it. */
const EVENTS = { bootTimeNs: "bootCosts", totalTimeNs: "costs" } as const;

function timeChange(name: keyof typeof EVENTS, a: StoredRow, b: StoredRow): TimeChange[] {
  const [aNs, bNs] = [a[name], b[name]];
  if (aNs === undefined || bNs === undefined || aNs === bNs) return [];
  const changeNs = bNs - aNs;
  const known = [a, b].every((row) => row[EVENTS[name]] !== undefined && row.eventPrices !== undefined);
  if (!known) return [{ name, changeNs, events: [], otherNs: null }];
  const [ofA, ofB] = [a, b].map((row) => ({ counts: row[EVENTS[name]]!, prices: row.eventPrices! }));
  const events = eventChanges(ofA!, ofB!);
  const explained = events.reduce((sum, { byCountNs, byPriceNs }) => sum + byCountNs + byPriceNs, 0);
  const onOne = a.vcpus === 1 && b.vcpus === 1;
  return [{ name, changeNs, events, otherNs: onOne ? changeNs - explained : null }];
}

function sorted(record: object): [string, unknown][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
