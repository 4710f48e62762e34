/**
 * What assumed prices do to a run's times, to first order: how much of a time each of them was charged
 * for, and what that time would be at other values if nothing else changed. `uncertainty` runs them instead.
 */

import { assumedParameters, eventsPricedBy } from "../coco/parameters.js";
import { parametersOf } from "../coco/price-set.js";
import type { AssumedPrice, RunResult } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { COST_EVENT_NAMES } from "../sim/cost-events.js";
import type { Charged } from "../sim/cost-ledger.js";

/** The times of a run whose parts are known, and where a row says so. */
const CHARGED = { bootTimeNs: "bootAssumedNs", totalTimeNs: "totalAssumedNs" } as const;
export type ChargedTime = keyof typeof CHARGED;

/**
 * Of a time, what each assumed price with a range was charged for, in whole nanoseconds; what rounds to 0 is
 * left out, and what the scenario sets, which is certain. Work of several CPUs counts by the part of it that lies
 * on the way of the one that ends last.
 *
 * @param charged all CPUs until then
 * @param onWayNs of that, what was charged at assumed prices on the way there
 */
export function chargedAt(
  { platform, prices }: Scenario,
  charged: Charged,
  onWayNs: number,
): Readonly<Record<string, number>> {
  const part = charged.assumedNs === 0 ? 0 : Math.min(1, onWayNs / charged.assumedNs);
  return Object.fromEntries(
    Object.entries(assumedParameters(parametersOf(platform.kind, prices))).flatMap(([name, parameter]) => {
      const events = eventsPricedBy(name, parameter).reduce(
        (sum, event) => sum + (charged.counts[COST_EVENT_NAMES.indexOf(event)] ?? 0),
        0,
      );
      const ns = Math.round(events * parameter.value * part);
      return ns === 0 || Object.hasOwn(platform.parameters, name) ? [] : [[name, ns]];
    }),
  );
}

/** Prices with their ranges, of those that something was charged at. @param charged nanoseconds by name */
export function rangesOf(
  { platform, prices }: Pick<Scenario, "platform" | "prices">,
  charged: readonly Readonly<Record<string, number>>[],
): Readonly<Record<string, AssumedPrice>> {
  const all = Object.entries(parametersOf(platform.kind, prices));
  return Object.fromEntries(
    all
      .filter(([name]) => charged.some((ns) => Object.hasOwn(ns, name)))
      .map(([name, { value, low, high }]) => [name, { value, low, high }]),
  );
}

export interface TimeRange {
  readonly low: number;
  readonly high: number;
  /** The price that moves it most, if any does. */
  readonly decidedBy: string | undefined;
}

/** A time over low and high values of each assumed price, one at a time and all together. */
export function timeRange(run: RunResult, time: ChargedTime): TimeRange {
  return rangeOf([run], (timeAt) => timeAt(run, time));
}

/** How many times longer a run takes than another one, over the same values. */
export function ratioRange(longer: RunResult, run: RunResult, time: ChargedTime): TimeRange {
  return rangeOf([longer, run], (timeAt) => timeAt(longer, time) / timeAt(run, time));
}

type TimeAt = (run: RunResult, time: ChargedTime) => number;

function rangeOf(runs: readonly RunResult[], valueAt: (timeAt: TimeAt) => number): TimeRange {
  const names = [
    ...new Set(runs.flatMap((run) => Object.values(CHARGED).flatMap((at) => Object.keys(run[at] ?? {})))),
  ];
  const ends = (["low", "high"] as const).map((end) => ({
    all: valueAt((run, time) => timeWith(run, time, end, names)),
    each: names.map((name) => valueAt((run, time) => timeWith(run, time, end, [name]))),
  }));
  const own = valueAt((run, time) => timeWith(run, time, "low", []));
  const moves = names.map((_name, at) => Math.abs(ends[1]!.each[at]! - ends[0]!.each[at]!));
  const most = Math.max(0, ...moves);
  const values = [own, ...ends.flatMap(({ all, each }) => [all, ...each])];
  return {
    low: Math.min(...values),
    high: Math.max(...values),
    decidedBy: most === 0 ? undefined : names[moves.indexOf(most)],
  };
}

/** A run's time with some assumed prices at an end of their range; what it was not charged at moves nothing. */
function timeWith(run: RunResult, time: ChargedTime, end: "low" | "high", names: readonly string[]): number {
  const charged = run[CHARGED[time]] ?? {};
  return names.reduce((ns, name) => {
    const { value, [end]: other } = run.assumedPrices[name] ?? { value: 1, low: 1, high: 1 };
    if (value === 0) return ns;
    return ns + (charged[name] ?? 0) * (other / value - 1);
  }, run[time] ?? 0);
}
