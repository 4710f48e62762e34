import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bundledPrices } from "../../../src/explorer/bundled-prices.js";
import {
  canPreAccept,
  otherKeys,
  withChoice,
  withKey,
  withSetting,
} from "../../../src/explorer/page/edit.js";
import { understood } from "../../../src/explorer/page/scenario-of.js";
import type { Settings } from "../../../src/explorer/settings.js";
import type { Scenario } from "../../../src/index.js";
import { BOOT } from "../base.js";

const test = suite("explorer: what is understood of settings");

const prices = bundledPrices({
  prices: { "tdx-gcp": readFileSync("workloads/prices/tdx-gcp.yaml", "utf8") },
});
const read = (settings: Settings): ReturnType<typeof understood> => understood(settings, BOOT, prices);

function scenarioOf(settings: Settings): Scenario {
  const one = read(settings);
  if ("faults" in one) throw new Error(JSON.stringify([...one.faults]));
  return one.scenario;
}

function faultsOf(settings: Settings): Record<string, readonly string[]> {
  const one = read(settings);
  return "faults" in one ? Object.fromEntries(one.faults) : {};
}

test("settings make one run of the bundled scenario", () => {
  const scenario = scenarioOf({ memory: "2GiB", set: { "strategy.batch": "8MiB" } });
  assert.is(scenario.memoryBytes, 2 ** 31);
  assert.is(scenario.policy, "lazy");
  assert.equal(scenario.strategy, { batchBytes: 8 * 2 ** 20 });
});

test("a fault lies at the setting that wrote it, without what the control says itself", () => {
  assert.equal(faultsOf({ memory: "3x", set: { "strategy.batch": "3MiB" } }), {
    memory: ['expected a memory size from 256MiB to 4PiB in whole MiB, found "3x"'],
    "strategy.batch": ['expected a power of two from 4 KiB to 1 GiB, found "3MiB"'],
  });
  assert.equal(faultsOf({ set: { foo: "1" } }), { foo: ["unknown key"] });
});

test("a fault of a file has its line and column", () => {
  const file = {
    name: "mine.yaml",
    text: "name: x\nworkload: w\nplatform: tdxx\nmemory: 4GiB\n",
    isBundled: false,
  };
  const one = understood({ set: {} }, file, prices);
  assert.ok("faults" in one);
  assert.match(one.faults.get("")![0]!, /^mine\.yaml:3:11: platform.*: expected .*found "tdxx"/);
});

test("lists of a file are more than the page shows", () => {
  const one = understood({ set: {} }, { ...BOOT, isBundled: false }, prices);
  assert.ok("faults" in one);
  assert.match(one.faults.get("")![0]!, /makes 12 runs/);
});

test("another policy takes back what only the former one knew, and says so", () => {
  const before: Settings = { policy: "lazy", set: { "strategy.batch": "8MiB", seed: "2" } };
  const { settings, takenBack } = withChoice(before, "policy", "eager", read);
  assert.equal(settings, { policy: "eager", set: { seed: "2" } });
  assert.is(takenBack.length, 1);
  assert.match(takenBack[0]!, /^strategy\.batch=8MiB: not a parameter of policy eager/);
});

test("another platform takes back prices of a machine that it does not have, and keys that do nothing there", () => {
  const before: Settings = { platform: "tdx", prices: "tdx-gcp", set: { "firmware.preAcceptLimit": "1GiB" } };
  const { settings, takenBack } = withChoice(before, "platform", "none", read);
  assert.equal(settings, { platform: "none", set: {} });
  assert.is(takenBack.length, 2);
});

test("a choice that is wrong by itself stays, to be shown with its fault", () => {
  const { settings } = withChoice({ set: {} }, "policy", "eagr", read);
  assert.is(settings.policy, "eagr");
});

test("pre-acceptance has a slider where it changes something", () => {
  assert.ok(canPreAccept(scenarioOf({ platform: "tdx", set: {} })));
  assert.not.ok(canPreAccept(scenarioOf({ platform: "none", set: {} })));
});

test("keys that no control shows are those of no price, parameter or slider", () => {
  const settings: Settings = {
    set: {
      seed: "2",
      "strategy.batch": "8MiB",
      "strategy.rate": "1GiB",
      "platform.septRemoveNs": "1us",
      "platform.vmgexitPscNs": "1us",
      "firmware.preAcceptLimit": "1GiB",
    },
  };
  assert.equal(otherKeys(settings, scenarioOf({ set: {} })), [
    "seed",
    "strategy.rate",
    "platform.vmgexitPscNs",
  ]);
});

test("an empty text is no setting", () => {
  assert.equal(withSetting({ memory: "4GiB", set: {} }, "memory", ""), { set: {} });
  assert.equal(withKey({ set: { seed: "2" } }, "seed", ""), { set: {} });
  assert.equal(Object.keys(withKey({ set: { seed: "2", x: "1" } }, "seed", "3").set), ["seed", "x"]);
});

test.run();
