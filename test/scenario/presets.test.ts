import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseScenario } from "../../src/scenario/load.js";
import { MACHINES, PRESETS } from "../../src/scenario/presets.js";
import { scenarioSchema } from "../../src/scenario/scenario.js";
import { DEFAULTS } from "../../src/scenario/variants.js";
import { GiB, MiB } from "../../src/units.js";
import { only } from "./helpers.js";

const test = suite("scenario: presets");

const HEAD = "name: a\nworkload: w\n";

test("every preset and the defaults are valid documents", () => {
  const documents = [...Object.values(PRESETS), ...Object.values(MACHINES)].map(({ document }) => document);
  for (const document of [DEFAULTS, ...documents]) {
    assert.ok(scenarioSchema().safeParse({ name: "a", workload: "w", ...document }).success);
  }
});

test("every preset runs on every machine", () => {
  const names = (presets: object): string => Object.keys(presets).join(", ");
  const text = `${HEAD}preset: [${names(PRESETS)}]\nmachine: [${names(MACHINES)}]\n`;
  const count = Object.keys(PRESETS).length * Object.keys(MACHINES).length;
  assert.is(parseScenario(text, "a.yaml").length, count);
});

test("a preset and a machine together make a scenario", () => {
  const scenario = only(`${HEAD}preset: tdx-tdvf\nmachine: medium\n`);
  assert.is(scenario.platform.kind, "tdx");
  assert.is(scenario.firmware.preset, "tdvf");
  assert.is(scenario.memoryBytes, 64 * GiB);
  assert.is(scenario.vcpus, 8);
});

test("the file overrides its preset key by key", () => {
  const scenario = only(
    `${HEAD}preset: tdx-tdvf\nmachine: medium\nvcpus: 3\nfirmware: { preAcceptLimit: 512MiB }\n`,
  );
  assert.is(scenario.vcpus, 3);
  assert.is(scenario.memoryBytes, 64 * GiB);
  assert.is(scenario.firmware.preset, "tdvf");
  assert.is(scenario.firmware.preAcceptLimitBytes, 512 * MiB);
});

test("a preset's platform takes parameters from the file", () => {
  const scenario = only(`${HEAD}preset: tdx-tdvf\nmachine: small\nplatform: { tdcallNs: 1us }\n`);
  assert.equal(scenario.platform, { kind: "tdx", parameters: { tdcallNs: 1000 } });
});

test("a platform in the file replaces that of the preset", () => {
  const scenario = only(
    `${HEAD}preset: tdx-tdvf\nmachine: small\nplatform: snp\nfirmware: { preset: auto }\n`,
  );
  assert.is(scenario.platform.kind, "snp");
});

test("a parameter of one preset's platform leaves the other preset alone", () => {
  const text = `${HEAD}preset: [tdx-tdvf, plain]\nmachine: small\nplatform: { tdcallNs: 1us }\n`;
  assert.equal(
    parseScenario(text, "a.yaml").map(({ platform }) => platform),
    [
      { kind: "tdx", parameters: { tdcallNs: 1000 } },
      { kind: "none", parameters: {} },
    ],
  );
});

test.run();
