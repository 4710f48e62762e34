// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type LoadedScenario, loadScenarios } from "../../src/cli/load.js";
import { PLATFORMS } from "../../src/coco/platforms.js";
import type { RunResult } from "../../src/results/row.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { COST_EVENT_NAMES, CostEvent } from "../../src/sim/cost-events.js";
import { chargedAt, ratioRange, timeRange } from "../../src/study/assumed-prices.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { rangeVariants } from "../../src/study/uncertainty.js";
import { resultWith, scenarioWith } from "../results/rows.js";

const test = suite("study: assumed prices");

test("no assumed price with a range is 0, so that what was charged says how often", () => {
  for (const { parameters } of Object.values(PLATFORMS)) {
    for (const [name, { basis, value, low, high }] of Object.entries(parameters)) {
      if (basis === "assumed" && low < high) assert.ok(value > 0, name);
    }
  }
});

test("a time at the ends of its prices, one at a time and all together", () => {
  const { value, low, high } = PLATFORMS.tdx.parameters.septAddNs!;
  const other = PLATFORMS.tdx.parameters.tdcallFailNs!;
  const run = resultWith({ bootTimeNs: 1e9, bootAssumedNs: { septAddNs: 6e8, tdcallFailNs: 1e7 } });
  const all = (end: "low" | "high"): number =>
    1e9 + 6e8 * (PLATFORMS.tdx.parameters.septAddNs![end] / value - 1) + 1e7 * (other[end] / other.value - 1);
  assert.ok(low < value && value < high);
  assert.equal(timeRange(run, "bootTimeNs"), { low: all("low"), high: all("high"), decidedBy: "septAddNs" });
});

test("a price that two runs pay alike moves their ratio less than one that only the longer pays", () => {
  const lazy = resultWith({ bootTimeNs: 10e9, bootAssumedNs: { launchNs: 1e9 } });
  const eager = resultWith({ bootTimeNs: 100e9, bootAssumedNs: { launchNs: 1e9, septAddNs: 50e9 } });
  const { low, high, decidedBy } = ratioRange(eager, lazy, "bootTimeNs");
  assert.ok(low < 10 && high > 10);
  assert.is(decidedBy, "septAddNs");
});

test("what a CPU was charged is parted as what all were, guest work that is assumed among it", () => {
  const counts = new Float64Array(COST_EVENT_NAMES.length);
  counts[CostEvent.septAdd] = 1000;
  counts[CostEvent.tdcallMismatch] = 500;
  // 3 ms and 400 us by their prices, and 3.4 ms of work; a quarter of all that lies on the way.
  const charged = { counts, assumedNs: 6_800_000 };
  assert.equal(chargedAt(scenarioWith(), charged, 1_700_000), { tdcallFailNs: 100_000, septAddNs: 750_000 });
  const set = scenarioWith({ platform: { kind: "tdx", parameters: { septAddNs: 3000 } } });
  assert.equal(chargedAt(set, charged, 1_700_000), { tdcallFailNs: 100_000 }, "what is set is certain");
});

test("without assumed prices a range is a number", () => {
  const run = resultWith({ bootAssumedNs: {} });
  assert.equal(timeRange(run, "bootTimeNs"), {
    low: run.bootTimeNs,
    high: run.bootTimeNs,
    decidedBy: undefined,
  });
});

for (const platform of ["tdx", "snp"]) {
  test(`${platform}: on one CPU the first order is what runs at those prices say, boot and total`, () => {
    const [{ scenario, recording }] = loadScenarios(
      ["workloads/boot.yaml"],
      [`platform=${platform}`, "memory=1GiB", "policy=lazy"].map(parseAssignment),
    ) as [LoadedScenario];
    const run = (one: Scenario): RunResult => runScenario(one, recording, { check: false });
    const own = run(scenario);
    const variants = rangeVariants(scenario).map(({ scenario: at }) => run(at));
    for (const time of ["bootTimeNs", "totalTimeNs"] as const) {
      const { low, high } = timeRange(own, time);
      const exact = (pick: (...values: number[]) => number): number =>
        pick(...[own, ...variants].map((one: RunResult) => one[time]!));
      // Prices decide nothing on a CPU that is alone.
      assert.ok(Math.abs(low / exact(Math.min) - 1) < 1e-6, `${low} ${exact(Math.min)}`);
      assert.ok(Math.abs(high / exact(Math.max) - 1) < 1e-6, `${high} ${exact(Math.max)}`);
    }
  });
}

test.run();
