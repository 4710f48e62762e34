import { suite } from "uvu";
import * as assert from "uvu/assert";
import { releaseCmaArea } from "../../src/page-alloc/cma.js";
import { allocContigRange } from "../../src/page-alloc/contiguous.js";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import { parkUnaccepted } from "../../src/page-alloc/unaccepted-list.js";
import { asPfn } from "../../src/units.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, GFP_KERNEL, listed, oneZone } from "./machine.js";

const test = suite("page-alloc: allocation of certain frames");
const MOVABLE = 1;
const CMA = 4;
const ISOLATE = 5;

/*
 *              0         0x200     0x300     0x400     0x500     0x600      0x800
 *              |------------------ 10 ------------|------------------ 10 ----------|
 *   isolated   |-- 9 MOV --|------ 9 ISO ---------|------ 9 ISO ---|--- 9 MOV -----|
 *   taken      |-- 9 MOV --|  8 ISO  |....................|  8 ISO |--- 9 MOV -----|
 *   end        |-- 9 MOV --|  8 MOV  |....................|  8 MOV |--- 9 MOV -----|
 */
test("frames are taken from the middle of free blocks, what is left over is freed page by page", () => {
  const a = oneZone(2);
  assert.is(allocContigRange(a, asPfn(0x300), asPfn(0x500), MOVABLE, 0), "allocated");
  assert.equal(listed(a, 8, MOVABLE), [0x200, 0x500]);
  assert.equal(listed(a, 9, MOVABLE), [0x600, 0]);
  assert.equal(
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].flatMap((order) => listed(a, order, ISOLATE)),
    [],
  );
  assert.equal([a.zones[0]!.freePages, a.touchedPages, a.zones[0]!.isolatedPageblocks], [1536, 512, 0]);
  verifyInvariants(a);
  for (let pfn = 0x300; pfn < 0x500; pfn++) freePfn(a, pfn, 0);
  assert.equal(
    listed(a, 10, MOVABLE).sort((x, y) => x - y),
    [0, 0x400],
  );
});

test("pages on per-CPU lists are drained first", () => {
  const a = oneZone(1);
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), 0);
  Object.assign(a.zones[0]!.pcp[0]!, { batch: 4, highMin: 64, highMax: 64 });
  freePfn(a, 0, 0);
  assert.is(allocContigRange(a, asPfn(0), asPfn(1024), MOVABLE, 0), "allocated");
  assert.is(a.zones[0]!.pcp[0]!.count, 0);
});

test("a movable page in the way needs migration; everything is free again as before", () => {
  const a = oneZone(1);
  assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), 0);
  assert.is(allocContigRange(a, asPfn(0), asPfn(16), MOVABLE, 0), "needs migration");
  assert.is(allocContigRange(a, asPfn(16), asPfn(32), MOVABLE, 0), "allocated");
  assert.is(a.zones[0]!.freePages, 1024 - 17);
  verifyInvariants(a);
});

test("kernel memory in the same pageblock is in the way of isolation", () => {
  const a = oneZone(1);
  assert.is(allocPfn(a, GFP_KERNEL, 0), 0);
  assert.is(allocContigRange(a, asPfn(16), asPfn(32), MOVABLE, 0), "not isolated");
  assert.is(allocContigRange(a, asPfn(512), asPfn(514), MOVABLE, 0), "allocated");
});

test("cma_alloc: frames of a CMA area, freed to where they were", () => {
  const a = oneZone(1, { free: false });
  releaseCmaArea(a, asPfn(0), 1024, 0);
  assert.is(allocContigRange(a, asPfn(0), asPfn(512), MOVABLE, 0), "not isolated");
  assert.is(allocContigRange(a, asPfn(0), asPfn(512), CMA, 0), "allocated");
  assert.equal([a.zones[0]!.freeCmaPages, listed(a, 9, CMA)], [512, [0x200]]);
  for (let pfn = 0; pfn < 512; pfn++) freePfn(a, pfn, 0);
  assert.equal(listed(a, 10, CMA), [0]);
  verifyInvariants(a);
});

test("the second pageblock alone of an unaccepted block cannot be had, the first one can", () => {
  const accepted: number[] = [];
  const acceptor = { acceptMemory: (start: number): void => void accepted.push(start / 2 ** 22) };
  const a = oneZone(2, { free: false, acceptor });
  parkUnaccepted(a.frames, a.zones[0]!, 0, 2, 0);
  assert.is(allocContigRange(a, asPfn(0x600), asPfn(0x800), MOVABLE, 0), "needs migration");
  assert.equal(accepted, []);
  assert.is(allocContigRange(a, asPfn(0x400), asPfn(0x600), MOVABLE, 0), "allocated");
  assert.equal(accepted, [1]);
  assert.is(allocContigRange(a, asPfn(0x600), asPfn(0x800), MOVABLE, 0), "allocated");
  verifyInvariants(a);
});

test.run();
