import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Ranges } from "../../src/accept/e820-ranges.js";
import { Bitmap2m, Bitmap4k, CountingHardware, PageFlag, type Tracker } from "../../src/accept/tracker.js";
import { type AddressRange, GiB, KiB, MiB, PAGE_SIZE, TiB, UNIT_SIZE } from "../../src/units.js";
import { StrictHardware } from "./strict-hardware.js";

const test = suite("tracker: all of them");

function ram(sizeBytes: number): readonly AddressRange[] {
  return [{ start: 4 * GiB, end: 4 * GiB + sizeBytes }];
}

function all(unaccepted: readonly AddressRange[]): (readonly [Tracker, StrictHardware])[] {
  const makers: ((hardware: StrictHardware) => Tracker)[] = [
    (hardware) => new PageFlag(unaccepted, hardware),
    (hardware) => new Bitmap2m(unaccepted, hardware),
    (hardware) => new Bitmap4k(unaccepted, hardware),
    (hardware) =>
      new E820Ranges(
        "e820-zero-page",
        unaccepted.map((range) => ({ ...range, kind: "unaccepted" })),
        8,
        hardware,
      ),
  ];
  return makers.map((make) => {
    const hardware = new StrictHardware();
    return [make(hardware), hardware];
  });
}

test("64 GiB take 4 KiB of bitmap at 2 MiB a bit, and 2 MiB at 4 KiB a bit", () => {
  const hardware = new CountingHardware();
  assert.is(new Bitmap2m(ram(64 * GiB), hardware).use.memoryBytes, 24 + 4 * KiB);
  assert.is(new Bitmap4k(ram(64 * GiB), hardware).use.memoryBytes, 2 * MiB);
  assert.is(new PageFlag(ram(64 * GiB), hardware).use.memoryBytes, 0);
});

test("4 PiB take 256 MiB and 128 GiB", () => {
  const hardware = new CountingHardware();
  assert.is(new Bitmap2m(ram(4096 * TiB), hardware).use.memoryBytes, 24 + 256 * MiB);
  assert.is(new Bitmap4k(ram(4096 * TiB), hardware).use.memoryBytes, 128 * GiB);
});

test("a block of 4 MiB is 1025 struct pages, 17 words of pages, or 1 word of units", () => {
  const request = (tracker: Tracker): number => {
    tracker.accept(8 * GiB, 8 * GiB + 4 * MiB);
    return tracker.use.operations;
  };
  const hardware = new CountingHardware();
  assert.is(request(new PageFlag(ram(64 * GiB), hardware)), 1025);
  assert.is(request(new Bitmap4k(ram(64 * GiB), hardware)), 17);
  assert.is(request(new Bitmap2m(ram(64 * GiB), hardware)), 1);
});

test("a guard of one page breaks the large page behind a block, a guard of a unit does not", () => {
  const units = new CountingHardware();
  new Bitmap2m(ram(GiB), units).accept(4 * GiB, 4 * GiB + 4 * MiB);
  assert.is(units.largePages, 3);
  assert.is(units.smallPages, 0);
  const pages = new CountingHardware();
  const bitmap = new Bitmap4k(ram(GiB), pages);
  bitmap.accept(4 * GiB, 4 * GiB + 4 * MiB);
  assert.is(pages.largePages, 2);
  assert.is(pages.smallPages, 1);
  bitmap.accept(4 * GiB + 4 * MiB, 4 * GiB + 8 * MiB);
  assert.is(pages.largePages, 3, "of the next block only its second half is whole");
  assert.is(pages.smallPages, 1 + 511 + 1);
});

test("only the page flag needs struct pages and is gone in the next kernel", () => {
  for (const [{ name, traits }] of all(ram(GiB))) {
    assert.is(traits.from, name === "page-flag" ? "struct pages" : "decompressor");
    assert.is(traits.survivesKexec, name !== "page-flag");
  }
});

test("whatever is asked for is accepted once, is known to be accepted, and nothing else is forgotten", () => {
  const pages = (64 * MiB) / PAGE_SIZE;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(pages - 1), fc.integer({ min: 1, max: 3000 })), { maxLength: 30 }),
      (requests) => {
        for (const [tracker, hardware] of all(ram(64 * MiB))) {
          const end = 4 * GiB + 64 * MiB;
          for (const [page, count] of requests) {
            const start = 4 * GiB + page * PAGE_SIZE;
            const stop = Math.min(start + count * PAGE_SIZE, end);
            tracker.accept(start, stop);
            assert.is(tracker.hasUnaccepted(start, stop), false);
            assert.is(hardware.accepted.countIn(start, stop), stop - start);
          }
          for (let unit = 4 * GiB; unit < end; unit += UNIT_SIZE) {
            const missing = hardware.accepted.countIn(unit, unit + UNIT_SIZE) < UNIT_SIZE;
            assert.is(tracker.hasUnaccepted(unit, unit + UNIT_SIZE), missing, tracker.name);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});

test.run();
