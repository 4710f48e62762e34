import type { RunResult, Settings } from "../../results/row.js";
import { rowRecord } from "../../results/row-record.js";

/**
 * A run of a sweep as one line of JSON, without the newline: the point of the study and which of its runs
 * it is, the hash of everything that decides the result, and the row as `compare` has it. The same run gives
 * the same bytes.
 */
export function sweepLine(
  place: { readonly point: number; readonly run: number; readonly id: string },
  settings: Settings,
  result: RunResult,
): string {
  const row = rowRecord({ ...result, bootRatio: null, paretoOptimal: null, settings });
  const { bootRatio: _ratio, paretoOptimal: _optimal, ...record } = row;
  const { point, run, id } = place;
  return JSON.stringify({ point, run, id, ...record });
}
