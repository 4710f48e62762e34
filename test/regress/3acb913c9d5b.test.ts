import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { type GrowResult, growZone } from "../../src/mm/deferred-init.js";

/**
 * "mm/mm_init: use deferred_init_memmap_chunk() in deferred_grow_zone()". A zone with nothing left to initialise
 * claimed once to have grown, and had the allocator look again.
 */
const test = suite("regress: 3acb913c9d5b");

const NOWHERE = { maxOrderBlocks: (): void => {}, singlePages: (): void => {} };

function grow(kernel: string, free: readonly (readonly [number, number])[], from: number): GrowResult {
  const area = {
    free: free.map(([startPfn, endPfn]) => ({ startPfn, endPfn })),
    firstDeferredPfn: from,
    endPfn: 0x480000,
  };
  return growZone(area, kernelRules(kernel).boot.zoneGrowth, NOWHERE);
}

test("where all is free both do a section", () => {
  for (const kernel of ["6.12", "6.17", "6.18", "7.3"]) {
    const result = grow(kernel, [[0x100000, 0x480000]], 0x108000);
    assert.equal(result, { grown: true, firstDeferredPfn: 0x110000, pages: 0x8000 }, kernel);
  }
});

test("a zone with nothing free left has not grown", () => {
  assert.is(grow("6.17", [[0x100000, 0x108000]], 0x108000).grown, true);
  const { grown, firstDeferredPfn, pages } = grow("6.18", [[0x100000, 0x108000]], 0x108000);
  assert.equal([grown, firstDeferredPfn, pages], [false, Number.POSITIVE_INFINITY, 0]);
  assert.is(grow("6.18", [], Number.POSITIVE_INFINITY).grown, false);
});

test("it goes on with a whole section, not with the next free page", () => {
  const free = [
    [0x108000, 0x110000],
    [0x11a000, 0x480000],
  ] as const;
  assert.is(grow("6.17", free, 0x108000).firstDeferredPfn, 0x11a000);
  assert.is(grow("6.18", free, 0x108000).firstDeferredPfn, 0x110000);
});

test.run();
