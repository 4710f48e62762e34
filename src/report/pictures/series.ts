/** Rows in pictures: their policies, each with the same colour and shape in every picture, and their times. */

import { BASELINE_POLICY } from "../../policy/policies.js";
import type { RunResult } from "../../results/row.js";
import { type ChargedTime, timeRange } from "../../study/assumed-prices.js";
import { hasWorkload } from "../../study/compare.js";
import { formatDuration } from "../../units.js";
import { policyText } from "../row-groups.js";
import type { DocumentRow, ResultDocument } from "./documents.js";
import { SHAPES, type ThemeColours } from "./theme.js";

/** Of `run`, `compare` and `sweep`, in the order given. */
export function rowsIn(results: readonly ResultDocument[]): DocumentRow[] {
  return results.flatMap((result) => (result.kind === "rows" ? result.rows : []));
}

/** A run that got ready without a problem; what another one did with less memory says nothing. */
export function isDrawn({
  outcome,
  problems = [],
}: DocumentRow & { readonly problems?: readonly unknown[] }): boolean {
  return outcome === "ready" && problems.length === 0;
}

/** Why there is nothing to draw of rows. */
export const NOTHING_READY = "no run in it got ready without a problem";

/** That runs are left out which are not drawn; empty where there are none. */
export function failedSentences(rows: readonly DocumentRow[]): string[] {
  const failed = rows.filter((row) => !isDrawn(row)).length;
  if (failed === 0) return [];
  return [`${failed} of ${rows.length} runs did not get ready without a problem and are left out.`];
}

/** Encodings of marks that have a field `policy`. */
export interface PolicySeries {
  readonly color: object;
  readonly shape: object;
}

/**
 * @param results all that is drawn together, whatever this picture draws of it
 * @param shown names of policies that this picture has; only these are in its legend
 * @param hasLegend whether names do not stand beside their marks
 */
export function policySeries(
  results: readonly ResultDocument[],
  shown: ReadonlySet<string>,
  colours: ThemeColours,
  hasLegend = true,
): PolicySeries {
  const all = [...new Set(rowsIn(results).map(policyText))];
  const own = all.flatMap((policy, at) => (shown.has(policy) ? [{ policy, at }] : []));
  const legend = hasLegend
    ? { orient: "bottom", columns: 4, symbolSize: 80, columnPadding: 24, labelLimit: 240, symbolOpacity: 1 }
    : null;
  const encoding = (range: readonly string[]): object => ({
    field: "policy",
    type: "nominal",
    title: null,
    legend,
    scale: { domain: own.map(({ policy }) => policy), range },
  });
  return {
    color: encoding(own.map(({ at }) => colours.series[at % colours.series.length]!)),
    // Where colours come again, they come with other shapes.
    shape: encoding(own.map(({ at }) => SHAPES[(at + Math.floor(at / SHAPES.length)) % SHAPES.length]!)),
  };
}

/** The time that rows are shown by. */
export interface ShownTime {
  readonly name: ChargedTime;
  /** `total time`. */
  readonly text: string;
}

export const BOOT_TIME: ShownTime & { readonly name: "bootTimeNs" } = {
  name: "bootTimeNs",
  text: "boot time",
};

/** The total where some run has a workload besides its boot. */
export function shownTime(rows: readonly DocumentRow[]): ShownTime {
  return rows.some(hasWorkload) ? { name: "totalTimeNs", text: "total time" } : BOOT_TIME;
}

export function timeOf(row: DocumentRow, { name }: ShownTime): number {
  return row[name] ?? row.bootTimeNs;
}

/** Both ends in nanoseconds, as `--uncertainty` found them or else to first order; the time itself where neither is known. */
export function rangeOf(
  row: DocumentRow,
  name: ChargedTime,
): { readonly low: number; readonly high: number; readonly decidedBy: string | undefined } {
  if (row.uncertainty !== undefined) {
    const { low, high, movedMostBy } = row.uncertainty[name];
    return { low, high, decidedBy: movedMostBy?.parameter };
  }
  const own = timeOf(row, { name, text: "" });
  if (row.assumedPrices === undefined) return { low: own, high: own, decidedBy: undefined };
  // Of a run it takes the times and the prices, which are there.
  return timeRange(row as RunResult, name);
}

/** Policies from the fastest to the slowest, by the mean of their times' logarithms; last those that never got ready. */
export function byRank(
  rows: readonly { readonly row: DocumentRow; readonly policy: string }[],
  time: ShownTime,
): string[] {
  const logs = new Map<string, number[]>();
  for (const { row, policy } of rows) {
    const own = logs.get(policy) ?? [];
    logs.set(policy, own);
    if (isDrawn(row)) own.push(Math.log(Math.max(1, timeOf(row, time))));
  }
  const mean = (values: readonly number[]): number =>
    values.length === 0
      ? Number.POSITIVE_INFINITY
      : values.reduce((sum, log) => sum + log, 0) / values.length;
  return [...logs].toSorted(([, a], [, b]) => compared(mean(a), mean(b))).map(([policy]) => policy);
}

function compared(a: number, b: number): number {
  return a === b ? 0 : a - b;
}

/** Who is fastest on how many inputs, and where the fastest and the slowest are furthest apart. */
export function contrastSentence(
  panels: readonly {
    readonly title: string;
    readonly rows: readonly { readonly row: DocumentRow; readonly policy: string }[];
  }[],
  time: ShownTime,
): string {
  const ends = panels.flatMap(({ title, rows }) => {
    const sorted = rows
      .filter(({ row }) => isDrawn(row))
      .map(({ row, policy }) => ({ policy, ns: timeOf(row, time) }))
      // Of several that are slowest the baseline is named.
      .toSorted(
        (a, b) => a.ns - b.ns || Number(a.policy === BASELINE_POLICY) - Number(b.policy === BASELINE_POLICY),
      );
    const [first, ...others] = sorted;
    if (first === undefined) return [];
    const tied = others.filter(({ ns }) => ns === first.ns).map(({ policy }) => policy);
    const winners = [...new Set([first.policy, ...tied])].join(" and ");
    return [{ title, first, winners, last: sorted.at(-1)! }];
  });
  const widest = ends.toSorted((a, b) => b.last.ns / b.first.ns - a.last.ns / a.first.ns)[0]!;
  const { first, last, title } = widest;
  const where = title === "" ? "" : ` on ${title}`;
  if (first.policy === last.policy) return `${first.policy} takes ${formatDuration(first.ns)}${where}.`;
  const contrast = `${formatDuration(first.ns)} against ${formatDuration(last.ns)} of ${last.policy}${where}`;
  if (first.ns === last.ns) return `No policy is faster than another: ${formatDuration(first.ns)}${where}.`;
  if (panels.length === 1) return `${first.policy} is fastest: ${contrast}.`;
  const wins = new Map<string, number>();
  for (const { winners } of ends) wins.set(winners, (wins.get(winners) ?? 0) + 1);
  const [[most, count], ...others] = [...wins].toSorted(([, a], [, b]) => b - a) as [[string, number]];
  const rest = (others as [string, number][]).map(([policies, own]) => `, ${policies} on ${own}`).join("");
  const verb = most.includes(" and ") ? "are" : "is";
  const fastest = `${most} ${verb} fastest on ${count} of ${ends.length} inputs${rest}`;
  return `${fastest}; furthest apart: ${first.policy} ${contrast}.`;
}
