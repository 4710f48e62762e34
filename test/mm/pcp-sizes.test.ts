import { suite } from "uvu";
import * as assert from "uvu/assert";
import { pcpSizes, pcpSplitCpus, statThreshold } from "../../src/mm/watermarks.js";

const test = suite("mm: pcp sizes");

/** batch, high_min, high_max. */
function sizes(managed: number, low: number, cpus: number): number[] {
  const { batch, highMin, highMax } = pcpSizes(managed, low, cpus);
  return [batch, highMin, highMax];
}

test("batch follows the size of the zone up to 1 GiB", () => {
  assert.is(pcpSizes(3840, 0, 1).batch, 1);
  assert.is(pcpSizes(32768, 0, 1).batch, 7);
  assert.is(pcpSizes(261000, 0, 1).batch, 63);
  assert.is(pcpSizes(262144, 0, 1).batch, 63);
  assert.is(pcpSizes(2 ** 40, 0, 1).batch, 63);
});

// Logged at each change in recorded boots of Linux 6.12.107.
test("recorded: at setup_per_cpu_pageset() only early pages count and there are no watermarks", () => {
  assert.equal(sizes(3840, 0, 1), [1, 4, 480]);
  assert.equal(sizes(488008, 0, 1), [63, 252, 61001]);
  assert.equal(sizes(32768, 0, 1), [7, 28, 4096]);
  assert.equal(sizes(46073, 0, 1), [15, 60, 5759]);
});

test("recorded: a second CPU halves the limits of its own node only as long as that has CPUs", () => {
  const cpus = pcpSplitCpus(1, true, 1);
  assert.equal(sizes(3840, 0, cpus), [1, 4, 240]);
  assert.equal(sizes(488008, 0, cpus), [63, 252, 30500]);
  assert.equal(sizes(32768, 0, cpus), [7, 28, 2048]);
  assert.equal(sizes(46073, 0, cpus), [15, 60, 2879]);
  // Node 1 of two: none of its CPUs is in its mask yet, before and while one comes up.
  assert.equal(sizes(32768, 0, pcpSplitCpus(0, false, 1)), [7, 28, 4096]);
  assert.equal(sizes(32768, 0, pcpSplitCpus(0, true, 1)), [7, 28, 4096]);
});

test("recorded: with the first watermarks, 1 CPU", () => {
  assert.equal(sizes(3840, 10, 1), [1, 10, 480]);
  assert.equal(sizes(488012, 1464, 1), [63, 1464, 61001]);
  assert.equal(sizes(506109, 1518, 1), [63, 1518, 63263]);
  // Zones without memory get sizes, too.
  assert.equal(sizes(0, 32, 1), [1, 32, 4]);
  assert.equal(sizes(0, 0, 1), [1, 4, 4]);
});

test("recorded: with the first watermarks, 2 CPUs", () => {
  assert.equal(sizes(3840, 10, 2), [1, 5, 240]);
  assert.equal(sizes(488012, 1464, 2), [63, 732, 30500]);
  assert.equal(sizes(506058, 1518, 2), [63, 759, 31628]);
  assert.equal(sizes(0, 32, 2), [1, 16, 4]);
});

test("recorded: at the end of boot, all guests", () => {
  assert.equal(sizes(3840, 81, 1), [1, 81, 480]);
  assert.equal(sizes(488012, 10327, 1), [63, 10327, 61001]);
  assert.equal(sizes(506109, 10710, 1), [63, 10710, 63263]);
  assert.equal(sizes(3840, 81, 2), [1, 40, 240]);
  assert.equal(sizes(488012, 10327, 2), [63, 5163, 30500]);
  assert.equal(sizes(506058, 10710, 2), [63, 5355, 31628]);
  assert.equal(sizes(495371, 13971, 1), [63, 13971, 61921]);
  assert.equal(sizes(237707, 13855, 1), [63, 13855, 29713]);
  assert.equal(sizes(479763, 10137, 1), [63, 10137, 59970]);
  assert.equal(sizes(515840, 10900, 1), [63, 10900, 64480]);
});

test("a node without CPUs is split among all", () => {
  assert.is(pcpSplitCpus(0, false, 6), 6);
  assert.is(pcpSplitCpus(2, false, 6), 2);
});

// "vm stats threshold" in /proc/zoneinfo of the same guests.
test("recorded: how far counters may drift", () => {
  assert.is(statThreshold(1, 3840), 2);
  assert.is(statThreshold(1, 238631), 8);
  assert.is(statThreshold(1, 496295), 10);
  assert.is(statThreshold(1, 506109), 10);
  assert.is(statThreshold(2, 3840), 4);
  assert.is(statThreshold(2, 480687), 20);
  assert.is(statThreshold(2, 506058), 20);
});

test("counters drift by 125 pages at most", () => {
  assert.is(statThreshold(64, 2 ** 28), 125);
});

test.run();
