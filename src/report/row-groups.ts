/** Rows that ran on the same input, and the words that say which input that was. */

import type { CompareRow } from "../study/result.js";
import { formatBytes } from "../units.js";
import { formatVcpus } from "./cells.js";

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
  (row) => `Linux ${row.kernel}`,
  (row) => formatVcpus(row.vcpus),
  (row) => `workload ${row.workload}`,
  (row) => settingsText(row),
];

/** Groups rows by everything that describes their input but the policy. */
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
    groups: [...groups].map(([title, members]) => ({ title, rows: members })),
  };
}

/** As a scenario file says it: `host.pageSize 2 MiB, platform.tdcallNs 900`, or empty. */
export function settingsText(row: CompareRow): string {
  return joinParts(
    Object.entries(row.settings).map(([path, value]) =>
      path.endsWith("Bytes") && typeof value === "number"
        ? `${path.slice(0, -"Bytes".length)} ${formatBytes(value)}`
        : `${path.replace("platform.parameters.", "platform.").replace(/Bytes$/, "")} ${value}`,
    ),
  );
}

function joinParts(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}
