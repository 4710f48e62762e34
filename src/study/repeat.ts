/** The same run with other seeds, where anything in it is random. */

import { eachIn, numberIn } from "../results/measures.js";
import { hasFailed } from "../results/problems.js";
import type { Repeats, RunResult, Spread } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { isGenerated } from "../workload/generators/index.js";
import { tQuantile95 } from "./student-t.js";

/** Whether a scenario's seed decides anything: what a generator makes, or which host pages are large. */
export function isRandom({ workload, host, attack }: Scenario): boolean {
  return isGenerated(workload) || (host.contiguity > 0 && host.contiguity < 1) || attack !== undefined;
}

/** The scenario with another seed, `later` after its own; unchanged for 0. */
export function withSeed(scenario: Scenario, later: number): Scenario {
  return later === 0 ? scenario : { ...scenario, seed: (scenario.seed + later) % 2 ** 32 };
}

/** @param runs two or more, which differ in their seed */
export function repeatsOf(runs: readonly RunResult[]): Repeats {
  return {
    runs: runs.length,
    failed: runs.filter(hasFailed).length,
    ...eachIn("repeat", (measure) => spreadOf(runs.map((run) => numberIn(measure, run)))),
  };
}

/** Mean of two or more values, and half the width of its interval of 95 % confidence (Student's t). */
export function spreadOf(values: readonly number[]): Spread {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const standardError = Math.sqrt(squares / (count - 1) / count);
  return { mean, halfWidth: tQuantile95(count - 1) * standardError };
}
