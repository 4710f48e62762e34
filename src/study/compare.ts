/** Runs scenarios one after another and compares each with the baseline of the same machine. */

import { BASELINE_POLICY } from "../policy/policies.js";
import { type Measure, measureNamed, numberIn } from "../results/measures.js";
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
  /** What the mark `paretoOptimal` goes by; `usualRank` of each input if absent. */
  readonly rank?: readonly Measure[];
}

/** Whether something follows the boot; of a recorded boot the last requests come after init, too. */
export function hasWorkload({ workload, boot }: Pick<RunResult, "workload" | "boot">): boolean {
  return workload !== boot;
}

/**
 * What runs on one input are ranked by: the time until the workload is done, where there is one besides the
 * boot, or else until init runs; and memory overhead.
 */
export function usualRank(run: Pick<RunResult, "workload" | "boot">): readonly Measure[] {
  return [measureNamed(hasWorkload(run) ? "totalTimeNs" : "bootTimeNs"), measureNamed("overheadBytes")];
}

/**
 * @param scenarios in the order of the rows wanted
 * @param run simulates one scenario; may answer later, and is called for one at a time
 * @returns a row for each scenario, in the same order
 */
export async function compare(
  scenarios: readonly Scenario[],
  run: (scenario: Scenario) => RunResult | Promise<RunResult>,
  { baseline = BASELINE_POLICY, deadlineNs = Number.POSITIVE_INFINITY, rank }: CompareOptions = {},
): Promise<CompareRow[]> {
  const results: RunResult[] = [];
  for (const scenario of scenarios) results.push(withDeadline(await run(scenario), deadlineNs));
  const settings = withWorkloads(distinguishingSettings(scenarios), scenarios, results);
  const inputs = results.map((result, index) =>
    isSound(result) ? inputOf(result, scenarios[index]!, settings[index]!) : undefined,
  );
  return results.map((result, index) => {
    const against = baselineOf(index, baseline, scenarios, results);
    return {
      ...result,
      bootRatio: ratio("bootTimeNs", against, result),
      totalRatio: ratio("totalTimeNs", against, result),
      paretoOptimal: paretoOptimal(index, results, inputs, rank ?? usualRank(result)),
      settings: settings[index]!,
    };
  });
}

/** Where different workloads have one name, such as two traces in two directories, what scenarios call them tells them apart. */
function withWorkloads(
  settings: readonly Settings[],
  scenarios: readonly Scenario[],
  results: readonly RunResult[],
): Settings[] {
  const names = new Map<string, Set<string>>();
  for (const [index, { workload }] of results.entries()) {
    const own = names.get(workload) ?? new Set<string>();
    names.set(workload, own.add(scenarios[index]!.workload));
  }
  return settings.map((own, index) =>
    names.get(results[index]!.workload)!.size === 1 ? own : { ...own, workload: scenarios[index]!.workload },
  );
}

/** Null if no other run has the input. @param inputs of the runs in which nothing went wrong */
function paretoOptimal(
  index: number,
  results: readonly RunResult[],
  inputs: readonly (string | undefined)[],
  rank: readonly Measure[],
): boolean | null {
  const own = inputs[index];
  const same = results.filter((_result, at) => inputs[at] === own);
  if (own === undefined || same.length === 1) return null;
  return !same.some((other) => {
    const losses = rank.map((measure) => lossBy(measure, other, results[index]!));
    return losses.every((loss) => loss <= 0) && losses.some((loss) => loss < 0);
  });
}

/** By how much a run is worse than another one in a measure; below 0 where it is better. */
function lossBy(measure: Measure, run: RunResult, other: RunResult): number {
  const more = numberIn(measure, run) - numberIn(measure, other);
  return measure.better === "more" ? -more : more;
}

/** For sorting: the run that is better in the first measure in which they differ comes first. */
export function bestFirst(measures: readonly Measure[]): (run: RunResult, other: RunResult) => number {
  return (run, other) => measures.reduce((loss, measure) => loss || lossBy(measure, run, other), 0);
}

/** Equal for runs that differ in nothing but their policy and its parameters. */
function inputOf(
  { scenario, platform, prices, memoryBytes, vcpus, kernel }: RunResult,
  { workload }: Scenario,
  settings: Settings,
): string {
  const others = Object.entries(settings).filter(([path]) => !isOfPolicy(path));
  return JSON.stringify([scenario, platform, prices, memoryBytes, vcpus, kernel, workload, others]);
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
    other.policy === policy &&
    MACHINE.every((key) => other[key] === result[key]) &&
    scenarios[at]!.workload === scenarios[index]!.workload
      ? [at]
      : [],
  );
  const closest = candidates.find((at) => sameSettings(scenarios[at]!, scenarios[index]!)) ?? candidates[0];
  return closest === undefined ? undefined : results[closest];
}

const MACHINE = ["platform", "prices", "memoryBytes", "vcpus", "kernel"] as const;

/** A run that never booted has no time to compare. */
function ratio(
  time: "bootTimeNs" | "totalTimeNs",
  baseline: RunResult | undefined,
  result: RunResult,
): number | null {
  if (baseline === undefined || !hasBooted(baseline) || !hasBooted(result)) return null;
  const [of, own] = [baseline[time], result[time]];
  return of === undefined || own === undefined || own === 0 ? null : of / own;
}

/**
 * A run that got ready after its deadline has missed it; the reason says by how much and what took
 * most of the time. Any other run stays as it is.
 *
 * @param deadlineNs from power-on until init runs
 */
export function withDeadline<T extends RunResult>(run: T, deadlineNs: number): T {
  if (run.outcome !== "ready" || run.bootTimeNs <= deadlineNs) return run;
  const longest = longestPhase(run);
  const late = formatDuration(run.bootTimeNs - deadlineNs);
  return {
    ...run,
    outcome: "deadline",
    reason:
      `${late} more than the deadline of ${formatDuration(deadlineNs)}; ` +
      `${longest.name} takes ${formatDuration(longest.ns)} of it`,
  };
}

/** @param run with a phase at least */
export function longestPhase({ phases }: Pick<RunResult, "phases">): RunResult["phases"][number] {
  return phases.reduce((a, b) => (b.ns > a.ns ? b : a));
}

export function hasBooted({ outcome }: Pick<RunResult, "outcome">): boolean {
  return outcome === "ready" || outcome === "deadline";
}
