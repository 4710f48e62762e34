import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { allSegments, highestHole, placeSegments } from "../../../src/after/kexec/segments.js";
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

test.run();
