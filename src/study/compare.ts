/** Runs scenarios and compares each with the baseline of the same machine. */

import { BASELINE_POLICY } from "../policy/policies.js";
import { type Measure, measureNamed, numberIn } from "../results/measures.js";
import { isSound } from "../results/problems.js";
import type { CompareRow, RunResult, Settings } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { formatDuration } from "../units.js";
import { inOrder } from "./in-order.js";
import { distinguishingSettings, isOfPolicy, machineSettings } from "./settings.js";

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
 * @param run simulates one scenario; may answer later, and is asked for all of them at once
 * @returns a row for each scenario, in the same order
 */
export async function compare(
  scenarios: readonly Scenario[],
  run: (scenario: Scenario) => RunResult | Promise<RunResult>,
  { baseline = BASELINE_POLICY, deadlineNs = Number.POSITIVE_INFINITY, rank }: CompareOptions = {},
): Promise<CompareRow[]> {
  const runs = await inOrder(scenarios.map(async (scenario) => run(scenario)));
  const results = runs.map((result) => withDeadline(result, deadlineNs));
  const settings = withWorkloads(distinguishingSettings(scenarios), scenarios, results);
  const baselines = baselinesOf(baseline, scenarios, results);
  const optimal = paretoOptimal(
    results,
    results.map((result, index) =>
      isSound(result) ? inputOf(result, scenarios[index]!, settings[index]!) : undefined,
    ),
    (result) => rank ?? usualRank(result),
  );
  return results.map((result, index) => ({
    ...result,
    bootRatio: ratio("bootTimeNs", baselines[index], result),
    totalRatio: ratio("totalTimeNs", baselines[index], result),
    paretoOptimal: optimal[index]!,
    settings: settings[index]!,
  }));
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

/**
 * Whether no other run on the input of a run is better in a measure and worse in none; null if none has that input.
 *
 * @param inputs of the runs in which nothing went wrong
 */
function paretoOptimal(
  results: readonly RunResult[],
  inputs: readonly (string | undefined)[],
  rankOf: (result: RunResult) => readonly Measure[],
): (boolean | null)[] {
  const alike = new Map<string, number[]>();
  for (const [index, input] of inputs.entries()) {
    if (input === undefined) continue;
    const same = alike.get(input);
    if (same === undefined) alike.set(input, [index]);
    else same.push(index);
  }
  const columns = new Map<string, readonly number[]>();
  const columnOf = (measure: Measure): readonly number[] => {
    const column = columns.get(measure.name) ?? results.map((result) => costIn(measure, result));
    columns.set(measure.name, column);
    return column;
  };
  return results.map((result, index) => {
    const input = inputs[index];
    const same = input === undefined ? [] : alike.get(input)!;
    if (same.length <= 1) return null;
    const ranked = rankOf(result).map(columnOf);
    return !same.some(
      (other) =>
        ranked.every((costs) => costs[other]! <= costs[index]!) &&
        ranked.some((costs) => costs[other]! < costs[index]!),
    );
  });
}

/** A measure so that less is better. */
function costIn(measure: Measure, run: RunResult): number {
  const value = numberIn(measure, run);
  return measure.better === "more" ? -value : value;
}

/** For sorting: the run that is better in the first measure in which they differ comes first. */
export function bestFirst(measures: readonly Measure[]): (run: RunResult, other: RunResult) => number {
  return (run, other) =>
    measures.reduce((loss, measure) => loss || costIn(measure, run) - costIn(measure, other), 0);
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
 * The run to compare each run with: of those under the baseline policy on the same machine the first whose
 * scenario agrees in everything else, or else the first.
 */
export function baselinesOf<T extends RunResult>(
  policy: string,
  scenarios: readonly Scenario[],
  results: readonly T[],
): (T | undefined)[] {
  const machines = results.map((result, index) => machineOf(result, scenarios[index]!));
  const inputs = scenarios.map((scenario, index) => machines[index]! + machineSettings(scenario));
  const first = new Map<string, T>();
  for (const [index, result] of results.entries()) {
    if (result.policy !== policy) continue;
    for (const key of [machines[index]!, inputs[index]!]) if (!first.has(key)) first.set(key, result);
  }
  return inputs.map((input, index) => first.get(input) ?? first.get(machines[index]!));
}

function machineOf(
  { platform, prices, memoryBytes, vcpus, kernel }: RunResult,
  { workload }: Scenario,
): string {
  return JSON.stringify([platform, prices, memoryBytes, vcpus, kernel, workload]);
}

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
