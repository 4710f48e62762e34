import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ConditionError, holds, parseCondition, parseMeasures } from "../../src/results/conditions.js";
import { GiB } from "../../src/units.js";
import { rowWith } from "./rows.js";

const test = suite("results: conditions");

function errorOf(text: string): string {
  try {
    parseCondition(text);
  } catch (error) {
    if (error instanceof ConditionError) return error.message;
    throw error;
  }
  throw new Error("no error");
}

test("a field against a number with the unit of the field", () => {
  const row = rowWith({ bootTimeNs: 61e9, hostBytes: 3 * GiB });
  for (const [text, expected] of [
    ["bootTimeNs>60s", true],
    ["bootTimeNs > 61s", false],
    ["bootTimeNs>=61s", true],
    ["bootTimeNs<61000000001", true],
    ["hostBytes<=3GiB", true],
    ["hostBytes<3GiB", false],
    ["waits.boot.count>6", true],
    ["softLockups>4", false],
  ] as const) {
    assert.is(holds(parseCondition(text), row, undefined), expected, text);
  }
});

test("a field against so many times the baseline's", () => {
  const baseline = rowWith({ bootTimeNs: 10 });
  const at = (bootTimeNs: number, text: string): boolean =>
    holds(parseCondition(text), rowWith({ bootTimeNs }), baseline);
  assert.not(at(11, "bootTimeNs>1.1*baseline"));
  assert.ok(at(12, "bootTimeNs>1.1*baseline"));
  assert.ok(at(12, "bootTimeNs > baseline"));
  assert.not(at(10, "bootTimeNs > baseline"));
});

test("without a baseline, or without the field, nothing holds", () => {
  assert.not(holds(parseCondition("bootTimeNs>0*baseline"), rowWith(), undefined));
  assert.not(holds(parseCondition("workloadTimeNs>0"), rowWith(), rowWith()));
});

test("what cannot be read has its column, and a hint", () => {
  assert.is(
    errorOf("bootTime>5s"),
    'bootTime>5s: column 1: expected a measure such as bootTimeNs or waits.boot.p99Ns, found "bootTime", did you mean bootTimeNs?',
  );
  assert.match(errorOf(" >5"), / >5: column 2: expected a measure such as bootTimeNs .*, found ">5"; /);
  assert.is(errorOf("bootTimeNs"), "bootTimeNs: column 11: expected <, <=, > or >=, found the end");
  assert.is(errorOf("bootTimeNs=5"), 'bootTimeNs=5: column 11: expected <, <=, > or >=, found "=5"');
  assert.is(
    errorOf("bootTimeNs > 5x"),
    'bootTimeNs > 5x: column 14: expected a time such as 60s, or 1.1*baseline, found "5x"',
  );
  assert.is(
    errorOf("hostBytes>"),
    "hostBytes>: column 11: expected a size such as 2GiB, or 1.1*baseline, found the end",
  );
  assert.match(errorOf("waits.boot.count>1.5"), /expected a whole number, or 1.1\*baseline, found "1.5"/);
});

test("names of measures with commas between them, a wrong one with its column", () => {
  const names = (text: string): string[] => parseMeasures(text).map(({ name }) => name);
  assert.equal(names("exits, waits.boot.maxNs"), ["exits", "waits.boot.maxNs"]);
  assert.throws(() => names("exits, exit"), /^exits, exit: column 8: .* found "exit", did you mean exits\?/);
  assert.throws(() => names("exits,"), /column 7: .* found the end/);
});

test.run();
