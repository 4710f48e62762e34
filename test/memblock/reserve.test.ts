import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Memblock } from "../../src/memblock/memblock.js";
import { pairs, ranges, SZ_1K, SZ_1M } from "./helpers.js";

const test = suite("memblock: memblock_reserve_checks");

test("memblock_reserve_simple_check", () => {
  const memblock = new Memblock();
  memblock.reserve(2 * 1024 * SZ_1M, 128 * SZ_1M);
  assert.equal(ranges(memblock.reserved), [[2048 * SZ_1M, 2176 * SZ_1M]]);
  assert.is(memblock.reservedSize(), 128 * SZ_1M);
  assert.is(memblock.memory.regions.length, 0);
});

/*
 *  |  +--+      +----------------+  |
 *  |  |r1|      |       r2       |  |
 *  +--+--+------+----------------+--+
 */
test("memblock_reserve_disjoint_check", () => {
  const memblock = new Memblock();
  memblock.reserve(256 * SZ_1M, 16 * SZ_1M);
  memblock.reserve(512 * SZ_1M, 512 * SZ_1M);
  assert.equal(ranges(memblock.reserved), [
    [256 * SZ_1M, 272 * SZ_1M],
    [512 * SZ_1M, 1024 * SZ_1M],
  ]);
});

/*
 *  |  +--------------+----------------+  |
 *  |  |r2     +------|--+    r1       |  |
 *  +--+-------+------+--+-------------+--+
 */
test("memblock_reserve_overlap_top_check", () => {
  const memblock = new Memblock();
  memblock.reserve(1024 * SZ_1M, 1024 * SZ_1M);
  memblock.reserve(128 * SZ_1M, 1024 * SZ_1M);
  assert.equal(ranges(memblock.reserved), [[128 * SZ_1M, 2048 * SZ_1M]]);
  assert.is(memblock.reservedSize(), 1920 * SZ_1M);
});

test("memblock_reserve_overlap_bottom_check", () => {
  const memblock = new Memblock();
  memblock.reserve(2048 * SZ_1K, 128 * SZ_1K);
  memblock.reserve(2112 * SZ_1K, 128 * SZ_1K);
  assert.equal(ranges(memblock.reserved), [[2048 * SZ_1K, 2240 * SZ_1K]]);
});

test("memblock_reserve_within_check", () => {
  const memblock = new Memblock();
  memblock.reserve(SZ_1M, 8 * SZ_1M);
  memblock.reserve(2 * SZ_1M, 64 * SZ_1K);
  assert.equal(ranges(memblock.reserved), [[SZ_1M, 9 * SZ_1M]]);
  assert.is(memblock.reservedSize(), 8 * SZ_1M);
});

test("memblock_reserve_twice_check", () => {
  const memblock = new Memblock();
  memblock.reserve(16 * SZ_1K, 2 * SZ_1M);
  memblock.reserve(16 * SZ_1K, 2 * SZ_1M);
  assert.equal(ranges(memblock.reserved), [[16 * SZ_1K, 16 * SZ_1K + 2 * SZ_1M]]);
});

test("memblock_reserve_between_check", () => {
  const memblock = new Memblock();
  memblock.reserve(SZ_1M, SZ_1M);
  memblock.reserve(3 * SZ_1M, SZ_1M);
  memblock.reserve(2 * SZ_1M, SZ_1M);
  assert.equal(ranges(memblock.reserved), [[SZ_1M, 4 * SZ_1M]]);
});

/*
 * Two reservations of 16 bytes side by side in page 5:
 *
 *   0x5000  0x5010  0x5020          0x6000
 *  |+-------+-------+-----------------|
 *  ||  r1   |  r2   |                 |
 *  ++-------+-------+-----------------+
 *
 * Expect one reservation, and that no whole page 5 is free.
 */
test("a page touched by a reservation is not free", () => {
  const memblock = new Memblock();
  memblock.addNode(0, 0x10000, 0);
  memblock.reserve(0x5000, 0x10);
  memblock.reserve(0x5010, 0x10);
  assert.equal(ranges(memblock.reserved), [[0x5000, 0x5020]]);
  assert.equal(pairs(memblock.freeMemRanges()), [
    [0, 0x5000],
    [0x5020, 0x10000],
  ]);
  const zone = { nid: 0, startPfn: 0, endPfn: 0x10 };
  assert.equal(
    Array.from(memblock.freePfnRangesInZone(zone), ({ startPfn, endPfn }) => [startPfn, endPfn]),
    [
      [0, 5],
      [6, 0x10],
    ],
  );
});

test.run();
