// Takes 3 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { actingVariants, eventsIn } from "../../src/study/acting-prices.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { rangeVariants } from "../../src/study/uncertainty.js";
import { scenarioWith } from "../results/rows.js";

const test = suite("study: assumed prices that act");

test("a price that is left out changes nothing, to the bit", () => {
  const set = ["policy=lazy", "memory=1GiB", "vcpus=2", "platform=[tdx, snp]"].map(parseAssignment);
  for (const { scenario, recording } of loadScenarios(["workloads/boot.yaml"], set)) {
    const own = runScenario(scenario, recording, { check: false });
    const acting = actingVariants(scenario, eventsIn([own]));
    const names = new Set(acting.map(({ parameter }) => parameter));
    const others = rangeVariants(scenario).filter(({ parameter }) => !names.has(parameter));
    assert.ok(others.length >= 10 && acting.length >= 10);
    for (const variant of others) {
      const result = runScenario(variant.scenario, recording, { check: false });
      assert.is(JSON.stringify(result), JSON.stringify(own), variant.parameter);
    }
  }
});

test("what prices no event is kept, and all at once where anything is", () => {
  const scenario = scenarioWith();
  const names = (happened: readonly string[]): string[] => [
    ...new Set(actingVariants(scenario, new Set(happened)).map(({ parameter }) => parameter)),
  ];
  assert.equal(names([]), ["sharedAccept2mNs", "sharedAccept1gNs", "all"]);
  assert.equal(names(["tdcall"]), ["tdcallNs", "sharedAccept2mNs", "sharedAccept1gNs", "all"]);
  const plain = scenarioWith({ platform: { kind: "none", parameters: {} } });
  assert.equal(actingVariants(plain, new Set()), []);
});

test.run();
