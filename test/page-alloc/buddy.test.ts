import { suite } from "uvu";
import * as assert from "uvu/assert";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import { asPage, asPfn, type Page } from "../../src/units.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, listed, oneZone } from "./machine.js";

const test = suite("page-alloc: buddy");
const MOVABLE = 1;

test("expand puts the upper halves at the head, the lowest page goes out", () => {
  const a = oneZone(3);
  assert.equal(listed(a, 10, MOVABLE), [0x0, 0x400, 0x800]);
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), 0x0);
  for (let order = 0; order <= 9; order++)
    assert.equal(listed(a, order, MOVABLE), [1 << order], `order ${order}`);
  assert.equal(listed(a, 10, MOVABLE), [0x400, 0x800]);
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), 0x1);
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 1), 0x2);
  verifyInvariants(a);
});

test("a free merges with its buddies up to order 10 and goes to the head", () => {
  const a = oneZone(3);
  allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  allocPfn(a, GFP_HIGHUSER_MOVABLE, 1);
  freePfn(a, 0x1, 0);
  assert.equal(listed(a, 0, MOVABLE), [0x1]);
  freePfn(a, 0x0, 0);
  assert.equal(listed(a, 1, MOVABLE), [0x0]);
  freePfn(a, 0x2, 1);
  assert.equal(listed(a, 10, MOVABLE), [0x0, 0x400, 0x800]);
  verifyInvariants(a);
});

test("a block whose parent's buddy is free goes to the tail", () => {
  const a = oneZone(1);
  for (let pfn = 0; pfn < 8; pfn++) assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), pfn);
  freePfn(a, 2, 0);
  freePfn(a, 3, 0);
  assert.equal(listed(a, 1, MOVABLE), [2]);
  freePfn(a, 5, 0);
  assert.equal(listed(a, 0, MOVABLE), [5]);
  freePfn(a, 0, 0);
  assert.equal(listed(a, 0, MOVABLE), [5, 0]);
});

test("an order-10 block is freed as two pageblocks that merge again", () => {
  const a = oneZone(2);
  const pfn = allocPfn(a, GFP_HIGHUSER_MOVABLE, 10);
  assert.is(pfn, 0);
  freePfn(a, pfn, 10);
  assert.equal(listed(a, 10, MOVABLE), [0x0, 0x400]);
  assert.is(a.zones[0]!.nrFree[9], 0);
});

test("freeing a page twice is refused", () => {
  const a = oneZone(1);
  const pfn = allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  freePfn(a, pfn, 0);
  assert.throws(() => freePfn(a, pfn, 0), /freed while not allocated/);
});

test("a run of untouched blocks costs no frames until a block of it is taken", () => {
  const a = oneZone(1_000_000);
  assert.is(a.frames.materialisedBlocks, 0);
  allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  assert.is(a.frames.materialisedBlocks, 1);
  assert.is(a.zones[0]!.nrFree[10], 999_999);
});

test("frees that were put off come before the next one that takes the lock, the latest first", () => {
  const a = oneZone(2);
  const page = (pfn: number): Page => asPage(a.frames.pageOf(asPfn(pfn)));
  for (let pfn = 0; pfn < 16; pfn++) assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), pfn);
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 4), 0x10);
  for (const pfn of [0, 2, 4]) a.putOffFree(page(pfn), 0);
  a.freePagesNoLock(page(0x10), 4, 0);
  assert.equal([listed(a, 0, MOVABLE), listed(a, 4, MOVABLE)], [[], [0x10]]);
  a.freePagesPastPcp(page(6), 0, 0);
  assert.equal(listed(a, 0, MOVABLE), [6, 0, 2, 4]);
  verifyInvariants(a);
});

test.run();
