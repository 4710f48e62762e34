// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { TrackerName } from "../../src/accept/tracker.js";
import { loadScenarios } from "../../src/cli/load.js";
import { parseAssignment } from "../../src/scenario/set.js";
import {
  compareTrackers,
  isolatedBlocks,
  LINE_NS,
  type TrackerComparison,
  type TrackerRow,
  wholeMemory,
} from "../../src/study/trackers.js";
import { GiB, MiB, TiB } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("study: trackers");

function boot(...assignments: readonly string[]): TrackerComparison | undefined {
  const [loaded] = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), {
    loader: LOADER,
  });
  return compareTrackers(loaded!.scenario, loaded!.recording);
}

function rowOf({ trackers }: TrackerComparison, name: TrackerName): TrackerRow {
  return trackers.find((row) => row.name === name)!;
}

test("a boot: every tracker gets the same requests for what the firmware left", () => {
  const comparison = boot("platform=tdx", "policy=lazy", "memory=4GiB")!;
  assert.is(comparison.unacceptedBytes, 2 * GiB);
  assert.ok(comparison.requests > 100);
  assert.equal(
    comparison.trackers.map(({ name }) => name),
    ["page-flag", "e820-zero-page", "e820-kernel", "bitmap-2m", "bitmap-4k"],
  );
  const exact = rowOf(comparison, "bitmap-4k").acceptedBytes;
  assert.is(rowOf(comparison, "page-flag").acceptedBytes, exact);
  assert.is(rowOf(comparison, "e820-kernel").acceptedBytes, exact, "no gap has to be given up");
  assert.ok(
    rowOf(comparison, "bitmap-2m").acceptedBytes > exact,
    "units and their guards are larger than pages",
  );
});

test("a bitmap of units accepts what the kernel accepts in the boot itself", () => {
  const assignments = ["platform=tdx", "policy=eager", "memory=4GiB"];
  const row = rowOf(boot(...assignments)!, "bitmap-2m");
  assert.is(row.acceptedBytes, 2 * GiB);
  assert.is(row.smallPages, 0);
});

test("an eager kernel accepts all in order, which ranges bear better than anything else", () => {
  const comparison = boot("platform=snp", "policy=eager", "memory=4GiB")!;
  // The map of real firmware has some twenty entries.
  assert.ok(rowOf(comparison, "e820-zero-page").entries < 32);
  for (const { acceptedBytes } of comparison.trackers) assert.is(acceptedBytes, 2 * GiB);
});

test("a guest without unaccepted memory has nothing to remember", () => {
  assert.is(boot("platform=none", "policy=lazy", "memory=4GiB"), undefined);
});

test("up to 63 isolated blocks fit into the zero page, up to 1599 into the kernel's table", () => {
  const gaps = (blocks: number, name: TrackerName): number =>
    rowOf(isolatedBlocks(64 * GiB, blocks), name).gapBytes;
  assert.is(gaps(63, "e820-zero-page"), 0);
  assert.ok(gaps(64, "e820-zero-page") > 0);
  assert.is(gaps(1599, "e820-kernel"), 0);
  assert.ok(gaps(1600, "e820-kernel") > 0);
});

test("what isolated blocks accept beyond themselves: gaps of ranges, guards of the others", () => {
  const comparison = isolatedBlocks(4096 * TiB, 100);
  const wanted = 100 * 4 * MiB;
  assert.is(rowOf(comparison, "bitmap-2m").acceptedBytes, wanted + 100 * 2 * MiB);
  for (const name of ["page-flag", "bitmap-4k", "e820-kernel"] as const) {
    assert.is(rowOf(comparison, name).acceptedBytes, wanted + 100 * 4096, name);
  }
  const { acceptedBytes, gapBytes } = rowOf(comparison, "e820-zero-page");
  assert.is(acceptedBytes, wanted + 100 * 4096 + gapBytes);
  assert.ok(gapBytes > 1024 * TiB, "evenly spread over 4 PiB, the smallest gap is large");
});

test("4 PiB at once: time grows with what a tracker has to touch", () => {
  const comparison = wholeMemory(4096 * TiB);
  const lines = (name: TrackerName): number => rowOf(comparison, name).longestLines;
  assert.is(lines("page-flag"), 2 ** 40);
  assert.is(lines("bitmap-4k"), (128 * GiB) / 64);
  assert.is(lines("bitmap-2m"), (256 * MiB) / 64);
  assert.is(lines("e820-kernel"), 1);
  for (const { longestNs, longestLines } of comparison.trackers) {
    assert.is(longestNs, Math.round(longestLines * LINE_NS));
  }
});

test.run();
