import { suite } from "uvu";
import * as assert from "uvu/assert";
import { isolateRange, mergeRegions } from "../../src/memblock/edit.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { ranges, SZ_1M } from "./helpers.js";

const test = suite("memblock: memblock_remove_checks and memblock_free_checks");

function withMemory(...list: [start: number, end: number][]): Memblock {
  const memblock = new Memblock();
  for (const [start, end] of list) memblock.add(start, end - start);
  return memblock;
}

test("memblock_remove_simple_check", () => {
  const memblock = withMemory([2 * SZ_1M, 6 * SZ_1M], [128 * SZ_1M, 132 * SZ_1M]);
  memblock.remove(2 * SZ_1M, 4 * SZ_1M);
  assert.equal(ranges(memblock.memory), [[128 * SZ_1M, 132 * SZ_1M]]);
  assert.is(memblock.physMemSize(), 4 * SZ_1M);
});

/*
 *  +-----------------+              +-------+
 *  |    removed      |              |  r1   |
 *  +-----------------+--------------+-------+
 *
 * Expect no change.
 */
test("memblock_remove_absent_check", () => {
  const memblock = withMemory([512 * SZ_1M, 516 * SZ_1M]);
  memblock.remove(64 * SZ_1M, 1 * SZ_1M);
  assert.equal(ranges(memblock.memory), [[512 * SZ_1M, 516 * SZ_1M]]);
});

/*
 *  +-----------------+
 *  |    removed      |
 *  |        +--------+-------+
 *  |        |        | rest  |
 *  +--------+--------+-------+
 */
test("memblock_remove_overlap_top_check", () => {
  const memblock = withMemory([32 * SZ_1M, 64 * SZ_1M]);
  memblock.remove(16 * SZ_1M, 32 * SZ_1M);
  assert.equal(ranges(memblock.memory), [[48 * SZ_1M, 64 * SZ_1M]]);
  assert.is(memblock.physMemSize(), 16 * SZ_1M);
});

test("memblock_remove_overlap_bottom_check", () => {
  const memblock = withMemory([2 * SZ_1M, 66 * SZ_1M]);
  memblock.remove(34 * SZ_1M, 256 * SZ_1M);
  assert.equal(ranges(memblock.memory), [[2 * SZ_1M, 34 * SZ_1M]]);
});

/*
 *  |  +------+-------+------+  |
 *  |  | left |removed|right |  |
 *  +--+------+-------+------+--+
 */
test("memblock_remove_within_check", () => {
  const memblock = withMemory([0, 0x10000]);
  memblock.remove(0x4000, 0x2000);
  assert.equal(ranges(memblock.memory), [
    [0, 0x4000],
    [0x6000, 0x10000],
  ]);
  assert.is(memblock.physMemSize(), 0xe000);
});

test("memblock_remove_only_region_check", () => {
  const memblock = withMemory([2 * SZ_1M, 4 * SZ_1M]);
  memblock.remove(2 * SZ_1M, 2 * SZ_1M);
  assert.is(memblock.memory.regions.length, 0);
  assert.is(memblock.physMemSize(), 0);
  assert.is(memblock.endOfDram(), 0);
});

/*
 *      +-----------------+
 *      |    removed      |
 *  +---+---+    +---+----+--+
 *  |r1 |   |    |   |    |r2|
 *  +---+---+----+---+----+--+
 */
test("memblock_remove_overlap_two_check", () => {
  const memblock = withMemory([SZ_1M, 3 * SZ_1M], [4 * SZ_1M, 8 * SZ_1M]);
  memblock.remove(2 * SZ_1M, 4 * SZ_1M);
  assert.equal(ranges(memblock.memory), [
    [SZ_1M, 2 * SZ_1M],
    [6 * SZ_1M, 8 * SZ_1M],
  ]);
});

test("removing to the end of the address space", () => {
  const memblock = withMemory([0, 0x4000], [0x8000, 0x10000]);
  memblock.remove(0xa000, Infinity);
  assert.equal(ranges(memblock.memory), [
    [0, 0x4000],
    [0x8000, 0xa000],
  ]);
});

/*
 * [0x1000,0xa000) is cut out of two regions as whole regions 1 and 2; merging gives the two back:
 *
 *   0  1000    4000    6000    a000     10000
 *   +--+-------+       +-------+--------+
 *   |0 |   1   |       |   2   |   3    |
 *   +--+-------+-------+-------+--------+
 */
test("isolate and merge undo each other", () => {
  const memblock = withMemory([0, 0x4000], [0x6000, 0x10000]);
  const { max } = memblock.memory;
  const window = isolateRange(memblock.memory, 0x1000, 0x9000);
  assert.is(memblock.memory.max, max, "no array is full");
  assert.equal(window, { start: 1, end: 3 });
  assert.equal(ranges(memblock.memory), [
    [0, 0x1000],
    [0x1000, 0x4000],
    [0x6000, 0xa000],
    [0xa000, 0x10000],
  ]);
  mergeRegions(memblock.memory, window);
  assert.equal(ranges(memblock.memory), [
    [0, 0x4000],
    [0x6000, 0x10000],
  ]);
  assert.is(memblock.physMemSize(), 0xe000);
});

test("memblock_free_simple_check", () => {
  const memblock = new Memblock();
  memblock.reserve(4 * SZ_1M, SZ_1M);
  memblock.reserve(8 * SZ_1M, SZ_1M);
  memblock.free(4 * SZ_1M, SZ_1M);
  assert.equal(ranges(memblock.reserved), [[8 * SZ_1M, 9 * SZ_1M]]);
});

test("memblock_free_within_check", () => {
  const memblock = new Memblock();
  memblock.reserve(2 * SZ_1M, 8 * SZ_1M);
  memblock.free(4 * SZ_1M, SZ_1M);
  assert.equal(ranges(memblock.reserved), [
    [2 * SZ_1M, 4 * SZ_1M],
    [5 * SZ_1M, 10 * SZ_1M],
  ]);
  assert.is(memblock.reservedSize(), 7 * SZ_1M);
});

test("memblock_free_only_region_check", () => {
  const memblock = new Memblock();
  memblock.reserve(2 * SZ_1M, 8 * SZ_1M);
  memblock.free(2 * SZ_1M, 8 * SZ_1M);
  assert.is(memblock.reserved.regions.length, 0);
  assert.is(memblock.reservedSize(), 0);
});

test.run();
