import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isRandom, repeatsOf, spreadOf } from "../../src/study/repeat.js";
import { resultWith, scenarioWith } from "../results/rows.js";

const test = suite("study: repeated seeds");

test("mean and half width, as worked out by hand", () => {
  // Standard deviation 1, standard error 1 / sqrt(3), t of two degrees 4.3027.
  const { mean, halfWidth } = spreadOf([1, 2, 3]);
  assert.is(mean, 2);
  assert.ok(Math.abs(halfWidth - 4.302653 / Math.sqrt(3)) < 1e-6);
});

test("equal values have no width", () => {
  assert.equal(spreadOf([7, 7, 7, 7]), { mean: 7, halfWidth: 0 });
});

test("runs that did not get ready are counted", () => {
  const runs = [resultWith({ bootTimeNs: 10 }), resultWith({ bootTimeNs: 30, outcome: "oom" })];
  const repeats = repeatsOf(runs);
  assert.is(repeats.runs, 2);
  assert.is(repeats.failed, 1);
  assert.is(repeats.bootTimeNs.mean, 20);
});

test("only what a seed decides is random", () => {
  const { host } = scenarioWith();
  assert.not(isRandom(scenarioWith()));
  assert.ok(isRandom(scenarioWith({ workload: "generate:heap" })));
  assert.ok(isRandom(scenarioWith({ host: { ...host, contiguity: 0.5 } })));
  assert.not(isRandom(scenarioWith({ host: { ...host, contiguity: 0 } })));
  assert.ok(isRandom(scenarioWith({ attack: { pages: 1, kind: "replace", answer: "warn" } })));
});

test.run();
