import { suite } from "uvu";
import * as assert from "uvu/assert";
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

test.run();
