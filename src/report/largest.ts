import { jsonDocument } from "../results/formats.js";
import { problemsOf } from "../results/problems.js";
import type { RunResult } from "../results/row.js";
import type { Largest } from "../study/largest.js";
import { formatDuration, GiB } from "../units.js";
import { formatInteger, NO_VALUE } from "./cells.js";
import { type Column, left, type Paint, plainPaint, right, tableText } from "./table.js";

export interface LargestRow {
  readonly found: Largest;
  /** The run of the largest size that boots in time, and of the size above it; absent where there is none. */
  readonly best: RunResult | undefined;
  readonly next: RunResult | undefined;
}

const COLUMNS: readonly Column<LargestRow>[] = [
  left("platform", (row) => guestOf(row).platform),
  right("vCPUs", (row) => String(guestOf(row).vcpus)),
  left("policy", (row) => guestOf(row).policy),
  right("largest", ({ best }) => (best === undefined ? NO_VALUE : gibibytes(best))),
  right("boot", ({ best }) => (best === undefined ? NO_VALUE : formatDuration(best.bootTimeNs))),
  right("next", ({ next }) => (next === undefined ? NO_VALUE : gibibytes(next))),
  left("why not", ({ next }) => (next === undefined ? "the largest that is tried" : whyNot(next))),
];

/** A run of the guest; one of the two there always is. */
function guestOf({ best, next }: LargestRow): RunResult {
  return (best ?? next)!;
}

/** Prints a line for each search, and below the table what the columns mean. */
export function formatLargest(
  rows: readonly LargestRow[],
  deadlineNs: number,
  paint: Paint = plainPaint,
): string {
  const note =
    `Largest guest, in steps of 1 GiB, whose init runs within ${formatDuration(deadlineNs)} and in which nothing ` +
    "goes wrong; next: the smallest size tried that does not.";
  return tableText({ columns: COLUMNS, groups: [{ rows }], notes: [note] }, paint);
}

/** Three digits would not tell neighbours apart. */
function gibibytes({ memoryBytes }: RunResult): string {
  return `${formatInteger(memoryBytes / GiB)} GiB`;
}

function whyNot(run: RunResult): string {
  const [problem] = problemsOf(run);
  if (run.outcome === "ready" && problem !== undefined) return problem.text;
  if (run.outcome !== "deadline") return `${run.outcome}: ${run.reason ?? ""}`.slice(0, 48);
  const longest = run.phases.reduce((a, b) => (b.ns > a.ns ? b : a));
  return `${formatDuration(run.bootTimeNs)}, of which ${longest.name} ${formatDuration(longest.ns)}`;
}

/** `{ "schemaVersion": 2, "deadlineNs": ..., "rows": [...] }`. */
export function formatLargestJson(rows: readonly LargestRow[], deadlineNs: number): string {
  return jsonDocument({
    deadlineNs,
    rows: rows.map((row) => {
      const { found, best, next } = row;
      const { platform, vcpus, policy, kernel, kernelRules, workload, remarks } = guestOf(row);
      const reason = next?.reason ?? (next === undefined ? undefined : problemsOf(next)[0]?.text);
      return {
        platform,
        policy,
        kernel,
        kernelRules,
        vcpus,
        workload,
        remarks,
        largestBytes: best?.memoryBytes ?? null,
        bootTimeNs: best?.bootTimeNs ?? null,
        nextBytes: next?.memoryBytes ?? null,
        reason,
        tries: found.tries,
      };
    }),
  });
}
