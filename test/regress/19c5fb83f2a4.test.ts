import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { addFreeRun } from "../../src/page-alloc/buddy.js";
import { MigrateType } from "../../src/page-alloc/migratetype.js";
import { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { allocPfn, GFP_HIGHUSER_MOVABLE, GFP_KERNEL } from "../page-alloc/machine.js";

/**
 * "mm/page_alloc: avoid page allocation on nodes whose kswapd is running". A request goes to a node that is idle before
 * it takes from one that reclaims; before there is a kswapd, no node counts as idle.
 */
const test = suite("regress: 19c5fb83f2a4");

/** Two nodes with a Normal zone each of 16 blocks, the first of which has a DMA32 zone below it. */
function twoNodes(kernel: string): PageAllocator {
  const zone = (nodeId: number, type: 1 | 2, name: string, start: number) => ({
    nodeId,
    type,
    name,
    startPfn: start * 1024,
    endPfn: (start + 16) * 1024,
    presentPages: 16 * 1024,
  });
  const allocator = new PageAllocator({
    zones: [zone(0, 1, "DMA32", 0), zone(0, 2, "Normal", 16), zone(1, 2, "Normal", 32)],
    zonelists: [
      [1, 0, 2],
      [2, 1, 0],
    ],
    nodeZonelists: [[1, 0], [2]],
    cpus: 1,
    rules: kernelRules(kernel).pageAlloc,
    acceptor: { acceptMemory: () => undefined },
    pageblockTypes: { typeAt: () => MigrateType.MOVABLE },
  });
  for (const [index, start] of [0, 16, 32].entries()) addFreeRun(allocator.zones[index]!, start, 16, 0);
  return allocator;
}

test("a node whose kswapd is awake is passed by, if another one is idle", () => {
  for (const [kernel, block] of [
    ["6.12", 16],
    ["6.17", 16],
    ["6.18", 32],
    ["7.3", 32],
  ] as const) {
    const a = twoNodes(kernel);
    a.kswapdRunning = true;
    a.zones[1]!.reclaimActive = true;
    assert.is(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0), block * 1024, kernel);
    a.zones[2]!.reclaimActive = true;
    assert.is(Math.floor(allocPfn(a, GFP_HIGHUSER_MOVABLE, 0) / 0x4000), 1, `${kernel}: both are awake`);
  }
});

/** The zone of a request of another type than that of all free blocks, while the lower zone has its type free. */
function zoneOfMixing(kernel: string, kswapdRunning: boolean): number {
  const a = twoNodes(kernel);
  a.kswapdRunning = kswapdRunning;
  // Of Normal only single pages are left, so that taking one for the kernel would mix types.
  const normal = a.zones[1]!;
  const pfns = Array.from({ length: 16 * 1024 }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE | 0x200000, 0));
  for (const pfn of pfns.filter((pfn) => pfn % 2 === 0)) a.freePages(a.pageAt(pfn as never), 0, 0);
  assert.ok(normal.nrFree[0]! > 0);
  return Math.floor(allocPfn(a, GFP_KERNEL, 0) / 0x4000);
}

test("before there is a kswapd, no request avoids mixing types on several nodes", () => {
  // A claim of a whole pageblock in DMA32, or a page of a movable one in Normal.
  assert.equal([zoneOfMixing("6.12", false), zoneOfMixing("6.12", true)], [0, 0]);
  assert.equal([zoneOfMixing("7.3", false), zoneOfMixing("7.3", true)], [1, 0]);
});

test.run();
