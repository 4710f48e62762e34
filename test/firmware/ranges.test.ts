import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { above, below, subtractRanges } from "../../src/firmware/ranges.js";
import type { AddressRange } from "../../src/units.js";

const test = suite("firmware: ranges");

/** Disjoint ranges within [0, 60), from sorted cut points. */
const ranges = fc
  .uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 10 })
  .map((cuts) => cuts.toSorted((a, b) => a - b))
  .map((cuts) =>
    cuts.flatMap((start, i): AddressRange[] =>
      i % 2 === 0 && i + 1 < cuts.length ? [{ start, end: cuts[i + 1]! }] : [],
    ),
  );

function holds(list: readonly AddressRange[], at: number): boolean {
  return list.some(({ start, end }) => start <= at && at < end);
}

test("a hole in the middle makes two ranges, the order of holes does not matter", () => {
  const holes = [
    { start: 6, end: 8 },
    { start: 2, end: 3 },
  ];
  assert.equal(subtractRanges([{ start: 0, end: 10 }], holes), [
    { start: 0, end: 2 },
    { start: 3, end: 6 },
    { start: 8, end: 10 },
  ]);
});

test("nothing is left of a range that is all hole", () => {
  assert.equal(subtractRanges([{ start: 2, end: 4 }], [{ start: 0, end: 10 }]), []);
});

test("a limit of Infinity keeps everything below and nothing above", () => {
  const list = [{ start: 0, end: 5 }];
  assert.equal(below(list, Number.POSITIVE_INFINITY), list);
  assert.equal(above(list, Number.POSITIVE_INFINITY), []);
});

test("any ranges and holes, point by point", () => {
  fc.assert(
    fc.property(ranges, ranges, fc.integer({ min: 0, max: 60 }), (list, holes, limit) => {
      const rest = subtractRanges(list, holes);
      const low = below(list, limit);
      const high = above(list, limit);
      for (const { start, end } of [...rest, ...low, ...high]) assert.ok(start < end);
      for (let at = 0; at < 60; at++) {
        assert.is(holds(rest, at), holds(list, at) && !holds(holes, at));
        assert.is(holds(low, at), holds(list, at) && at < limit);
        assert.is(holds(high, at), holds(list, at) && at >= limit);
      }
    }),
    { numRuns: 200 },
  );
});

test.run();
