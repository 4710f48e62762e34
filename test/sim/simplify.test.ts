import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { simplified } from "../../src/sim/simplify.js";

const test = suite("sim: simplify");

const NONE: ReadonlySet<number> = new Set();

test("of a straight line its ends are left", () => {
  assert.equal(simplified([0, 1, 2, 3], [[0, 2, 4, 6]], 100, NONE), [0, 3]);
  assert.equal(simplified([0, 1, 2, 3], [[5, 5, 5, 5]], 100, NONE), [0, 3]);
});

test("a corner of any column stays, and a point that has to", () => {
  const times = [0, 10, 20, 30, 40];
  const columns = [
    [0, 0, 0, 5, 10],
    [0, 100, 200, 300, 400],
  ];
  assert.equal(simplified(times, columns, 100, NONE), [0, 2, 4]);
  assert.equal(simplified(times, columns, 2, NONE), [0, 4]);
  assert.equal(simplified(times, columns, 2, new Set([3])), [0, 3, 4]);
});

test("a step at one time stays, with both its points", () => {
  assert.equal(simplified([0, 10, 10, 20], [[1, 1, 9, 9]], 100, NONE), [0, 1, 2, 3]);
});

test("nothing and little stay as they are", () => {
  assert.equal(simplified([], [[]], 100, NONE), []);
  assert.equal(simplified([7], [[1]], 100, NONE), [0]);
  assert.equal(simplified([7, 7], [[1, 2]], 100, NONE), [0, 1]);
});

test("what is dropped without need lies on the line between what is left, within a dot", () => {
  const step = fc.tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: -5, max: 20 }));
  fc.assert(
    fc.property(fc.array(step, { minLength: 2, maxLength: 80 }), (steps) => {
      const sums = (parts: readonly number[], from: number): number[] =>
        parts.map((_one, at) => parts.slice(0, at + 1).reduce((sum, one) => sum + one, from));
      const times = sums(
        steps.map(([gap]) => gap),
        0,
      );
      const values = sums(
        steps.map(([, rise]) => rise),
        1000,
      );
      const left = simplified(times, [values], 1000, NONE);
      const span = times.at(-1)! - times[0]!;
      for (const [at, ns] of times.entries()) {
        const next = left.find((one) => one >= at)!;
        const before = left.findLast((one) => one <= at)!;
        if (next === before) continue;
        const part = (ns - times[before]!) / (times[next]! - times[before]!);
        const off = Math.abs(values[at]! - values[before]! - part * (values[next]! - values[before]!));
        const wide = (times[next]! - times[before]!) / span;
        assert.ok((off / Math.max(...values)) * wide < 1e-3, `${off} at ${ns}`);
      }
    }),
    { numRuns: 100 },
  );
});

test.run();
