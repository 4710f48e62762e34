import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PageMap, PageState } from "../../src/workload/page-map.js";

const test = suite("workload: states of pages");

test("blocks near and far have the states that each of their pages was given", () => {
  // Within the first table, where it grows, and beyond what it can grow to.
  const pfn = fc.oneof(
    fc.integer({ min: 0, max: 2 ** 13 }),
    fc.integer({ min: 2 ** 22 - 2 ** 11, max: 2 ** 22 + 2 ** 12 }),
    fc.integer({ min: 0, max: 2 ** 40 }),
    fc.integer({ min: 2 ** 32 - 2 ** 11, max: 2 ** 32 + 2 ** 11 }),
  );
  const change = fc.record({
    pfn,
    order: fc.integer({ min: 0, max: 10 }),
    state: fc.integer({ min: -1, max: 5 }),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), (changes) => {
      const map = new PageMap();
      const states = new Map<number, number>();
      const events = new Map<number, number>();
      for (const [event, { pfn: near, order, state }] of changes.entries()) {
        const first = near - (near % 2 ** order);
        map.set(first, order, state, event);
        for (let page = first; page < first + 2 ** order; page++) {
          states.set(page, state);
          events.set(page, event);
        }
      }
      for (const { pfn: near, order } of changes) {
        const first = near - (near % 2 ** order);
        const pages = Array.from({ length: 2 ** order }, (_, at) => first + at);
        assert.ok(pages.every((page) => map.state(page) === states.get(page)));
        assert.is(map.isUniform(first, order), new Set(pages.map((page) => states.get(page))).size === 1);
        assert.is(map.lastEvent(first, order), Math.max(...pages.map((page) => events.get(page)!)));
        assert.is(map.state(first + 2 ** 11), states.get(first + 2 ** 11) ?? PageState.UNSEEN);
      }
    }),
    { seed: 17, numRuns: 60 },
  );
});

test.run();
