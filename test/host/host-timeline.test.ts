// Takes 1 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type HostUse, hostBytes } from "../../src/host/guest-memory.js";
import { HostTimeline } from "../../src/host/host-timeline.js";

const test = suite("host: timeline");

function use(privateBytes: number): HostUse {
  const nothing = { keptBytes: 0, sharedBytes: 0, tableBytes: 0, metadataBytes: 0 };
  return { ...nothing, privateBytes, bitmapBytes: 0, directMapBytes: 0 };
}

function timelineOf(samples: readonly (readonly [timeNs: number, bytes: number])[]): HostTimeline {
  const timeline = new HostTimeline();
  for (const [timeNs, bytes] of samples) timeline.sample(timeNs, use(bytes));
  return timeline;
}

const asPairs = (timeline: HostTimeline): number[][] =>
  timeline.points.map((point) => [point.timeNs, hostBytes(point.use)]);

test("nothing sampled is no point and no peak", () => {
  assert.equal([new HostTimeline().points.length, new HostTimeline().peak], [0, undefined]);
});

test("few samples are all kept", () => {
  assert.equal(
    asPairs(
      timelineOf([
        [0, 5],
        [10, 7],
        [20, 6],
      ]),
    ),
    [
      [0, 5],
      [10, 7],
      [20, 6],
    ],
  );
});

test("of samples at one time the last is kept, and a greater one before it as the peak", () => {
  assert.equal(
    asPairs(
      timelineOf([
        [0, 5],
        [10, 7],
        [10, 8],
      ]),
    ),
    [
      [0, 5],
      [10, 8],
    ],
  );
  assert.equal(
    asPairs(
      timelineOf([
        [0, 5],
        [10, 9],
        [10, 8],
      ]),
    ),
    [
      [0, 5],
      [10, 9],
      [10, 8],
    ],
  );
});

test("the peak comes before a later sample of its time", () => {
  const samples = [
    [0, 5],
    [10, 9],
    [10, 8],
    [20, 7],
  ] as const;
  assert.equal(asPairs(timelineOf(samples)), samples);
});

test("a CPU that lags behind counts at the latest time", () => {
  assert.equal(
    asPairs(
      timelineOf([
        [10, 5],
        [4, 6],
      ]),
    ),
    [[10, 6]],
  );
});

test("a long run is spread evenly, with its end and its greatest moment", () => {
  const samples = Array.from({ length: 100_000 }, (_, at) => [at * 10, at === 777 ? 9e9 : at] as const);
  const timeline = timelineOf(samples);
  const times = timeline.points.map(({ timeNs }) => timeNs);
  assert.ok(times.length > 120 && times.length <= 256, `${times.length} points`);
  assert.is(times.at(-1), 999_990);
  assert.ok(times.includes(7770));
  const gaps = times.slice(1).map((time, at) => time - times[at]!);
  assert.ok(Math.max(...gaps) <= 3 * (1_000_000 / 127), `${Math.max(...gaps)} ns between two points`);
});

test("at most 256 points in order, the peak exact, the last sample last", () => {
  const sample = fc.tuple(fc.nat(50), fc.nat(1_000_000));
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1, maxLength: 2000, size: "max" }), (steps) => {
      let timeNs = 0;
      const samples = steps.map(([gapNs, bytes]) => {
        timeNs += gapNs;
        return [timeNs, bytes] as const;
      });
      const timeline = timelineOf(samples);
      const points = asPairs(timeline);
      assert.ok(points.length <= 256);
      assert.equal(points.at(-1), samples.at(-1));
      assert.ok(points.every(([time], at) => at === 0 || time! >= points[at - 1]![0]!));
      const greatest = Math.max(...samples.map(([, bytes]) => bytes));
      const peak = [timeline.peak!.timeNs, hostBytes(timeline.peak!.use)];
      assert.equal(peak, [...samples.find(([, bytes]) => bytes === greatest)!]);
      assert.ok(points.some((point) => point[0] === peak[0] && point[1] === peak[1]));
    }),
    { numRuns: 60 },
  );
});

test.run();
