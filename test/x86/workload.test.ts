// Takes 1 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import { ScenarioError } from "../../src/scenario/error.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { MiB } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("early-map: scenario");

test("workloads/early-map.yaml shows what each way costs, and which one no driver survives", () => {
  const scenarios = parseScenario(readFileSync("workloads/early-map.yaml", "utf8"), "early-map.yaml");
  const loaded = LOADER.load(STANDARD_BOOT);
  assert.is(scenarios.length, 16);
  for (const scenario of scenarios) {
    const { shareWithoutAccept, decryptedSection, splitTables } = scenario.guest;
    const { outcome, earlyMap } = runScenario(scenario, loaded, { check: true });
    assert.is(outcome, splitTables === "memblock" ? "terminated" : "ready");
    assert.is(earlyMap!.wastedAcceptBytes < 4 * MiB, shareWithoutAccept);
    const localFlushes = decryptedSection ? 1 : scenario.vcpus;
    assert.is(earlyMap!.localFlushes, scenario.platform.kind === "snp" ? localFlushes : 0);
  }
});

test("buffers of drivers take the frames that the allocator gives, in two spans of 2 MiB", () => {
  const scenarios = parseScenario(readFileSync("workloads/early-map.yaml", "utf8"), "early-map.yaml");
  const loaded = LOADER.load(STANDARD_BOOT);
  for (const { platform, guest, ...rest } of scenarios) {
    if (guest.splitTables !== "by-phase" || guest.shareWithoutAccept) continue;
    const { earlyMap } = runScenario({ ...rest, platform, guest }, loaded, { check: true });
    const { splits, tables, globalFlushes } = earlyMap!;
    const all = tables.brk + tables.memblock + tables.buddy;
    const expected = platform.kind === "tdx" ? [3, 12] : guest.decryptedSection ? [4, 12] : [5, 13];
    assert.equal([splits, all, globalFlushes], [...expected, 133]);
  }
});

test("workloads/early-splits.yaml: slab fails early, memblock late, for taking and for giving back", () => {
  const scenarios = parseScenario(readFileSync("workloads/early-splits.yaml", "utf8"), "early-splits.yaml");
  const loaded = LOADER.load(STANDARD_BOOT);
  const outcomes = scenarios.map((scenario) => {
    const { outcome, reason = "", earlyMap } = runScenario(scenario, loaded, { check: true });
    const { splitTables, splitRaces } = scenario.guest;
    const how = `${scenario.platform.kind} ${splitTables} ${splitRaces ? "raced" : "alone"}`;
    if (outcome === "ready") assert.is(earlyMap!.lostRaces, splitRaces ? 2 : 0, how);
    return `${how}: ${outcome} ${/split_large_page|memblock_\w+/.exec(reason)?.[0] ?? ""}`.trim();
  });
  const both = ["alone", "raced"];
  const expected = ["snp", "tdx"].flatMap((kind) => [
    ...both.map((how) => `${kind} by-phase ${how}: ready`),
    ...both.map((how) => `${kind} slab ${how}: ${kind === "snp" ? "oom split_large_page" : "ready"}`),
    ...both.map((how) => `${kind} memblock ${how}: terminated memblock_alloc`),
    `${kind} memblock-free alone: ready`,
    `${kind} memblock-free raced: terminated memblock_free`,
  ]);
  assert.equal(outcomes.sort(), expected.sort());
});

test("one CPU loses no race, and a table that is given back is free again", () => {
  const scenarios = parseScenario(readFileSync("workloads/early-splits.yaml", "utf8"), "early-splits.yaml");
  const loaded = LOADER.load(STANDARD_BOOT);
  const byPhase = scenarios.filter(
    ({ guest, platform }) => guest.splitTables === "by-phase" && platform.kind === "tdx",
  );
  const [alone, raced] = byPhase.map((scenario) => runScenario(scenario, loaded, { check: true }));
  assert.equal(raced!.earlyMap!.tables, alone!.earlyMap!.tables);
  assert.is(raced!.touchedBytes, alone!.touchedBytes);
  const single = runScenario({ ...byPhase[1]!, vcpus: 1 }, loaded, { check: true });
  assert.is(single.earlyMap!.lostRaces, 0);
});

test("keys that cannot be are refused where they stand", () => {
  const error = (guest: string): string => {
    try {
      parseScenario(`name: x\nworkload: boot\nplatform: tdx\nmemory: 4GiB\nguest: { ${guest} }\n`, "x.yaml");
    } catch (thrown) {
      if (thrown instanceof ScenarioError) return thrown.message;
      throw thrown;
    }
    return "";
  };
  assert.match(error("dmaBuffers: -1"), /guest\.dmaBuffers/);
  assert.match(error("splitTables: slub"), /guest\.splitTables.*by-phase/);
  assert.match(error("shareWithoutAccept: 1"), /guest\.shareWithoutAccept/);
  assert.match(error("decryptedSection: 1"), /guest\.decryptedSection/);
});

test.run();
