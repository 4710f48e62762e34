/** Simulates the guests that claims need, each once, and judges the claims. */

import type { RunResult } from "../results/row.js";
import { parseScenario } from "../scenario/load.js";
import { NO_PRICE_SETS, type PriceSets } from "../scenario/price-set-file.js";
import type { Scenario } from "../scenario/scenario.js";
import { inOrder } from "../study/in-order.js";
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

/** @param sets has all prices that targets name */
export function guestsOf(targets: readonly Target[], sets: PriceSets = NO_PRICE_SETS): Scenario[] {
  return [...scenariosOf(targets, sets).values()];
}

/** @param run simulates a guest of `guestsOf`; may answer later, and is asked for all of them at once */
export async function validate(
  targets: readonly Target[],
  run: (scenario: Scenario) => RunResult | Promise<RunResult>,
  sets: PriceSets = NO_PRICE_SETS,
): Promise<ValidatedTarget[]> {
  const guests = scenariosOf(targets, sets);
  const runs = await inOrder([...guests.values()].map(async (scenario) => run(scenario)));
  const results = new Map(Array.from(guests.keys(), (key, index) => [key, runs[index]!]));
  return targets.map(({ id, title, claims }) => ({
    id,
    title,
    claims: claims.map((claim) => judge(claim, results)),
  }));
}

function scenariosOf(targets: readonly Target[], sets: PriceSets): Map<string, Scenario> {
  const setups = targets.flatMap(({ claims }) => claims.flatMap(({ runs }) => runs));
  return new Map(setups.map((setup) => [keyOf(setup), scenarioOf(setup, sets)]));
}

function keyOf(setup: Setup): string {
  return JSON.stringify(setup);
}

function scenarioOf(setup: Setup, sets: PriceSets): Scenario {
  // JSON is YAML; the defaults of scenario files hold here too.
  const text = JSON.stringify({ name: "validate", workload: "standard boot", ...setup });
  const [scenario, ...more] = parseScenario(text, "validate", [], sets);
  if (scenario === undefined || more.length > 0)
    throw new Error("validate: a setup must make exactly one guest");
  return scenario;
}

function withRules(conditions: string, runs: readonly Setup[]): string {
  const kernels = [...new Set(runs.map(({ kernel }) => kernel))];
  const prices = [...new Set(runs.flatMap((setup) => setup.prices ?? []))];
  const priced = prices.length === 0 ? "" : `, at the prices ${prices.join(" and ")}`;
  return kernels.length === 0
    ? conditions
    : `${conditions}; by the rules of Linux ${kernels.join(" and ")}${priced}`;
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
    conditions: withRules(conditions, claim.runs),
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
