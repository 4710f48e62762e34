/** The largest guests, for terminals and as JSON. */

import { DEFAULT_PRICES } from "../coco/price-set.js";
import { jsonDocument } from "../results/formats.js";
import { problemsOf } from "../results/problems.js";
import type { Outcome, PhaseTime, RunResult } from "../results/row.js";
import { longestPhase } from "../study/compare.js";
import type { Border, Borders, Moved, PricesAt } from "../study/largest.js";
import { formatDuration, GiB } from "../units.js";
import { formatInteger, formatVcpus, NO_VALUE } from "./cells.js";
import {
  type Column,
  left,
  type Paint,
  plainPaint,
  right,
  type Table,
  tableText,
  titledGroups,
} from "./table.js";

/** A border, and the runs on both sides of it; absent where no size was tried there. */
export interface ShownBorder extends Border {
  readonly best: RunResult | undefined;
  readonly next: RunResult | undefined;
  /** Constraints that the next size breaks, as the user wrote them. */
  readonly broken: readonly string[];
}

export interface LargestRow {
  readonly borders: Readonly<Record<keyof Borders, ShownBorder>>;
  /** Undefined where nobody asked what is assumed. */
  readonly movedMostBy: Moved | null | undefined;
  readonly tries: number;
}

/** What was found for one guest, as JSON has it. */
export interface LargestRecord
  extends Pick<
    RunResult,
    "platform" | "prices" | "policy" | "kernel" | "kernelRules" | "vcpus" | "workload" | "remarks"
  > {
  /** This, `may` and `movedMostBy` only where somebody asked what is assumed. */
  readonly surely?: BorderRecord;
  readonly default: BorderRecord;
  readonly may?: BorderRecord;
  readonly movedMostBy?: Moved | null;
  readonly tries: number;
}

/** Sizes in bytes, times in nanoseconds. */
export interface BorderRecord {
  readonly prices: PricesAt;
  /** Null where not even the smallest size holds. */
  readonly largestBytes: number | null;
  readonly bootTimeNs: number | null;
  /** Null where even the largest size that is tried holds. */
  readonly nextBytes: number | null;
  readonly nextOutcome?: Outcome | undefined;
  readonly nextBootTimeNs?: number | undefined;
  /** Why the next size does not hold, unless it breaks a constraint. */
  readonly reason?: string | undefined;
  /** Constraints that the next size breaks, as the user wrote them. */
  readonly broken?: readonly string[];
  /** Of a next size that is late. */
  readonly longestPhase?: Pick<PhaseTime, "name" | "ns"> | undefined;
}

/** Prints a line for each guest, after the answer in a sentence for each platform. */
export function formatLargest(
  rows: readonly LargestRow[],
  deadlineNs: number,
  constraints: readonly string[],
  paint: Paint = plainPaint,
): string {
  return tableText(largestTable(rows.map(recordOf), deadlineNs, constraints), paint);
}

/** The same as a table that is not laid out yet. */
export function largestTable(
  rows: readonly LargestRecord[],
  deadlineNs: number,
  constraints: readonly string[],
): Table<LargestRecord> {
  const bound = constraints.length === 0 ? "" : `, with ${constraints.join(" and ")}`;
  const within = `within ${formatDuration(deadlineNs)}${bound}`;
  const isUncertain = rows.some(({ movedMostBy }) => movedMostBy !== undefined);
  const notes = [
    `Largest guest, in steps of 1 GiB, whose init runs ${within}, and in which nothing goes ` +
      "wrong; why not: what becomes of the next size that was tried, at the default prices.",
    isUncertain
      ? "surely: with all assumed prices at their high ends; may: with all at their low ends, and none above. " +
        "moved most by: the assumed price that alone moves the boot of that size most. --json has all borders."
      : "The assumed prices are at their defaults; without --no-uncertainty their ranges count too.",
  ];
  return { lead: leadOf(rows, within), columns: columnsOf(rows, isUncertain), groups: [{ rows }], notes };
}

function columnsOf(rows: readonly LargestRecord[], isUncertain: boolean): Column<LargestRecord>[] {
  const size = (head: string, name: "surely" | "default" | "may", rank: number): Column<LargestRecord> =>
    right(head, (row) => sizeText(row[name]), rank);
  return [
    left("policy", ({ policy }) => policy),
    left("platform", ({ platform }) => platform, 2),
    ...(arePriced(rows) ? [left<LargestRecord>("prices", ({ prices }) => prices, 2)] : []),
    right("vCPUs", ({ vcpus }) => String(vcpus), 5),
    ...(isUncertain ? [size("surely", "surely", 1)] : []),
    size(isUncertain ? "default" : "largest", "default", 1),
    ...(isUncertain ? [size("may", "may", 1)] : []),
    left("why not", (row) => whyNot(row.default), 3),
    ...(isUncertain
      ? [left<LargestRecord>("moved most by", ({ movedMostBy }) => movedText(movedMostBy), 4)]
      : []),
  ];
}

/** Whether some have other prices than their platform's own. */
function arePriced(rows: readonly LargestRecord[]): boolean {
  return rows.some(({ prices }) => prices !== DEFAULT_PRICES);
}

/** Three digits would not tell neighbours apart. */
function sizeText(border: BorderRecord | undefined): string {
  const bytes = border?.largestBytes ?? null;
  return bytes === null ? NO_VALUE : `${formatInteger(bytes / GiB)} GiB`;
}

function movedText(moved: Moved | null | undefined): string {
  if (moved === null || moved === undefined) return NO_VALUE;
  const { parameter, bootTimeNs } = moved;
  return `${parameter}: ${formatDuration(bootTimeNs.low)} to ${formatDuration(bootTimeNs.high)}`;
}

function whyNot({
  nextBytes,
  nextOutcome,
  nextBootTimeNs,
  reason,
  broken,
  longestPhase,
}: BorderRecord): string {
  if (nextBytes === null) return "the largest that is tried";
  if (nextOutcome === "ready") return reason ?? `breaks ${(broken ?? []).join(", ")}`;
  if (longestPhase === undefined) return `${nextOutcome}: ${reason ?? ""}`.slice(0, 48);
  const longest = `${longestPhase.name} ${formatDuration(longestPhase.ns)}`;
  return `${formatDuration(nextBootTimeNs ?? 0)}, of which ${longest}`;
}

/** A sentence for each platform, its prices and number of CPUs: the policy with the largest guest, and how the others stand. */
function leadOf(rows: readonly LargestRecord[], within: string): string[] {
  const groups = titledGroups(rows, ({ platform, vcpus, prices }) => {
    const machine = arePriced(rows) ? `${platform} at the prices ${prices}` : platform;
    return rows.some((other) => other.vcpus !== vcpus) ? `${machine} with ${formatVcpus(vcpus)}` : machine;
  });
  return groups.map(({ title, rows: own }) => {
    const nearest = (row: LargestRecord): number => row.default.nextBootTimeNs ?? 0;
    const [first, ...others] = own.toSorted((a, b) => sizeOf(b) - sizeOf(a) || nearest(a) - nearest(b)) as [
      LargestRecord,
      ...LargestRecord[],
    ];
    if (sizeOf(first) === 0)
      return `On ${title} no guest boots ${within}: ${first.policy} ${whyNot(first.default)}.`;
    const rest = others.map((row) => `${row.policy} ${rangeText(row)}`);
    const all = [`${first.policy} boots ${rangeText(first)} ${within}`, ...rest].join(", ");
    return `On ${title} ${all}.${priceText(first)}`;
  });
}

function priceText({ movedMostBy: moved, default: atDefaults }: LargestRecord): string {
  if (moved === null || moved === undefined) return "";
  const { low, high } = moved.bootTimeNs;
  const range = `${formatDuration(low)} to ${formatDuration(high)}`;
  return ` Most depends on ${moved.parameter}, an assumption: alone it makes ${sizeText(atDefaults)} boot in ${range}.`;
}

function sizeOf(row: LargestRecord): number {
  return row.default.largestBytes ?? 0;
}

/** `20 GiB (surely 12, none above 33)`. */
function rangeText({ surely, default: atDefaults, may }: LargestRecord): string {
  const own = sizeText(atDefaults);
  const size = own === NO_VALUE ? "none" : own;
  if (surely === undefined || may === undefined) return size;
  if (surely.largestBytes === may.largestBytes) return `${size} whatever the assumed prices are`;
  const least = surely.largestBytes === null ? "surely none" : `surely ${sizeText(surely)}`;
  return `${size} (${least}, none above ${sizeText(may)})`;
}

/** `{ "schemaVersion": 2, "deadlineNs": ..., "constraints": [...], "rows": [...] }`; every border with its prices. */
export function formatLargestJson(
  rows: readonly LargestRow[],
  deadlineNs: number,
  constraints: readonly string[],
): string {
  return jsonDocument({ deadlineNs, constraints, rows: rows.map(recordOf) });
}

function recordOf({ borders: { surely, atDefaults, may }, movedMostBy, tries }: LargestRow): LargestRecord {
  // A run of the guest; one of the two there always is.
  const { platform, prices, policy, kernel, kernelRules, vcpus, workload, remarks } = (atDefaults.best ??
    atDefaults.next)!;
  const found =
    movedMostBy === undefined
      ? { default: borderRecord(atDefaults) }
      : {
          surely: borderRecord(surely),
          default: borderRecord(atDefaults),
          may: borderRecord(may),
          movedMostBy,
        };
  const told = remarks === undefined ? {} : { remarks };
  return { platform, prices, policy, kernel, kernelRules, vcpus, workload, ...told, ...found, tries };
}

function borderRecord({ prices, best, next, broken }: ShownBorder): BorderRecord {
  return {
    prices,
    largestBytes: best?.memoryBytes ?? null,
    bootTimeNs: best?.bootTimeNs ?? null,
    nextBytes: next?.memoryBytes ?? null,
    nextOutcome: next?.outcome,
    nextBootTimeNs: next?.bootTimeNs,
    reason: next?.reason ?? (next === undefined ? undefined : problemsOf(next)[0]?.text),
    ...(broken.length === 0 ? {} : { broken }),
    longestPhase: next?.outcome === "deadline" ? longestPhase(next) : undefined,
  };
}
