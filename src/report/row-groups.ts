/** Rows that ran on the same input, and the words that say which input that was. */

import { isSound } from "../results/problems.js";
import type { CompareRow } from "../results/row.js";
import { isOfPolicy } from "../study/settings.js";
import { formatBytes } from "../units.js";
import { formatVcpus, kernelText } from "./cells.js";

/** Rows to read against each other. */
export interface RowGroup {
  /** What this group has that others have not, and always its platform and memory. */
  readonly title: string;
  readonly rows: readonly CompareRow[];
}

/** All rows in groups. */
export interface GroupedRows {
  /** What all rows have in common, such as `Linux 6.12, 1 vCPU, workload idle`; may be empty. */
  readonly common: string;
  /** In the order in which their first rows came. */
  readonly groups: readonly RowGroup[];
}

/** Each part of a title; the ones that are the same everywhere are said only once. */
const PARTS: readonly ((row: CompareRow) => string)[] = [
  (row) => `scenario ${row.scenario}`,
  (row) => `Linux ${kernelText(row)}`,
  (row) => formatVcpus(row.vcpus),
  (row) => `workload ${row.workload}`,
  (row) => settingsText(row),
];

/**
 * Groups rows by everything that describes their input but the policy and its parameters. Within a
 * group the fastest boot comes first, behind all of them what something went wrong in, and what did not get
 * ready last.
 */
export function groupRows(rows: readonly CompareRow[]): GroupedRows {
  const values = PARTS.map((part) => new Set(rows.map(part)));
  const common = PARTS.flatMap((_part, index) => (values[index]!.size === 1 ? [...values[index]!] : []));
  const groups = new Map<string, CompareRow[]>();
  for (const row of rows) {
    const own = PARTS.flatMap((part, index) => (values[index]!.size > 1 ? [part(row)] : []));
    const title = joinParts([`${row.platform}, ${formatBytes(row.memoryBytes)}`, ...own]);
    const group = groups.get(title);
    if (group === undefined) groups.set(title, [row]);
    else group.push(row);
  }
  return {
    common: joinParts(common),
    groups: [...groups].map(([title, members]) => ({ title, rows: members.toSorted(byBootTime) })),
  };
}

function byBootTime(a: CompareRow, b: CompareRow): number {
  const rank = (row: CompareRow): number => (isSound(row) ? 0 : row.outcome === "ready" ? 1 : 2);
  const timeNs = (row: CompareRow): number => (row.outcome === "ready" ? row.bootTimeNs : 0);
  return rank(a) - rank(b) || timeNs(a) - timeNs(b);
}

/** The policy, and of its parameters those that tell it from others: `background threads=2`. */
export function policyText(row: CompareRow): string {
  const own = Object.entries(row.settings).filter(([path]) => isOfPolicy(path));
  return [
    row.policy,
    ...own.map(([path, value]) => settingText(path.slice("strategy.".length), value, "=")),
  ].join(" ");
}

/** As a scenario file says it: `host.pageSize 2 MiB, platform.tdcallNs 900`, or empty. */
export function settingsText(row: CompareRow): string {
  return joinParts(
    Object.entries(row.settings)
      .filter(([path]) => !isOfPolicy(path))
      .map(([path, value]) => settingText(path.replace("platform.parameters.", "platform."), value, " ")),
  );
}

function settingText(path: string, value: string | number | boolean, separator: string): string {
  const shown = path.endsWith("Bytes") && typeof value === "number" ? formatBytes(value) : value;
  return `${path.replace(/Bytes$/, "")}${separator}${shown}`;
}

function joinParts(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}
