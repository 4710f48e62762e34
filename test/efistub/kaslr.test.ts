import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chooseKernelStart } from "../../src/efistub/kaslr.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import { GiB, KiB, MiB } from "../../src/units.js";

const test = suite("efistub: place of a randomised kernel");

const { CONVENTIONAL, LOADER_DATA, UNACCEPTED } = EfiMemoryType;
const MAP: readonly EfiMemoryDescriptor[] = [
  { type: CONVENTIONAL, start: 0, end: 640 * KiB },
  { type: CONVENTIONAL, start: MiB, end: 100 * MiB },
  { type: LOADER_DATA, start: 100 * MiB, end: 101 * MiB },
  { type: CONVENTIONAL, start: 101 * MiB, end: 131 * MiB },
  { type: UNACCEPTED, start: 4 * GiB, end: 5 * GiB },
];
const SIZE = 60 * MiB;

/** Every place there is, by trying all addresses. */
function places(unacceptedToo: boolean, limit: number): number[] {
  const found: number[] = [];
  for (let start = 16 * MiB; start + SIZE <= Math.min(limit, 5 * GiB); start += 2 * MiB) {
    const fits = MAP.some(
      ({ type, start: from, end }) =>
        (type === CONVENTIONAL || (unacceptedToo && type === UNACCEPTED)) &&
        from <= start &&
        start + SIZE <= end,
    );
    if (fits) found.push(start);
  }
  return found;
}

test("every place is taken, and by the same share of chances", () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.constantFrom(Number.POSITIVE_INFINITY, 90 * MiB, 4 * GiB + 100 * MiB, 50 * MiB),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (unacceptedToo, limit, chance) => {
        const all = places(unacceptedToo, limit);
        const start = chooseKernelStart(MAP, { sizeBytes: SIZE, limit, unacceptedToo }, chance);
        assert.is(start, all[Math.floor(chance * all.length)]);
      },
    ),
    { numRuns: 200 },
  );
});

test("a stub stays in accepted memory whatever the chance", () => {
  const request = { sizeBytes: SIZE, limit: Number.POSITIVE_INFINITY, unacceptedToo: false };
  assert.is(chooseKernelStart(MAP, request, 0), 16 * MiB);
  assert.is(chooseKernelStart(MAP, request, 0.999999), 40 * MiB);
});

test("the decompressor goes into unaccepted memory too", () => {
  const request = { sizeBytes: SIZE, limit: Number.POSITIVE_INFINITY, unacceptedToo: true };
  assert.is(chooseKernelStart(MAP, request, 0.999999), 5 * GiB - SIZE);
});

test("no place, none chosen", () => {
  assert.is(
    chooseKernelStart(MAP, { sizeBytes: 2 * GiB, limit: Infinity, unacceptedToo: true }, 0.5),
    undefined,
  );
});

test.run();
