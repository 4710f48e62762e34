// Takes 3 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LivePages } from "../../src/workload/live-pages.js";

const test = suite("workload: live pages");

test("against a map from page to allocation", () => {
  const step = fc.record({
    isAlloc: fc.boolean(),
    order: fc.integer({ min: 0, max: 10 }),
    // Around the start, where blocks meet, and behind the end of the table.
    block: fc.constantFrom(1, 2, 3, 1023, 1024, 1025, 2 ** 32, 2 ** 41),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const live = new LivePages();
      const owner = new Map<number, number>();
      let [reallocations, unknownFrees, peak] = [0, 0, 0];
      steps.forEach(({ isAlloc, order, block }, number) => {
        const pfn = block - (block % 2 ** order) + (block < 2 ** order ? 2 ** order : 0);
        const pages = Array.from({ length: 2 ** order }, (_, i) => pfn + i);
        const known = pages.filter((page) => owner.has(page)).length;
        if (isAlloc) {
          live.allocated(pfn, order);
          if (known > 0) reallocations++;
          for (const page of pages) owner.set(page, number);
        } else {
          live.freed(pfn, order);
          if (known < pages.length) unknownFrees++;
          for (const page of pages) owner.delete(page);
        }
        peak = Math.max(peak, owner.size);
      });
      assert.equal([live.pages, live.peakPages], [owner.size, peak]);
      assert.equal([live.counts.reallocations, live.counts.unknownFrees], [reallocations, unknownFrees]);
      if (reallocations === 0) assert.is(live.neverFreed(), new Set(owner.values()).size);
    }),
    { numRuns: 200 },
  );
});

test("an allocation that failed has no pages", () => {
  const live = new LivePages();
  live.allocated(0, 9);
  assert.equal([live.counts.failed, live.counts.allocations, live.pages], [1, 0, 0]);
});

test("a part that is freed leaves the rest, which counts as one allocation", () => {
  const live = new LivePages();
  live.allocated(512, 9);
  live.freed(600, 0);
  assert.equal([live.pages, live.neverFreed(), live.counts.unknownFrees], [511, 1, 0]);
});

test("blocks above order 10 count once, with all their pages", () => {
  const live = new LivePages();
  live.allocated(2 ** 14, 11);
  live.allocated(2 ** 13, 13);
  live.allocated(2 ** 15, 13);
  assert.equal(
    [live.pages, live.neverFreed(), live.peakPages],
    [2 ** 13 * 2 + 2 ** 11, 3, 2 ** 13 * 2 + 2 ** 11],
  );
  live.freed(2 ** 13, 13);
  live.freed(2 ** 15, 10);
  assert.equal(
    [live.pages, live.neverFreed(), live.counts.unknownFrees],
    [2 ** 13 - 2 ** 10 + 2 ** 11, 2, 0],
  );
});

test.run();
