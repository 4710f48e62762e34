import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MEMBLOCK_ALLOC_ACCESSIBLE, Memblock } from "../../src/memblock/memblock.js";
import { NUMA_NO_NODE } from "../../src/memblock/regions.js";
import { ranges, SZ_1K, SZ_1M } from "./helpers.js";

// Names as in tools/testing/memblock/tests/alloc_nid_api.c and alloc_exact_nid_api.c.
const test = suite("memblock: memblock_alloc_nid_checks");

const BASE = SZ_1M;
const NODE_BYTES = 4 * SZ_1K;

/** Four nodes of 4 KiB one behind the other. */
function nodes(bottomUp = false): Memblock {
  const memblock = new Memblock();
  for (let nid = 0; nid < 4; nid++) memblock.addNode(BASE + nid * NODE_BYTES, NODE_BYTES, nid);
  memblock.bottomUp = bottomUp;
  return memblock;
}

function startOf(nid: number): number {
  return BASE + nid * NODE_BYTES;
}

/*
 *  |    +-----------+-----------+-----------+-----------+
 *  |    |   node 0  |   node 1  |   node 2  |   node 3  |
 *  |    |           |  allocated|           |           |
 *  +----+-----------+-----------+-----------+-----------+
 */
test("alloc_nid_top_down_numa_simple_check", () => {
  assert.is(nodes().allocNode(SZ_1K, 64, 1), startOf(2) - SZ_1K);
});

test("alloc_nid_bottom_up_numa_simple_check", () => {
  assert.is(nodes(true).allocNode(SZ_1K, 64, 1), startOf(1));
});

test("alloc_nid_top_down_numa_small_node_check", () => {
  // The node is smaller than the request: any node, from the top.
  const memblock = nodes();
  memblock.addNode(startOf(4), 8 * SZ_1K, 4);
  assert.is(memblock.allocNode(2 * NODE_BYTES, 64, 1), startOf(4));
});

test("alloc_nid_top_down_numa_node_reserved_check", () => {
  const memblock = nodes();
  memblock.reserve(startOf(1), NODE_BYTES);
  assert.is(memblock.allocNode(SZ_1K, 64, 1), startOf(4) - SZ_1K);
});

test("alloc_nid_bottom_up_numa_node_reserved_check", () => {
  const memblock = nodes(true);
  memblock.reserve(startOf(1), NODE_BYTES);
  assert.is(memblock.allocNode(SZ_1K, 64, 1), startOf(0));
});

test("alloc_nid_numa_large_region_generic_check", () => {
  // A request over several nodes finds no single region.
  const memblock = nodes();
  assert.is(memblock.allocNode(2 * NODE_BYTES, 64, 0), 0);
  assert.is(memblock.reserved.regions.length, 0);
});

test("alloc_exact_nid_numa_part_reserved_fail_check", () => {
  const memblock = nodes();
  memblock.reserve(startOf(1) + SZ_1K, 2 * SZ_1K);
  assert.is(memblock.allocExactNidRaw(2 * SZ_1K, 64, 0, MEMBLOCK_ALLOC_ACCESSIBLE, 1), 0);
  assert.is(memblock.allocExactNidRaw(SZ_1K, 64, 0, MEMBLOCK_ALLOC_ACCESSIBLE, 1), startOf(2) - SZ_1K);
});

/*
 *   min_addr                 max_addr
 *     |                        |
 *  +--+--------+-----------+---+-------+
 *  |  |        | allocated |   |       |
 *  +--+--------+-----------+---+-------+
 */
test("alloc_nid_top_down_simple_check", () => {
  const memblock = nodes();
  const max = startOf(2);
  assert.is(memblock.allocTryNid(SZ_1K, 64, BASE, max, NUMA_NO_NODE), max - SZ_1K);
});

test("alloc_nid_exact_address_generic_check", () => {
  for (const bottomUp of [false, true]) {
    const memblock = nodes(bottomUp);
    const min = startOf(1) + SZ_1K;
    assert.is(memblock.allocTryNid(SZ_1K, 64, min, min + SZ_1K, NUMA_NO_NODE), min);
  }
});

test("alloc_nid_top_down_narrow_range_check", () => {
  // The range is smaller than the request: its lower bound is dropped.
  const memblock = nodes();
  const min = startOf(1) + 512;
  const max = min + 64;
  assert.is(memblock.allocTryNid(256, 64, min, max, NUMA_NO_NODE), max - 256);
});

test("alloc_nid_low_max_generic_check", () => {
  const memblock = nodes();
  assert.is(memblock.allocTryNid(SZ_1K, 64, 0, BASE + 512, NUMA_NO_NODE), 0);
});

test("the node is tried again before the lower bound is dropped", () => {
  // Nothing above min: without it, node 1 is still preferred to the top of memory.
  const memblock = nodes();
  assert.is(memblock.allocTryNidRaw(SZ_1K, 64, startOf(4), 0, 1), startOf(2) - SZ_1K);
});

test("memblock_phys_alloc_try_nid prefers a node", () => {
  const memblock = nodes();
  assert.is(memblock.physAllocTryNid(NODE_BYTES, 64, 2), startOf(2));
  assert.is(memblock.physAllocTryNid(NODE_BYTES, 64, 2), startOf(3));
  assert.equal(ranges(memblock.reserved), [[startOf(2), startOf(4)]]);
});

test.run();
