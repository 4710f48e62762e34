/** Runs scenarios one after another and sets each beside the eager run of the same machine. */

import type { Scenario } from "../scenario/scenario.js";
import { paretoFront } from "./pareto.js";
import type { CompareRow, RunResult, Settings } from "./result.js";
import { distinguishingSettings, isOfPolicy, sameSettings } from "./settings.js";

/** The policy that all others are compared with. */
const BASELINE_POLICY = "eager";

/**
 * @param scenarios in the order of the rows wanted
 * @param run simulates one scenario; may answer later, and is called for one at a time
 * @param onProgress told after each run how many are done
 * @returns a row for each scenario, in the same order
 */
export async function compare(
  scenarios: readonly Scenario[],
  run: (scenario: Scenario) => RunResult | Promise<RunResult>,
  onProgress?: (done: number) => void,
): Promise<CompareRow[]> {
  const results: RunResult[] = [];
  for (const scenario of scenarios) {
    results.push(await run(scenario));
    onProgress?.(results.length);
  }
  const settings = distinguishingSettings(scenarios);
  const optimal = paretoOptimal(results, settings);
  return results.map((result, index) => {
    const eager = baselineOf(index, scenarios, results);
    return {
      ...result,
      bootRatio: bootRatio(eager, result),
      paretoOptimal: optimal.get(result) ?? null,
      settings: settings[index]!,
    };
  });
}

/** Of the runs on each input that got ready, if there are several, whether another one beats it. */
function paretoOptimal(
  results: readonly RunResult[],
  settings: readonly Settings[],
): ReadonlyMap<RunResult, boolean> {
  const inputs = new Map<string, RunResult[]>();
  results.forEach((result, index) => {
    if (result.outcome !== "ready") return;
    const key = inputOf(result, settings[index]!);
    inputs.set(key, [...(inputs.get(key) ?? []), result]);
  });
  return new Map(
    [...inputs.values()]
      .filter((runs) => runs.length > 1)
      .flatMap((runs) => {
        const front = paretoFront(runs.map((run) => [run.bootTimeNs, run.overheadBytes]));
        return runs.map((run, index) => [run, front[index]!] as const);
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
 * The eager run to compare a run with: of those on the same machine the one whose scenario
 * agrees in everything else, or else the first.
 */
function baselineOf(
  index: number,
  scenarios: readonly Scenario[],
  results: readonly RunResult[],
): RunResult | undefined {
  const result = results[index]!;
  const candidates = results.flatMap((other, at) =>
    other.policy === BASELINE_POLICY && sameMachine(result, other) ? [at] : [],
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

/** A run that failed has no boot time to compare. */
function bootRatio(eager: RunResult | undefined, result: RunResult): number | null {
  if (eager?.outcome !== "ready" || result.outcome !== "ready" || result.bootTimeNs === 0) return null;
  return eager.bootTimeNs / result.bootTimeNs;
}
