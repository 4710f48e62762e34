import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Kernel } from "../../src/guest/kernel.js";
import { pageExtInit } from "../../src/guest/page-alloc-init-late.js";
import { asPfn, PAGES_PER_SECTION } from "../../src/units.js";
import { oneZone } from "../page-alloc/machine.js";

const test = suite("guest: extensions of struct page");

/** Pages that a machine of four sections, in three ranges, spends. */
function spentPages(options: { pageOwner: boolean; pageTableCheck: boolean }): number {
  const allocator = oneZone((4 * PAGES_PER_SECTION) / 1024);
  const [zone] = allocator.zones;
  const before = zone!.exactFreePages();
  const ranges = [
    [0, PAGES_PER_SECTION + 1],
    [PAGES_PER_SECTION + 5, 2 * PAGES_PER_SECTION],
    [2 * PAGES_PER_SECTION + 7, 4 * PAGES_PER_SECTION],
  ] as const;
  const memblock = {
    memPfnRanges: () =>
      ranges.map(([startPfn, endPfn]) => ({ startPfn: asPfn(startPfn), endPfn: asPfn(endPfn), nid: 0 })),
  };
  pageExtInit({ allocator, early: { options, memblock } } as unknown as Kernel);
  return before - zone!.exactFreePages();
}

test("each section has one table, and what its block has beyond that is free again", () => {
  // 8 bytes, and 64 of page_owner= and 8 of page_table_check=, for each of 32768 pages.
  assert.is(spentPages({ pageOwner: false, pageTableCheck: false }), 0);
  assert.is(spentPages({ pageOwner: true, pageTableCheck: false }), 4 * 72 * 8);
  assert.is(spentPages({ pageOwner: false, pageTableCheck: true }), 4 * 16 * 8);
  assert.is(spentPages({ pageOwner: true, pageTableCheck: true }), 4 * 80 * 8);
});

test.run();
