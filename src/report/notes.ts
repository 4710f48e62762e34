/** Sentences under a report that keep its numbers from being read for more than they are. */

import type { CompareRow, RunResult } from "../study/result.js";
import { formatDuration } from "../units.js";
import { formatShare } from "./cells.js";

/** How a run that is not ready ended: `oom after 1.24 s: no free page of order 0`. */
export function failureText(row: RunResult): string {
  const reason = row.reason === undefined ? "" : `: ${row.reason}`;
  return `${row.outcome} after ${formatDuration(row.bootTimeNs)}${reason}`;
}

/** What the columns mean and how far the times can be trusted. */
export function columnNotes(rows: readonly CompareRow[]): string[] {
  const notes = [
    ...(rows.some(({ paretoOptimal }) => paretoOptimal === true)
      ? [
          "*: no other policy on the same input is at least as good in boot time and overhead, and better in one.",
        ]
      : []),
    "ratio: boot time of eager on the same machine divided by this one's; above 1x is faster than eager.",
    "overhead: what the host spends for the guest beyond the memory that the guest has touched.",
    "stalls: allocations that waited for acceptance; p99 and max are how long they waited.",
    `assumed: part of the boot time that rests on assumed prices, ${shareRange(rows)}; the other prices ` +
      "are measured or derived from published numbers.",
  ];
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
