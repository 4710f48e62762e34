/** Ranges of results, and which order of policies survives them, for terminals. */

import { jsonDocument, rowRecord } from "../results/formats.js";
import type { CompareRow } from "../results/row.js";
import type { PolicyOrder, UncertainRow, Uncertainty } from "../study/uncertainty.js";
import { formatBytes, formatDuration } from "../units.js";
import { NO_VALUE } from "./cells.js";
import { groupedRows } from "./row-groups.js";
import { type Column, type Line, left, type Paint, plainPaint, right, tableText } from "./table.js";

const COLUMNS: readonly Column<UncertainRow>[] = [
  left("policy", ({ policy }) => policy),
  ...rangeColumns("boot", "bootTimeNs", 1),
  left(
    "moved most by",
    ({ outcome, uncertainty: { bootTimeNs } }) =>
      outcome === "ready" ? (bootTimeNs.movedMostBy?.parameter ?? NO_VALUE) : NO_VALUE,
    3,
  ),
  ...rangeColumns("waited", "waits.boot.totalNs", 4),
  right(
    "overhead",
    ({ outcome, overheadBytes }) => (outcome === "ready" ? formatBytes(overheadBytes) : NO_VALUE),
    2,
  ),
];

/** A value and the ends of its range, which tell nothing apart. */
function rangeColumns(
  head: string,
  name: "bootTimeNs" | "waits.boot.totalNs",
  rank: number,
): Column<UncertainRow>[] {
  const ends = { [head]: "default", from: "low", to: "high" } as const;
  return Object.entries(ends).map(([own, end]) =>
    right(
      own,
      ({ outcome, uncertainty }) =>
        outcome !== "ready" || uncertainty[name].high === 0
          ? NO_VALUE
          : formatDuration(uncertainty[name][end]),
      rank,
    ),
  );
}

/** @param found rows: at least one */
export function formatUncertainty(found: Uncertainty, paint: Paint = plainPaint): string {
  const ordersBelow = (rows: readonly UncertainRow[]): Line[] =>
    found.orders
      .filter(({ faster }) => rows.includes(found.rows[faster]!))
      .map((order) => {
        const text = `  ${orderText(order, found.rows)}`;
        return order.survives ? { text } : { text, role: "failure" };
      });
  return tableText(
    {
      ...groupedRows(found.rows, ordersBelow),
      columns: COLUMNS,
      notes: NOTES,
    },
    paint,
  );
}

const NOTES = [
  "from, to: over low and high values of every assumed parameter, one at a time and all together; " +
    "measured and derived ones stay as they are.",
  "moved most by: the one parameter that alone moves the boot time most.",
];

/** `lazy before eager: over the whole range`, or where not. */
function orderText({ faster, slower, survives, flips }: PolicyOrder, rows: readonly CompareRow[]): string {
  const [first, second] = [rows[faster]!, rows[slower]!];
  const equal = formatDuration(first.bootTimeNs) === formatDuration(second.bootTimeNs);
  const what = `${first.policy} ${equal ? "about as fast as" : "before"} ${second.policy}`;
  if (survives) return `${what}: over the whole range`;
  return `${what}: not with ${flips.map(({ parameter, end }) => `${parameter} ${end}`).join(", ")}`;
}

/** `{ "schemaVersion": 2, "rows": [...], "orders": [...] }`; orders name policies and their machine. */
export function formatUncertaintyJson({ rows, orders }: Uncertainty): string {
  return jsonDocument({
    rows: rows.map((row) => ({ ...rowRecord(row), uncertainty: row.uncertainty })),
    orders: orders.map(({ faster, slower, survives, flips }) => {
      const { platform, memoryBytes, vcpus, kernel, workload, settings, policy } = rows[faster]!;
      const machine = { platform, memoryBytes, vcpus, kernel, workload, settings };
      return { ...machine, faster: policy, slower: rows[slower]!.policy, survives, flips };
    }),
  });
}
