import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { paretoFront } from "../../src/study/pareto.js";

const test = suite("study: Pareto front");

type Point = readonly [number, number];

test("a point that another one beats is not on the front", () => {
  const points: Point[] = [
    [1, 4],
    [2, 2],
    [3, 3],
    [4, 1],
    [4, 2],
  ];
  assert.equal(paretoFront(points), [true, true, false, true, false]);
});

test("equal points stand together", () => {
  const points: Point[] = [
    [1, 1],
    [1, 1],
    [1, 2],
  ];
  assert.equal(paretoFront(points), [true, true, false]);
});

test("nothing has no front", () => {
  assert.equal(paretoFront([]), []);
});

test("the front is what the definition says", () => {
  const beats = (a: Point, b: Point): boolean => a[0] <= b[0] && a[1] <= b[1] && (a[0] < b[0] || a[1] < b[1]);
  const point = fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }));
  fc.assert(
    fc.property(fc.array(point, { maxLength: 20 }), (points) => {
      const expected = points.map((own) => !points.some((other) => beats(other, own)));
      assert.equal(paretoFront(points), expected);
    }),
  );
});

test.run();
