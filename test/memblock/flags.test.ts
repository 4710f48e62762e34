import { suite } from "uvu";
import * as assert from "uvu/assert";
import { reservedPfnRanges } from "../../src/memblock/hand-over.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { MemblockFlags, NUMA_NO_NODE } from "../../src/memblock/regions.js";
import { pairs, ranges } from "./helpers.js";

const test = suite("memblock: flags, nodes, trimming");

/*
 *   0     0x2000  0x3000          0x10000
 *   +-----+-------+---------------+
 *   |     | NOMAP |               |
 *   +-----+-------+---------------+
 */
test("NOMAP splits a region; free ranges skip it, page ranges do not", () => {
  const memblock = new Memblock();
  memblock.add(0, 0x10000);
  memblock.markNomap(0x2000, 0x1000);
  assert.equal(
    memblock.memory.regions.map((region) => region.flags),
    [0, MemblockFlags.NOMAP, 0],
  );
  assert.equal(pairs(memblock.freeMemRanges()), [
    [0, 0x2000],
    [0x3000, 0x10000],
  ]);
  assert.equal(
    Array.from(memblock.memPfnRanges(), ({ startPfn, endPfn }) => [startPfn, endPfn]),
    [
      [0, 2],
      [2, 3],
      [3, 0x10],
    ],
  );
  assert.is(memblock.memory.search(0x2800), 1);
  assert.is(memblock.memory.regions[memblock.memory.search(0x2800)]!.flags, MemblockFlags.NOMAP);
  assert.is(memblock.memory.regions[memblock.memory.search(0x3000)]!.flags, MemblockFlags.NONE);
});

test("clearing NOMAP merges the pieces again", () => {
  const memblock = new Memblock();
  memblock.add(0, 0x10000);
  memblock.markNomap(0x2000, 0x1000);
  memblock.clearNomap(0, Infinity);
  assert.equal(ranges(memblock.memory), [[0, 0x10000]]);
});

test("hot-pluggable memory is used unless movable_node asks to avoid it", () => {
  for (const movableNode of [false, true]) {
    const memblock = new Memblock({ movableNode });
    memblock.add(0, 0x10000);
    memblock.markHotplug(0x8000, 0x8000);
    assert.is(memblock.physAlloc(0x1000, 0x1000), movableNode ? 0x7000 : 0xf000);
  }
});

test("memory added by drivers is not allocated from", () => {
  const memblock = new Memblock();
  memblock.addNode(0, 0x8000, 0);
  memblock.addNode(0x8000, 0x8000, 0, MemblockFlags.DRIVER_MANAGED);
  assert.is(memblock.physAlloc(0x1000, 0x1000), 0x7000);
});

test("mirrored memory comes first, and the rest when it is used up", () => {
  const memblock = new Memblock({ mirroredKernelcore: true });
  memblock.add(0, 0x10000);
  memblock.markMirror(0x2000, 0x2000);
  assert.is(memblock.physAlloc(0x1000, 0x1000), 0x3000);
  assert.is(memblock.physAlloc(0x1000, 0x1000), 0x2000);
  assert.is(memblock.physAlloc(0x1000, 0x1000), 0xf000);
});

test("before mirroring is given up, all nodes are tried", () => {
  const memblock = new Memblock({ mirroredKernelcore: true });
  memblock.addNode(0, 0x8000, 0);
  memblock.addNode(0x8000, 0x8000, 1);
  memblock.markMirror(0x2000, 0x1000);
  assert.is(memblock.allocNode(0x1000, 0x1000, 1), 0x2000);
  assert.is(memblock.allocNode(0x1000, 0x1000, 1), 0xf000);
});

test("without kernelcore=mirror nothing is marked", () => {
  const memblock = new Memblock();
  memblock.add(0, 0x10000);
  memblock.markMirror(0x2000, 0x2000);
  assert.equal(ranges(memblock.memory), [[0, 0x10000]]);
  assert.is(memblock.physAlloc(0x1000, 0x1000), 0xf000);
});

test("reservations marked noinit get no struct pages", () => {
  const memblock = new Memblock();
  memblock.addNode(0, 0x10000, 0);
  memblock.reserve(0x2000, 0x1000);
  memblock.reserve(0x8000, 0x1000);
  memblock.reservedMarkNoinit(0x2000, 0x1000);
  assert.equal(reservedPfnRanges(memblock), [{ startPfn: 8, endPfn: 9, nid: 0 }]);
});

/*
 *   0          0x8000         0x10000
 *   +----------+--------------+
 *   |  node 0  |    node 1    |
 *   +----------+--------------+
 */
test("set_node splits at its borders and keeps totals", () => {
  const memblock = new Memblock();
  memblock.addNode(0, 0x10000, 0);
  memblock.setNode(0x8000, 0x8000, memblock.memory, 1);
  assert.equal(
    memblock.memory.regions.map(({ base, nid }) => [base, nid]),
    [
      [0, 0],
      [0x8000, 1],
    ],
  );
  assert.is(memblock.physMemSize(), 0x10000);
  assert.equal(memblock.searchPfnNid(9), { startPfn: 8, endPfn: 0x10, nid: 1 });
  assert.is(memblock.searchPfnNid(0x10), undefined);
});

test("a reservation added later does not merge with one that has no node by order", () => {
  const memblock = new Memblock();
  memblock.reserve(0x1000, 0x1000);
  memblock.setNode(0, Infinity, memblock.reserved, NUMA_NO_NODE);
  memblock.reserve(0x2000, 0x1000);
  assert.is(memblock.reserved.regions.length, 2);
});

/*
 *   0x1800   0x5000      0x6100  0x6f00      0x8000     0xa200
 *   +--------+           +-------+           +----------+
 *   |        |           | gone  |           |          |
 *   +--------+-----------+-------+-----------+----------+
 *     0x2000                                        0xa000
 */
test("memblock_trim_memory_check", () => {
  const memblock = new Memblock();
  memblock.add(0x1800, 0x3800);
  memblock.add(0x6100, 0xe00);
  memblock.add(0x8000, 0x2200);
  memblock.trimMemory(0x1000);
  assert.equal(ranges(memblock.memory), [
    [0x2000, 0x5000],
    [0x8000, 0xa000],
  ]);
});

test("trimming does not correct the total for regions that only shrink", () => {
  const memblock = new Memblock();
  memblock.add(0x1000, 0x9ec00);
  memblock.trimMemory(0x1000);
  assert.equal(ranges(memblock.memory), [[0x1000, 0x9f000]]);
  assert.is(memblock.physMemSize(), 0x9ec00);
});

test("is_region_memory asks for one single region, is_region_reserved for any overlap", () => {
  const memblock = new Memblock();
  memblock.addNode(0, 0x8000, 0);
  memblock.addNode(0x8000, 0x8000, 1);
  assert.is(memblock.isRegionMemory(0x1000, 0x7000), true);
  assert.is(memblock.isRegionMemory(0x1000, 0x7001), false);
  assert.is(memblock.isRegionMemory(0x10000, 1), false);
  memblock.reserve(0x3000, 0x10);
  assert.is(memblock.isRegionReserved(0, 0x3000), false);
  assert.is(memblock.isRegionReserved(0x300f, 1), true);
  assert.is(memblock.reserved.search(0x3010), -1);
});

test.run();
