import { suite } from "uvu";
import * as assert from "uvu/assert";
import { between, less, lineThrough, meanOf, scaled, sum } from "../../src/calibrate/quantity.js";
import { Chance } from "./simulated-kit.js";

const test = suite("calibrate: numbers with their errors");

test("errors of different readings add up by their squares, readings are named once", () => {
  const a = { value: 10, half: 3, from: ["H1"] };
  const b = { value: 4, half: 4, from: ["G4", "H1"] };
  assert.equal(sum(a, b), { value: 14, half: 5, from: ["G4", "H1"] });
  assert.equal(less(a, b), { value: 6, half: 5, from: ["G4", "H1"] });
  assert.equal(scaled(a, -2), { value: -20, half: 6, from: ["H1"] });
  assert.equal(between(2, 6), { value: 4, half: 2, from: [] });
});

test("a mean has the interval of Student's t, and no tail", () => {
  const { value, half } = meanOf([9, 10, 11], ["G3"]);
  // 4.303 standard errors with two degrees of freedom.
  assert.is(value, 10);
  assert.ok(Math.abs(half - 4.3027 / Math.sqrt(3)) < 1e-3, `${half}`);
  const tail = [...Array.from({ length: 20 }, (_value, at) => 100 + (at % 5)), 9_000];
  assert.ok(Math.abs(meanOf(tail, []).value - 102) < 1e-9);
  // Of few samples none can be called a tail.
  assert.is(meanOf([1, 1, 1, 97], []).value, 25);
});

test("a line through points on a line, as sure as its points are said to be", () => {
  const points = [1, 2, 4].map((x) => [x, 100 + 10 * x] as const);
  const { slope, intercept } = lineThrough(points, ["G7"], { share: 0.01 })!;
  assert.ok(Math.abs(slope.value - 10) < 1e-9 && Math.abs(intercept.value - 100) < 1e-9);
  const own = Math.sqrt((1.1 ** 2 + 1.2 ** 2 + 1.4 ** 2) / 3);
  const spread = (1 - 7 / 3) ** 2 + (2 - 7 / 3) ** 2 + (4 - 7 / 3) ** 2;
  assert.ok(Math.abs(slope.half - (1.96 * own) / Math.sqrt(spread)) < 1e-9);
  assert.ok(Math.abs(intercept.half - 1.96 * own * Math.sqrt(1 / 3 + (7 / 3) ** 2 / spread)) < 1e-9);
});

test("rounding is the same at each repetition, so that many make it no less", () => {
  const halfOf = (repeats: number): number => {
    const points = Array.from({ length: repeats }, () => [
      [0, 5],
      [10, 25],
    ]).flat() as [number, number][];
    return lineThrough(points, [], { share: 0, rounding: 1 })!.slope.half;
  };
  assert.ok(Math.abs(halfOf(1) - (1.96 * Math.SQRT2) / 10) < 1e-9);
  assert.ok(Math.abs(halfOf(1) - halfOf(9)) < 1e-9);
});

test("points at one x make no line", () => {
  assert.is(
    lineThrough(
      [
        [3, 1],
        [3, 2],
      ],
      [],
      { share: 0.01 },
    ),
    undefined,
  );
});

test("intervals hold the truth 95 times of 100", () => {
  const chance = new Chance(7);
  let means = 0;
  let slopes = 0;
  const tries = 400;
  for (let at = 0; at < tries; at++) {
    const mean = meanOf(
      Array.from({ length: 6 }, () => 50 * chance.around(0.1)),
      [],
    );
    if (Math.abs(mean.value - 50) <= mean.half) means++;
    const points = [1, 1, 1, 2, 2, 2, 3, 3, 3].map((x) => [x, (100 + 20 * x) * chance.around(0.02)] as const);
    const { slope } = lineThrough(points, [], { share: 0.02 })!;
    if (Math.abs(slope.value - 20) <= slope.half) slopes++;
  }
  assert.ok(means >= 0.93 * tries && means <= 0.98 * tries, `${means}`);
  assert.ok(slopes >= 0.93 * tries, `${slopes}`);
});

test.run();
