import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ScenarioError } from "../../../src/scenario/error.js";
import { parseStudy, withoutRepeats } from "../../../src/study/sweep/study-file.js";

const test = suite("study: study files");

function errorOf(text: string): string {
  try {
    parseStudy(text, "study.yaml");
  } catch (error) {
    if (error instanceof ScenarioError) return error.message;
    throw error;
  }
  throw new Error("no error");
}

const HEAD = "name: s\nscenario: boot.yaml\n";

test("mistakes have their place", () => {
  assert.match(errorOf("name: s\naxes: {}\n"), /^study\.yaml:1:1: scenario: /);
  assert.match(
    errorOf(`${HEAD}axes: {}\naxess: {}\n`),
    /^study\.yaml:4:1: axess: unknown key, did you mean axes\?/,
  );
  assert.match(errorOf(`${HEAD}axes: { policy: [] }\n`), /^study\.yaml:3:17: axes\.policy: /);
  assert.match(errorOf(`${HEAD}axes: { "a b": [1] }\n`), /^study\.yaml:3:/);
  assert.match(
    errorOf(`${HEAD}axes: {}\nsamples: { count: 0, seed: 1, ranges: {} }\n`),
    /^study\.yaml:4:19: /,
  );
});

test("values of an axis that say the same count once, the first of them where it stood", () => {
  const { study, repeats } = withoutRepeats(
    parseStudy(
      `${HEAD}axes: { memory: [4GiB, 8GiB, 4096MiB], policy: [lazy, eager, lazy], seed: [1, "1", 2] }\n`,
      "study.yaml",
    ),
  );
  assert.is(repeats, 2);
  assert.equal(study.axes, { memory: ["4GiB", "8GiB"], policy: ["lazy", "eager"], seed: [1, "1", 2] });
});

test("a key that JavaScript has for itself is no path", () => {
  for (const key of ["__proto__", '"__proto__"'])
    assert.match(
      errorOf(`${HEAD}axes: { ${key}: [1] }\n`),
      /^study\.yaml:3:\d+: axes\.__proto__: expected a path of the scenario file/,
    );
  assert.match(
    errorOf(`${HEAD}axes: {}\nsamples: { count: 1, seed: 1, ranges: { __proto__: { low: 1, high: 2 } } }\n`),
    /^study\.yaml:4:\d+: samples\.ranges\.__proto__: expected a path/,
  );
});

test("ends of a range fit each other", () => {
  const withRange = (range: string): string =>
    `${HEAD}axes: {}\nsamples: { count: 1, seed: 1, ranges: { memory: ${range} } }\n`;
  for (const good of [
    "{ low: 1GiB, high: 2GiB }",
    "{ low: 1, high: 2.5 }",
    "{ low: 900ns, high: 2us, log: true }",
  ]) {
    assert.is(parseStudy(withRange(good), "study.yaml").samples!.count, 1);
  }
  for (const bad of [
    "{ low: 2GiB, high: 1GiB }",
    "{ low: 1GiB, high: 2us }",
    "{ low: 0, high: 5, log: true }",
    "{ low: x, high: y }",
  ]) {
    assert.match(errorOf(withRange(bad)), /expected low (above 0 and )?below/);
  }
});

test.run();
