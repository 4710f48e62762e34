import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type BlockRun, freePagesMemory, handOver, reservedPfnRanges } from "../../src/memblock/hand-over.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { GiB, MAX_ORDER_PAGES, TiB } from "../../src/units.js";

const test = suite("memblock: hand-over to the page allocator");

/** Runs taken apart into the single calls the kernel makes. */
function blocks(runs: Iterable<BlockRun>): [pfn: number, order: number][] {
  const list: [number, number][] = [];
  for (const { startPfn, order, blockCount } of runs) {
    for (let i = 0; i < blockCount; i++) list.push([startPfn + i * 2 ** order, order]);
  }
  return list;
}

test("from an odd page frame up to a block border", () => {
  assert.equal(blocks(freePagesMemory(0x103, 0x1000)), [
    [0x103, 0],
    [0x104, 2],
    [0x108, 3],
    [0x110, 4],
    [0x120, 5],
    [0x140, 6],
    [0x180, 7],
    [0x200, 9],
    [0x400, 10],
    [0x800, 10],
    [0xc00, 10],
  ]);
});

test("a short head, two blocks, a short tail", () => {
  assert.equal(blocks(freePagesMemory(0x1003fd, 0x100c05)), [
    [0x1003fd, 0],
    [0x1003fe, 1],
    [0x100400, 10],
    [0x100800, 10],
    [0x100c00, 2],
    [0x100c04, 0],
  ]);
});

test("page frame 0 has every alignment", () => {
  assert.equal(blocks(freePagesMemory(0, 0x403)), [
    [0, 10],
    [0x400, 1],
    [0x402, 0],
  ]);
  assert.equal(blocks(freePagesMemory(0, 3)), [
    [0, 1],
    [2, 0],
  ]);
});

test("nothing comes of an empty or reversed range", () => {
  assert.equal(blocks(freePagesMemory(0x100, 0x100)), []);
  assert.equal(blocks(freePagesMemory(0x101, 0x100)), []);
});

test("4 PiB are one run", () => {
  const startPfn = (4 * GiB) / 4096;
  const endPfn = (4096 * TiB) / 4096;
  assert.equal(
    [...freePagesMemory(startPfn, endPfn)],
    [{ startPfn, order: 10, blockCount: (endPfn - startPfn) / MAX_ORDER_PAGES }],
  );
});

test("any range is covered once, by aligned blocks that could not be larger", () => {
  const pfn = fc.integer({ min: 0, max: 0x3000 });
  fc.assert(
    fc.property(pfn, pfn, (startPfn, endPfn) => {
      let next = startPfn;
      for (const [blockPfn, order] of blocks(freePagesMemory(startPfn, endPfn))) {
        assert.is(blockPfn, next);
        assert.is(blockPfn % 2 ** order, 0);
        const larger = 2 ** (order + 1);
        const couldBeLarger = order < 10 && blockPfn % larger === 0 && blockPfn + larger <= endPfn;
        assert.is(couldBeLarger, false);
        next += 2 ** order;
      }
      assert.is(next, Math.max(startPfn, endPfn));
    }),
    { numRuns: 200 },
  );
});

test("free ranges round inwards and stop at max_low_pfn", () => {
  const memblock = new Memblock();
  memblock.addNode(0x1000, 0x7000, 0);
  memblock.addNode(0x10000, 0x4000, 1);
  memblock.reserve(0x2800, 0x1000);
  assert.equal(blocks(handOver(memblock, 0x12)), [
    [1, 0],
    [4, 2],
    [0x10, 1],
  ]);
});

/*
 *  memory    |  node 0 [0,0x8000)  |  node 1 [0x8000,0x10000)  |
 *  reserved        |  [0x7800,0x9800)  |        and [0x20000,0x20010) outside of memory
 *  NOMAP                                     [0xc000,0xd000)
 */
test("reserved pages round outwards and are told their node", () => {
  const memblock = new Memblock();
  memblock.addNode(0, 0x8000, 0);
  memblock.addNode(0x8000, 0x8000, 1);
  memblock.reserve(0x7800, 0x2000);
  memblock.reserve(0x20000, 0x10);
  memblock.markNomap(0xc000, 0x1000);
  assert.equal(reservedPfnRanges(memblock), [
    { startPfn: 0xc, endPfn: 0xd, nid: 1 },
    { startPfn: 7, endPfn: 8, nid: 0 },
    { startPfn: 8, endPfn: 10, nid: 1 },
    { startPfn: 0x20, endPfn: 0x21, nid: 0 },
  ]);
});

test("hot-pluggable memory is handed over, too", () => {
  const memblock = new Memblock({ movableNode: true });
  memblock.addNode(0, 0x8000, 0);
  memblock.markHotplug(0x4000, 0x4000);
  reservedPfnRanges(memblock);
  assert.equal(blocks(handOver(memblock, 8)), [[0, 3]]);
});

test.run();
