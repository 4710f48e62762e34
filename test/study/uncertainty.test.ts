import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PLATFORMS } from "../../src/coco/platforms.js";
import type { RunResult } from "../../src/results/row.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { compare } from "../../src/study/compare.js";
import {
  type PolicyOrder,
  rangeVariants,
  type Uncertainty,
  uncertainty,
} from "../../src/study/uncertainty.js";
import { resultWith, scenarioWith } from "../results/rows.js";

const test = suite("study: uncertainty");

/** Boot times made up from the parameters of the scenario. */
async function found(
  scenarios: readonly Scenario[],
  bootTimeNs: (value: (name: string) => number, policy: string) => number,
): Promise<Uncertainty> {
  const run = (scenario: Scenario): RunResult => {
    const { kind, parameters } = scenario.platform;
    const value = (name: string): number => parameters[name] ?? PLATFORMS[kind].parameters[name]!.value;
    return resultWith({ policy: scenario.policy, bootTimeNs: bootTimeNs(value, scenario.policy) });
  };
  const rows = await compare(scenarios, run);
  return uncertainty(rows, scenarios, (variant) => Promise.resolve(run(variant)));
}

function withoutRatio(orders: readonly PolicyOrder[]): object[] {
  return orders.map(({ ratio: _ratio, ...order }) => order);
}

test("every assumed parameter is tried at both ends, and all together; no other one", () => {
  const variants = rangeVariants(scenarioWith());
  const assumed = Object.entries(PLATFORMS.tdx.parameters).filter(([, { basis }]) => basis === "assumed");
  assert.is(variants.length, 2 * assumed.length + 2);
  for (const [name, { low, high }] of assumed) {
    const ends = variants.filter(({ parameter }) => parameter === name);
    assert.equal(
      ends.map(({ scenario }) => scenario.platform.parameters),
      [{ [name]: low }, { [name]: high }],
    );
  }
  const all = variants.find(({ parameter, end }) => parameter === "all" && end === "high")!;
  assert.is(Object.keys(all.scenario.platform.parameters).length, assumed.length);
  assert.not.ok(variants.some(({ parameter }) => parameter === "eptViolation4kNs"));
});

test("prices of a machine are tried where its file assumes them, at its ends, and are certain where it measured", () => {
  const price = (basis: "measured" | "assumed") => ({
    value: 5000,
    low: 4000,
    high: 9000,
    basis,
    source: "x",
  });
  const prices = {
    name: "mine",
    platform: "tdx",
    machine: {},
    prices: { eptViolation4kNs: price("assumed"), acceptZero4kNs: price("measured") },
  } as const;
  const variants = rangeVariants(scenarioWith({ prices }));
  const ends = variants.filter(({ parameter }) => parameter === "eptViolation4kNs");
  assert.equal(
    ends.map(({ scenario }) => scenario.platform.parameters),
    [{ eptViolation4kNs: 4000 }, { eptViolation4kNs: 9000 }],
  );
  assert.not.ok(variants.some(({ parameter }) => parameter === "acceptZero4kNs"));
  assert.ok(variants.every(({ scenario }) => scenario.prices === prices));
});

test("a parameter that the scenario sets is certain", () => {
  const set = scenarioWith({ platform: { kind: "tdx", parameters: { tdcallNs: 900 } } });
  const variants = rangeVariants(set);
  assert.not.ok(variants.some(({ parameter }) => parameter === "tdcallNs"));
  for (const { scenario } of variants) assert.is(scenario.platform.parameters.tdcallNs, 900);
});

test("ranges span all runs, and name the parameter that moves a result most", async () => {
  const { tdcallNs, acceptZero4kNs } = PLATFORMS.tdx.parameters;
  const { rows } = await found([scenarioWith()], (value) => value("tdcallNs") + 10 * value("acceptZero4kNs"));
  assert.equal(rows[0]!.uncertainty.bootTimeNs, {
    low: tdcallNs!.low + 10 * acceptZero4kNs!.low,
    default: tdcallNs!.value + 10 * acceptZero4kNs!.value,
    high: tdcallNs!.high + 10 * acceptZero4kNs!.high,
    movedMostBy: {
      parameter: "acceptZero4kNs",
      low: tdcallNs!.value + 10 * acceptZero4kNs!.low,
      high: tdcallNs!.value + 10 * acceptZero4kNs!.high,
    },
  });
  assert.equal(rows[0]!.uncertainty["waits.workload.p99Ns"].movedMostBy, null);
});

test("an order of policies survives where no value turns it round", async () => {
  const scenarios = (["eager", "lazy"] as const).map((policy) => scenarioWith({ policy }));
  const { orders } = await found(scenarios, (value, policy) =>
    policy === "eager" ? 100 * value("tdcallNs") : value("tdcallNs"),
  );
  assert.equal(withoutRatio(orders), [{ by: "bootTimeNs", faster: 1, slower: 0, survives: true, flips: [] }]);
  assert.equal(orders[0]!.ratio, { low: 100, default: 100, high: 100, movedMostBy: null });
});

test("how many times longer the slower takes has a range of its own", async () => {
  const scenarios = (["eager", "lazy"] as const).map((policy) => scenarioWith({ policy }));
  const { orders } = await found(scenarios, (value, policy) =>
    policy === "eager" ? 10 * value("tdcallNs") : PLATFORMS.tdx.parameters.tdcallNs!.value,
  );
  const { low, value, high } = PLATFORMS.tdx.parameters.tdcallNs!;
  const [from, to] = [(10 * low) / value, (10 * high) / value];
  assert.equal(orders[0]!.ratio, {
    low: from,
    default: 10,
    high: to,
    movedMostBy: { parameter: "tdcallNs", low: from, high: to },
  });
});

test("where one does, it is named", async () => {
  const scenarios = (["eager", "lazy"] as const).map((policy) => scenarioWith({ policy }));
  const threshold = PLATFORMS.tdx.parameters.tdcallNs!.value + 1;
  const { orders } = await found(scenarios, (value, policy) =>
    policy === "eager" ? threshold : value("tdcallNs"),
  );
  assert.equal(withoutRatio(orders), [
    {
      by: "bootTimeNs",
      faster: 1,
      slower: 0,
      survives: false,
      flips: [
        { parameter: "tdcallNs", end: "high" },
        { parameter: "all", end: "high" },
      ],
    },
  ]);
});

test("a draw at an end of a range turns nothing round", async () => {
  const scenarios = (["eager", "lazy"] as const).map((policy) => scenarioWith({ policy }));
  const { high } = PLATFORMS.tdx.parameters.tdcallNs!;
  const { orders } = await found(scenarios, (value, policy) =>
    policy === "eager" ? high : value("tdcallNs"),
  );
  assert.equal(withoutRatio(orders), [{ by: "bootTimeNs", faster: 1, slower: 0, survives: true, flips: [] }]);
});

test("policies on different machines have no order", async () => {
  const scenarios = [scenarioWith({ policy: "eager" }), scenarioWith({ policy: "lazy", vcpus: 1 })];
  assert.equal((await found(scenarios, () => 1)).orders, []);
});

test.run();
