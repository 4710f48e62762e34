import { suite } from "uvu";
import * as assert from "uvu/assert";
import { distinguishingSettings, machineSettings, settingsOf } from "../../src/study/settings.js";
import { scenarioWith } from "../results/rows.js";

const test = suite("study: settings");

test("settings are the leaves of a scenario by path", () => {
  const settings = settingsOf(scenarioWith({ platform: { kind: "tdx", parameters: { tdcallNs: 800 } } }));
  assert.is(settings["platform.parameters.tdcallNs"], 800);
  assert.is(settings["host.prefault"], false);
  assert.is(settings["firmware.preset"], "auto");
});

test("an unlimited size is written as users write it", () => {
  const firmware = { ...scenarioWith().firmware, preAcceptLimitBytes: Number.POSITIVE_INFINITY };
  assert.is(settingsOf(scenarioWith({ firmware }))["firmware.preAcceptLimitBytes"], "all");
});

test("name, description and policy are no settings", () => {
  const one = scenarioWith({ name: "a", description: "x", policy: "eager" });
  const other = scenarioWith({ name: "b", policy: "lazy" });
  assert.is(machineSettings(one), machineSettings(other));
});

test("a setting that only one of two scenarios has makes them differ", () => {
  const scaled = scenarioWith({ guest: { ...scenarioWith().guest, timeScale: 0.5 } });
  assert.is.not(machineSettings(scaled), machineSettings(scenarioWith()));
  assert.is.not(machineSettings(scenarioWith()), machineSettings(scaled));
});

test("runs that the fields of a row tell apart need no settings", () => {
  const scenarios = [
    scenarioWith({
      platform: { kind: "tdx", parameters: {} },
      firmware: { ...scenarioWith().firmware, preset: "tdvf", preAcceptLimitBytes: 0 },
    }),
    scenarioWith({
      platform: { kind: "snp", parameters: {} },
      firmware: { ...scenarioWith().firmware, preset: "ovmf-snp", preAcceptLimitBytes: 0 },
    }),
  ];
  assert.equal(distinguishingSettings(scenarios), [{}, {}]);
});

test("only settings in which equal rows differ are named, for all rows", () => {
  const host = (pageSizeBytes: 4096 | 2097152) => ({ ...scenarioWith().host, pageSizeBytes });
  const scenarios = [
    scenarioWith({ host: host(4096) }),
    scenarioWith({ host: host(2097152) }),
    scenarioWith({ host: host(4096), vcpus: 1 }),
  ];
  assert.equal(distinguishingSettings(scenarios), [
    { "host.pageSizeBytes": 4096 },
    { "host.pageSizeBytes": 2097152 },
    { "host.pageSizeBytes": 4096 },
  ]);
});

test("a list that differs is one setting, by its length and which one of that length it is", () => {
  const mapOf = (...ends: readonly number[]) =>
    scenarioWith({ memoryMap: ends.map((end) => ({ start: end - 4096, end, type: "usable" as const })) });
  const scenarios = [mapOf(4096, 8192), mapOf(4096), mapOf(4096, 12288), mapOf(4096, 8192), scenarioWith()];
  assert.equal(
    distinguishingSettings(scenarios),
    ["2 entries", "1 entry", "2 entries (2)", "2 entries", "0 entries"].map((memoryMap) => ({ memoryMap })),
  );
  assert.is.not(machineSettings(scenarios[0]!), machineSettings(scenarios[2]!));
});

test.run();
