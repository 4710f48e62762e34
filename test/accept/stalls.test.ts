import { suite } from "uvu";
import * as assert from "uvu/assert";
import { StallRecorder } from "../../src/accept/stalls.js";

const test = suite("metrics: stalls");

test("nothing recorded is all zeros", () => {
  assert.equal(new StallRecorder().summary(), { count: 0, p50Ns: 0, p99Ns: 0, maxNs: 0, totalNs: 0 });
});

test("quantiles are recorded values, by nearest rank, whatever the order", () => {
  const stalls = new StallRecorder();
  for (let ns = 1000; ns >= 1; ns--) stalls.record(ns);
  assert.equal(stalls.summary(), { count: 1000, p50Ns: 500, p99Ns: 990, maxNs: 1000, totalNs: 500500 });
});

test("one stall is every quantile", () => {
  const stalls = new StallRecorder();
  stalls.record(7);
  assert.equal(stalls.summary(), { count: 1, p50Ns: 7, p99Ns: 7, maxNs: 7, totalNs: 7 });
});

test.run();
