/** Ranges of results, and which order of policies survives them, for terminals. */

import { jsonDocument, rowRecord } from "../results/formats.js";
import type { CompareRow } from "../results/row.js";
import type { PolicyOrder, ResultRange, UncertainRow, Uncertainty } from "../study/uncertainty.js";
import { formatBytes, formatDuration } from "../units.js";
import { NO_VALUE } from "./cells.js";
import { groupedRows } from "./row-groups.js";
import { type Line, type Paint, plainPaint, tableText } from "./table.js";

const HEADS = ["policy", "boot", "from", "to", "moved most by", "stall p99", "from", "to", "overhead"];

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
      ...groupedRows(found.rows, cellsOf, ordersBelow),
      columns: HEADS.map((head, at) => ({ head, align: at === 0 || at === 4 ? "left" : "right" })),
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

function cellsOf({ policy, outcome, uncertainty, overheadBytes }: UncertainRow): string[] {
  if (outcome !== "ready") return [policy, ...HEADS.slice(1).map(() => NO_VALUE)];
  const { bootTimeNs, "stalls.p99Ns": p99Ns } = uncertainty;
  return [
    policy,
    ...durations(bootTimeNs),
    bootTimeNs.movedMostBy?.parameter ?? NO_VALUE,
    ...(p99Ns.high === 0 ? [NO_VALUE, NO_VALUE, NO_VALUE] : durations(p99Ns)),
    formatBytes(overheadBytes),
  ];
}

function durations(range: ResultRange): string[] {
  return [range.default, range.low, range.high].map(formatDuration);
}

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
