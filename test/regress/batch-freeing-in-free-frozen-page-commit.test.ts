import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import type { PageAllocRules } from "../../src/linux/rules.js";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import { pcpIndex } from "../../src/page-alloc/pcp.js";
import { LINUX_6_12, LINUX_7_3 } from "../linux/releases.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, oneZone } from "../page-alloc/machine.js";

/**
 * "mm/page_alloc: Batch page freeing in free_frozen_page_commit". A free that has to drain more than a batch drops
 * the locks after each; as each batch ends with a whole block, huge pages leave the lists of a CPU much earlier.
 */
const test = suite("regress: batch freeing in free_frozen_page_commit");

/** Blocks that one free drains which is to drain so many pages, from a list that has enough of them. */
function drainedBlocks(rules: PageAllocRules, pages: number, order: number): number {
  const a = oneZone(64, { rules });
  const blocks = Math.ceil(32768 / 2 ** order);
  const pfns = Array.from({ length: blocks }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE, order));
  const pcp = a.zones[0]!.pcp[0]!;
  Object.assign(pcp, { batch: 63, highMin: 65536, highMax: 65536 });
  for (const pfn of pfns.slice(1)) {
    pcp.freeCount = 0;
    freePfn(a, pfn, order);
  }
  Object.assign(pcp, { flags: 0, highMin: pcp.count, highMax: pcp.count, freeCount: pages - 2 ** order });
  freePfn(a, pfns[0]!, order);
  verifyInvariants(a);
  return blocks - pcp.lists[pcpIndex(order, 1)]!.size;
}

test("a free of 6.12 drains in one go, one of 6.19 batch by batch, each with a whole block at its end", () => {
  const orders = [0, 1, 2, 3, 9];
  for (const [pages, inOneGo, inBatches] of [
    [63, [63, 32, 16, 8], [63, 32, 16, 8]],
    [504, [504, 252, 126, 63], [504, 256, 128, 64]],
    [512, [512, 256, 128, 64, 1], [512, 260, 130, 65, 9]],
    [811, [811, 406, 203, 102, 2], [811, 412, 206, 103, 13]],
    [2016, [2016, 1008, 504, 252, 4], [2016, 1024, 512, 256, 32]],
  ] as const) {
    const tested = orders.slice(0, inOneGo.length);
    const drained = (rules: PageAllocRules): number[] =>
      tested.map((order) => drainedBlocks(rules, pages, order));
    assert.equal(drained(LINUX_6_12), inOneGo);
    assert.equal(drained(kernelRules("6.18").pageAlloc), inOneGo);
    assert.equal(drained(kernelRules("6.19").pageAlloc), inBatches);
    assert.equal(drained(LINUX_7_3), inBatches);
  }
});

test("each batch begins with the list of the freed block, and goes on to others when that is empty", () => {
  const a = oneZone(16, { rules: LINUX_7_3 });
  const pcp = a.zones[0]!.pcp[0]!;
  const hugePages = Array.from({ length: 3 }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE, 9));
  const pages = Array.from({ length: 600 }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE, 0));
  Object.assign(pcp, { batch: 63, highMin: 8192, highMax: 8192 });
  for (const pfn of pages) freePfn(a, pfn, 0);
  for (const pfn of hugePages.slice(1)) freePfn(a, pfn, 9);
  Object.assign(pcp, { highMin: pcp.count, highMax: pcp.count, freeCount: 0 });
  // 512 pages to drain: nine batches, of which three take a huge page and six take 63 and the last 8 single ones.
  freePfn(a, hugePages[0]!, 9);
  assert.equal([pcp.lists[pcpIndex(9, 1)]!.size, pcp.lists[pcpIndex(0, 1)]!.size], [0, 600 - 5 * 63 - 8]);
});

test.run();
