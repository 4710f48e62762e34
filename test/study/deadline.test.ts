import { suite } from "uvu";
import * as assert from "uvu/assert";
import { hasBooted, withDeadline } from "../../src/study/compare.js";
import { resultWith } from "../results/rows.js";

const test = suite("study: deadline");

const run = resultWith({
  bootTimeNs: 90e9,
  phases: [
    { name: "firmware", ns: 20e9 },
    { name: "deferred init", ns: 60e9 },
    { name: "initcalls", ns: 10e9 },
  ],
});

test("a boot that takes longer has missed it, and the reason says why", () => {
  const late = withDeadline(run, 60e9);
  assert.is(late.outcome, "deadline");
  assert.is(late.reason, "30 s more than the deadline of 60 s; deferred init takes 60 s of it");
  assert.is(late.bootTimeNs, 90e9);
  assert.ok(hasBooted(late));
});

test("one that is in time, to the nanosecond, has not", () => {
  assert.is(withDeadline(run, 90e9), run);
});

test("a run that failed stays what it is", () => {
  const failed = resultWith({ outcome: "oom", reason: "no page", bootTimeNs: 90e9 });
  assert.is(withDeadline(failed, 60e9), failed);
  assert.not(hasBooted(failed));
});

test.run();
