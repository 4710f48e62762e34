/** Ranges of results, and which order of policies survives them, for terminals. */

import { BASELINE_POLICY } from "../policy/policies.js";
import { jsonDocument, rowRecord } from "../results/formats.js";
import { measureNamed, numberIn } from "../results/measures.js";
import type { CompareRow } from "../results/row.js";
import type { TimeRange } from "../study/assumed-prices.js";
import { hasWorkload } from "../study/compare.js";
import type { PolicyOrder, ResultRange, UncertainRow, Uncertainty } from "../study/uncertainty.js";
import { formatBytes, formatDuration } from "../units.js";
import { NO_VALUE } from "./cells.js";
import { conclusionOf, type Ranges } from "./conclusion.js";
import { groupedRows, policyText } from "./row-groups.js";
import {
  type Column,
  type Line,
  left,
  type Paint,
  plainPaint,
  right,
  type Table,
  tableText,
} from "./table.js";

/** Times by which the rows are ranked, what moves them, and what they cost; then how long allocations waited. */
function columnsOf(rows: readonly UncertainRow[]): Column<UncertainRow>[] {
  const phase = rows.some(hasWorkload) ? "workload" : "boot";
  const [time, head] =
    phase === "boot" ? (["bootTimeNs", "boot"] as const) : (["totalTimeNs", "total"] as const);
  return [
    left("policy", policyText),
    ...rangeColumns(head, time, 1),
    left(
      "moved most by",
      ({ outcome, uncertainty }) =>
        outcome === "ready" ? (uncertainty[time].movedMostBy?.parameter ?? NO_VALUE) : NO_VALUE,
      3,
    ),
    ...rangeColumns("waited", `waits.${phase}.totalNs`, 4),
    right(
      "overhead",
      ({ outcome, overheadBytes }) => (outcome === "ready" ? formatBytes(overheadBytes) : NO_VALUE),
      2,
    ),
  ];
}

/** A value and the ends of its range, which tell nothing apart. */
function rangeColumns(
  head: string,
  name: "bootTimeNs" | "totalTimeNs" | "waits.boot.totalNs" | "waits.workload.totalNs",
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
  return tableText(uncertaintyTable(found), paint);
}

/** The same as a table that is not laid out yet. */
export function uncertaintyTable(found: Uncertainty): Table<UncertainRow> {
  const ordersBelow = (rows: readonly UncertainRow[]): Line[] =>
    found.orders
      .filter(({ faster }) => rows.includes(found.rows[faster]!))
      .map((order) => {
        const text = `  ${orderText(order, found.rows)}`;
        return order.survives ? { text } : { text, role: "failure" };
      });
  const grouped = groupedRows(found.rows, ordersBelow);
  return {
    ...grouped,
    lead: conclusionOf(grouped.groups, BASELINE_POLICY, undefined, rangesOf(found)),
    columns: columnsOf(found.rows),
    notes: NOTES,
  };
}

/** What was run, not estimated. */
function rangesOf({ rows, orders }: Uncertainty): Ranges {
  const asRange = ({ low, high, movedMostBy }: ResultRange): TimeRange => ({
    low,
    high,
    decidedBy: movedMostBy?.parameter,
  });
  return {
    word: "",
    ofTime: (run, time) => asRange(rows.find((row) => row === run)!.uncertainty[time]),
    ofRatio(longer, run) {
      const order = orders.find(({ faster, slower }) => rows[faster] === run && rows[slower] === longer);
      return order === undefined ? { low: 1, high: 1, decidedBy: undefined } : asRange(order.ratio);
    },
  };
}

const NOTES = [
  "from, to: over low and high values of every assumed parameter, one at a time and all together; " +
    "measured and derived ones stay as they are.",
  "moved most by: the one parameter that alone moves the time most.",
];

/** `lazy before eager: over the whole range`, or where not. */
function orderText(
  { by, faster, slower, survives, flips }: PolicyOrder,
  rows: readonly CompareRow[],
): string {
  const [first, second] = [rows[faster]!, rows[slower]!];
  const measure = measureNamed(by);
  const [own, other] = [first, second].map((row) => formatDuration(numberIn(measure, row)));
  const equal = own === other;
  const what = `${first.policy} ${equal ? "about as fast as" : "before"} ${second.policy}`;
  if (survives) return `${what}: over the whole range`;
  return `${what}: not with ${flips.map(({ parameter, end }) => `${parameter} ${end}`).join(", ")}`;
}

/** `{ "schemaVersion": 2, "rows": [...], "orders": [...] }`; orders name policies and their machine. */
export function formatUncertaintyJson({ rows, orders }: Uncertainty): string {
  return jsonDocument({
    rows: rows.map((row) => ({ ...rowRecord(row), uncertainty: row.uncertainty })),
    orders: orders.map(({ faster, slower, ...order }) => {
      const { platform, memoryBytes, vcpus, kernel, workload, settings, policy } = rows[faster]!;
      const machine = { platform, memoryBytes, vcpus, kernel, workload, settings };
      return { ...machine, faster: policy, slower: rows[slower]!.policy, ...order };
    }),
  });
}
