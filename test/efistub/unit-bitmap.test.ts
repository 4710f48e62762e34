// Takes 1 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { UnitBitmap } from "../../src/efistub/unit-bitmap.js";

const test = suite("efistub: unit bitmap");

/** Words of 32 bits and chunks of 32768: one bit on each side of a border. */
const BORDERS = [0, 1, 31, 32, 33, 63, 64, 32767, 32768, 32769, 65535, 65536, 65537, 99999];

test("a new bitmap is clear", () => {
  const bitmap = new UnitBitmap(100_000);
  assert.is(bitmap.countSet(), 0);
  assert.is(bitmap.nextSet(0, 100_000), 100_000);
  assert.is(bitmap.nextClear(0, 100_000), 0);
});

test("single bits can be set and cleared at every border", () => {
  const bitmap = new UnitBitmap(100_000);
  for (const bit of BORDERS) bitmap.setRange(bit, bit + 1);
  assert.is(bitmap.countSet(), BORDERS.length);
  const found: number[] = [];
  for (let bit = bitmap.nextSet(0, 100_000); bit < 100_000; bit = bitmap.nextSet(bit + 1, 100_000))
    found.push(bit);
  assert.equal(found, BORDERS);
  for (const bit of BORDERS) bitmap.clearRange(bit, bit + 1);
  assert.is(bitmap.countSet(), 0);
});

test("a search never answers beyond its end", () => {
  const bitmap = new UnitBitmap(100);
  bitmap.setRange(50, 60);
  assert.is(bitmap.nextSet(0, 50), 50);
  assert.is(bitmap.nextSet(0, 40), 40);
  assert.is(bitmap.nextClear(50, 60), 60);
  assert.is(bitmap.nextClear(50, 55), 55);
  assert.is(bitmap.nextSet(70, 60), 60, "an empty search");
});

test("the last bit of the last chunk belongs to the bitmap, the next does not", () => {
  const bitmap = new UnitBitmap(40_000);
  bitmap.setRange(0, 40_000);
  assert.is(bitmap.countSet(), 40_000);
  bitmap.clearRange(39_999, 40_000);
  assert.not(bitmap.isSet(39_999));
  assert.is(bitmap.countSet(), 39_999);
  assert.is(bitmap.nextClear(0, 40_000), 39_999);
  assert.throws(() => bitmap.setRange(39_999, 40_001), /bits 39999 to 40001/);
});

test("a bitmap for 4 PiB is set and searched without work for each bit", () => {
  const units = 2 ** 31;
  const before = process.memoryUsage().arrayBuffers;
  const bitmap = new UnitBitmap(units);
  bitmap.setRange(0, units);
  assert.is(bitmap.countSet(), units);
  bitmap.clearRange(1_234_567_890, 1_234_567_892);
  assert.is(bitmap.nextClear(0, units), 1_234_567_890);
  assert.is(bitmap.nextSet(1_234_567_890, units), 1_234_567_892);
  assert.is(bitmap.nextClear(1_234_567_892, units), units);
  assert.ok(bitmap.isSet(units - 1));
  bitmap.clearRange(0, units - 1);
  assert.is(bitmap.nextSet(0, units), units - 1);
  assert.ok(process.memoryUsage().arrayBuffers - before < 2 ** 20, "less than 1 MiB");
});

test("bits from 2^31 on work like any other", () => {
  const units = 2 ** 32;
  const bitmap = new UnitBitmap(units);
  bitmap.setRange(2 ** 31 - 1, 2 ** 31 + 70);
  bitmap.setRange(units - 1, units);
  assert.is(bitmap.nextSet(0, units), 2 ** 31 - 1);
  assert.is(bitmap.nextClear(2 ** 31 - 1, units), 2 ** 31 + 70);
  assert.is(bitmap.nextSet(2 ** 31 + 70, units), units - 1);
  assert.ok(bitmap.isSet(units - 1) && !bitmap.isSet(units - 2));
  assert.is(bitmap.countSet(), 72);
});

test("many chunks can have words at once", () => {
  const chunks = 21;
  const bitmap = new UnitBitmap(chunks * 32768);
  for (let chunk = 0; chunk < chunks; chunk++)
    bitmap.setRange(chunk * 32768 + chunk, chunk * 32768 + 2 * chunk + 1);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const start = chunk * 32768;
    assert.is(bitmap.nextSet(start, start + 32768), start + chunk);
    assert.is(bitmap.nextClear(start + chunk, start + 32768), start + 2 * chunk + 1);
  }
  assert.is(bitmap.countSet(), (chunks * (chunks + 1)) / 2);
});

test("clearing piece by piece gives the words back", () => {
  const chunks = 64;
  const bitmap = new UnitBitmap(chunks * 32768);
  bitmap.setRange(0, chunks * 32768);
  const before = process.memoryUsage().arrayBuffers;
  for (let bit = 0; bit < chunks * 32768; bit += 1024) bitmap.clearRange(bit, bit + 1024);
  assert.is(bitmap.countSet(), 0);
  assert.ok(
    process.memoryUsage().arrayBuffers - before < 32 * 1024,
    "never more than a few chunks with words",
  );
});

test("a bitmap has from 1 to 2^32 bits", () => {
  assert.throws(() => new UnitBitmap(0), /cannot have 0 bits/);
  assert.throws(() => new UnitBitmap(2 ** 32 + 8), /cannot have/);
});

test("any sequence of changes and searches agrees with an array of booleans", () => {
  const size = 70_000;
  const bit = fc.oneof(
    fc.constantFrom(...BORDERS.filter((border) => border <= size)),
    fc.integer({ min: 0, max: size }),
  );
  const step = fc.record({ set: fc.boolean(), a: bit, b: bit });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 12 }),
      fc.array(fc.tuple(bit, bit), { maxLength: 12 }),
      (steps, searches) => {
        const bitmap = new UnitBitmap(size);
        const oracle = new Uint8Array(size);
        for (const { set, a, b } of steps) {
          const [first, end] = [Math.min(a, b), Math.max(a, b)];
          if (set) bitmap.setRange(first, end);
          else bitmap.clearRange(first, end);
          oracle.fill(set ? 1 : 0, first, end);
        }
        assert.is(
          bitmap.countSet(),
          oracle.reduce((sum, value) => sum + value, 0),
        );
        for (const [a, b] of searches) {
          const [from, end] = [Math.min(a, b), Math.max(a, b)];
          const view = oracle.subarray(from, end);
          const set = view.indexOf(1);
          const clear = view.indexOf(0);
          assert.is(bitmap.nextSet(from, end), set < 0 ? end : from + set);
          assert.is(bitmap.nextClear(from, end), clear < 0 ? end : from + clear);
          if (from < size) assert.is(bitmap.isSet(from), oracle[from] === 1);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test.run();
