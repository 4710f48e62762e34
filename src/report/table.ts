/** Rows as a table for terminals, at most 110 columns wide. */

import type { CompareRow } from "../results/row.js";
import { BASELINE_POLICY } from "../study/compare.js";
import { formatBytes, formatDuration } from "../units.js";
import { formatCount, formatRatio, formatShare, NO_VALUE } from "./cells.js";
import { earlyMapText } from "./early-map-text.js";
import { formatGroups } from "./grouped-table.js";
import { columnNotes } from "./notes.js";
import { type Paint, plainPaint } from "./paint.js";
import { policyText } from "./row-groups.js";
import { wrapText } from "./wrap.js";

const HEAD = [
  "policy",
  "boot",
  "ratio",
  "accepted",
  "touched",
  "host",
  "overhead",
  "stalls",
  "p99",
  "max",
  "assumed",
];

/**
 * Prints rows in groups of the same platform and memory, under one head, with what the
 * columns mean below. A run that is not ready shows its outcome in place of its boot time,
 * and the reason below.
 *
 * @param rows at least one
 * @param baseline the policy that ratios compare with
 */
export function formatTable(
  rows: readonly CompareRow[],
  paint: Paint = plainPaint,
  baseline: string = BASELINE_POLICY,
): string {
  return formatGroups(
    rows,
    {
      head: HEAD,
      aligns: HEAD.map((_name, column) => (column === 0 ? "left" : "right")),
      cellsOf: (row) => cellsOf(row, paint),
      below: ({ rows: group }) =>
        group.flatMap((row) => {
          const text = earlyMapText(row);
          return text === undefined ? [] : wrapText(`  ${text}`);
        }),
      notes: columnNotes(rows, baseline),
    },
    paint,
  );
}

function cellsOf(row: CompareRow, paint: Paint): string[] {
  const { stalls } = row;
  const waited = (ns: number): string => (stalls.count === 0 ? NO_VALUE : formatDuration(ns));
  return [
    row.paretoOptimal === true ? `${policyText(row)} *` : policyText(row),
    row.outcome === "ready" ? formatDuration(row.bootTimeNs) : paint("failure", FAILURE_WORDS[row.outcome]),
    formatRatio(row.bootRatio),
    formatBytes(row.acceptedBytes),
    formatBytes(row.touchedBytes),
    formatBytes(row.hostBytes),
    formatBytes(row.overheadBytes),
    formatCount(stalls.count),
    waited(stalls.p99Ns),
    waited(stalls.maxNs),
    formatShare(row.assumedShare),
  ];
}

/** Short enough for the column of the boot time, and not to be taken for one. */
const FAILURE_WORDS = { oom: "OOM", deadline: "LATE", terminated: "STOPPED" } as const;
