import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Given, givenOf } from "../../../src/explorer/page/given-file.js";
import { settingsOfRow } from "../../../src/explorer/page/row-settings.js";
import { understood } from "../../../src/explorer/page/scenario-of.js";
import { formatMemoryMap, NO_PRICE_SETS } from "../../../src/index.js";
import {
  MEMORY_MAP_KIND,
  MEMORY_MAP_SCHEMA_VERSION,
  type MemoryMapFile,
} from "../../../src/memory-map/memory-map.js";
import type { StoredRow } from "../../../src/results/read.js";

const test = suite("explorer: files given to the page");

function given(name: string, text: string): Given {
  return givenOf({ name, bytes: new TextEncoder().encode(text) }, NO_PRICE_SETS);
}

test("a scenario is used as it is", () => {
  const one = given("mine.yaml", "name: mine\nworkload: w\nplatform: snp\nmemory: 8GiB\nseed: 7\n");
  assert.is(one.kind, "scenario");
  if (one.kind !== "scenario") return;
  assert.equal(one.settings, { set: {} });
  assert.is(one.base.name, "mine.yaml");
  assert.match(one.remarks.join(" "), /The address does not hold mine\.yaml/);
});

test("of a scenario that makes many runs the first is shown, and the lists are named", () => {
  const one = given("boot.yaml", readFileSync("workloads/boot.yaml", "utf8"));
  assert.is(one.kind, "scenario");
  if (one.kind !== "scenario") return;
  assert.equal(one.settings, { platform: "tdx", policy: "eager", memory: "4GiB", set: {} });
  assert.match(one.remarks[0]!, /platform tdx of tdx, snp; policy eager of eager, lazy, firmware-delegated/);
  const read = understood(one.settings, one.base, NO_PRICE_SETS);
  assert.ok("scenario" in read && read.scenario.memoryBytes === 2 ** 32);
});

test("lists of any key are taken apart, and texts that YAML takes for numbers stay texts", () => {
  const text =
    'name: l\nworkload: w\nplatform: { kind: [snp, tdx] }\nmemory: 4GiB\nkernel: ["6.12", "7.3"]\nhost: { pageSize: [2MiB, 4KiB], prefault: [false, true] }\nguest: { commandLine: ["1", "nokaslr quiet"] }\n';
  const one = given("l.yaml", text);
  assert.is(one.kind, "scenario");
  if (one.kind !== "scenario") return;
  assert.equal(one.settings, {
    platform: "snp",
    kernel: "6.12",
    set: { "host.pageSize": "2MiB", "host.prefault": "false", "guest.commandLine": '"1"' },
  });
});

test("what a scenario says wrongly is refused with its place", () => {
  const one = given("bad.yaml", "name: x\nworkload: w\nplatform: tdx\nmemory: 3x\n");
  assert.equal(one, {
    kind: "refused",
    line: 'bad.yaml:4:9: memory: expected a memory size from 256MiB to 4PiB in whole MiB, found "3x"',
  });
});

test("the description of a recording is refused, as its trace is what the page wants", () => {
  const one = given(
    "recording.yaml",
    readFileSync("workloads/recorded/linux-7.3.4-debian-1c4g/recording.yaml", "utf8"),
  );
  assert.is(one.kind, "refused");
  assert.ok(one.kind === "refused" && one.line.startsWith("recording.yaml:1:1: expected a scenario"));
});

test("JSON is a result, and what is none is refused in one line", () => {
  for (const [text, line] of [
    ["{", /^r\.json:1:2: /],
    ['{"schemaVersion": 1, "rows": []}', /^r\.json: /],
    ['{"schemaVersion": 2, "rows": [{}]}', /^r\.json:1:\d+: /],
  ] as const) {
    const one = given("r.json", text);
    assert.ok(one.kind === "refused", text);
    assert.match(one.line, line);
    assert.not.match(one.line, /\n/);
  }
});

test("a memory map is a result, too", () => {
  const map: MemoryMapFile = {
    schemaVersion: MEMORY_MAP_SCHEMA_VERSION,
    kind: MEMORY_MAP_KIND,
    name: "tdx lazy 4 GiB",
    run: { scenario: "boot", outcome: "ready" },
    endNs: 10,
    spanBytes: 4096,
    grainBytes: 4096,
    grainNs: 0,
    phases: [],
    layers: [{ name: "unaccepted", what: "w", grainBytes: 4096, grainNs: 0, peakBytes: 4096, endBytes: 0 }],
    areas: [[0, 0, 4096, 0, 10]],
    acceptsTotal: 0,
    acceptsEvery: 1,
    accepts: [],
  };
  const one = given("map.json", formatMemoryMap(map));
  assert.ok(one.kind === "result", JSON.stringify(one));
  assert.is(one.result.kind, "map");
});

test("anything else is a trace, for the simulator to read; nothing is none", () => {
  assert.is(given("x.trace", "# tracer: nop\n").kind, "trace");
  assert.equal(given("x.trace", ""), {
    kind: "refused",
    line: "x.trace:1:1: expected a trace, found an empty file",
  });
});

test("a row becomes settings by the names that files have", () => {
  const row = {
    scenario: "boot",
    platform: "tdx",
    policy: "background",
    kernel: "6.18",
    prices: "default",
    memoryBytes: 5 * 2 ** 29,
    vcpus: 2,
    workload: "generate:heap?size=1GiB",
    boot: "linux-7.3.4-debian-1c4g",
    settings: {
      "strategy.rateBytes": "all",
      "strategy.threads": 2,
      "host.pageSizeBytes": 2 ** 21,
      "platform.parameters.septRemoveNs": 2000,
      seed: 3,
    },
    outcome: "ready",
    bootTimeNs: 1,
  } satisfies StoredRow;
  assert.equal(settingsOfRow(row), {
    platform: "tdx",
    policy: "background",
    kernel: "6.18",
    memory: "2.5GiB",
    vcpus: "2",
    workload: "generate:heap?size=1GiB",
    set: {
      "strategy.rate": "all",
      "strategy.threads": "2",
      "host.pageSize": "2MiB",
      "platform.septRemoveNs": "2us",
      seed: "3",
    },
  });
});

test.run();
