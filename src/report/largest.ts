/** The largest guests, for terminals and as JSON. */

import { DEFAULT_PRICES } from "../coco/price-set.js";
import { jsonDocument } from "../results/formats.js";
import { problemsOf } from "../results/problems.js";
import type { RunResult } from "../results/row.js";
import { longestPhase } from "../study/compare.js";
import type { Border, Borders, Moved } from "../study/largest.js";
import { formatDuration, GiB } from "../units.js";
import { formatInteger, formatVcpus, NO_VALUE } from "./cells.js";
import { type Column, left, type Paint, plainPaint, right, tableText, titledGroups } from "./table.js";

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

/** Prints a line for each guest, after the answer in a sentence for each platform. */
export function formatLargest(
  rows: readonly LargestRow[],
  deadlineNs: number,
  constraints: readonly string[],
  paint: Paint = plainPaint,
): string {
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
  return tableText(
    { lead: leadOf(rows, within), columns: columnsOf(rows, isUncertain), groups: [{ rows }], notes },
    paint,
  );
}

function columnsOf(rows: readonly LargestRow[], isUncertain: boolean): Column<LargestRow>[] {
  const size = (head: string, name: keyof Borders, rank: number): Column<LargestRow> =>
    right(head, ({ borders }) => sizeText(borders[name]), rank);
  return [
    left("policy", (row) => guestOf(row).policy),
    left("platform", (row) => guestOf(row).platform, 2),
    ...(arePriced(rows) ? [left<LargestRow>("prices", (row) => guestOf(row).prices, 2)] : []),
    right("vCPUs", (row) => String(guestOf(row).vcpus), 5),
    ...(isUncertain ? [size("surely", "surely", 1)] : []),
    size(isUncertain ? "default" : "largest", "atDefaults", 1),
    ...(isUncertain ? [size("may", "may", 1)] : []),
    left("why not", ({ borders: { atDefaults } }) => whyNot(atDefaults), 3),
    ...(isUncertain
      ? [left<LargestRow>("moved most by", ({ movedMostBy }) => movedText(movedMostBy), 4)]
      : []),
  ];
}

/** Whether some have other prices than their platform's own. */
function arePriced(rows: readonly LargestRow[]): boolean {
  return rows.some((row) => guestOf(row).prices !== DEFAULT_PRICES);
}

/** A run of the guest; one of the two there always is. */
function guestOf({ borders: { atDefaults } }: LargestRow): RunResult {
  return (atDefaults.best ?? atDefaults.next)!;
}

/** Three digits would not tell neighbours apart. */
function sizeText({ holds }: Border): string {
  return holds === undefined ? NO_VALUE : `${formatInteger(holds / GiB)} GiB`;
}

function movedText(moved: Moved | null | undefined): string {
  if (moved === null || moved === undefined) return NO_VALUE;
  const { parameter, bootTimeNs } = moved;
  return `${parameter}: ${formatDuration(bootTimeNs.low)} to ${formatDuration(bootTimeNs.high)}`;
}

function whyNot({ next, broken }: ShownBorder): string {
  if (next === undefined) return "the largest that is tried";
  const [problem] = problemsOf(next);
  if (next.outcome === "ready") return problem?.text ?? `breaks ${broken.join(", ")}`;
  if (next.outcome !== "deadline") return `${next.outcome}: ${next.reason ?? ""}`.slice(0, 48);
  const longest = longestPhase(next);
  return `${formatDuration(next.bootTimeNs)}, of which ${longest.name} ${formatDuration(longest.ns)}`;
}

/** A sentence for each platform, its prices and number of CPUs: the policy with the largest guest, and how the others stand. */
function leadOf(rows: readonly LargestRow[], within: string): string[] {
  const groups = titledGroups(rows, (row) => {
    const { platform, vcpus, prices } = guestOf(row);
    const machine = arePriced(rows) ? `${platform} at the prices ${prices}` : platform;
    return rows.some((other) => guestOf(other).vcpus !== vcpus)
      ? `${machine} with ${formatVcpus(vcpus)}`
      : machine;
  });
  return groups.map(({ title, rows: own }) => {
    const nearest = ({ borders: { atDefaults } }: LargestRow): number => atDefaults.next?.bootTimeNs ?? 0;
    const [first, ...others] = own.toSorted((a, b) => sizeOf(b) - sizeOf(a) || nearest(a) - nearest(b)) as [
      LargestRow,
      ...LargestRow[],
    ];
    if (sizeOf(first) === 0)
      return `On ${title} no guest boots ${within}: ${guestOf(first).policy} ${whyNot(first.borders.atDefaults)}.`;
    const rest = others.map((row) => `${guestOf(row).policy} ${rangeText(row)}`);
    const all = [`${guestOf(first).policy} boots ${rangeText(first)} ${within}`, ...rest].join(", ");
    return `On ${title} ${all}.${priceText(first)}`;
  });
}

function priceText({ movedMostBy: moved, borders: { atDefaults } }: LargestRow): string {
  if (moved === null || moved === undefined) return "";
  const { low, high } = moved.bootTimeNs;
  const range = `${formatDuration(low)} to ${formatDuration(high)}`;
  return ` Most depends on ${moved.parameter}, an assumption: alone it makes ${sizeText(atDefaults)} boot in ${range}.`;
}

function sizeOf({ borders: { atDefaults } }: LargestRow): number {
  return atDefaults.holds ?? 0;
}

/** `20 GiB (surely 12, none above 33)`. */
function rangeText({ borders: { surely, atDefaults, may }, movedMostBy }: LargestRow): string {
  const own = sizeText(atDefaults);
  const size = own === NO_VALUE ? "none" : own;
  if (movedMostBy === undefined) return size;
  if (surely.holds === may.holds) return `${size} whatever the assumed prices are`;
  const least = surely.holds === undefined ? "surely none" : `surely ${sizeText(surely)}`;
  return `${size} (${least}, none above ${sizeText(may)})`;
}

/** `{ "schemaVersion": 2, "deadlineNs": ..., "constraints": [...], "rows": [...] }`; every border with its prices. */
export function formatLargestJson(
  rows: readonly LargestRow[],
  deadlineNs: number,
  constraints: readonly string[],
): string {
  return jsonDocument({
    deadlineNs,
    constraints,
    rows: rows.map((row) => {
      const { borders, movedMostBy, tries } = row;
      const { platform, prices, vcpus, policy, kernel, kernelRules, workload, remarks } = guestOf(row);
      const { surely, atDefaults, may } = borders;
      return {
        platform,
        prices,
        policy,
        kernel,
        kernelRules,
        vcpus,
        workload,
        remarks,
        ...(movedMostBy === undefined
          ? { default: borderRecord(atDefaults) }
          : {
              surely: borderRecord(surely),
              default: borderRecord(atDefaults),
              may: borderRecord(may),
              movedMostBy,
            }),
        tries,
      };
    }),
  });
}

function borderRecord({ prices, best, next, broken }: ShownBorder): object {
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
