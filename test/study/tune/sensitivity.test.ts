import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PLATFORMS } from "../../../src/coco/platforms.js";
import type { RunResult } from "../../../src/results/row.js";
import type { Scenario } from "../../../src/scenario/scenario.js";
import { parseKnob } from "../../../src/study/tune/knob.js";
import { parseConstraint, parseObjective } from "../../../src/study/tune/objective.js";
import type { KnobValues, Sensitivity } from "../../../src/study/tune/result.js";
import { sensitivityOf } from "../../../src/study/tune/sensitivity.js";
import { tune } from "../../../src/study/tune/tune.js";
import { resultWith, scenarioWith } from "../../results/rows.js";

const test = suite("study: tune --uncertainty");

const price = PLATFORMS.tdx.parameters.tdcallNs!;

/** Policy lazy costs 10 s whatever a call costs, eager as many seconds as its price is above the lowest, and 1. */
function run(scenario: Scenario): RunResult {
  const ns = (scenario.platform.parameters.tdcallNs as number | undefined) ?? price.value;
  const share = (ns - price.low) / (price.high - price.low);
  return resultWith({ bootTimeNs: scenario.policy === "lazy" ? 10e9 : Math.round(1e9 + 20e9 * share) });
}

async function tuned(policies: string, constraint?: string): Promise<Sensitivity> {
  const scenarioOf = (knobs: KnobValues): Scenario =>
    scenarioWith({ policy: (knobs.policy ?? "lazy") as Scenario["policy"] });
  const constraints = constraint === undefined ? [] : [parseConstraint(constraint)];
  const request = {
    objective: parseObjective("bootTimeNs"),
    constraints,
    knobs: [parseKnob(`policy=${policies}`)],
    budget: 10,
    seeds: 1,
  };
  const { findings, judge } = await tune(request, { run: async (knobs) => run(scenarioOf(knobs)) });
  return sensitivityOf(findings, findings.best!, judge, constraints, {
    scenarioOf,
    run: async (variant) => run(variant),
    happened: new Set(["tdcall"]),
  });
}

test("a setting that others beat at one end of a range does not survive", async () => {
  assert.is(price.basis, "assumed");
  const { survives, variants } = await tuned("lazy,eager");
  assert.is(survives, false);
  const beaten = variants.filter(({ loss }) => loss! >= 0.02);
  assert.equal(
    beaten.map(({ parameter, end }) => `${parameter} ${end}`),
    ["tdcallNs high", "all high"],
  );
  assert.equal(beaten[0]!.best, { policy: "lazy" });
  assert.ok(Math.abs(beaten[0]!.loss! - 1.1) < 1e-9);
  assert.is(beaten[0]!.valueNs, price.high);
  assert.equal(beaten[0]!.objective, [21e9]);
});

test("the range of the objective and the regret are over all ends of the prices that act", async () => {
  const { prices, settings, objective, regret, variants, runs } = await tuned("lazy,eager");
  assert.equal([settings, variants.length, runs], [2, 2 * prices.length + 2, 2 * (2 * prices.length + 2)]);
  assert.ok(prices.includes("tdcallNs") && !prices.includes("mapGpaNs"));
  const share = (price.value - price.low) / (price.high - price.low);
  assert.equal(objective, { low: 1e9, default: Math.round(1e9 + 20e9 * share), high: 21e9 });
  assert.ok(Math.abs(regret! - 1.1) < 1e-9);
});

test("a setting that is best everywhere does, unless it breaks a constraint there", async () => {
  const alone = await tuned("eager");
  assert.is(alone.survives, true);
  assert.is(alone.runs, alone.variants.length);
  const bound = await tuned("eager", "bootTimeNs<20s");
  assert.is(bound.survives, false);
  assert.equal(
    bound.variants
      .filter(({ broken }) => broken.length > 0)
      .map(({ parameter, end }) => `${parameter} ${end}`),
    ["tdcallNs high", "all high"],
  );
});

test.run();
