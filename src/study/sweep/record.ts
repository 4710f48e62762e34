import { rowRecord } from "../../results/record.js";
import type { RunResult, Settings } from "../../results/row.js";

/**
 * A run of a sweep as one line of JSON, without the newline: the point of the study and which of its runs
 * it is, the hash of everything that decides the result, and the row as `compare` has it. The same run gives
 * the same bytes.
 */
export function sweepLine(
  { point, run, id }: { readonly point: number; readonly run: number; readonly id: string },
  settings: Settings,
  result: RunResult,
): string {
  return JSON.stringify({ point, run, id, ...rowRecord({ ...result, settings }) });
}
