// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AllocFlag } from "../../src/page-alloc/alloc-flags.js";
import { releaseCmaArea } from "../../src/page-alloc/cma.js";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { pcpIndex } from "../../src/page-alloc/pcp.js";
import { pagesToAccept } from "../../src/page-alloc/unaccepted-list.js";
import { watermarkOk } from "../../src/page-alloc/watermark.js";
import { asPage, asPfn, pageArray } from "../../src/units.js";
import { LINUX_6_12, LINUX_6_12_0 } from "../linux/releases.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, GFP_KERNEL, listed, oneZone } from "./machine.js";

const test = suite("page-alloc: contiguous memory areas");
const UNMOVABLE = 0;
const MOVABLE = 1;
const CMA = 4;

/** One zone; the first `cmaBlocks` blocks of 4 MiB are a CMA area, the others are free and movable. */
function withCma(cmaBlocks: number, otherBlocks: number, rules = LINUX_6_12): PageAllocator {
  const a = oneZone(cmaBlocks + otherBlocks, { rules, free: false });
  const zone = a.zones[0]!;
  zone.managedPages = 0;
  releaseCmaArea(a, asPfn(0), cmaBlocks * 1024, 0);
  for (let block = cmaBlocks; block < cmaBlocks + otherBlocks; block++) {
    for (let pfn = block * 1024; pfn < block * 1024 + 1024; pfn++) a.freeReservedPage(asPfn(pfn), 0);
  }
  return a;
}

/*
 *        0      0x200     0x400
 *        |--- 9 ---|--- 9 ---|     pageblocks are freed one by one
 *        |-------- 10 -------|     and merge: both are CMA
 */
test("a CMA area is freed pageblock by pageblock, becomes managed and counts as free CMA memory", () => {
  const a = withCma(1, 0);
  const zone = a.zones[0]!;
  assert.equal(listed(a, 10, CMA), [0]);
  assert.equal(
    [zone.managedPages, zone.cmaPages, zone.freePages, zone.freeCmaPages],
    [1024, 1024, 1024, 1024],
  );
  verifyInvariants(a);
});

test("pageblocks of an area are freed like huge pages: the last one stays on the movable per-CPU list", () => {
  const a = oneZone(2, { free: false });
  const zone = a.zones[0]!;
  const pcp = zone.pcp[0]!;
  Object.assign(pcp, { batch: 63, highMin: 1000, highMax: 1000 });
  releaseCmaArea(a, asPfn(0), 3 * 512, 0);
  // 512 pages fit; with 1024 the list drains 937, hence both blocks; the third one fits again.
  assert.equal(listed(a, 10, CMA), [0]);
  assert.is(pcp.lists[pcpIndex(9, MOVABLE)]!.size, 1);
  assert.equal([pcp.count, zone.freeCmaPages, zone.cmaPages], [512, 1024, 1536]);
  a.drainAllPcp(0);
  assert.equal(listed(a, 9, CMA), [0x400]);
  verifyInvariants(a);
});

/*
 *   0       0x200     0x400
 *   |-- CMA --|- MOVABLE -|       free, side by side, and not merged
 */
test("a CMA pageblock does not merge with an ordinary neighbour", () => {
  const a = oneZone(1, { free: false });
  releaseCmaArea(a, asPfn(0), 512, 0);
  for (let pfn = 512; pfn < 1024; pfn++) a.freeReservedPage(asPfn(pfn), 0);
  assert.equal([listed(a, 9, CMA), listed(a, 9, MOVABLE)], [[0], [0x200]]);
  verifyInvariants(a);
});

test("an area that is not whole pageblocks of one zone is refused", () => {
  const a = oneZone(2, { free: false });
  assert.throws(() => releaseCmaArea(a, asPfn(256), 512, 0), /pfn 0x100 is not whole/);
  assert.throws(() => releaseCmaArea(a, asPfn(512), 100, 0), /not whole/);
  assert.throws(() => releaseCmaArea(a, asPfn(1024), 2048, 0), /not whole/);
});

/*
 *   free CMA pages   more than half of all free pages?   taken from
 *   1024 of 2048     1024 > 1024  no                     0x400
 *   1024 of 2047     1024 > 1023  yes                    0x0
 *   1023 of 2046     1023 > 1023  no                     0x401
 *   1023 of 2045     1023 > 1022  yes                    0x1
 */
for (const [name, rules] of [
  ["6.12", LINUX_6_12],
  ["6.12.0", LINUX_6_12_0],
] as const) {
  test(`movable requests keep free CMA and other memory in balance (${name})`, () => {
    const a = withCma(1, 1, rules);
    const pfns = Array.from({ length: 6 }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE, 0));
    assert.equal(pfns, [0x400, 0x0, 0x401, 0x1, 0x402, 0x2]);
    verifyInvariants(a);
  });

  test(`a movable request takes CMA memory before it mixes types (${name})`, () => {
    const a = withCma(1, 3, rules);
    for (let i = 0; i < 3; i++) allocPfn(a, GFP_KERNEL, 10);
    for (const pfn of [0x400, 0x800, 0xc00]) freePfn(a, pfn, 10);
    assert.equal(listed(a, 10, UNMOVABLE), [0xc00, 0x800, 0x400]);
    // 1024 of 4096 free pages: no balancing, but no movable block is left.
    assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 10), 0);
    assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), 0xc00);
    verifyInvariants(a);
  });
}

test("a refill that has come to CMA stays there, and to claims when the area is empty", () => {
  const a = withCma(1, 3);
  for (let i = 0; i < 3; i++) allocPfn(a, GFP_KERNEL, 10);
  for (const pfn of [0x400, 0x800, 0xc00]) freePfn(a, pfn, 10);
  for (let pfn = 0; pfn < 1022; pfn++) assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), pfn);
  const pcp = a.zones[0]!.pcp[0]!;
  Object.assign(pcp, { batch: 4, highMin: 16, highMax: 16 });
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), 1022);
  const list = pcp.lists[pcpIndex(0, MOVABLE)]!;
  const waiting = Array.from({ length: list.size }, (_, at) => a.frames.pfnOf(list.at(at)));
  assert.equal(waiting, [1023, 0xc00, 0xc01]);
  verifyInvariants(a);
});

test("only movable requests get CMA memory", () => {
  const a = withCma(1, 0);
  assert.is(allocPfn(a, GFP_KERNEL, 0), -1);
  assert.is(a.lastFailure, "would reclaim");
  assert.is(allocPfn(a, 0x2800, 0), -1);
  assert.is(a.lastFailure, "atomic request");
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), 0);
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 9), 512);
  assert.is(a.zones[0]!.freeCmaPages, 511);
});

test("single pages allocated at once come from CMA too", () => {
  const a = withCma(1, 0);
  const pages = pageArray(3);
  assert.is(a.allocPagesBulk(GFP_HIGHUSER_MOVABLE, pages, 0, 0), 3);
  assert.equal(
    [...pages].map((page) => a.frames.pfnOf(asPage(page))),
    [0, 1, 2],
  );
});

test("a CMA page is freed to the movable per-CPU list and drains to the CMA list", () => {
  const a = withCma(1, 0);
  const pcp = a.zones[0]!.pcp[0]!;
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), 0);
  Object.assign(pcp, { batch: 4, highMin: 64, highMax: 64 });
  freePfn(a, 0, 0);
  assert.is(a.frames.pfnOf(pcp.lists[pcpIndex(0, MOVABLE)]!.at(0)), 0);
  a.drainAllPcp(0);
  assert.equal(listed(a, 10, CMA), [0]);
  verifyInvariants(a);
});

test("a CPU holds back small changes of the counter until the vmstat worker folds them", () => {
  const a = withCma(1, 0);
  const zone = a.zones[0]!;
  zone.statThreshold = 10;
  for (let i = 0; i < 4; i++) allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  assert.equal([zone.freeCmaPages, zone.freeCmaDiff[0]], [1024, -4]);
  zone.foldFreePages(0);
  assert.equal([zone.freeCmaPages, zone.freeCmaDiff[0]], [1020, 0]);
});

test("without ALLOC_CMA free CMA pages do not count", () => {
  const zone = oneZone(4, { free: false }).zones[0]!;
  zone.freeCmaPages = 1000;
  assert.is(watermarkOk(zone, 0, 500, 2, 0, 1500), false);
  assert.is(watermarkOk(zone, 0, 500, 2, 0, 1501), true);
  assert.is(watermarkOk(zone, 0, 500, 2, AllocFlag.CMA, 501), true);
  // What other CPUs hold back can take the global counter below zero; readers see zero.
  zone.freeCmaPages = -20;
  assert.is(watermarkOk(zone, 0, 500, 2, 0, 500), false);
});

test("a large CMA block satisfies the watermark of a movable request only", () => {
  const a = withCma(1, 0);
  assert.is(watermarkOk(a.zones[0]!, 9, 0, 2, 0, 10000), false);
  assert.is(watermarkOk(a.zones[0]!, 9, 0, 2, AllocFlag.CMA, 10000), true);
});

test("free CMA pages do not keep the allocator from accepting memory", () => {
  const zone = oneZone(4, { free: false }).zones[0]!;
  zone.freePages = 5000;
  zone.unacceptedPages = 2048;
  assert.is(pagesToAccept(zone, 0, 3000), 48);
  zone.freeCmaPages = 1000;
  assert.is(pagesToAccept(zone, 0, 3000), 1048);
});

test.run();
