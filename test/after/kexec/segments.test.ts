import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { allSegments, highestHole, placeSegments } from "../../../src/after/kexec/next-kernel.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../../src/units.js";

const test = suite("kexec: where the next kernel goes");

const RAM = [
  { start: 0, end: 0x9f000 },
  { start: MiB, end: 2 * GiB },
  { start: 4 * GiB, end: 6 * GiB },
];
const SIZES = { kernelBytes: 46 * MiB, initrdBytes: 20 * MiB + 1 };

test("since 6.8 each segment takes the highest place of the highest range, in the order of loading", () => {
  const { purgatory, parameters, kernel, initrd } = placeSegments(RAM, SIZES, true)!;
  assert.equal(purgatory, { start: 6 * GiB - 32 * KiB, end: 6 * GiB });
  assert.is(parameters.end, purgatory.start);
  assert.equal(kernel, { start: 6 * GiB - 48 * MiB, end: 6 * GiB - 2 * MiB });
  assert.is(initrd!.end, kernel.start, "what is left above the kernel is too small");
});

test("before 6.8 the lowest range with room is searched, from its top", () => {
  const { purgatory, kernel } = placeSegments(RAM, SIZES, false)!;
  assert.is(purgatory.end, 2 * GiB);
  assert.equal(kernel, { start: 2 * GiB - 48 * MiB, end: 2 * GiB - 2 * MiB });
});

test("nothing goes below 1 MiB, and what fits nowhere makes the load fail", () => {
  assert.is(highestHole([RAM[0]!], [], PAGE_SIZE, PAGE_SIZE), undefined);
  assert.is(placeSegments([{ start: MiB, end: 40 * MiB }], SIZES, true), undefined);
});

test("a kernel without an initrd has three segments", () => {
  const segments = placeSegments(RAM, { ...SIZES, initrdBytes: 0 }, true)!;
  assert.is(segments.initrd, undefined);
  assert.is(allSegments(segments).length, 3);
});

test("segments lie in RAM, apart from each other, in whole pages", () => {
  const size = fc.integer({ min: 1, max: 96 * MiB });
  fc.assert(
    fc.property(size, fc.option(size, { nil: 0 }), fc.boolean(), (kernelBytes, initrdBytes, highest) => {
      const segments = placeSegments(RAM, { kernelBytes, initrdBytes }, highest)!;
      const sorted = allSegments(segments).sort((a, b) => a.start - b.start);
      for (const [index, { start, end }] of sorted.entries()) {
        assert.is(start % PAGE_SIZE, 0);
        assert.ok(RAM.some((range) => start >= Math.max(range.start, MiB) && end <= range.end));
        if (index > 0) assert.ok(sorted[index - 1]!.end <= start);
      }
      assert.is(segments.kernel.start % (2 * MiB), 0);
    }),
    { numRuns: 100 },
  );
});

test("the highest hole, against a look at every place", () => {
  const range = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 12 }));
  const placed = ([first, pages]: [number, number]): { start: number; end: number } => ({
    start: MiB - 4 * PAGE_SIZE + first * PAGE_SIZE,
    end: MiB - 4 * PAGE_SIZE + (first + pages) * PAGE_SIZE,
  });
  let touching = 0;
  fc.assert(
    fc.property(
      fc.array(range, { maxLength: 3 }),
      fc.array(range, { maxLength: 6 }),
      fc.integer({ min: 1, max: 5 }),
      fc.constantFrom(1, 2, 4),
      (someRanges, someTaken, pages, alignPages) => {
        const [ranges, taken] = [someRanges.map(placed), someTaken.map(placed)];
        const [sizeBytes, align] = [pages * PAGE_SIZE, alignPages * PAGE_SIZE];
        const isFree = (start: number): boolean =>
          start >= MiB && taken.every((other) => other.end <= start || start + sizeBytes <= other.start);
        let expected: number | undefined;
        for (const { start, end } of ranges) {
          for (let at = start; at + sizeBytes <= end; at += PAGE_SIZE) {
            if (at % align === 0 && isFree(at)) expected = at;
          }
          if (expected !== undefined) break;
        }
        assert.is(highestHole(ranges, taken, sizeBytes, align), expected);
        if (taken.some(({ end }) => end === expected)) touching++;
      },
    ),
    { numRuns: 1000 },
  );
  assert.ok(touching > 10, "places right behind what is taken");
});

test.run();
