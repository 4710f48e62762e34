import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Pool } from "../../src/firmware/boot-services.js";
import { type AddressRange, GiB, MiB, PAGE_SIZE, roundUp } from "../../src/units.js";

const test = suite("firmware: pool");

const TOP = 0x7feea000;

/** A pool whose pages come from the top of memory down. */
function poolBelow(top: number): Pool {
  let end = top;
  return new Pool((sizeBytes) => {
    const range = { start: end - roundUp(sizeBytes, PAGE_SIZE), end };
    end = range.start;
    return range;
  });
}

/** Where a table of unaccepted memory lies behind the random seed; the page of that, and the offset in the page. */
function tableAfterSeed(highGiB: number): string {
  const pool = poolBelow(TOP);
  assert.equal(pool.allocate(36), { start: 0x7fee9018, end: 0x7fee903c });
  return pool.allocate(24 + (highGiB * GiB) / (16 * MiB))!.start.toString(16);
}

test("the table of a guest lies where the recorded firmware would have put it", () => {
  for (const [highGiB, address] of [
    [1, "7fee9f18"],
    [3, "7fee9f18"],
    [3.0625, "7fee9b18"],
    [5, "7fee9b18"],
    [9, "7fee9b18"],
    [15, "7fee9b18"],
    [15.0625, "7fee9098"],
    [25, "7fee9098"],
    [41, "7fee9098"],
    [41.0625, "7fee8018"],
    [62, "7fee8018"],
    [63.25, "7fee7018"],
    [126, "7fee7018"],
    [254, "7fee5018"],
    [1022, "7fed9018"],
  ] as const) {
    assert.is(tableAfterSeed(highGiB), address, `${highGiB} GiB`);
  }
});

test("2,648 bytes fill the largest block; one more has a page of its own", () => {
  assert.is(poolBelow(TOP).allocate(2648)!.start, TOP - PAGE_SIZE + 24);
  const pool = poolBelow(TOP);
  pool.allocate(2648);
  assert.is(pool.allocate(2649)!.start, TOP - 2 * PAGE_SIZE + 24);
});

test("blocks do not overlap, lie behind their head and are aligned to 8 bytes", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 20000 }), { minLength: 1, maxLength: 40 }), (sizes) => {
      const pool = poolBelow(TOP);
      const taken: AddressRange[] = sizes.map((size) => {
        const range = pool.allocate(size)!;
        assert.is(range.end - range.start, size);
        assert.is(range.start % 8, 0);
        return { start: range.start - 24, end: roundUp(range.end, 8) + 16 };
      });
      taken.sort((a, b) => a.start - b.start);
      for (const [index, { start }] of taken.entries()) {
        if (index > 0) assert.ok(taken[index - 1]!.end <= start);
      }
    }),
    { numRuns: 100 },
  );
});

test("no memory, no block", () => {
  assert.is(new Pool(() => undefined).allocate(36), undefined);
  assert.is(new Pool(() => undefined).allocate(5000), undefined);
});

test.run();
