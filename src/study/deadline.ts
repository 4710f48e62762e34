import type { RunResult } from "../results/row.js";
import { formatDuration } from "../units.js";

/**
 * A run that got ready after its deadline has missed it; the reason says by how much and what took
 * most of the time. Any other run stays as it is.
 *
 * @param deadlineNs from power-on until init runs
 */
export function withDeadline<T extends RunResult>(run: T, deadlineNs: number): T {
  if (run.outcome !== "ready" || run.bootTimeNs <= deadlineNs) return run;
  const longest = run.phases.reduce((a, b) => (b.ns > a.ns ? b : a));
  const late = formatDuration(run.bootTimeNs - deadlineNs);
  return {
    ...run,
    outcome: "deadline",
    reason:
      `${late} more than the deadline of ${formatDuration(deadlineNs)}; ` +
      `${longest.name} takes ${formatDuration(longest.ns)} of it`,
  };
}

/** Whether a run has a boot time: it got ready, in time or not. */
export function hasBooted({ outcome }: RunResult): boolean {
  return outcome === "ready" || outcome === "deadline";
}
