import { jsonDocument } from "../results/formats.js";
import { problemsOf } from "../results/problems.js";
import type { RunResult } from "../results/row.js";
import type { Largest } from "../study/largest.js";
import { formatDuration, GiB } from "../units.js";
import { formatInteger, NO_VALUE } from "./cells.js";
import { type Column, type Paint, plainPaint, tableText } from "./table.js";

/** One search. */
export interface LargestRow {
  readonly found: Largest;
  /** The run of the largest size that boots in time, and of the size above it; absent where there is none. */
  readonly best: RunResult | undefined;
  readonly next: RunResult | undefined;
}

const COLUMNS: readonly Column[] = [
  { head: "platform", align: "left" },
  { head: "vCPUs", align: "right" },
  { head: "policy", align: "left" },
  { head: "largest", align: "right" },
  { head: "boot", align: "right" },
  { head: "next", align: "right" },
  { head: "why not", align: "left" },
];

/** Prints a line for each search, and below the table what the columns mean. */
export function formatLargest(
  rows: readonly LargestRow[],
  deadlineNs: number,
  paint: Paint = plainPaint,
): string {
  const lines = rows.map(({ best, next }) => {
    const { platform, vcpus, policy } = (best ?? next)!;
    return {
      cells: [
        platform,
        String(vcpus),
        policy,
        best === undefined ? NO_VALUE : gibibytes(best.memoryBytes),
        best === undefined ? NO_VALUE : formatDuration(best.bootTimeNs),
        next === undefined ? NO_VALUE : gibibytes(next.memoryBytes),
        next === undefined ? "the largest that is tried" : whyNot(next),
      ],
    };
  });
  const note =
    `Largest guest, in steps of 1 GiB, whose init runs within ${formatDuration(deadlineNs)} and in which nothing ` +
    "goes wrong; next: the smallest size tried that does not.";
  return tableText({ columns: COLUMNS, groups: [{ rows: lines }], notes: [note] }, paint);
}

/** Three digits would not tell neighbours apart. */
function gibibytes(bytes: number): string {
  return `${formatInteger(bytes / GiB)} GiB`;
}

function whyNot(run: RunResult): string {
  const [problem] = problemsOf(run);
  if (run.outcome === "ready" && problem !== undefined) return problem.text;
  if (run.outcome !== "deadline") return `${run.outcome}: ${run.reason ?? ""}`.slice(0, 48);
  const longest = run.phases.reduce((a, b) => (b.ns > a.ns ? b : a));
  return `${formatDuration(run.bootTimeNs)}, of which ${longest.name} ${formatDuration(longest.ns)}`;
}

function reasonOf(next: RunResult | undefined): { readonly reason?: string } {
  const reason = next?.reason ?? (next === undefined ? undefined : problemsOf(next)[0]?.text);
  return reason === undefined ? {} : { reason };
}

/** `{ "schemaVersion": 2, "deadlineNs": ..., "rows": [...] }`. */
export function formatLargestJson(rows: readonly LargestRow[], deadlineNs: number): string {
  return jsonDocument({
    deadlineNs,
    rows: rows.map(({ found, best, next }) => {
      const { platform, vcpus, policy, kernel, kernelRules, workload, remarks } = (best ?? next)!;
      return {
        platform,
        policy,
        kernel,
        kernelRules,
        vcpus,
        workload,
        ...(remarks === undefined ? {} : { remarks }),
        largestBytes: best?.memoryBytes ?? null,
        bootTimeNs: best?.bootTimeNs ?? null,
        nextBytes: next?.memoryBytes ?? null,
        ...reasonOf(next),
        tries: found.tries,
      };
    }),
  });
}
