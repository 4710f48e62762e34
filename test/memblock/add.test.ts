import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Memblock } from "../../src/memblock/memblock.js";
import { MAX_NUMNODES, MemblockFlags } from "../../src/memblock/regions.js";
import { ranges, SZ_1K, SZ_1M, SZ_4K } from "./helpers.js";

// Names as in the kernel's tools/testing/memblock/tests/basic_api.c, to be read side by side.
const test = suite("memblock: memblock_add_checks");

test("memblock_initialization_check", () => {
  const memblock = new Memblock();
  for (const type of [memblock.memory, memblock.reserved]) {
    assert.is(type.regions.length, 0);
    assert.is(type.max, 128);
    assert.is(type.totalSize, 0);
  }
  assert.is(memblock.bottomUp, false);
  assert.is(memblock.currentLimit, Infinity);
});

test("memblock_add_simple_check", () => {
  const memblock = new Memblock();
  memblock.add(SZ_1M * 1024, 4 * SZ_1M);
  assert.equal(memblock.memory.regions, [
    { base: SZ_1M * 1024, size: 4 * SZ_1M, flags: MemblockFlags.NONE, nid: MAX_NUMNODES },
  ]);
  assert.is(memblock.physMemSize(), 4 * SZ_1M);
});

test("memblock_add_node_simple_check", () => {
  const memblock = new Memblock();
  memblock.addNode(SZ_1M, 16 * SZ_1M, 1, MemblockFlags.HOTPLUG);
  assert.equal(memblock.memory.regions, [
    { base: SZ_1M, size: 16 * SZ_1M, flags: MemblockFlags.HOTPLUG, nid: 1 },
  ]);
});

/*
 * Two ranges that do not touch:
 *
 *  |        +--------+        +--------+  |
 *  |        |   r1   |        |   r2   |  |
 *  +--------+--------+--------+--------+--+
 *
 * Expect two regions, whatever the order of the calls.
 */
test("memblock_add_disjoint_check", () => {
  for (const bases of [
    [SZ_1M, 4 * SZ_1M],
    [4 * SZ_1M, SZ_1M],
  ]) {
    const memblock = new Memblock();
    for (const base of bases) memblock.add(base, SZ_1M);
    assert.equal(ranges(memblock.memory), [
      [SZ_1M, 2 * SZ_1M],
      [4 * SZ_1M, 5 * SZ_1M],
    ]);
    assert.is(memblock.physMemSize(), 2 * SZ_1M);
  }
});

/*
 * The second range ends inside of the first:
 *
 *  |    +----+----+------------+          |
 *  |    |    |r2  |   r1       |          |
 *  +----+----+----+------------+----------+
 *       ^    ^
 *       |    r1.base
 *       r2.base
 *
 * Expect one region from r2.base to the end of r1.
 */
test("memblock_add_overlap_top_check", () => {
  const memblock = new Memblock();
  memblock.add(512 * SZ_1M, 1024 * SZ_1M);
  memblock.add(256 * SZ_1M, 512 * SZ_1M);
  assert.equal(ranges(memblock.memory), [[256 * SZ_1M, 1536 * SZ_1M]]);
  assert.is(memblock.physMemSize(), 1280 * SZ_1M);
});

/*
 * The second range begins inside of the first:
 *
 *  |  +--+------+----------+              |
 *  |  |  | r1   | r2       |              |
 *  +--+--+------+----------+--------------+
 *
 * Expect one region from r1.base to the end of r2.
 */
test("memblock_add_overlap_bottom_check", () => {
  const memblock = new Memblock();
  memblock.add(128 * SZ_1M, 512 * SZ_1M);
  memblock.add(256 * SZ_1M, 1024 * SZ_1M);
  assert.equal(ranges(memblock.memory), [[128 * SZ_1M, 1280 * SZ_1M]]);
  assert.is(memblock.physMemSize(), 1152 * SZ_1M);
});

/*
 * The second range lies within the first:
 *
 *  |   +-------+--+-----------------------+
 *  |   |       |r2|      r1               |
 *  +---+-------+--+-----------------------+
 *
 * Expect no change.
 */
test("memblock_add_within_check", () => {
  const memblock = new Memblock();
  memblock.add(8 * SZ_1M, 32 * SZ_1M);
  memblock.add(16 * SZ_1M, SZ_1M);
  assert.equal(ranges(memblock.memory), [[8 * SZ_1M, 40 * SZ_1M]]);
  assert.is(memblock.physMemSize(), 32 * SZ_1M);
});

test("memblock_add_twice_check", () => {
  const memblock = new Memblock();
  memblock.add(SZ_4K, 2 * SZ_1K);
  memblock.add(SZ_4K, 2 * SZ_1K);
  assert.equal(ranges(memblock.memory), [[SZ_4K, SZ_4K + 2 * SZ_1K]]);
  assert.is(memblock.physMemSize(), 2 * SZ_1K);
});

/*
 * The third range fills the hole between two others exactly:
 *
 *  |  +--------+--------+--------+  |
 *  |  |   r1   |   r3   |   r2   |  |
 *  +--+--------+--------+--------+--+
 *
 * Expect one region.
 */
test("memblock_add_between_check", () => {
  const memblock = new Memblock();
  memblock.add(SZ_1M * 1024, 8 * SZ_1K);
  memblock.add(SZ_1M * 1024 + 16 * SZ_1K, 8 * SZ_1K);
  memblock.add(SZ_1M * 1024 + 8 * SZ_1K, 8 * SZ_1K);
  assert.equal(ranges(memblock.memory), [[SZ_1M * 1024, SZ_1M * 1024 + 24 * SZ_1K]]);
});

/*
 * The range covers two regions, the hole between them and something on both sides:
 *
 *  +------------------------------+
 *  |  r3                          |
 *  |    +---+     +---+           |
 *  |    |r1 |     |r2 |           |
 *  +----+---+-----+---+-----------+
 */
test("a range over several regions fills every hole", () => {
  const memblock = new Memblock();
  memblock.add(0x1000, 0x1000);
  memblock.add(0x4000, 0x1000);
  memblock.add(0, 0x8000);
  assert.equal(ranges(memblock.memory), [[0, 0x8000]]);
  assert.is(memblock.physMemSize(), 0x8000);
});

test("memory that spans low RAM and the hole under 1 MiB becomes one region", () => {
  const memblock = new Memblock();
  memblock.add(0x1000, 0x9e000);
  memblock.add(0x100000, 0x7ff00000);
  assert.is(memblock.memory.regions.length, 2);
  memblock.add(0x80000, 0x100000);
  assert.equal(ranges(memblock.memory), [[0x1000, 0x8000_0000]]);
});

test("adding again changes neither node nor flags of what is there", () => {
  const memblock = new Memblock();
  memblock.addNode(0, 0x10000, 0);
  memblock.setNode(0x8000, 0x8000, memblock.memory, 1);
  memblock.addNode(0x4000, 0x8000, 0);
  assert.equal(
    memblock.memory.regions.map(({ base, size, nid }) => [base, size, nid]),
    [
      [0, 0x8000, 0],
      [0x8000, 0x8000, 1],
    ],
  );
});

test("neighbours of different nodes or flags are not merged", () => {
  const memblock = new Memblock();
  memblock.addNode(0, 0x1000, 0);
  memblock.addNode(0x1000, 0x1000, 1);
  memblock.addNode(0x2000, 0x1000, 1, MemblockFlags.DRIVER_MANAGED);
  assert.is(memblock.memory.regions.length, 3);
});

test("an empty range adds nothing", () => {
  const memblock = new Memblock();
  memblock.add(0x1000, 0);
  assert.is(memblock.memory.regions.length, 0);
});

test.run();
