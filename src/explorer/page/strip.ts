/** Ranges of addresses as the columns of a strip, however many ranges and however large the guest. */

import type { ByteRange } from "../../index.js";

/** Columns [from, until) of which every one is touched by a range. */
export type ColumnRun = readonly [from: number, until: number];

/**
 * @param ranges ascending
 * @param endBytes of the addresses that the strip stands for, from 0
 * @param columns of the strip
 * @returns ascending runs with gaps between them; a range that is narrower than a column has that column
 */
export function columnRuns(ranges: readonly ByteRange[], endBytes: number, columns: number): ColumnRun[] {
  const runs: [number, number][] = [];
  for (const [start, end] of ranges) {
    if (end <= start || start >= endBytes) continue;
    const from = Math.floor((start / endBytes) * columns);
    const until = Math.max(from + 1, Math.min(columns, Math.ceil((end / endBytes) * columns)));
    const last = runs.at(-1);
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], until);
    else runs.push([from, until]);
  }
  return runs;
}

export function bytesIn(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, [start, end]) => sum + end - start, 0);
}
