/** Which assumed prices can matter to a run: those of events that happened in it. */

import { eventsPricedBy } from "../coco/parameters.js";
import { parametersOf } from "../coco/price-set.js";
import type { RunResult } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { COST_EVENT_NAMES } from "../sim/cost-events.js";
import { rangeVariants } from "./uncertainty.js";

type RangeVariant = ReturnType<typeof rangeVariants>[number];

/** Names of the events that happened in any of the runs. */
export function eventsIn(runs: readonly Pick<RunResult, "costs">[]): ReadonlySet<string> {
  return new Set(runs.flatMap(({ costs }) => Object.keys(costs)));
}

/**
 * The scenarios to run besides a given one, without those that would repeat it to the bit: a price of what never
 * happens changes nothing, and so nothing starts to happen.
 *
 * @param happened events of the run itself, or of it and others
 */
export function actingVariants(scenario: Scenario, happened: ReadonlySet<string>): RangeVariant[] {
  const acts = ({ parameter }: RangeVariant): boolean =>
    isForAll(parameter, scenario) || mayAct(parameter, scenario, happened);
  const variants = rangeVariants(scenario).filter(acts);
  return variants.every(({ parameter }) => isForAll(parameter, scenario)) ? [] : variants;
}

function isForAll(parameter: string, { platform, prices }: Scenario): boolean {
  return !Object.hasOwn(parametersOf(platform.kind, prices), parameter);
}

function mayAct(parameter: string, scenario: Scenario, happened: ReadonlySet<string>): boolean {
  return (
    hasNoEvent(parameter, scenario) || eventsOf(parameter, scenario).some((event) => happened.has(event))
  );
}

/** Whether a price is that of no event, but a page's part of what all CPUs share. */
export function hasNoEvent(parameter: string, scenario: Scenario): boolean {
  return eventsOf(parameter, scenario).some((event) => !COST_EVENT_NAMES.includes(event));
}

function eventsOf(parameter: string, { platform, prices }: Scenario): readonly string[] {
  return eventsPricedBy(parameter, parametersOf(platform.kind, prices)[parameter]!);
}
