/** Measures as columns of tables: their heads, which of them show, and what rows have in them. */

import { type Measure, type MeasureName, measureNamed, valueIn } from "../results/measures.js";
import type { CompareRow, Outcome } from "../results/row.js";
import { hasWorkload } from "../study/compare.js";
import { NO_VALUE, NUMBER_TEXTS } from "./cells.js";
import { type Column, right } from "./table.js";

/** What a comparison shows, the most telling first; of rows with a workload besides the boot, and of others. */
const USUAL_COLUMNS: Readonly<Record<"boot" | "workload", readonly MeasureName[]>> = {
  boot: [
    "bootTimeNs",
    "bootRatio",
    "overheadBytes",
    "waits.boot.count",
    "waits.boot.totalNs",
    "waits.boot.maxNs",
    "assumedShare",
    "hostBytes",
    "waits.boot.p99Ns",
    "waits.boot.p999Ns",
    "acceptedBytes",
    "touchedBytes",
  ],
  workload: [
    "totalTimeNs",
    "bootTimeNs",
    "workloadTimeNs",
    "totalRatio",
    "overheadBytes",
    "waits.workload.count",
    "waits.workload.totalNs",
    "waits.workload.maxNs",
    "waits.workload.p99Ns",
    "waits.workload.p999Ns",
    "waits.boot.totalNs",
    "hostBytes",
    "assumedShare",
    "acceptedBytes",
    "touchedBytes",
  ],
};

export function usualColumns(rows: readonly CompareRow[]): Measure[] {
  return USUAL_COLUMNS[rows.some(hasWorkload) ? "workload" : "boot"].map(measureNamed);
}

/** The label, with the phase that it is of where others have the same; or the name of what has no label. */
export function headOf({ label, name, path }: Measure, among: readonly Measure[]): string {
  if (label === undefined) return name;
  const isAlone = among.every((other) => other.label !== label || other.name === name);
  if (isAlone) return label;
  return path.length > 1 ? `${path.at(-2)} ${label}` : name;
}

export type Failure = Exclude<Outcome, "ready">;

/** @param failed what stands in the first column of a run that is not ready */
export function measureColumns(
  measures: readonly Measure[],
  count: (value: number) => string,
  failed: (outcome: Failure) => string,
): Column<CompareRow>[] {
  const texts = { ...NUMBER_TEXTS, count };
  const cellOf = (measure: Measure, row: CompareRow): string => {
    if (measure === measures[0] && row.outcome !== "ready") return failed(row.outcome);
    // Of a run that failed in its boot it says when.
    if (measure.name === "bootTimeNs" && row.workloadTimeNs === undefined && row.outcome !== "ready")
      return NO_VALUE;
    const value = valueIn(measure, row);
    const isNone = typeof value !== "number" || (measure.is === "ns" && value === 0);
    return isNone ? NO_VALUE : texts[measure.is](value);
  };
  return measures.map((measure) => right(headOf(measure, measures), (row) => cellOf(measure, row)));
}
