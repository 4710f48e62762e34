/** The largest guest for which something still holds, and over which prices it does. */

import { parametersOf } from "../coco/price-set.js";
import type { RunResult } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { actingVariants, hasNoEvent } from "./acting-prices.js";
import { inOrder } from "./in-order.js";
import { rangeVariants } from "./uncertainty.js";

/** Sizes in bytes. */
export interface Largest {
  /** The largest size tried that holds; absent when not even the smallest does. */
  readonly holds?: number;
  /** The smallest size tried above it that does not; absent when even the largest holds. */
  readonly fails?: number;
  readonly tries: number;
}

/** The most conditions that `largestWith` tries for these sizes. */
export function mostTries(smallestBytes: number, largestBytes: number, stepBytes: number): number {
  const doublings = Math.ceil(Math.log2(largestBytes / smallestBytes));
  // The widest gap is between the last doubling and the end.
  const halvings = Math.max(0, Math.ceil(Math.log2(largestBytes / 2 / stepBytes)));
  return 1 + doublings + halvings;
}

/**
 * Searches sizes for the border below which a condition holds, as one that only gets worse with size
 * does. Doubles from the smallest on, then halves the gap until it is one step.
 *
 * @param stepBytes sizes tried are the smallest and multiples of this
 */
export async function largestWith(
  smallestBytes: number,
  largestBytes: number,
  stepBytes: number,
  test: (sizeBytes: number) => Promise<boolean>,
): Promise<Largest> {
  let tries = 1;
  if (!(await test(smallestBytes))) return { fails: smallestBytes, tries };
  let good = smallestBytes;
  let bad: number | undefined;
  while (bad === undefined && good < largestBytes) {
    const size = Math.min(2 * good, largestBytes);
    tries++;
    if (await test(size)) good = size;
    else bad = size;
  }
  while (bad !== undefined && bad - good > stepBytes) {
    const size = Math.max(Math.round((good + bad) / 2 / stepBytes) * stepBytes, good + 1);
    if (size <= good || size >= bad) break;
    tries++;
    if (await test(size)) good = size;
    else bad = size;
  }
  return { holds: good, ...(bad === undefined ? {} : { fails: bad }), tries };
}

/** The assumed prices of a search: all at one end of their ranges, or as they are. */
export type PricesAt = "low" | "default" | "high";

export interface Border extends Largest {
  readonly prices: PricesAt;
}

/** Between the borders a guest may hold or not, as the assumed prices are. */
export interface Borders {
  /** Holds at both ends of all assumed prices together. */
  readonly surely: Border;
  readonly atDefaults: Border;
  /** The largest that holds at any of them. */
  readonly may: Border;
}

/** Sizes to search, in bytes. */
export interface Sizes {
  readonly smallest: number;
  readonly largest: number;
  readonly step: number;
}

/**
 * Searches the border at high, default and low prices, the next one from where the last ended: what holds at
 * higher prices holds at lower ones, and where it does not the search begins anew.
 */
export async function bordersWith(
  { smallest, largest, step }: Sizes,
  test: (prices: PricesAt, sizeBytes: number) => Promise<boolean>,
): Promise<Borders> {
  const search = async (prices: PricesAt, from: number): Promise<Border> => {
    const found = await largestWith(from, largest, step, (sizeBytes) => test(prices, sizeBytes));
    if (found.holds !== undefined || from === smallest) return { ...found, prices };
    const anew = await search(prices, smallest);
    return { ...anew, tries: found.tries + anew.tries };
  };
  const high = await search("high", smallest);
  const atDefaults = await search("default", high.holds ?? smallest);
  const low = await search("low", atDefaults.holds ?? smallest);
  const ordered = [high, atDefaults, low].toSorted((a, b) => (a.holds ?? 0) - (b.holds ?? 0));
  return { surely: ordered[0]!, atDefaults, may: ordered[2]! };
}

/** A scenario with all its assumed prices at an end; the same where it has none with a range. */
export function withPrices(scenario: Scenario, prices: PricesAt): Scenario {
  if (prices === "default") return scenario;
  // The last of an end is that of all of them at once.
  return rangeVariants(scenario).findLast(({ end }) => end === prices)?.scenario ?? scenario;
}

/** What one assumed price alone does to the boot time of a guest. */
export interface Moved {
  readonly parameter: string;
  readonly priceNs: { readonly low: number; readonly high: number };
  readonly memoryBytes: number;
  readonly bootTimeNs: { readonly low: number; readonly high: number };
}

/** Prices that are tried besides those of what CPUs share, which no event is charged for. */
const MOST_CHARGED = 3;

/** The most runs of `movedMost`. */
export function mostMoves(scenario: Scenario): number {
  const shared = Object.keys(parametersOf(scenario.platform.kind, scenario.prices)).filter((name) =>
    hasNoEvent(name, scenario),
  );
  return 2 * (MOST_CHARGED + shared.length);
}

/**
 * The price that moves the boot time of a guest most: of those that it was charged most for, and those of what
 * CPUs share, each is run at both its ends. Null where none moves it.
 *
 * @param own its run at the defaults
 * @param run may answer later, and is asked for all of them at once
 */
export async function movedMost(
  scenario: Scenario,
  own: RunResult,
  run: (variant: Scenario) => Promise<RunResult>,
): Promise<Moved | null> {
  const parameters = parametersOf(scenario.platform.kind, scenario.prices);
  const charged = own.bootAssumedNs;
  const swing = (name: string): number => {
    const { low, value, high } = parameters[name]!;
    return ((charged[name] ?? 0) * (high - low)) / value;
  };
  const variants = actingVariants(scenario, new Set(Object.keys(own.costs)));
  const names = [...new Set(variants.map(({ parameter }) => parameter))].filter((name) => name in parameters);
  const most = names.filter((name) => name in charged).toSorted((a, b) => swing(b) - swing(a));
  const shared = names.filter((name) => scenario.vcpus > 1 && hasNoEvent(name, scenario));
  const tried = [...new Set([...most.slice(0, MOST_CHARGED), ...shared])];
  const times = await inOrder(
    tried.flatMap((name) =>
      (["low", "high"] as const).map(async (end) => {
        const { scenario: variant } = variants.find((one) => one.parameter === name && one.end === end)!;
        return (await run(variant)).bootTimeNs;
      }),
    ),
  );
  let moved: Moved | null = null;
  for (const [at, name] of tried.entries()) {
    const bootTimeNs = { low: times[2 * at]!, high: times[2 * at + 1]! };
    const by = Math.abs(bootTimeNs.high - bootTimeNs.low);
    if (by <= (moved === null ? 0 : Math.abs(moved.bootTimeNs.high - moved.bootTimeNs.low))) continue;
    const { low, high } = parameters[name]!;
    moved = { parameter: name, priceNs: { low, high }, memoryBytes: scenario.memoryBytes, bootTimeNs };
  }
  return moved;
}
