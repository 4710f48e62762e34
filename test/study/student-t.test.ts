import { suite } from "uvu";
import * as assert from "uvu/assert";
import { tQuantile95 } from "../../src/study/student-t.js";

const test = suite("study: Student's t");

test("the two-sided 95 % points of the printed tables", () => {
  // Abramowitz and Stegun, table 26.10, column 0.975.
  for (const [degrees, expected] of [
    [1, 12.706],
    [2, 4.303],
    [3, 3.182],
    [4, 2.776],
    [5, 2.571],
    [9, 2.262],
    [10, 2.228],
    [20, 2.086],
    [30, 2.042],
    [60, 2.0],
    [120, 1.98],
  ] as const) {
    assert.is(tQuantile95(degrees).toFixed(3), expected.toFixed(3), `${degrees} degrees`);
  }
});

test("for one degree of freedom it is a tangent, for two a closed form", () => {
  assert.ok(Math.abs(tQuantile95(1) - Math.tan((0.95 * Math.PI) / 2)) < 1e-8);
  const two = (2 * 0.475 * Math.SQRT2) / Math.sqrt(1 - 4 * 0.475 ** 2);
  assert.ok(Math.abs(tQuantile95(2) - two) < 1e-9);
});

test("with many it is that of the normal distribution", () => {
  assert.ok(Math.abs(tQuantile95(1e6) - 1.959964) < 1e-4);
});

test.run();
