import { suite } from "uvu";
import * as assert from "uvu/assert";
import { claim } from "../../src/page-alloc/fallback.js";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import { asPfn } from "../../src/units.js";
import { LINUX_6_12_0 } from "../linux/releases.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, GFP_KERNEL, listed, oneZone } from "./machine.js";

const test = suite("page-alloc: fallback");
const UNMOVABLE = 0;
const MOVABLE = 1;

test("claiming a block of order 10 turns both its pageblocks over", () => {
  const a = oneZone(2);
  assert.is(allocPfn(a, GFP_KERNEL, 0), 0x0);
  assert.equal(
    [
      a.frames.pageblockType[a.frames.pageOf(asPfn(0)) >> 9],
      a.frames.pageblockType[a.frames.pageOf(asPfn(512)) >> 9],
    ],
    [0, 0],
  );
  for (let order = 0; order <= 9; order++)
    assert.equal(listed(a, order, UNMOVABLE), [1 << order], `order ${order}`);
  assert.equal(listed(a, 10, MOVABLE), [0x400]);
  verifyInvariants(a);
});

/** One block whose first pageblock is movable with free holes of order 0, the second all allocated. */
function fragmented(rules = oneZone(1).rules): ReturnType<typeof oneZone> {
  const a = oneZone(1, { rules });
  for (let pfn = 0; pfn < 1024; pfn++) allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  return a;
}

test("a kernel request steals the smallest block of a pageblock that is mostly movable", () => {
  const a = fragmented();
  freePfn(a, 8, 0);
  freePfn(a, 16, 0);
  freePfn(a, 17, 0);
  // The pageblock is nearly all movable pages, so it is not claimed: order 0 is taken, order 1 left.
  assert.is(allocPfn(a, GFP_KERNEL, 0), 8);
  assert.is(a.frames.pageblockType[a.frames.pageOf(asPfn(8)) >> 9], MOVABLE);
  assert.equal(listed(a, 1, MOVABLE), [16]);
  verifyInvariants(a);
});

test("6.12.0 splits the largest block instead", () => {
  const a = fragmented(LINUX_6_12_0);
  freePfn(a, 8, 0);
  freePfn(a, 16, 0);
  freePfn(a, 17, 0);
  assert.is(allocPfn(a, GFP_KERNEL, 0), 16);
  assert.equal(listed(a, 0, MOVABLE), [17, 8]);
  verifyInvariants(a);
});

test("a pageblock that is half free is claimed, its free blocks move to the tail in order", () => {
  const a = fragmented();
  for (let pfn = 0; pfn < 256; pfn++) freePfn(a, pfn, 0);
  freePfn(a, 300, 0);
  assert.is(allocPfn(a, GFP_KERNEL, 0), 300);
  assert.is(a.frames.pageblockType[a.frames.pageOf(asPfn(0)) >> 9], UNMOVABLE);
  assert.equal(listed(a, 8, UNMOVABLE), [0]);
  assert.equal(listed(a, 8, MOVABLE), []);
  verifyInvariants(a);
});

test("mixing types boosts the watermarks by a pageblock at a time, up to one and a half times high", () => {
  const a = fragmented();
  const zone = a.zones[0]!;
  zone.managedPages = 4096;
  zone.watermark.set([0, 0, 500, 0]);
  freePfn(a, 8, 0);
  for (const boost of [512, 750, 750]) {
    // The pageblock cannot be claimed, the attempt boosts all the same.
    assert.is(claim(zone, 0, UNMOVABLE, 0, 0), -1);
    assert.is(zone.watermarkBoost, boost);
  }
});

test.run();
