/** Runs scenarios one after another and sets each beside the baseline of the same machine. */

import { isSound } from "../results/problems.js";
import type { CompareRow, RunResult, Settings } from "../results/row.js";
import type { PolicyName, Scenario } from "../scenario/scenario.js";
import { hasBooted, withDeadline } from "./deadline.js";
import { paretoFront } from "./pareto.js";
import { distinguishingSettings, isOfPolicy, sameSettings } from "./settings.js";

/** The policy that all others are compared with, unless somebody wants another one. */
export const BASELINE_POLICY = "eager";

/** What else is asked about the runs. */
export interface CompareOptions {
  /** The policy that the others are compared with; eager if absent. */
  readonly baseline?: PolicyName;
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
  const optimal = paretoOptimal(results, settings);
  return results.map((result, index) => ({
    ...result,
    bootRatio: bootRatio(baselineOf(index, baseline, scenarios, results), result),
    paretoOptimal: optimal.get(result) ?? null,
    settings: settings[index]!,
  }));
}

/** Of the runs on each input in which nothing went wrong, if there are several, whether another one beats it. */
function paretoOptimal(
  results: readonly RunResult[],
  settings: readonly Settings[],
): ReadonlyMap<RunResult, boolean> {
  const inputs = new Map<string, RunResult[]>();
  results.forEach((result, index) => {
    if (!isSound(result)) return;
    const key = inputOf(result, settings[index]!);
    inputs.set(key, [...(inputs.get(key) ?? []), result]);
  });
  return new Map(
    [...inputs.values()]
      .filter((runs) => runs.length > 1)
      .flatMap((runs) => {
        const front = paretoFront(
          runs.map(({ bootTimeNs, overheadBytes }) => ({ x: bootTimeNs, y: overheadBytes })),
        );
        // Of equal ones the front has the first; they stand together.
        return runs.map(
          (run) => [run, front.some(({ x, y }) => x === run.bootTimeNs && y === run.overheadBytes)] as const,
        );
      }),
  );
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
  policy: PolicyName,
  scenarios: readonly Scenario[],
  results: readonly T[],
): T | undefined {
  const result = results[index]!;
  const candidates = results.flatMap((other, at) =>
    other.policy === policy && sameMachine(result, other) ? [at] : [],
  );
  const closest = candidates.find((at) => sameSettings(scenarios[at]!, scenarios[index]!)) ?? candidates[0];
  return closest === undefined ? undefined : results[closest];
}

function sameMachine(a: RunResult, b: RunResult): boolean {
  return (
    a.platform === b.platform &&
    a.memoryBytes === b.memoryBytes &&
    a.vcpus === b.vcpus &&
    a.kernel === b.kernel &&
    a.workload === b.workload
  );
}

/** A run that never booted has no boot time to compare. */
function bootRatio(baseline: RunResult | undefined, result: RunResult): number | null {
  if (baseline === undefined || !hasBooted(baseline) || !hasBooted(result) || result.bootTimeNs === 0)
    return null;
  return baseline.bootTimeNs / result.bootTimeNs;
}
