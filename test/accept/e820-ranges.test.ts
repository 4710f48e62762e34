import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Ranges, KERNEL_ENTRIES, type TrackedRange } from "../../src/accept/e820-ranges.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { StrictHardware } from "./strict-hardware.js";

const test = suite("tracker: e820 ranges");
const RAM: readonly TrackedRange[] = [{ start: 4 * GiB, end: 68 * GiB, kind: "unaccepted" }];

function tracker(capacity: number, map: readonly TrackedRange[] = RAM): [E820Ranges, StrictHardware] {
  const hardware = new StrictHardware();
  return [new E820Ranges("e820-zero-page", map, capacity, hardware), hardware];
}

/** Accepts a block of 4 MiB less the page behind it, every so many bytes. */
function acceptIsolated(ranges: E820Ranges, blocks: number, everyBytes: number, from = 4 * GiB): void {
  for (let block = 0; block < blocks; block++) {
    const start = from + (block + 0.5) * everyBytes;
    ranges.accept(start, start + 4 * MiB - PAGE_SIZE);
  }
}

test("an accept inside a range splits it into three", () => {
  const [ranges, hardware] = tracker(128);
  ranges.accept(5 * GiB, 5 * GiB + 2 * MiB - PAGE_SIZE);
  assert.equal(ranges.entries, [
    { start: 4 * GiB, end: 5 * GiB, kind: "unaccepted" },
    { start: 5 * GiB, end: 5 * GiB + 2 * MiB, kind: "accepted" },
    { start: 5 * GiB + 2 * MiB, end: 68 * GiB, kind: "unaccepted" },
  ]);
  assert.is(ranges.use.splits, 2);
  assert.equal(hardware.calls, [[5 * GiB, 5 * GiB + 2 * MiB]]);
});

test("the page behind a request that ends on a border is accepted with it", () => {
  const [ranges, hardware] = tracker(128);
  ranges.accept(5 * GiB, 5 * GiB + 4 * KiB);
  assert.equal(hardware.calls, [[5 * GiB, 5 * GiB + 8 * KiB]]);
});

test("k isolated accepts in one range make 2k + 1 entries", () => {
  for (const k of [1, 2, 63]) {
    const [ranges] = tracker(128);
    acceptIsolated(ranges, k, GiB);
    assert.is(ranges.entries.length, 2 * k + 1);
    assert.is(ranges.use.gapBytes, 0);
  }
});

test("the table of the zero page overflows at the 64th isolated accept", () => {
  const [roomy] = tracker(129);
  acceptIsolated(roomy, 64, GiB);
  assert.is(roomy.entries.length, 129);
  assert.is(roomy.use.gapBytes, 0);
  const [ranges] = tracker(128);
  acceptIsolated(ranges, 64, GiB);
  assert.is(ranges.entries.length, 128);
  assert.is(ranges.use.gapBytes, 0.5 * GiB - 4 * MiB, "the smallest gap is behind the last block");
});

test("the kernel's table has 3200 entries and overflows at the 1600th", () => {
  assert.is(KERNEL_ENTRIES, 3200);
  const [ranges] = tracker(KERNEL_ENTRIES);
  acceptIsolated(ranges, 1599, 32 * MiB);
  assert.is(ranges.entries.length, 3199);
  assert.is(ranges.use.gapBytes, 0);
  ranges.accept(60 * GiB, 60 * GiB + MiB);
  assert.is(ranges.entries.length, 3200);
  assert.is(ranges.use.gapBytes, 16 * MiB, "below the first block");
});

test("of the gaps the smallest is given up, the lowest of equals", () => {
  const [ranges, hardware] = tracker(5);
  ranges.accept(10 * GiB, 11 * GiB - PAGE_SIZE);
  ranges.accept(12 * GiB, 13 * GiB - PAGE_SIZE);
  ranges.accept(14 * GiB, 15 * GiB - PAGE_SIZE);
  assert.equal(hardware.calls.at(-1), [11 * GiB, 12 * GiB]);
  assert.is(ranges.use.gapBytes, GiB);
  assert.is(ranges.entries.length, 5);
});

test("neighbours of one kind become one entry, and other entries stay", () => {
  const [ranges] = tracker(128, [
    { start: 0, end: 2 * GiB, kind: "accepted" },
    { start: 2 * GiB, end: 3 * GiB, kind: "unaccepted" },
    { start: 3 * GiB, end: 4 * GiB, kind: "other" },
    { start: 4 * GiB, end: 5 * GiB, kind: "unaccepted" },
  ]);
  ranges.accept(2 * GiB, 6 * GiB);
  assert.equal(ranges.entries, [
    { start: 0, end: 3 * GiB, kind: "accepted" },
    { start: 3 * GiB, end: 4 * GiB, kind: "other" },
    { start: 4 * GiB, end: 5 * GiB, kind: "accepted" },
  ]);
  assert.is(ranges.use.splits, 0);
});

test("a map too long for the table keeps its entries where no gap would help", () => {
  const [ranges, hardware] = tracker(2, [
    { start: 0, end: 1 * GiB, kind: "other" },
    { start: 1 * GiB, end: 2 * GiB, kind: "unaccepted" },
    { start: 2 * GiB, end: 3 * GiB, kind: "other" },
  ]);
  assert.is(ranges.entries.length, 3);
  assert.equal(hardware.calls, []);
});

test("an entry takes 20 bytes", () => {
  const [ranges] = tracker(128);
  acceptIsolated(ranges, 10, GiB);
  assert.is(ranges.use.memoryBytes, 21 * 20);
});

test.run();
