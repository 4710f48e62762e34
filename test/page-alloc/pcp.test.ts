import { suite } from "uvu";
import * as assert from "uvu/assert";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import { PcpList, PerCpuPages, pcpIndex, pcpIndexOrder } from "../../src/page-alloc/pcp.js";
import { asPage } from "../../src/units.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, GFP_KERNEL, oneZone } from "./machine.js";

const test = suite("page-alloc: per-CPU lists");

function pageset(batch: number, highMin: number, highMax: number): PerCpuPages {
  const pcp = new PerCpuPages();
  Object.assign(pcp, { batch, highMin, highMax });
  return pcp;
}

test("refills double up to 32 batches while nothing is freed (nr_pcp_alloc)", () => {
  const pcp = pageset(63, 874, 54687);
  const seen = Array.from({ length: 8 }, () => [pcp.refillBlocks(0, false), pcp.high]);
  assert.equal(seen, [
    [63, 937],
    [126, 1063],
    [252, 1315],
    [504, 1819],
    [1008, 2827],
    [2016, 4843],
    [2016, 6859],
    [2016, 8875],
  ]);
});

test("higher orders refill a batch of pages", () => {
  assert.equal(
    [1, 2, 3, 9].map((order) => pageset(63, 874, 54687).refillBlocks(order, false)),
    [31, 15, 7, 2],
  );
});

test("a batch of one page grows too", () => {
  const pcp = pageset(1, 4, 60);
  assert.equal(
    Array.from({ length: 7 }, () => pcp.refillBlocks(0, false)),
    [1, 2, 4, 8, 16, 32, 32],
  );
});

test("the boot pageset takes one page and gives it back at once", () => {
  const a = oneZone(1);
  const pcp = a.zones[0]!.pcp[0]!;
  const pfn = allocPfn(a, GFP_KERNEL, 0);
  assert.is(pcp.count, 0);
  freePfn(a, pfn, 0);
  assert.is(pcp.count, 0);
  assert.is(a.zones[0]!.nrFree[10], 1);
});

test("frees go to the head, refills to the tail", () => {
  const a = oneZone(4);
  Object.assign(a.zones[0]!.pcp[0]!, { batch: 4, highMin: 16, highMax: 256 });
  assert.equal(
    [0, 1, 2].map(() => allocPfn(a, GFP_HIGHUSER_MOVABLE, 0)),
    [0, 1, 2],
  );
  freePfn(a, 0, 0);
  freePfn(a, 1, 0);
  assert.equal(
    [0, 1, 2].map(() => allocPfn(a, GFP_HIGHUSER_MOVABLE, 0)),
    [1, 0, 3],
  );
  verifyInvariants(a);
});

test("a full list drains its oldest pages", () => {
  const a = oneZone(4);
  const pcp = a.zones[0]!.pcp[0]!;
  Object.assign(pcp, { batch: 4, highMin: 8, highMax: 8 });
  const pfns = Array.from({ length: 12 }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE, 0));
  const held = pcp.count;
  for (const pfn of pfns) freePfn(a, pfn, 0);
  assert.ok(held + pfns.length > 8, "the frees overflow the list");
  assert.ok(pcp.count < 8);
  verifyInvariants(a);
});

test("lists are numbered by order and type, huge pages last", () => {
  assert.equal(
    [pcpIndex(0, 2), pcpIndex(3, 0), pcpIndex(9, 0), pcpIndex(9, 1), pcpIndex(9, 2)],
    [2, 9, 12, 13, 12],
  );
  assert.equal([0, 5, 11, 12, 13].map(pcpIndexOrder), [0, 1, 3, 9, 9]);
});

test("a list is open at both ends and grows", () => {
  const list = new PcpList();
  for (let i = 0; i < 100; i++) list.pushTail(asPage(i));
  for (let i = 1; i <= 100; i++) list.pushHead(asPage(-i));
  assert.equal([list.size, list.at(0), list.at(199)], [200, -100, 99]);
  assert.equal([list.popHead(), list.size, list.at(198)], [-100, 199, 99]);
  list.pushTailRun(asPage(200), 4, 300);
  assert.equal([list.size, list.at(198), list.at(199), list.at(498)], [499, 99, 200, 200 + 4 * 299]);
});

test("what adjoins in a pageblock leaves a list together", () => {
  const list = new PcpList();
  for (const page of [1030, 519, 515, 512, 510, 508, 506]) list.pushTail(asPage(page));
  const taken: number[] = [];
  while (list.size > 0) taken.push(list.popTailRun(2, 3));
  // 506 508 510 adjoin 512, but that is in the next pageblock.
  assert.equal(taken, [3, 1, 1, 1, 1]);
  for (let i = 0; i < 5; i++) list.pushHead(asPage(40 + 4 * i));
  assert.equal([list.popTailRun(4, 2), list.popTailRun(4, 9), list.size], [2, 3, 0]);
});

test.run();
