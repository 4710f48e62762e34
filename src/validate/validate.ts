/** Simulates the guests that claims need, each once, and judges the claims. */

import type { RunResult } from "../results/row.js";
import { parseScenario } from "../scenario/load.js";
import type { Scenario } from "../scenario/scenario.js";
import { allowedRange, type Claim, isAllowed, type Setup, type Target } from "./claim.js";

export interface ValidatedClaim extends Omit<Claim, "tolerance" | "note" | "runs" | "simulate"> {
  /** Null when a guest of it did not come to its end; the note says why. */
  readonly simulated: number | null;
  /** Such as `±20 %`. */
  readonly tolerance: string;
  readonly holds: boolean;
  readonly note?: string;
}

export interface ValidatedTarget {
  readonly id: string;
  readonly title: string;
  readonly claims: readonly ValidatedClaim[];
}

export function targetHolds({ claims }: ValidatedTarget): boolean {
  return claims.every(({ holds }) => holds);
}

export function guestsOf(targets: readonly Target[]): Scenario[] {
  return [...scenariosOf(targets).values()];
}

/** @param run simulates one guest, by its index in `guestsOf`; may answer later, and is called for one at a time */
export async function validate(
  targets: readonly Target[],
  run: (scenario: Scenario, index: number) => RunResult | Promise<RunResult>,
): Promise<ValidatedTarget[]> {
  const results = new Map<string, RunResult>();
  for (const [key, scenario] of scenariosOf(targets)) {
    results.set(key, await run(scenario, results.size));
  }
  return targets.map(({ id, title, claims }) => ({
    id,
    title,
    claims: claims.map((claim) => judge(claim, results)),
  }));
}

function scenariosOf(targets: readonly Target[]): Map<string, Scenario> {
  const setups = targets.flatMap(({ claims }) => claims.flatMap(({ runs }) => runs));
  return new Map(setups.map((setup) => [keyOf(setup), scenarioOf(setup)]));
}

function keyOf(setup: Setup): string {
  return JSON.stringify(setup);
}

function scenarioOf(setup: Setup): Scenario {
  // JSON is YAML; the defaults of scenario files hold here too.
  const text = JSON.stringify({ name: "validate", workload: "standard boot", ...setup });
  const [scenario, ...more] = parseScenario(text, "validate");
  if (scenario === undefined || more.length > 0)
    throw new Error("validate: a setup must make exactly one guest");
  return scenario;
}

function withKernels(conditions: string, runs: readonly Setup[]): string {
  const kernels = [...new Set(runs.map(({ kernel }) => kernel))];
  return kernels.length === 0 ? conditions : `${conditions}; by the rules of Linux ${kernels.join(" and ")}`;
}

function judge(claim: Claim, bySetup: ReadonlyMap<string, RunResult>): ValidatedClaim {
  const { id, what, conditions, source, published, unit, basis } = claim;
  const results = claim.runs.map((setup) => bySetup.get(keyOf(setup))!);
  const failed = results.find(({ outcome }) => outcome !== "ready");
  const simulated = failed === undefined ? claim.simulate(...results) : null;
  const note = failed === undefined ? claim.note : `${failed.outcome}: ${failed.reason ?? "no reason"}`;
  const allowed = allowedRange(published, claim.tolerance);
  return {
    id,
    what,
    conditions: withKernels(conditions, claim.runs),
    source,
    published,
    simulated,
    unit,
    tolerance: allowed.text,
    holds: simulated !== null && isAllowed(simulated, allowed),
    basis,
    ...(note === undefined ? {} : { note }),
  };
}
