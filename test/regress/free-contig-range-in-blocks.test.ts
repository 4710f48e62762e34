import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import { MigrateType } from "../../src/page-alloc/migratetype.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { pcpIndex } from "../../src/page-alloc/pcp.js";
import { asPfn } from "../../src/units.js";
import { allocPfn, GFP_HIGHUSER_MOVABLE, oneZone } from "../page-alloc/machine.js";

/**
 * "mm/page_alloc: Optimize free_contig_range()". Pages that adjoin, such as those of a kernel stack, go back as the
 * largest aligned blocks instead of one by one.
 */
const test = suite("regress: ranges are freed in blocks");

/** Frames on the movable lists of the CPU by order, after a run of single pages was freed. */
function listsAfter(kernel: string, startPfn: number, pages: number): [PageAllocator, number[][]] {
  const a = oneZone(16, { rules: kernelRules(kernel).pageAlloc });
  for (let page = 0; page < 16 * 1024; page++) allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  const pcp = a.zones[0]!.pcp[0]!;
  Object.assign(pcp, { batch: 63, highMin: 4096, highMax: 4096 });
  a.freeRange(asPfn(startPfn), pages, 0);
  verifyInvariants(a);
  const lists = [0, 1, 2, 3, 9].map((order) => {
    const list = pcp.lists[pcpIndex(order, MigrateType.MOVABLE)]!;
    return Array.from({ length: list.size }, (_, at) => a.frames.pfnOf(list.at(at)));
  });
  return [a, lists];
}

test("13 pages from pfn 0x1003 on are blocks of order 0, 2 and 3 from 7.2 on", () => {
  const single = Array.from({ length: 13 }, (_, page) => 0x100f - page);
  for (const [kernel, lists] of [
    ["6.12", [single, [], [], [], []]],
    ["7.1", [single, [], [], [], []]],
    ["7.2", [[0x1003], [], [0x1004], [0x1008], []]],
    ["7.3", [[0x1003], [], [0x1004], [0x1008], []]],
  ] as const) {
    assert.equal(listsAfter(kernel, 0x1003, 13)[1], lists, kernel);
  }
});

test("blocks of orders that the lists of a CPU do not hold go straight to the buddy lists", () => {
  const [a, lists] = listsAfter("7.3", 0x1008, 0x238);
  assert.equal(lists, [[], [], [], [0x1008], []]);
  assert.equal(
    [4, 5, 6, 7, 8].map((order) => a.zones[0]!.nrFree[order]),
    [1, 1, 2, 1, 1],
  );
});

test.run();
