/** Sentences under a report that keep its numbers from being read for more than they are. */

import { problemsOf } from "../results/problems.js";
import type { CompareRow, Repeats, RunResult, Spread } from "../results/row.js";
import { BASELINE_POLICY } from "../study/compare.js";
import { formatBytes, formatDuration } from "../units.js";
import { formatShare } from "./cells.js";

/** How a run that is not ready ended: `oom after 1.24 s: no free page of order 0`. */
export function failureText(row: RunResult): string {
  const reason = row.reason === undefined ? "" : `: ${row.reason}`;
  return `${row.outcome} after ${formatDuration(row.bootTimeNs)}${reason}`;
}

/** What went wrong beside the outcome. */
export function problemTexts(row: RunResult): string[] {
  return problemsOf(row).map(({ text }) => text);
}

/** `5 seeds: boot 10.4 s ± 12 ms, ...`, for a run that was repeated. */
export function repeatsText({
  runs,
  failed,
  bootTimeNs,
  overheadBytes,
  stallP99Ns,
  workloadNs,
}: Repeats): string {
  const within = ({ mean, halfWidth }: Spread, format: (value: number) => string): string =>
    `${format(Math.round(mean))} ± ${format(Math.round(halfWidth))}`;
  const parts = [
    `boot ${within(bootTimeNs, formatDuration)}`,
    `overhead ${within(overheadBytes, formatBytes)}`,
    `p99 ${within(stallP99Ns, formatDuration)}`,
    `workload ${within(workloadNs, formatDuration)}`,
  ];
  const bad = failed === 0 ? "" : `, ${failed} of them failed`;
  return `${runs} seeds${bad}: ${parts.join(", ")}`;
}

/** What a row assumes that no firmware does. */
export function whatIfNotes(rows: readonly RunResult[]): string[] {
  if (!rows.some(({ platform, policy }) => platform === "tdx" && policy === "firmware-delegated")) return [];
  return [
    "firmware-delegated on tdx is a what-if: TDVF has no acceptance protocol, and is simulated with OVMF's.",
  ];
}

/** What the columns mean and how far the times can be trusted. */
export function columnNotes(rows: readonly CompareRow[], baseline: string = BASELINE_POLICY): string[] {
  const notes = [
    ...(rows.some(({ paretoOptimal }) => paretoOptimal === true)
      ? [
          "*: no other policy on the same input is at least as good in boot time and overhead, and better in one.",
        ]
      : []),
    `ratio: boot time of ${baseline} on the same machine divided by this one's; above 1x is faster than ${baseline}.`,
    "overhead: what the host spends for the guest beyond the memory that the guest has touched.",
    "stalls: allocations that waited for acceptance; p99 and max are how long they waited.",
    `assumed: part of the boot time that rests on assumed prices, ${shareRange(rows)}; the other prices ` +
      "are measured or derived from published numbers.",
  ];
  if (rows.some(({ repeats }) => repeats !== undefined)) {
    notes.push(
      "seeds: mean and interval of 95 % confidence (Student's t) over runs with other seeds; the row is the first.",
    );
  }
  notes.push(...whatIfNotes(rows));
  const platforms = new Set(rows.map((row) => row.platform));
  if (platforms.has("tdx") && platforms.has("snp")) {
    notes.push(
      "The costs of accepting memory on tdx and on snp come from different sources: compare policies " +
        "within a platform rather than one platform with the other.",
    );
  }
  return notes;
}

/** `12 % to 48 % here`, or one number where all rows have the same. */
function shareRange(rows: readonly RunResult[]): string {
  const shares = rows.map((row) => row.assumedShare);
  const low = formatShare(shares.reduce((a, b) => Math.min(a, b), 1));
  const high = formatShare(shares.reduce((a, b) => Math.max(a, b), 0));
  return low === high ? `${low} here` : `${low} to ${high} here`;
}
