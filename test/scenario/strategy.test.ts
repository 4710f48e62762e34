import { suite } from "uvu";
import * as assert from "uvu/assert";
import { policies } from "../../src/policy/policies.js";
import type { Strategy } from "../../src/policy/policy.js";
import { ScenarioError } from "../../src/scenario/error.js";
import { parseScenario } from "../../src/scenario/load.js";
import { GiB, KiB, MiB } from "../../src/units.js";

const test = suite("scenario: strategy");

const MINIMAL = "name: small\nworkload: recording.yaml\nplatform: tdx\nmemory: 4GiB\n";

const THREADS = { threads: 1, nice: 19, bound: false, idleOnly: false };

function strategiesOf(text: string, assignments: readonly string[] = []): Strategy[] {
  return parseScenario(`${MINIMAL}${text}`, "file.yaml", assignments).map(({ strategy }) => strategy);
}

function errorOf(text: string, assignments: readonly string[] = []): string {
  try {
    parseScenario(`${MINIMAL}${text}`, "file.yaml", assignments);
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  throw new Error("no error");
}

test("every policy is listed under its own name, and its defaults are values a file could have", () => {
  for (const [name, { parameters, ...policy }] of policies().byName) {
    assert.is(policy.name, name);
    const lines = Object.entries(parameters).map(([parameter, one]) => `  ${parameter}: ${one.default}\n`);
    const text = lines.length === 0 ? "" : `strategy:\n${lines.join("")}`;
    assert.equal(strategiesOf(`policy: ${name}\n${text}`), strategiesOf(`policy: ${name}\n`));
  }
});

test("every parameter belongs to some policy", () => {
  for (const parameter of Object.keys(policies().parameters)) {
    assert.ok(
      [...policies().byName.values()].some(({ parameters }) => parameters[parameter] !== undefined),
      parameter,
    );
  }
});

test("a policy has all of its parameters, those that nobody sets at their defaults", () => {
  assert.equal(strategiesOf("policy: background\nstrategy: { threads: 3, rate: 256MiB }\n"), [
    { ...THREADS, threads: 3, rateBytes: 256 * MiB, targetBytes: Number.POSITIVE_INFINITY },
  ]);
  assert.equal(strategiesOf("policy: fault-driven\nstrategy: { batch: 4KiB, adaptive: true }\n"), [
    { batchBytes: 4 * KiB, adaptive: true, batchMaxBytes: 64 * MiB },
  ]);
});

test("a parameter counts for the policies that have it", () => {
  assert.equal(strategiesOf("policy: [firmware-delegated, watermark-ahead]\nstrategy: { ahead: 1GiB }\n"), [
    {},
    { ...THREADS, aheadBytes: GiB },
  ]);
});

test("a list of values makes a run of each, but only of policies that have the parameter", () => {
  const scenarios = parseScenario(
    `${MINIMAL}policy: [eager, background]\nstrategy: { threads: [1, 2] }\n`,
    "file.yaml",
  );
  assert.equal(
    scenarios.map(({ policy, strategy }) => [policy, strategy.threads]),
    [
      ["eager", undefined],
      ["background", 1],
      ["background", 2],
    ],
  );
});

test("a parameter that no policy of the file has is a mistake at its place", () => {
  assert.is(
    errorOf("policy: background\nstrategy: { ahead: 1GiB }\n"),
    "file.yaml:6:13: strategy.ahead: not a parameter of policy background, which has threads, nice, bound, idleOnly, rate, target",
  );
  assert.is(
    errorOf("policy: eager-firmware\n", ["strategy.rate=1GiB"]),
    "--set strategy.rate=1GiB: strategy.rate: not a parameter of policy eager-firmware, which has none",
  );
});

test("that a flag has left its policy out is no mistake of the file", () => {
  const text = "policy: [lazy, background]\nstrategy: { rate: 1GiB }\n";
  assert.equal(strategiesOf(text, ["policy=lazy"]), [{ batchBytes: 4 * MiB }]);
});

test("values out of range and unknown names say what was expected", () => {
  assert.is(
    errorOf("policy: fault-driven\nstrategy: { batch: 2GiB }\n"),
    'file.yaml:6:20: strategy.batch: expected a power of two from 4 KiB to 1 GiB, found "2GiB"',
  );
  assert.is(
    errorOf("policy: fault-driven\nstrategy: { batch: 3MiB }\n"),
    'file.yaml:6:20: strategy.batch: expected a power of two from 4 KiB to 1 GiB, found "3MiB"',
  );
  assert.is(
    errorOf("policy: background\nstrategy: { threads: 0 }\n"),
    "file.yaml:6:22: strategy.threads: expected a whole number from 1 to 1024, found 0",
  );
  assert.match(errorOf("policy: background\nstrategy: { thread: 1 }\n"), "did you mean threads?");
});

test("threads have a nice level or are of the idle class", () => {
  const niceOf = (nice: string): unknown =>
    strategiesOf(`policy: background\nstrategy: { nice: ${nice} }\n`)[0]!.nice;
  assert.equal(["-20", "0", "19", "idle"].map(niceOf), [-20, 0, 19, "idle"]);
  for (const [wrong, found] of [
    ["20", "20"],
    ["-21", "-21"],
    ["1.5", "1.5"],
    ["low", '"low"'],
  ]) {
    assert.is(
      errorOf(`policy: background\nstrategy: { nice: ${wrong} }\n`),
      `file.yaml:6:19: strategy.nice: expected a whole number from -20 to 19, or idle, found ${found}`,
    );
  }
});

test("threads that leave CPUs with work alone have no nice level to share them by", () => {
  const text = "policy: background\nstrategy: { nice: 0, idleOnly: true }\n";
  assert.is(
    errorOf(text),
    "file.yaml:6:13: strategy.nice: changes nothing here; it needs threads that share CPUs, without strategy.idleOnly",
  );
  assert.is(strategiesOf(text.replace("true", "[true, false]")).length, 2);
});

test("lazy accepts no less than a block at once", () => {
  assert.is(
    errorOf("policy: lazy\nstrategy: { batch: 2MiB }\n"),
    'file.yaml:6:20: strategy.batch: expected a power of two from 4 MiB to 1 GiB, found "2MiB", for policy lazy',
  );
});

test.run();
