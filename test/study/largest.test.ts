import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PLATFORMS } from "../../src/coco/platforms.js";
import type { RunResult } from "../../src/results/row.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import {
  bordersWith,
  largestWith,
  mostMoves,
  mostTries,
  movedMost,
  withPrices,
} from "../../src/study/largest.js";
import { GiB } from "../../src/units.js";
import { resultWith, scenarioWith } from "../results/rows.js";

const test = suite("study: the largest that holds");

test("is found wherever the border is, in few tries", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4096 }), async (border) => {
      let tries = 0;
      const found = await largestWith(1, 4096, 1, async (size) => {
        tries++;
        return size <= border;
      });
      assert.is(found.holds, border);
      assert.is(found.fails, border === 4096 ? undefined : border + 1);
      assert.is(found.tries, tries);
      assert.ok(tries <= 26);
    }),
  );
});

test("is none when not even the smallest holds", async () => {
  assert.equal(await largestWith(4, 64, 4, async () => false), { fails: 4, tries: 1 });
});

test("is a multiple of the step", async () => {
  const found = await largestWith(4, 1024, 4, async (size) => size <= 101);
  assert.equal(found, { holds: 100, fails: 104, tries: found.tries });
});

const SIZES = { smallest: 1, largest: 4096, step: 1 };

test("borders at high, default and low prices, wherever they are, and never out of order", async () => {
  const border = fc.integer({ min: 0, max: 4096 });
  await fc.assert(
    fc.asyncProperty(border, border, border, async (high, atDefaults, low) => {
      const limits = { high, default: atDefaults, low };
      let tries = 0;
      const found = await bordersWith(SIZES, async (prices, size) => {
        tries++;
        return size <= limits[prices];
      });
      const { surely, may } = found;
      const values = [high, atDefaults, low];
      assert.is(surely.holds ?? 0, Math.min(...values));
      assert.is(found.atDefaults.holds ?? 0, atDefaults);
      assert.is(may.holds ?? 0, Math.max(...values));
      assert.ok((surely.holds ?? 0) <= (found.atDefaults.holds ?? 0));
      assert.ok((found.atDefaults.holds ?? 0) <= (may.holds ?? 0));
      assert.is(limits[surely.prices], Math.min(...values));
      assert.is(may.fails, Math.max(...values) === 4096 ? undefined : Math.max(...values) + 1);
      assert.ok(tries <= 3 * mostTries(1, 4096, 1) + 2, `${tries}`);
    }),
  );
});

test("the next search begins where the last one ended", async () => {
  const sizes: Record<string, number[]> = { high: [], default: [], low: [] };
  await bordersWith(SIZES, async (prices, size) => {
    sizes[prices]!.push(size);
    return size <= 1000;
  });
  assert.equal([sizes.default![0], sizes.low![0]], [1000, 1000]);
});

test("all prices at an end are those of every assumed parameter but what the scenario sets", () => {
  const scenario = scenarioWith({ platform: { kind: "tdx", parameters: { tdcallNs: 1 } } });
  assert.is(withPrices(scenario, "default"), scenario);
  const { parameters } = withPrices(scenario, "high").platform;
  assert.is(parameters.tdcallNs, 1);
  assert.is(parameters.acceptZero4kNs, PLATFORMS.tdx.parameters.acceptZero4kNs!.high);
  assert.is(withPrices(scenario, "low").platform.parameters.launchNs, PLATFORMS.tdx.parameters.launchNs!.low);
});

/** A second, and for each of some prices what a guest is charged at it. */
function priced(charged: Readonly<Record<string, number>>): (scenario: Scenario) => RunResult {
  return ({ platform: { parameters } }) => {
    const extra = Object.entries(charged).map(([name, ns]) => {
      const { value } = PLATFORMS.tdx.parameters[name]!;
      return ns * ((parameters[name] ?? value) / value - 1);
    });
    const bootTimeNs = 60e9 + extra.reduce((sum, ns) => sum + ns, 0);
    return resultWith({
      bootTimeNs,
      bootAssumedNs: charged,
      costs: { tdcall: 5, septAdd: 1, acceptZero4k: 5 },
    });
  };
}

test("the price that moves a boot most, by runs at both its ends", async () => {
  const run = priced({ tdcallNs: 8e9, septAddNs: 1e9, acceptZero4kNs: 17e9 });
  const scenario = scenarioWith({ vcpus: 1, memoryBytes: 20 * GiB });
  let runs = 0;
  const moved = await movedMost(scenario, run(scenario), async (variant) => {
    runs++;
    return run(variant);
  });
  assert.equal(moved, {
    parameter: "acceptZero4kNs",
    priceNs: { low: 300, high: 3000 },
    memoryBytes: 20 * GiB,
    bootTimeNs: { low: 46e9, high: 73e9 },
  });
  assert.is(runs, 6);
  assert.is(await movedMost(scenario, resultWith({ bootAssumedNs: {} }), async () => resultWith()), null);
});

test("what CPUs share is tried too where there are several", async () => {
  const run = ({ platform: { parameters } }: Scenario): RunResult =>
    resultWith({ bootAssumedNs: {}, bootTimeNs: 5e9 + (parameters.sharedAccept2mNs ?? 78_125) });
  const moved = await movedMost(scenarioWith(), resultWith({ bootAssumedNs: {} }), async (one) => run(one));
  assert.is(moved!.parameter, "sharedAccept2mNs");
  assert.ok(mostMoves(scenarioWith()) >= 6 + 4);
});

test.run();
