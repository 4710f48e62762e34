/** The numbers of a run that the page shows, in the words and digits of the command line. */

import {
  MEASURES,
  type Measure,
  type MeasureName,
  NUMBER_TEXTS,
  percentText,
  type ResultRange,
  type StoredRow,
  type UncertainRow,
  valueIn,
} from "../../index.js";

/** What stands large above everything else, then the rest, each in this order. */
export const LEADING: readonly MeasureName[] = [
  "bootTimeNs",
  "workloadTimeNs",
  "totalTimeNs",
  "overheadBytes",
];
export const FURTHER: readonly MeasureName[] = [
  "acceptedBytes",
  "touchedBytes",
  "hostBytes",
  "hostBytesPeak",
  "acceptCalls",
  "waits.boot.count",
  "waits.boot.totalNs",
  "waits.boot.p99Ns",
  "waits.boot.maxNs",
  "waits.workload.count",
  "waits.workload.totalNs",
  "waits.workload.p99Ns",
  "waits.workload.maxNs",
];

const BY_NAME: ReadonlyMap<string, Measure> = new Map(MEASURES.map((measure) => [measure.name, measure]));

export function measureOf(name: MeasureName): Measure {
  return BY_NAME.get(name)!;
}

const PHASES: Readonly<Record<string, string>> = { boot: "in boot", workload: "after init" };

/** For those whose own label is the head of a narrow column, or that have none. */
const LABELS: Readonly<Partial<Record<string, string>>> = {
  hostBytesPeak: "host at most",
  acceptCalls: "calls to accept",
  count: "waits",
  totalNs: "all waits",
  p99Ns: "99 % wait at most",
  maxNs: "longest wait",
};

/** `Boot`, `Waits in boot`. */
export function labelOf({ name, label = name }: Measure): string {
  const [group = "", phase = "", leaf = ""] = name.split(".");
  const own = group === "waits" ? `${LABELS[leaf]} ${PHASES[phase]}` : (LABELS[name] ?? label);
  return `${own[0]!.toUpperCase()}${own.slice(1)}`;
}

/** As the command line prints it; undefined where the row has no such number. */
export function textIn(measure: Measure, row: StoredRow): string | undefined {
  const value = numberIn(measure, row);
  return value === undefined ? undefined : NUMBER_TEXTS[measure.is](value);
}

function numberIn(measure: Measure, row: StoredRow): number | undefined {
  const value = valueIn(measure, row);
  return typeof value === "number" ? value : undefined;
}

export interface Change {
  /** `-1.2 s, -34 %`; `the same`. */
  readonly text: string;
  readonly verdict: "better" | "worse" | "neither";
}

/** What a number has become. @returns undefined where one of the two rows has none */
export function changeOf(measure: Measure, before: StoredRow, now: StoredRow): Change | undefined {
  const [from, to] = [numberIn(measure, before), numberIn(measure, now)];
  if (from === undefined || to === undefined) return undefined;
  if (from === to) return { text: "the same", verdict: "neither" };
  const sign = to > from ? "+" : "−";
  const size = NUMBER_TEXTS[measure.is](Math.abs(to - from));
  const percent = from === 0 ? "" : percentText(Math.abs((to - from) / from));
  const share = percent === "" ? "" : `, ${percent.startsWith("<") ? "" : sign}${percent}`;
  const isBetter = to < from === (measure.better === "less");
  return {
    text: `${sign}${size}${share}`,
    verdict: measure.better === undefined ? "neither" : isBetter ? "better" : "worse",
  };
}

/** `8.92 s to 20.7 s`: from the least to the greatest result over what is assumed; undefined where nothing moves it. */
export function rangeIn(measure: Measure, row: UncertainRow): string | undefined {
  const ranges: Readonly<Partial<Record<string, ResultRange | number>>> = row.uncertainty;
  const range = ranges[measure.name];
  if (typeof range !== "object" || range.low === range.high) return undefined;
  const text = NUMBER_TEXTS[measure.is];
  return `${text(range.low)} to ${text(range.high)}`;
}
