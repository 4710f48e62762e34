import { suite } from "uvu";
import * as assert from "uvu/assert";
import { releaseCmaArea } from "../../src/page-alloc/cma.js";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import {
  setMigratetypeIsolate,
  startIsolatePageRange,
  undoIsolatePageRange,
  unsetMigratetypeIsolate,
} from "../../src/page-alloc/isolation.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { acceptOldest, parkUnaccepted } from "../../src/page-alloc/unaccepted-list.js";
import { asPfn } from "../../src/units.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, GFP_KERNEL, listed, oneZone } from "./machine.js";

const test = suite("page-alloc: isolation");
const MOVABLE = 1;
const CMA = 4;
const ISOLATE = 5;

function isolate(a: PageAllocator, startPfn: number, endPfn: number): boolean {
  return startIsolatePageRange(a, asPfn(startPfn), asPfn(endPfn), MOVABLE, 0);
}

function undo(a: PageAllocator, startPfn: number, endPfn: number): void {
  undoIsolatePageRange(a, asPfn(startPfn), asPfn(endPfn), MOVABLE, 0);
}

/** Free lists of orders 9 and 10: movable, then isolated. */
function large(a: PageAllocator): number[][] {
  return [listed(a, 9, MOVABLE), listed(a, 9, ISOLATE), listed(a, 10, MOVABLE), listed(a, 10, ISOLATE)];
}

/*
 *                  0        0x200      0x400                 0x800
 *                  |---------- 10 ---------|---------- 10 ---------|
 *   isolate 0x200  |-- 9 MOVABLE-|-- 9 ISO-|---------- 10 ---------|
 *   end            |-------- 10 (tail) ----|---------- 10 (head) --|
 */
test("isolating the second half of a free block splits it; they merge again behind the others", () => {
  const a = oneZone(2);
  assert.is(isolate(a, 0x200, 0x400), true);
  assert.equal(large(a), [[0], [0x200], [0x400], []]);
  assert.equal([a.zones[0]!.freePages, a.zones[0]!.isolatedPageblocks], [1536, 1]);
  verifyInvariants(a);
  undo(a, 0x200, 0x400);
  assert.equal(large(a), [[], [], [0x400, 0], []]);
  assert.equal([a.zones[0]!.freePages, a.zones[0]!.isolatedPageblocks], [2048, 0]);
  verifyInvariants(a);
});

test("isolating the first half leaves the second one at the head of its list", () => {
  const a = oneZone(3);
  assert.is(setMigratetypeIsolate(a, asPfn(0x400), MOVABLE, 0), true);
  assert.is(setMigratetypeIsolate(a, asPfn(0x800), MOVABLE, 0), true);
  assert.equal(large(a), [[0xa00, 0x600], [0x800, 0x400], [0], []]);
  verifyInvariants(a);
});

/*
 *                   0     0x400   0x800   0xc00   0x1000  0x1400
 *                   |------------- untouched, one entry -------|
 *   isolate 0x800   |-- untouched --|ISO|MOV|-- untouched -----|
 */
test("a block in the middle of untouched memory is taken out, what is around it stays untouched", () => {
  const a = oneZone(5);
  assert.is(isolate(a, 0x800, 0xa00), true);
  assert.equal(large(a), [[0xa00], [0x800], [0, 0x400, 0xc00, 0x1000], []]);
  assert.is(a.frames.materialisedBlocks, 1);
  undo(a, 0x800, 0xa00);
  assert.equal(listed(a, 10, MOVABLE), [0, 0x400, 0xc00, 0x1000, 0x800]);
  verifyInvariants(a);
});

/*
 *                       0         0x200       0x400
 *   isolate both        |-- 9 ISO --|-- 9 ISO --|     split, and not merged again
 *   end of the first    |-- 9 MOV --|-- 9 ISO --|
 *   end of the second   |--------- 10 MOV ------|
 */
test("halves isolated one after the other stay apart until the isolation of both has ended", () => {
  const a = oneZone(1);
  assert.is(isolate(a, 0, 0x400), true);
  assert.equal(large(a), [[], [0, 0x200], [], []]);
  assert.is(a.zones[0]!.freePages, 0);
  unsetMigratetypeIsolate(a, asPfn(0), MOVABLE, 0);
  assert.equal(large(a), [[0], [0x200], [], []]);
  unsetMigratetypeIsolate(a, asPfn(0x200), MOVABLE, 0);
  assert.equal(large(a), [[], [], [0], []]);
  assert.is(a.zones[0]!.freePages, 1024);
  verifyInvariants(a);
});

/*
 *                      0         0x200       0x400
 *   allocated          |........................|
 *   isolated, freed    |--------- 10 ISO -------|     two isolated pageblocks merge
 *   end of the first   |-- 9 MOV --|-- 9 ISO --|      the block is split, both to the head
 */
test("isolated pageblocks merge with each other; ending the isolation of one splits the block", () => {
  const a = oneZone(1);
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 10), 0);
  assert.is(isolate(a, 0, 0x400), true);
  freePfn(a, 0, 10);
  assert.equal(large(a), [[], [], [], [0]]);
  assert.is(a.zones[0]!.freePages, 0);
  unsetMigratetypeIsolate(a, asPfn(0), MOVABLE, 0);
  assert.equal(large(a), [[0], [0x200], [], []]);
  assert.is(a.zones[0]!.freePages, 512);
  verifyInvariants(a);
});

test("a range of part of a pageblock isolates the whole pageblock, once", () => {
  const a = oneZone(2);
  assert.is(isolate(a, 0x210, 0x211), true);
  assert.is(a.zones[0]!.isolatedPageblocks, 1);
  assert.is(isolate(a, 0x3ff, 0x400), false);
  assert.is(isolate(a, 0x1ff, 0x200), true);
  assert.is(a.zones[0]!.isolatedPageblocks, 2);
});

test("isolated free memory is not allocated", () => {
  const a = oneZone(1);
  assert.is(isolate(a, 0, 0x200), true);
  assert.equal([allocPfn(a, GFP_HIGHUSER_MOVABLE, 9), allocPfn(a, GFP_HIGHUSER_MOVABLE, 0)], [0x200, -1]);
});

test("a page of an isolated pageblock is freed past the per-CPU list", () => {
  const a = oneZone(1);
  const pcp = a.zones[0]!.pcp[0]!;
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), 0);
  Object.assign(pcp, { batch: 4, highMin: 64, highMax: 64 });
  assert.is(isolate(a, 0, 0x200), true);
  assert.is(a.zones[0]!.freePages, 512);
  freePfn(a, 0, 0);
  assert.is(pcp.count, 0);
  assert.equal(large(a), [[0x200], [0], [], []]);
  assert.is(a.zones[0]!.freePages, 512);
  verifyInvariants(a);
});

test("a page that waits on a per-CPU list when its pageblock is isolated drains to the isolated list", () => {
  const a = oneZone(1);
  const pcp = a.zones[0]!.pcp[0]!;
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), 0);
  Object.assign(pcp, { batch: 4, highMin: 64, highMax: 64 });
  freePfn(a, 0, 0);
  assert.is(isolate(a, 0, 0x200), true);
  assert.is(pcp.count, 1);
  a.drainAllPcp(0);
  assert.equal(large(a), [[0x200], [0], [], []]);
  verifyInvariants(a);
});

/*
 *   0        0x200      0x400      0x600      0x800
 *   |---------|---------|-- kernel -|---------|
 *       1st       3rd       fails       2nd        isolated in this order, and undone
 */
test("a pageblock with kernel memory is not isolated, and none of its range stays isolated", () => {
  const a = oneZone(3);
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 10), 0);
  assert.is(allocPfn(a, GFP_KERNEL, 0), 0x400);
  assert.is(isolate(a, 0, 0x800), false);
  assert.is(a.zones[0]!.isolatedPageblocks, 0);
  freePfn(a, 0x400, 0);
  assert.is(isolate(a, 0, 0x800), true);
  assert.is(a.zones[0]!.isolatedPageblocks, 4);
  verifyInvariants(a);
});

test("a pageblock with a page that boot has kept is not isolated", () => {
  const a = oneZone(1, { free: false });
  assert.is(isolate(a, 0, 0x200), false);
  for (let pfn = 0; pfn < 511; pfn++) a.freeReservedPage(asPfn(pfn), 0);
  assert.is(isolate(a, 0, 0x200), false);
  a.freeReservedPage(asPfn(511), 0);
  assert.is(isolate(a, 0, 0x200), true);
  verifyInvariants(a);
});

test("a CMA area is isolated for its owner only, whatever it holds, and is CMA again afterwards", () => {
  const a = oneZone(1, { free: false });
  const zone = a.zones[0]!;
  releaseCmaArea(a, asPfn(0), 1024, 0);
  assert.is(isolate(a, 0, 0x200), false);
  assert.is(startIsolatePageRange(a, asPfn(0), asPfn(0x200), CMA, 0), true);
  assert.equal([zone.freePages, zone.freeCmaPages], [512, 512]);
  verifyInvariants(a);
  undoIsolatePageRange(a, asPfn(0), asPfn(0x200), CMA, 0);
  assert.equal(listed(a, 10, CMA), [0]);
  assert.equal([zone.freePages, zone.freeCmaPages], [1024, 1024]);
  verifyInvariants(a);
});

/** Eight unaccepted blocks of 4 MiB; `accepted` collects what is accepted of them. */
function lazy(): { a: PageAllocator; accepted: number[] } {
  const accepted: number[] = [];
  const acceptor = { acceptMemory: (start: number): void => void accepted.push(start / 2 ** 22) };
  const a = oneZone(8, { free: false, acceptor });
  parkUnaccepted(a.frames, a.zones[0]!, 0, 8, 0);
  return { a, accepted };
}

/*
 *   block        0     1     2     3     4     5     6     7
 *   unaccepted   |-----------------|     |-----------------|
 *   block 3                        |I |M |                       accepted, then split
 */
test("isolating the first pageblock of an unaccepted block accepts it, out of its turn", () => {
  const { a, accepted } = lazy();
  const zone = a.zones[0]!;
  assert.is(isolate(a, 0xc00, 0xe00), true);
  assert.equal(accepted, [3]);
  assert.equal(large(a), [[0xe00], [0xc00], [], []]);
  assert.equal([zone.unacceptedPages, zone.freePages], [7168, 7680]);
  verifyInvariants(a);
  while (acceptOldest(a.frames, zone, a.acceptor, 0));
  assert.equal(accepted, [3, 0, 1, 2, 4, 5, 6, 7]);
  verifyInvariants(a);
});

/*
 *   block 3      0xc00      0xe00      0x1000
 *   isolated     |unaccepted|unaccepted|           type ISOLATE from 0xe00, and still parked
 *   accepted     |-- 9 MOV -|-- 9 ISO -|
 */
test("isolating only the second pageblock of an unaccepted block accepts nothing", () => {
  const { a, accepted } = lazy();
  const zone = a.zones[0]!;
  assert.is(isolate(a, 0xe00, 0x1000), true);
  assert.equal(accepted, []);
  assert.equal([zone.unacceptedPages, zone.freePages, zone.isolatedPageblocks], [8192, 8192, 1]);
  verifyInvariants(a);
  for (let i = 0; i < 4; i++) acceptOldest(a.frames, zone, a.acceptor, 0);
  assert.equal(accepted, [0, 1, 2, 3]);
  assert.equal(large(a), [[0xc00], [0xe00], [0, 0x400, 0x800], []]);
  assert.equal([zone.unacceptedPages, zone.freePages], [4096, 7680]);
  undo(a, 0xe00, 0x1000);
  assert.equal(listed(a, 10, MOVABLE), [0, 0x400, 0x800, 0xc00]);
  verifyInvariants(a);
});

test("an unaccepted block whose second pageblock was isolated for a while is accepted like others", () => {
  const { a, accepted } = lazy();
  assert.is(isolate(a, 0x200, 0x400), true);
  undo(a, 0x200, 0x400);
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 10), 0);
  assert.equal(accepted, [0]);
  verifyInvariants(a);
});

test.run();
