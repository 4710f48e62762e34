import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  ARCH_LOW_ADDRESS_LIMIT,
  MEMBLOCK_ALLOC_ACCESSIBLE,
  MEMBLOCK_ALLOC_NOLEAKTRACE,
  Memblock,
} from "../../src/memblock/memblock.js";
import { NUMA_NO_NODE } from "../../src/memblock/regions.js";
import { GiB, MiB } from "../../src/units.js";
import { pairs, ranges, SZ_1K, SZ_1M, SZ_4K } from "./helpers.js";

// Names as in tools/testing/memblock/tests/alloc_api.c, each in both directions where it has one.
const test = suite("memblock: memblock_alloc_checks");

/** 16 KiB of memory at 1 MiB, as the kernel's tests have it. */
const BASE = SZ_1M;
const END = BASE + 16 * SZ_1K;

function setup(bottomUp: boolean, ...reserved: [start: number, end: number][]): Memblock {
  const memblock = new Memblock();
  memblock.add(BASE, END - BASE);
  for (const [start, end] of reserved) memblock.reserve(start, end - start);
  memblock.bottomUp = bottomUp;
  return memblock;
}

/*
 * Top-down, the space between a small allocation and the end of its alignment stays free:
 *
 *  |                 +-----------+---|
 *  |                 |   size    |   |
 *  +-----------------+-----------+---+
 *                    ^ aligned
 */
test("alloc_top_down_simple_check", () => {
  const memblock = setup(false);
  assert.is(memblock.alloc(40, 64), END - 64);
  assert.equal(ranges(memblock.reserved), [[END - 64, END - 24]]);
});

test("alloc_bottom_up_simple_check", () => {
  const memblock = setup(true);
  assert.is(memblock.alloc(2, 64), BASE);
});

test("alloc_top_down_before_check", () => {
  // The top is taken: the allocation goes right below it and merges with it.
  const memblock = setup(false, [END - SZ_1K, END]);
  assert.is(memblock.alloc(SZ_1K, 64), END - 2 * SZ_1K);
  assert.equal(ranges(memblock.reserved), [[END - 2 * SZ_1K, END]]);
});

test("alloc_bottom_up_after_check", () => {
  const memblock = setup(true, [BASE, BASE + SZ_1K]);
  assert.is(memblock.alloc(SZ_1K, 64), BASE + SZ_1K);
  assert.equal(ranges(memblock.reserved), [[BASE, BASE + 2 * SZ_1K]]);
});

/*
 * The first hole in the direction of the search is too small:
 *
 *  |   +-----------+     +-----+   +----+ |
 *  |   | allocated |     | r1  |   | r2 | |
 *  +---+-----------+-----+-----+---+----+-+
 */
test("alloc_top_down_second_fit_check", () => {
  const memblock = setup(false, [END - 512, END], [END - 512 - SZ_1K - 256, END - 512 - 256]);
  assert.is(memblock.alloc(512, 64), END - 512 - SZ_1K - 256 - 512);
});

test("alloc_bottom_up_second_fit_check", () => {
  const memblock = setup(true, [BASE, BASE + 512], [BASE + 768, BASE + 1792]);
  assert.is(memblock.alloc(512, 64), BASE + 1792);
});

test("alloc_in_between_generic_check", () => {
  for (const bottomUp of [false, true]) {
    const memblock = setup(bottomUp, [BASE, BASE + 4 * SZ_1K], [BASE + 5 * SZ_1K, END]);
    assert.is(memblock.alloc(SZ_1K, 64), BASE + 4 * SZ_1K);
    assert.equal(ranges(memblock.reserved), [[BASE, END]]);
  }
});

test("alloc_small_gaps_generic_check", () => {
  for (const bottomUp of [false, true]) {
    const memblock = setup(bottomUp);
    for (let gap = BASE + 64; gap < END; gap += SZ_1K) memblock.reserve(gap, SZ_1K - 64);
    assert.is(memblock.alloc(65, 64), 0);
    assert.is.not(memblock.alloc(64, 64), 0);
  }
});

test("alloc_all_reserved_generic_check", () => {
  for (const bottomUp of [false, true]) assert.is(setup(bottomUp, [BASE, END]).alloc(64, 64), 0);
});

test("alloc_no_space_generic_check", () => {
  const memblock = setup(false, [BASE, END - 32]);
  assert.is(memblock.alloc(64, 32), 0);
});

test("alloc_limited_space_generic_check", () => {
  const memblock = setup(false, [BASE, END - 128]);
  assert.is(memblock.alloc(128, 64), END - 128);
  assert.equal(ranges(memblock.reserved), [[BASE, END]]);
});

test("alloc_no_memory_generic_check", () => {
  assert.is(new Memblock().alloc(64, 64), 0);
});

test("alloc_too_large_generic_check", () => {
  for (const bottomUp of [false, true]) {
    const memblock = setup(bottomUp);
    assert.is(memblock.alloc(END - BASE + 64, 64), 0);
    assert.is(memblock.reserved.regions.length, 0);
  }
});

/*
 * A 16 GiB machine:
 *
 *  memory    [0x1000,0xa0000) [1M,2G) [4G,18G)
 *  reserved  [0,1M) [16M,54M)
 *  free              [1M,16M) [54M,2G) [4G,18G)
 */
function machine(): Memblock {
  const memblock = new Memblock();
  memblock.add(0x1000, 0x9f000);
  memblock.add(0x100000, 0x7ff0_0000);
  memblock.add(0x1_0000_0000, 0x3_8000_0000);
  memblock.reserve(0, 0x100000);
  memblock.reserve(0x1000000, 0x2600000);
  return memblock;
}

test("the free list of a 16 GiB machine", () => {
  assert.equal(pairs(machine().freeMemRanges()), [
    [0x100000, 0x1000000],
    [0x3600000, 0x8000_0000],
    [0x1_0000_0000, 0x4_8000_0000],
  ]);
});

test("a page comes from the top", () => {
  assert.is(machine().alloc(4096, 64), 0x4_7fff_f000);
});

test("sizes are not rounded: 100 bytes leave 28 free above them", () => {
  const memblock = machine();
  assert.is(memblock.alloc(100, 64), 0x4_7fff_ff80);
  assert.equal(pairs(memblock.freeMemRanges()).at(-1), [0x4_7fff_ffe4, 0x4_8000_0000]);
});

test("memblock_alloc_low ends below 4 GiB", () => {
  assert.is(ARCH_LOW_ADDRESS_LIMIT, 4 * GiB - 1);
  assert.is(machine().allocLow(64 * MiB, 4096), 0x7c00_0000);
});

test("bottom-up, 2 MiB come from 2 MiB on", () => {
  const memblock = machine();
  memblock.bottomUp = true;
  assert.is(memblock.alloc(2 * MiB, 2 * MiB), 0x20_0000);
});

test("the memory map of 128 sections is one block at the top", () => {
  const memblock = machine();
  memblock.setNode(0, Infinity, memblock.memory, 0);
  const map = memblock.allocExactNidRaw(256 * MiB, 2 * MiB, 16 * MiB, MEMBLOCK_ALLOC_ACCESSIBLE, 0);
  assert.is(map, 0x4_7000_0000);
});

test("page 0 is never allocated", () => {
  const memblock = new Memblock();
  memblock.add(0, 2 * SZ_4K);
  memblock.bottomUp = true;
  assert.is(memblock.alloc(SZ_4K, 64), SZ_4K);
  assert.is(memblock.alloc(1, 1), 0);
});

test("an explicit end holds even above the current limit", () => {
  const memblock = machine();
  memblock.currentLimit = MiB;
  assert.is(memblock.physAllocRange(2 * MiB, 2 * MiB, MiB, 0x4_8000_0000), 0x4_7fe0_0000);
  assert.is(memblock.physAlloc(SZ_4K, SZ_4K), 0);
  assert.is(memblock.physAllocRange(SZ_4K, SZ_4K, 0, MEMBLOCK_ALLOC_NOLEAKTRACE), 0);
});

test("functions that return virtual addresses stay below the current limit", () => {
  const memblock = machine();
  memblock.currentLimit = 0x8000_0000;
  assert.is(memblock.allocTryNid(SZ_4K, SZ_4K, 0, 0x4_8000_0000, NUMA_NO_NODE), 0x7fff_f000);
});

test("a lower bound is dropped when it cannot be kept, but not by phys functions", () => {
  const memblock = setup(false);
  assert.is(memblock.physAllocRange(SZ_4K, SZ_4K, END, 2 * END), 0);
  assert.is(memblock.allocFrom(SZ_4K, SZ_4K, END), END - SZ_4K);
});

test.run();
