/** What must hold for any run of any scenario, as its result and its reports tell. */

import { formatMarkdown, formatTable } from "../../src/report/rows.js";
import { formatRunSummary } from "../../src/report/run-summary.js";
import { formatCsv, rowRecord } from "../../src/results/formats.js";
import type { CompareRow, RunResult } from "../../src/results/row.js";

/** @throws Error that says what does not hold */
export function checkRun(run: RunResult): void {
  requireNumbers(run, "row");
  const pluggedBytes = run.hotplug?.addedBytes ?? 0;
  if (run.acceptedBytes > run.memoryBytes + pluggedBytes) {
    throw new Error(
      `${run.acceptedBytes} bytes accepted of ${run.memoryBytes} and ${pluggedBytes} plugged in`,
    );
  }
  const accepted = Object.values(run.memory.acceptedBy).reduce(
    (sum: number, bytes: number) => sum + bytes,
    0,
  );
  if (run.attack === undefined && accepted !== run.acceptedBytes) {
    throw new Error(`${run.acceptedBytes} bytes accepted, but ${accepted} by its acceptors together`);
  }
  if ((run.outcome === "ready") !== (run.reason === undefined))
    throw new Error("a reason, or none, too many");
  if (run.outcome === "ready" && run.workloadTimeNs === undefined)
    throw new Error("ready without a workload");
  if (run.assumedShare < 0 || run.assumedShare > 1.000_001) throw new Error(`share of ${run.assumedShare}`);
  const row: CompareRow = { ...run, bootRatio: null, totalRatio: null, paretoOptimal: null, settings: {} };
  for (const text of [
    formatTable([row]),
    formatRunSummary(run),
    formatCsv([row]),
    formatMarkdown([row]),
    JSON.stringify(rowRecord(row)),
  ]) {
    const bad = /NaN|Infinity|undefined|\[object/.exec(text);
    if (bad !== null)
      throw new Error(`a report says ${text.slice(Math.max(0, bad.index - 60), bad.index + 20)}`);
  }
}

/** Every number is finite, not below zero but for differences, and whole numbers are exact. */
function requireNumbers(value: unknown, path: string): void {
  if (typeof value === "number") {
    const mayBeNegative = /overheadBytes|wastedAcceptBytes/.test(path);
    if (Math.abs(value) <= Number.MAX_SAFE_INTEGER && (value >= 0 || mayBeNegative)) return;
    throw new Error(`${path} is ${value}`);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) requireNumbers(inner, `${path}.${key}`);
}
