import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BoundedSamples, SAMPLES_MAX } from "../../src/sim/bounded-samples.js";

const test = suite("sim: bounded samples");

interface Level {
  readonly timeNs: number;
  readonly level: number;
}

type Pair = readonly [timeNs: number, level: number];

function samplesOf(pairs: readonly Pair[]): BoundedSamples<Level> {
  const samples = new BoundedSamples<Level>(({ level }) => level);
  for (const [timeNs, level] of pairs) samples.add({ timeNs, level });
  return samples;
}

const points = (pairs: readonly Pair[]): number[][] =>
  samplesOf(pairs).points.map(({ timeNs, level }) => [timeNs, level]);

test("nothing sampled is no point", () => {
  assert.equal([points([]), samplesOf([]).pieceEndNs], [[], 0]);
});

test("few samples in different pieces of time are all kept", () => {
  const pairs = [
    [0, 5],
    [1000, 7],
    [2100, 6],
    [2900, 8],
  ] as const;
  assert.equal(points(pairs), pairs);
});

test("of many in one piece the first, the last and the greatest are kept", () => {
  assert.equal(
    points([
      [10, 5],
      [20, 6],
      [30, 9],
      [40, 7],
      [50, 8],
    ]),
    [
      [10, 5],
      [30, 9],
      [50, 8],
    ],
  );
});

test("of samples at one time the last is kept, and a greater one before it as the peak", () => {
  assert.equal(
    points([
      [0, 5],
      [1000, 7],
      [1000, 8],
    ]),
    [
      [0, 5],
      [1000, 8],
    ],
  );
  assert.equal(
    points([
      [0, 5],
      [1000, 9],
      [1000, 8],
    ]),
    [
      [0, 5],
      [1000, 9],
      [1000, 8],
    ],
  );
});

test("the first of several greatest samples is the peak", () => {
  assert.equal(
    points([
      [0, 5],
      [10, 9],
      [20, 6],
      [30, 9],
      [40, 5],
    ]),
    [
      [0, 5],
      [10, 9],
      [40, 5],
    ],
  );
});

test("a CPU that lags behind counts at the latest time", () => {
  assert.equal(
    points([
      [1000, 5],
      [400, 6],
    ]),
    [[1000, 6]],
  );
});

test("what led to a long stop stays, however short it was before it", () => {
  const rush = Array.from({ length: 20 }, (_none, at): Pair => [5_000_000_000 + at, at]);
  assert.equal(points([[0, 0], ...rush, [9_000_000_000, 19]]), [
    [0, 0],
    [5_000_000_000, 0],
    [5_000_000_019, 19],
    [9_000_000_000, 19],
  ]);
});

test("a long run is spread evenly, with its end and its greatest moment", () => {
  const pairs = Array.from({ length: 100_000 }, (_none, at): Pair => [at * 10, at === 777 ? 9e9 : at]);
  const times = points(pairs).map(([timeNs]) => timeNs!);
  assert.ok(times.length > SAMPLES_MAX / 2 && times.length <= SAMPLES_MAX, `${times.length} points`);
  assert.is(times.at(-1), 999_990);
  assert.ok(times.includes(7770));
  const gaps = times.slice(1).map((time, at) => time - times[at]!);
  assert.ok(Math.max(...gaps) <= 1_000_000 / 128, `${Math.max(...gaps)} ns between two points`);
});

test("always few, in order, of what was sampled, with the greatest and the last", () => {
  const step = fc.tuple(fc.nat(2000), fc.nat(1_000_000));
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 1000, size: "max" }), (steps) => {
      let timeNs = 0;
      const pairs = steps.map(([gapNs, level]): Pair => {
        timeNs += gapNs;
        return [timeNs, level];
      });
      const kept = points(pairs);
      assert.ok(kept.length <= SAMPLES_MAX);
      assert.equal(kept.at(-1), pairs.at(-1));
      assert.ok(kept.every(([time], at) => at === 0 || time! >= kept[at - 1]![0]!));
      const all = new Set(pairs.map(String));
      assert.ok(kept.every((one) => all.has(String(one))));
      const greatest = Math.max(...pairs.map(([, level]) => level));
      assert.ok(kept.some((one) => String(one) === String(pairs.find(([, level]) => level === greatest))));
    }),
    { numRuns: 60 },
  );
});

test.run();
