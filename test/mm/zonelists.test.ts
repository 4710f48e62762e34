import { suite } from "uvu";
import * as assert from "uvu/assert";
import { buildZonelists, defaultDistance, nodeFallbackOrders } from "../../src/mm/zonelists.js";
import { nodeSpans } from "../../src/mm/zones.js";
import { nodePfnRanges, RECORDED_MEMORY } from "./recorded-machines.js";

const test = suite("mm: zonelists");

// dmesg of the recorded guest: "Fallback order for Node 0: 0 1" and "Node 1: 1 0".
test("two nodes fall back to each other", () => {
  assert.equal(nodeFallbackOrders([0, 1], defaultDistance), [
    [0, 1],
    [1, 0],
  ]);
});

// Worked through find_next_best_node() by hand: nodes below the local one cost one more.
test("at equal distance the next higher node comes first", () => {
  assert.equal(nodeFallbackOrders([0, 1, 2, 3], defaultDistance), [
    [0, 1, 2, 3],
    [1, 2, 3, 0],
    [2, 3, 0, 1],
    [3, 0, 1, 2],
  ]);
});

test("a nearer node comes first", () => {
  const table = [
    [10, 30, 20],
    [30, 10, 21],
    [20, 21, 10],
  ];
  const orders = nodeFallbackOrders([0, 1, 2], (from, to) => table[from]![to]!);
  assert.equal(orders, [
    [0, 2, 1],
    [1, 2, 0],
    [2, 0, 1],
  ]);
});

// By hand again: nodes 2 and 3 are equally far from 0 and 1, and node 0 has charged node 2.
test("nodes of one socket fall back to different nodes of the other", () => {
  const distance = (from: number, to: number) => (from === to ? 10 : from >> 1 === to >> 1 ? 15 : 20);
  assert.equal(nodeFallbackOrders([0, 1, 2, 3], distance), [
    [0, 1, 2, 3],
    [1, 0, 3, 2],
    [2, 3, 0, 1],
    [3, 2, 1, 0],
  ]);
});

test("within a node the highest zone comes first, and empty zones are left out", () => {
  const nodes = nodeSpans(nodePfnRanges(RECORDED_MEMORY.twoNodes));
  const names = buildZonelists(nodes, defaultDistance).map(({ nid, fallback, noFallback }) => ({
    nid,
    fallback: fallback.map((zone) => `${zone.nodeId} ${zone.name}`),
    noFallback: noFallback.map((zone) => zone.name),
  }));
  assert.equal(names, [
    { nid: 0, fallback: ["0 DMA32", "0 DMA", "1 Normal"], noFallback: ["DMA32", "DMA"] },
    { nid: 1, fallback: ["1 Normal", "0 DMA32", "0 DMA"], noFallback: ["Normal"] },
  ]);
});

test.run();
