import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  BASELINE_POLICY,
  behaviourOf,
  policies,
  registerPolicy,
  USUAL_POLICY,
} from "../../src/policy/policies.js";
import { definePolicy, type Policy } from "../../src/policy/policy.js";
import { ScenarioError } from "../../src/scenario/error.js";
import { parseScenario } from "../../src/scenario/load.js";
import { scenarioSchema } from "../../src/scenario/scenario.js";
import { MiB } from "../../src/units.js";

const test = suite("policy: registry");

const MINE: Policy = definePolicy({
  name: "mine",
  summary: "waits",
  since: "a test",
  parameters: {
    batch: { is: "size", min: "8MiB", default: "16MiB", what: "at once" },
    patience: { is: "time", default: "5ms", what: "how long it waits" },
  },
  behaviour: ({ batchBytes }, { onAllocation }) => onAllocation(batchBytes),
});

function parse(text: string): string | object {
  try {
    const head = "name: small\nworkload: recording.yaml\nplatform: tdx\nmemory: 4GiB\n";
    return parseScenario(`${head}${text}`, "file.yaml").map(({ policy, strategy }) => [policy, strategy]);
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
}

test("one is usual, one is what others are compared with", () => {
  const all = [...policies().byName.values()];
  assert.equal(
    all.filter(({ isUsual }) => isUsual === true).map(({ name }) => name),
    [USUAL_POLICY],
  );
  assert.equal(
    all.filter(({ isBaseline }) => isBaseline === true).map(({ name }) => name),
    [BASELINE_POLICY],
  );
});

test("scenarios know a policy from when it is registered until it is taken away", () => {
  const before = policies();
  const schema = scenarioSchema();
  const undo = registerPolicy(MINE);
  assert.is.not(scenarioSchema(), schema);
  assert.equal(parse("policy: [mine, lazy]\nstrategy: { patience: 2ms }\n"), [
    ["mine", { batchBytes: 16 * MiB, patience: 2e6 }],
    ["lazy", { batchBytes: 4 * MiB }],
  ]);
  undo();
  assert.equal(policies(), before);
  assert.match(JSON.stringify(parse("policy: mine\n")), "expected one of eager, lazy");
});

test("a parameter of several has bounds in each", () => {
  const undo = registerPolicy(MINE);
  try {
    assert.is(
      parse("policy: [lazy, mine]\nstrategy: { batch: 4MiB }\n"),
      'file.yaml:6:20: strategy.batch: expected a size of 8 MiB or more, found "4MiB", for policy mine',
    );
    assert.equal(parse("policy: mine\nstrategy: { batch: 24MiB }\n"), [
      ["mine", { batchBytes: 24 * MiB, patience: 5e6 }],
    ]);
    assert.is(
      parse("policy: lazy\nstrategy: { batch: 24MiB }\n"),
      'file.yaml:6:20: strategy.batch: expected a power of two from 4 MiB to 1 GiB, found "24MiB", for policy lazy',
    );
  } finally {
    undo();
  }
});

test("a name is taken once, and a parameter is the same kind everywhere", () => {
  assert.throws(
    () => registerPolicy({ ...MINE, name: "lazy" }),
    'name: expected one that no policy has, found "lazy"',
  );
  const threads = { is: "flag", default: false, what: "whether there are some" } as const;
  assert.throws(
    () => registerPolicy({ ...MINE, parameters: { threads } }),
    "parameters.threads.is: expected count, as other policies have it, found flag",
  );
});

test("a policy is data once its parameters are known", () => {
  assert.equal(behaviourOf(MINE), { acceptAtOnceBytes: 16 * MiB });
  assert.equal(behaviourOf(MINE, { batch: "32MiB" }), { acceptAtOnceBytes: 32 * MiB });
});

test.run();
