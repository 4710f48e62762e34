import { suite } from "uvu";
import * as assert from "uvu/assert";
import { coreMemory } from "../../src/command-line/core-memory.js";
import { commandLineWords } from "../../src/command-line/words.js";
import { memmapInit } from "../../src/mm/memmap.js";
import { nodeSpans, ZoneType } from "../../src/mm/zones.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";

// mm/mm_init.c: find_zone_movable_pfns_for_nodes, adjust_zone_range_for_zone_movable, 6.12.
const test = suite("mm: ZONE_MOVABLE");

const pfn = (bytes: number): number => bytes / PAGE_SIZE;

/** 8 GiB of one node: 2 GiB low, 6 GiB from 4 GiB on. */
const ONE_NODE = [
  { startPfn: 0, endPfn: pfn(2 * GiB), nid: 0 },
  { startPfn: pfn(4 * GiB), endPfn: pfn(10 * GiB), nid: 0 },
];
/** Two nodes of 4 GiB, the first one below 6 GiB. */
const TWO_NODES = [
  { startPfn: 0, endPfn: pfn(2 * GiB), nid: 0 },
  { startPfn: pfn(4 * GiB), endPfn: pfn(6 * GiB), nid: 0 },
  { startPfn: pfn(6 * GiB), endPfn: pfn(10 * GiB), nid: 1 },
];

function movable(line: string, ranges: typeof ONE_NODE = ONE_NODE): unknown {
  return nodeSpans(ranges, coreMemory(commandLineWords(line))).map(({ zones }) => {
    const { startPfn, presentPages } = zones[ZoneType.MOVABLE]!;
    return [(startPfn * PAGE_SIZE) / MiB, (presentPages * PAGE_SIZE) / MiB];
  });
}

test("what lies below the highest zone counts as the kernel's own", () => {
  // 2 GiB low, and another GiB of ZONE_NORMAL.
  assert.equal(movable("kernelcore=3G"), [[5 * 1024, 5 * 1024]]);
  // Less than what is low: all of ZONE_NORMAL is movable.
  assert.equal(movable("kernelcore=1G"), [[4 * 1024, 6 * 1024]]);
});

test("movablecore= is rounded up to 4 MiB and taken from the top", () => {
  assert.equal(movable("movablecore=3G"), [[7 * 1024, 3 * 1024]]);
  assert.equal(movable("movablecore=1025M"), [[10 * 1024 - 1028, 1028]]);
  assert.equal(movable("movablecore=25%"), [[8 * 1024, 2 * 1024]]);
});

test("of both, the one that leaves the kernel more counts", () => {
  assert.equal(movable("movablecore=4G kernelcore=6G"), [[8 * 1024, 2 * 1024]]);
  assert.equal(movable("movablecore=1G kernelcore=2G"), [[9 * 1024, 1024]]);
});

test("nothing is movable where the kernel gets all, or memory would have to be mirrored", () => {
  for (const line of ["quiet", "kernelcore=8G", "kernelcore=100%", "kernelcore=mirror movablecore=2G"]) {
    assert.equal(movable(line), [[0, 0]], line);
  }
});

test("the kernel's part is spread over the nodes", () => {
  // 2 GiB for each node: on the first one what is low, on the second one the first half.
  assert.equal(movable("kernelcore=4G", TWO_NODES), [
    [4 * 1024, 2 * 1024],
    [8 * 1024, 2 * 1024],
  ]);
  // 1 GiB for each: the low 2 GiB of the first node are more than that, and are taken off the second one's part.
  assert.equal(movable("kernelcore=2G", TWO_NODES), [
    [4 * 1024, 2 * 1024],
    [6 * 1024, 4 * 1024],
  ]);
});

test("ZONE_NORMAL ends where ZONE_MOVABLE begins, and only the last zone's struct pages are deferred", () => {
  const nodes = nodeSpans(ONE_NODE, coreMemory(commandLineWords("movablecore=3G")));
  const normal = nodes[0]!.zones[ZoneType.NORMAL]!;
  assert.equal([normal.startPfn, normal.endPfn], [pfn(4 * GiB), pfn(7 * GiB)]);
  const { firstDeferredPfn, initialisedPages } = memmapInit(nodes, ONE_NODE, true);
  assert.is(firstDeferredPfn.get(0), pfn(7 * GiB + 128 * MiB));
  assert.is(initialisedPages, pfn(5 * GiB + 128 * MiB));
});

test.run();
