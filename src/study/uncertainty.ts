/**
 * How far results can be trusted that rest on assumed prices: each assumed parameter at both ends
 * of its plausible range, one at a time and all together.
 */

import { assumedParameters, type ParameterSet } from "../coco/parameters.js";
import { parametersOf } from "../coco/price-set.js";
import { eachIn, type Measure, type MeasureIn, type MeasureName, numberIn } from "../results/measures.js";
import { isSound } from "../results/problems.js";
import type { CompareRow, RunResult } from "../results/row.js";
import type { Scenario } from "../scenario/scenario.js";
import { usualRank } from "./compare.js";
import { inOrder } from "./in-order.js";
import { machineSettings } from "./settings.js";

export interface RangeEnd {
  /** Name of the parameter; `all` for every assumed one of the platform at once. */
  readonly parameter: string;
  readonly end: "low" | "high";
}

/** A result over all values of the assumed parameters that were tried. */
export interface ResultRange {
  readonly low: number;
  readonly default: number;
  readonly high: number;
  /** The single parameter that moves the result most, and how far it alone does; null if none does. */
  readonly movedMostBy: { readonly parameter: string; readonly low: number; readonly high: number } | null;
}

export interface UncertainRow extends CompareRow {
  readonly uncertainty: Readonly<Record<MeasureIn<"uncertainty">, ResultRange>> & {
    /** Runs besides the default one. */
    readonly runs: number;
    /** Of these, runs that did not get ready; they are in no range. */
    readonly failed: number;
  };
}

/** Two policies on the same input, by the time that they are ranked by, at the defaults. */
export interface PolicyOrder {
  readonly by: MeasureName;
  /** Positions of the two rows. */
  readonly faster: number;
  readonly slower: number;
  /** Whether the order is the same at all values that were tried. */
  readonly survives: boolean;
  readonly flips: readonly RangeEnd[];
  /** How many times longer the slower one takes. */
  readonly ratio: ResultRange;
}

export interface Uncertainty {
  readonly rows: readonly UncertainRow[];
  readonly orders: readonly PolicyOrder[];
}

interface Variant extends RangeEnd {
  readonly scenario: Scenario;
}

/**
 * The scenarios to run besides a given one. Parameters that are measured or derived stay as they are.
 */
export function rangeVariants(scenario: Scenario): Variant[] {
  const assumed = openParameters(scenario);
  const at = (end: "low" | "high", names: readonly string[]): Scenario => ({
    ...scenario,
    platform: {
      ...scenario.platform,
      parameters: {
        ...scenario.platform.parameters,
        ...Object.fromEntries(names.map((name) => [name, assumed[name]![end]])),
      },
    },
  });
  const names = Object.keys(assumed);
  return (["low", "high"] as const).flatMap((end) => [
    ...names.map((parameter) => ({ parameter, end, scenario: at(end, [parameter]) })),
    ...(names.length === 0 ? [] : [{ parameter: ALL, end, scenario: at(end, names) }]),
  ]);
}

const ALL = "all";

/** A parameter that the scenario sets itself is certain. */
function openParameters({ platform, prices }: Scenario): ParameterSet {
  return Object.fromEntries(
    Object.entries(assumedParameters(parametersOf(platform.kind, prices))).filter(
      ([name]) => !Object.hasOwn(platform.parameters, name),
    ),
  );
}

/**
 * Runs each scenario at all ends of the assumed parameters.
 *
 * @param rows the default run of each scenario
 * @param scenarios in the order of the rows
 * @param run simulates a variant of one of the scenarios; may answer later, and is asked for all of them at once
 */
export async function uncertainty(
  rows: readonly CompareRow[],
  scenarios: readonly Scenario[],
  run: (variant: Scenario, of: Scenario) => Promise<RunResult>,
): Promise<Uncertainty> {
  const tried = await inOrder(
    scenarios.map((scenario) =>
      inOrder(
        rangeVariants(scenario).map(
          async (variant): Promise<Tried> => ({ ...variant, result: await run(variant.scenario, scenario) }),
        ),
      ),
    ),
  );
  return {
    rows: rows.map((row, index) => ({ ...row, uncertainty: rangesOf(row, tried[index]!) })),
    orders: policyOrders(rows, scenarios, tried),
  };
}

interface Tried extends Variant {
  readonly result: RunResult;
}

function rangesOf(row: CompareRow, tried: readonly Tried[]): UncertainRow["uncertainty"] {
  const ready = tried.filter(({ result }) => result.outcome === "ready");
  return {
    runs: tried.length,
    failed: tried.length - ready.length,
    ...eachIn("uncertainty", (measure) => resultRange(measure, row, ready)),
  };
}

function resultRange(measure: Measure, row: RunResult, tried: readonly Tried[]): ResultRange {
  return rangeOf(
    numberIn(measure, row),
    tried.map(({ parameter, result }) => ({ parameter, value: numberIn(measure, result) })),
  );
}

/** @param own at the defaults */
function rangeOf(
  own: number,
  tried: readonly { readonly parameter: string; readonly value: number }[],
): ResultRange {
  const values = [own, ...tried.map(({ value }) => value)];
  const parameters = new Set(tried.map(({ parameter }) => parameter).filter((name) => name !== ALL));
  let movedMostBy: ResultRange["movedMostBy"] = null;
  for (const parameter of parameters) {
    const alone = tried.filter((one) => one.parameter === parameter).map(({ value }) => value);
    const [low, high] = [Math.min(own, ...alone), Math.max(own, ...alone)];
    const most = movedMostBy === null ? 0 : movedMostBy.high - movedMostBy.low;
    if (high - low > most) movedMostBy = { parameter, low, high };
  }
  return { low: Math.min(...values), default: own, high: Math.max(...values), movedMostBy };
}

/** Every two runs that differ in nothing but their policy and in which nothing went wrong. */
function policyOrders(
  rows: readonly CompareRow[],
  scenarios: readonly Scenario[],
  tried: readonly (readonly Tried[])[],
): PolicyOrder[] {
  const orders: PolicyOrder[] = [];
  const inputs = scenarios.map(machineSettings);
  for (const [a, one] of rows.entries()) {
    for (const [b, other] of rows.entries()) {
      const same = inputs[a] === inputs[b] && one.scenario === other.scenario;
      const ready = isSound(one) && isSound(other);
      const by = usualRank(one)[0]!;
      const timeNs = (run: RunResult): number => numberIn(by, run);
      const faster = timeNs(one) < timeNs(other) || (timeNs(one) === timeNs(other) && a < b);
      if (a === b || !same || !ready || !faster) continue;
      const pairs = tried[a]!.flatMap(({ parameter, end, result }, at) => {
        const against = tried[b]![at]!.result;
        if (!isSound(result) || !isSound(against)) return [];
        return [{ parameter, end, value: timeNs(against) / timeNs(result) }];
      });
      const flips = pairs.flatMap(({ value, ...end }) => (value < 1 ? [end] : []));
      const ratio = rangeOf(timeNs(other) / timeNs(one), pairs);
      orders.push({ by: by.name, faster: a, slower: b, survives: flips.length === 0, flips, ratio });
    }
  }
  return orders;
}
