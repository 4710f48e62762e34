// Takes 14 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { recordingHolds, type VerifiedRecording, type VerifiedRun } from "../../src/verify/result.js";
import { verifyRecording } from "../../src/verify/verify.js";
import { LAB_7_3_RECORDINGS, recordedFiles } from "./recorded.js";

/* As of Linux 6.12, in recordings.test.ts. */
const test = suite("verify: recordings of Linux 7.3");

const verified: VerifiedRecording[] = [];

function runOf(recording: string, name: string, start: VerifiedRun["start"]): VerifiedRun {
  const found = verified.find((each) => each.name.endsWith(recording))!;
  return found.runs.find((run) => run.name === name && run.start === start)!;
}

test("boots with one and two CPUs and two nodes, lazy and eager, through firmware too, are there", () => {
  const sets = ["base-1c4g", "base-1c512m-frag", "lazy-1c1g-all-hungry4k", "lazy-1c2g-all", "lazy-1c4g-high"];
  sets.push("lazy-1c4g-high-eager", "lazy-2c4g-high", "lazy-2n2x1g-all", "lazy-2n2x2g-all", "ovmf-1c4g-high");
  assert.equal(
    LAB_7_3_RECORDINGS,
    sets.map((set) => `linux-7.3.4-${set}`),
  );
});

for (const name of LAB_7_3_RECORDINGS) {
  test(`${name}: every frame, every accepted range, every list`, () => {
    const recording = verifyRecording(recordedFiles(name));
    verified.push(recording);
    for (const run of recording.runs) {
      assert.equal(run.allocations.firstDivergence, undefined, run.name);
      assert.is(run.allocations.pfnExact, run.allocations.compared, run.name);
      assert.equal(run.accepts.firstDivergence, undefined, run.name);
      for (const kind of [
        "records",
        "acceptRequests",
        "acceptDecisions",
        "refills",
        "drains",
        "retypings",
        "counters",
        "finalLists",
        "proc",
      ] as const) {
        assert.equal(run[kind]!.firstDivergence, undefined, `${run.name} ${kind}`);
        assert.is(run[kind]!.equal, run[kind]!.compared, `${run.name} ${kind}`);
      }
      assert.ok(run.finalLists.compared > 25, run.name);
    }
    assert.ok(recordingHolds(recording));
  });
}

test("a fragmented guest: compaction, claims, kswapd and drains are followed", () => {
  for (const start of ["snapshot", "boot"] as const) {
    const { allocations, outside, counters, drains } = runOf("1c512m-frag", "frag", start);
    assert.is(allocations.compared, 124_355);
    assert.equal(
      [outside.isolatedPages > 7541, outside.listCuts, outside.countedClaims, outside.kswapdSteps],
      [true, 228, 12, 7 + 28],
    );
    assert.equal([outside.timerDrains, outside.interruptedDrains, outside.lockedFrees], [18, 2, 100]);
    assert.ok(counters!.compared > 30 && drains.compared > 200);
  }
});

test("memory was accepted at boot and in use, until none was left", () => {
  const accepts = (recording: string, run: string): number => {
    const start = run === "boot" ? "e820" : "snapshot";
    return runOf(recording, run, start).accepts.recorded;
  };
  assert.is(accepts("lazy-1c4g-high", "boot"), 88);
  assert.is(accepts("lazy-1c4g-high-eager", "boot"), 529);
  assert.is(accepts("lazy-2n2x1g-all", "hungry"), 373);
  assert.is(accepts("lazy-1c1g-all-hungry4k", "hungry4k"), 167);
  assert.is(accepts("base-1c4g", "boot"), 0);
});

test("requests for huge pages of one node failed as in the kernel", () => {
  const { allocations, drains } = runOf("lazy-2n2x1g-all", "hungry", "boot");
  assert.is(allocations.compared, 2317);
  assert.ok(drains.compared > 0);
});

test.run();
