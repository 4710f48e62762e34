/** Runs scenarios one after another and compares each with the baseline of the same machine. */

import { BASELINE_POLICY } from "../policy/policies.js";
import { isSound } from "../results/problems.js";
import type { CompareRow, RunResult, Settings } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { formatDuration } from "../units.js";
import { distinguishingSettings, isOfPolicy, sameSettings } from "./settings.js";

export interface CompareOptions {
  /** The policy that the others are compared with; `BASELINE_POLICY` if absent. */
  readonly baseline?: string;
  /** From power-on until init runs. */
  readonly deadlineNs?: number;
}

/**
 * @param scenarios in the order of the rows wanted
 * @param run simulates one scenario; may answer later, and is called for one at a time
 * @returns a row for each scenario, in the same order
 */
export async function compare(
  scenarios: readonly Scenario[],
  run: (scenario: Scenario) => RunResult | Promise<RunResult>,
  { baseline = BASELINE_POLICY, deadlineNs = Number.POSITIVE_INFINITY }: CompareOptions = {},
): Promise<CompareRow[]> {
  const results: RunResult[] = [];
  for (const scenario of scenarios) results.push(withDeadline(await run(scenario), deadlineNs));
  const settings = distinguishingSettings(scenarios);
  const inputs = results.map((result, index) =>
    isSound(result) ? inputOf(result, settings[index]!) : undefined,
  );
  return results.map((result, index) => ({
    ...result,
    bootRatio: bootRatio(baselineOf(index, baseline, scenarios, results), result),
    paretoOptimal: paretoOptimal(index, results, inputs),
    settings: settings[index]!,
  }));
}

/** Null if no other run has the input. @param inputs of the runs in which nothing went wrong */
function paretoOptimal(
  index: number,
  results: readonly RunResult[],
  inputs: readonly (string | undefined)[],
): boolean | null {
  const { bootTimeNs, overheadBytes } = results[index]!;
  const own = inputs[index];
  const same = results.filter((_result, at) => inputs[at] === own);
  if (own === undefined || same.length === 1) return null;
  return !same.some((other) => {
    const [timeNs, bytes] = [other.bootTimeNs - bootTimeNs, other.overheadBytes - overheadBytes];
    return timeNs <= 0 && bytes <= 0 && timeNs + bytes < 0;
  });
}

/** Equal for runs that differ in nothing but their policy and its parameters. */
function inputOf(
  { scenario, platform, memoryBytes, vcpus, kernel, workload }: RunResult,
  settings: Settings,
): string {
  const others = Object.entries(settings).filter(([path]) => !isOfPolicy(path));
  return JSON.stringify([scenario, platform, memoryBytes, vcpus, kernel, workload, others]);
}

/**
 * The run to compare a run with: of those under the baseline policy on the same machine the one whose
 * scenario agrees in everything else, or else the first.
 */
export function baselineOf<T extends RunResult>(
  index: number,
  policy: string,
  scenarios: readonly Scenario[],
  results: readonly T[],
): T | undefined {
  const result = results[index]!;
  const candidates = results.flatMap((other, at) =>
    other.policy === policy && MACHINE.every((key) => other[key] === result[key]) ? [at] : [],
  );
  const closest = candidates.find((at) => sameSettings(scenarios[at]!, scenarios[index]!)) ?? candidates[0];
  return closest === undefined ? undefined : results[closest];
}

const MACHINE = ["platform", "memoryBytes", "vcpus", "kernel", "workload"] as const;

/** A run that never booted has no boot time to compare. */
function bootRatio(baseline: RunResult | undefined, result: RunResult): number | null {
  if (baseline === undefined || !hasBooted(baseline) || !hasBooted(result) || result.bootTimeNs === 0)
    return null;
  return baseline.bootTimeNs / result.bootTimeNs;
}

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

export function hasBooted({ outcome }: RunResult): boolean {
  return outcome === "ready" || outcome === "deadline";
}
