import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { timeOutside } from "../../src/workload/build-requests.js";

const test = suite("workload: think time");

const INTERVALS = [
  { name: "a", startNs: 10, endNs: 20 },
  { name: "b", startNs: 15, endNs: 18 },
  { name: "c", startNs: 30, endNs: 40 },
];

test("time outside of intervals", () => {
  assert.is(timeOutside([], 5, 9), 4);
  assert.is(timeOutside(INTERVALS, 0, 50), 30);
  assert.is(timeOutside(INTERVALS, 12, 35), 10);
  assert.is(timeOutside(INTERVALS, 17, 19), 0);
  assert.is(timeOutside(INTERVALS, 20, 30), 10);
  assert.is(timeOutside(INTERVALS, 40, 41), 1);
});

test("no time passes backwards", () => {
  assert.is(timeOutside(INTERVALS, 45, 5), 0);
});

test("counts each nanosecond that no interval covers", () => {
  const time = fc.integer({ min: 0, max: 40 });
  const interval = fc
    .tuple(time, fc.integer({ min: 1, max: 20 }))
    .map(([startNs, length]) => ({ name: "x", startNs, endNs: startNs + length }));
  fc.assert(
    fc.property(fc.array(interval, { maxLength: 6 }), time, time, (list, startNs, endNs) => {
      const intervals = list.toSorted((a, b) => a.startNs - b.startNs);
      let expected = 0;
      for (let ns = startNs; ns < endNs; ns++) {
        if (!intervals.some((one) => ns >= one.startNs && ns < one.endNs)) expected++;
      }
      assert.is(timeOutside(intervals, startNs, endNs), expected);
    }),
  );
});

test.run();
