import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import type { PageAllocRules } from "../../src/linux/rules.js";
import { initPerZoneWmarkMin } from "../../src/page-alloc/boot-stages.js";
import { releaseCmaArea } from "../../src/page-alloc/cma.js";
import { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { asPfn } from "../../src/units.js";

/**
 * "mm/page_alloc: fix missed updates of lowmem_reserve in adjust_managed_page_count". Memory that boot frees late, such
 * as the initrd, was managed, but lower zones kept no page more for it.
 */
const test = suite("regress: 9726891fe753");

/** DMA, DMA32 and Normal of one node, with so many managed pages. */
function threeZones(rules: PageAllocRules, managed: readonly number[]): PageAllocator {
  const starts = [0, 0x1000, 0x100000, 0x800000];
  const allocator = new PageAllocator({
    zones: ["DMA", "DMA32", "Normal"].map((name, type) => ({
      nodeId: 0,
      type: type as 0 | 1 | 2,
      name,
      startPfn: starts[type]!,
      endPfn: starts[type + 1]!,
      presentPages: starts[type + 1]! - starts[type]!,
    })),
    zonelists: [[2, 1, 0]],
    nodeZonelists: [[2, 1, 0]],
    cpus: 1,
    rules,
    acceptor: { acceptMemory: () => undefined },
    pageblockTypes: { typeAt: () => 1 },
  });
  for (const [type, pages] of managed.entries()) allocator.zones[type]!.managedPages = pages;
  return allocator;
}

function reserves({ zones }: PageAllocator): number[][] {
  return zones.slice(0, 2).map((zone) => [...zone.lowmemReserve.subarray(zone.type + 1, 3)]);
}

test("18000 pages freed into Normal raise the reserves of lower zones from 6.14 on", () => {
  for (const [kernel, after] of [
    ["6.12", [[1953, 15625], [13671]]],
    ["6.13", [[1953, 15625], [13671]]],
    ["6.14", [[1953, 15695], [13742]]],
    ["7.3", [[1953, 15695], [13742]]],
  ] as const) {
    const a = threeZones(kernelRules(kernel).pageAlloc, [3840, 500000, 3500000]);
    initPerZoneWmarkMin(a, [0]);
    assert.equal(reserves(a), [[1953, 15625], [13671]], kernel);
    for (let page = 0; page < 18000; page++) a.freeReservedPage(asPfn(0x200000 + page), 0);
    assert.equal(reserves(a), after, kernel);
  }
});

test("a CMA area that is activated before there are watermarks sets reserves", () => {
  for (const [kernel, after] of [
    ["6.12", [[0, 0], [0]]],
    ["7.3", [[1953, 15627], [13673]]],
  ] as const) {
    const a = threeZones(kernelRules(kernel).pageAlloc, [3840, 500000, 3500000]);
    releaseCmaArea(a, asPfn(0x200000), 512, 0);
    assert.equal(reserves(a), after, kernel);
  }
});

test.run();
