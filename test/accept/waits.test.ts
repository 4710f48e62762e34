import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { WaitDistribution } from "../../src/accept/wait-distribution.js";
import { AllocationWaits, WaitRecorder } from "../../src/accept/waits.js";
import { NO_WAITS } from "../results/waits.js";

const test = suite("accept: waits");

test("nothing recorded is all zeros", () => {
  assert.equal(new WaitRecorder().summary(), NO_WAITS);
});

test("percentiles are recorded values, by nearest rank, whatever the order", () => {
  const waits = new WaitRecorder();
  for (let ns = 10_000; ns >= 1; ns--) waits.record(ns);
  assert.equal(waits.summary(), {
    allocations: 10_000,
    count: 10_000,
    totalNs: 50_005_000,
    p50Ns: 5000,
    p99Ns: 9900,
    p999Ns: 9990,
    p9999Ns: 9999,
    maxNs: 10_000,
  });
});

test("one wait is every percentile", () => {
  const waits = new WaitRecorder();
  waits.record(7);
  const { allocations, ...times } = waits.summary();
  assert.is(allocations, 1);
  assert.equal(times, { count: 1, totalNs: 7, p50Ns: 7, p99Ns: 7, p999Ns: 7, p9999Ns: 7, maxNs: 7 });
});

test("allocations that do not wait count as 0, so that fewer waits never make a percentile worse", () => {
  const waits = new WaitRecorder();
  for (let at = 0; at < 995; at++) waits.record(0);
  for (let ns = 1; ns <= 5; ns++) waits.record(ns);
  const { allocations, count, p50Ns, p99Ns, p999Ns, maxNs } = waits.summary();
  assert.equal([allocations, count, p50Ns, p99Ns, p999Ns, maxNs], [1000, 5, 0, 0, 4, 5]);
});

test("what waits before init runs is the boot's, all after it the workload's", () => {
  const waits = new AllocationWaits();
  waits.record(3);
  waits.initRuns();
  waits.record(0);
  waits.record(4);
  assert.equal([waits.boot.summary().totalNs, waits.workload.summary().totalNs], [3, 4]);
  assert.equal([waits.boot.summary().allocations, waits.workload.summary().allocations], [1, 2]);
});

/** Counts each wait into the first bucket that is long enough. */
function naive(waits: readonly number[], atMostNs: readonly number[]): number[] {
  const counts = atMostNs.map(() => 0);
  for (const ns of waits) counts[atMostNs.findIndex((most) => (ns > 0 ? Math.max(1, ns) : 0) <= most)]!++;
  return counts;
}

function distributionOf(waits: readonly number[]): WaitDistribution {
  const recorder = new WaitRecorder();
  for (const ns of waits) recorder.record(ns);
  return recorder.distribution();
}

test("nobody who waits is one bucket", () => {
  assert.equal(distributionOf([]), { atMostNs: [0], allocations: [0] });
  assert.equal(distributionOf([0, 0]), { atMostNs: [0], allocations: [2] });
});

test("a distribution has two buckets an octave, from below the shortest wait to the longest, empty ones within", () => {
  assert.equal(distributionOf([0, 9, 10, 30]), {
    atMostNs: [0, 8, 12, 16, 24, 32],
    allocations: [1, 0, 2, 0, 0, 1],
  });
  assert.equal(distributionOf([1, 2, 3, 4]), { atMostNs: [0, 1, 2, 3, 4], allocations: [0, 1, 1, 1, 1] });
  assert.equal(distributionOf([0.25]), { atMostNs: [0, 1], allocations: [0, 1] });
  assert.equal(distributionOf([12, 12.4, 12.6]), { atMostNs: [0, 8, 12, 16], allocations: [0, 0, 2, 1] });
});

test("buckets hold all allocations, each in its own, and their shares are the percentiles", () => {
  const wait = fc.oneof(fc.constant(0), fc.nat(100), fc.nat(1_000_000_000));
  fc.assert(
    fc.property(fc.array(wait, { minLength: 1, maxLength: 300 }), (waits) => {
      const recorder = new WaitRecorder();
      for (const ns of waits) recorder.record(ns);
      const { atMostNs, allocations } = recorder.distribution();
      assert.equal(allocations, naive(waits, atMostNs));
      for (const [share, ns] of [
        [0.5, "p50Ns"],
        [0.99, "p99Ns"],
        [0.999, "p999Ns"],
        [1, "maxNs"],
      ] as const) {
        const rank = Math.ceil(share * waits.length);
        const upTo = allocations.map((_count, at) =>
          allocations.slice(0, at + 1).reduce((sum, one) => sum + one),
        );
        const bucket = upTo.findIndex((count) => count >= rank);
        const value = recorder.summary()[ns];
        assert.ok(
          value <= atMostNs[bucket]! && (bucket === 0 || value > atMostNs[bucket - 1]!),
          `${ns} ${value}`,
        );
      }
    }),
    { numRuns: 100 },
  );
});

test.run();
