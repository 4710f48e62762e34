import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RangeSet } from "../../src/coco/range-set.js";

const test = suite("coco: range set");

test("adjacent ranges become one", () => {
  const set = new RangeSet();
  assert.is(set.add(0, 10), 10);
  assert.is(set.add(20, 30), 10);
  assert.is(set.add(10, 20), 10);
  assert.is(set.rangeCount, 1);
  assert.is(set.size, 30);
});

test("adding what is there adds nothing", () => {
  const set = new RangeSet();
  set.add(0, 10);
  assert.is(set.add(2, 5), 0);
  assert.is(set.add(5, 12), 2);
  assert.is(set.rangeCount, 1);
});

test("removing the middle leaves two ranges", () => {
  const set = new RangeSet();
  set.add(0, 10);
  assert.is(set.remove(3, 7), 4);
  assert.is(set.rangeCount, 2);
  assert.is(set.remove(3, 7), 0);
});

test("an empty range changes nothing", () => {
  const set = new RangeSet();
  set.add(0, 10);
  assert.is(set.add(20, 20), 0);
  assert.is(set.remove(5, 5), 0);
  assert.is(set.rangeCount, 1);
});

test("a 4 PiB guest is one range", () => {
  const set = new RangeSet();
  assert.is(set.add(0, 2 ** 40), 2 ** 40);
  assert.is(set.rangeCount, 1);
  assert.is(set.countIn(2 ** 40 - 1, 2 ** 41), 1);
});

test("it agrees with a set of integers after any adds and removals", () => {
  const limit = 96;
  const range = fc
    .tuple(fc.nat(limit), fc.nat(limit))
    .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), range), { maxLength: 60 }), range, (steps, [from, to]) => {
      const set = new RangeSet();
      const naive = new Set<number>();
      for (const [adding, [start, end]] of steps) {
        const before = naive.size;
        for (let value = start; value < end; value++) {
          if (adding) naive.add(value);
          else naive.delete(value);
        }
        const changed = adding ? set.add(start, end) : set.remove(start, end);
        assert.is(changed, Math.abs(naive.size - before));
        assert.is(set.size, naive.size);
      }
      let ranges = 0;
      for (let value = 0; value <= limit; value++) {
        assert.is(set.has(value), naive.has(value));
        if (naive.has(value) && !naive.has(value - 1)) ranges++;
      }
      assert.is(set.rangeCount, ranges);
      const inside = [...naive].filter((value) => value >= from && value < to);
      assert.is(set.countIn(from, to), inside.length);
      assert.is(set.firstIn(from, to), Math.min(to, ...inside));
      if (from === to) return;
      let runEnd = from + 1;
      while (runEnd < to && naive.has(runEnd) === naive.has(from)) runEnd++;
      assert.is(set.runEnd(from, to), runEnd);
    }),
    { numRuns: 200 },
  );
});

test.run();
