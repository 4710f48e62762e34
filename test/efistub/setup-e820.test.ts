import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type, e820ExtSlots, setupE820 } from "../../src/efistub/setup-e820.js";
import { allocateUnacceptedBitmap } from "../../src/efistub/unaccepted-memory.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { Recorder } from "./recorder.js";

const test = suite("efistub: setup_e820");

const { CONVENTIONAL, UNACCEPTED, ACPI_RECLAIM, RESERVED, LOADER_DATA } = EfiMemoryType;

/** The descriptors of these types, `sizeBytes` each, one behind the other from 0. */
function row(types: readonly EfiMemoryType[], sizeBytes: number): EfiMemoryDescriptor[] {
  return types.map((type, i) => ({ type, start: i * sizeBytes, end: (i + 1) * sizeBytes }));
}

test("each EFI type has its e820 type", () => {
  const { RAM, RESERVED: R, ACPI, NVS, UNUSABLE, PMEM } = E820Type;
  const expected = [R, RAM, RAM, RAM, RAM, R, R, RAM, UNUSABLE, ACPI, NVS, R, R, R, PMEM];
  for (const [efi, e820] of expected.entries()) {
    const map = [{ type: efi as EfiMemoryType, start: 0, end: MiB }];
    assert.equal(setupE820(map, 0, undefined, new Recorder()).entries, [{ type: e820, start: 0, end: MiB }]);
  }
});

test("accepted and unaccepted memory side by side become one entry", () => {
  const map = [
    { type: CONVENTIONAL, start: 4 * GiB, end: 5 * GiB },
    { type: UNACCEPTED, start: 5 * GiB, end: 6 * GiB },
    { type: LOADER_DATA, start: 6 * GiB, end: 7 * GiB },
  ];
  const table = allocateUnacceptedBitmap(map)!;
  const arch = new Recorder();
  const { entries, lostBytes } = setupE820(map, 0, table, arch);
  assert.equal(entries, [{ type: E820Type.RAM, start: 4 * GiB, end: 7 * GiB }]);
  assert.is(lostBytes, 0);
  assert.is(table.countSet(), 512);
  assert.equal(arch.calls, []);
});

test("entries of one type with a hole or another type between them stay apart", () => {
  const map = [
    { type: CONVENTIONAL, start: 0, end: 640 * KiB },
    { type: CONVENTIONAL, start: MiB, end: 16 * MiB },
    { type: ACPI_RECLAIM, start: 16 * MiB, end: 17 * MiB },
    { type: CONVENTIONAL, start: 17 * MiB, end: 18 * MiB },
  ];
  assert.is(setupE820(map, 0, undefined, new Recorder()).entries.length, 4);
});

test("a kernel without support loses memory of type 15", () => {
  const map = [
    { type: CONVENTIONAL, start: 0, end: 2 * GiB },
    { type: UNACCEPTED, start: 4 * GiB, end: 18 * GiB },
  ];
  const { entries, lostBytes } = setupE820(map, 0, undefined, new Recorder());
  assert.equal(entries, [{ type: E820Type.RAM, start: 0, end: 2 * GiB }]);
  assert.is(lostBytes, 14 * GiB);
});

test("a short piece of type 15 is accepted by the stub", () => {
  const map = [
    { type: UNACCEPTED, start: MiB, end: 3 * MiB },
    { type: CONVENTIONAL, start: 3 * MiB, end: 4 * MiB },
  ];
  const arch = new Recorder();
  const { entries } = setupE820(map, 0, allocateUnacceptedBitmap(map), arch);
  assert.equal(arch.calls, [[MiB, 3 * MiB]]);
  assert.equal(entries, [{ type: E820Type.RAM, start: MiB, end: 4 * MiB }]);
});

test("the extension block is allocated from 97 descriptors on, with 32 to spare", () => {
  assert.is(e820ExtSlots(96), 0);
  assert.is(e820ExtSlots(97), 1);
  assert.is(e820ExtSlots(128), 32);
  assert.is(e820ExtSlots(129), 33);
});

test("the zero page holds 128 entries, the rest go to the extension", () => {
  const alternating = (count: number): EfiMemoryDescriptor[] =>
    row(
      Array.from({ length: count }, (_, i) => (i % 2 === 0 ? CONVENTIONAL : RESERVED)),
      MiB,
    );
  const fits = setupE820(alternating(128), e820ExtSlots(128), undefined, new Recorder());
  assert.is(fits.entries.length, 128);
  assert.is(fits.extEntries, 0);
  const more = setupE820(alternating(200), e820ExtSlots(200), undefined, new Recorder());
  assert.is(more.entries.length, 200);
  assert.is(more.extEntries, 72);
});

test("a map that grew by more than the slack does not fit", () => {
  const map = row(
    Array.from({ length: 130 }, (_, i) => (i % 2 === 0 ? CONVENTIONAL : RESERVED)),
    MiB,
  );
  assert.is(setupE820(map, e820ExtSlots(98), undefined, new Recorder()).extEntries, 2);
  assert.throws(() => setupE820(map, e820ExtSlots(97), undefined, new Recorder()), /too small/);
});

/** `blocks` accepted stretches inside one unaccepted range, 4 MiB each: 2 * blocks + 1 descriptors. */
function isolatedBlocks(blocks: number): EfiMemoryDescriptor[] {
  const types = Array.from({ length: 2 * blocks + 1 }, (_, i) => (i % 2 === 0 ? UNACCEPTED : CONVENTIONAL));
  return row(types, 4 * MiB);
}

test("ranges would overflow the zero page at 64 isolated blocks, the bitmap makes one entry of them", () => {
  const map = isolatedBlocks(64);
  assert.is(map.length, 129);
  const table = allocateUnacceptedBitmap(map)!;
  const { entries, extEntries } = setupE820(map, e820ExtSlots(map.length), table, new Recorder());
  assert.is(entries.length, 1);
  assert.is(extEntries, 0);
  assert.is(table.countSet(), 65 * 2, "a bit for each unit of an unaccepted stretch");
});

test("any map: the type of each page is that of its descriptor, and neighbours differ", () => {
  const type = fc.constantFrom(...Object.values(EfiMemoryType));
  fc.assert(
    fc.property(fc.array(fc.tuple(type, fc.boolean()), { minLength: 1, maxLength: 40 }), (pieces) => {
      const map = row(
        pieces.map(([efi]) => efi),
        6 * MiB,
      ).filter((_, i) => pieces[i]![1]);
      const table = allocateUnacceptedBitmap(map);
      const { entries } = setupE820(map, e820ExtSlots(map.length), table, new Recorder());
      const typeAt = (address: number): number | undefined =>
        entries.find(({ start, end }) => start <= address && address < end)?.type;
      const ram: readonly number[] = [1, 2, 3, 4, 7, 15];
      for (const { type: efi, start, end } of map) {
        assert.is(typeAt(start) === E820Type.RAM, ram.includes(efi));
        assert.is(typeAt(start), typeAt(end - 1));
      }
      for (const [i, entry] of entries.entries()) {
        const next = entries[i + 1];
        if (next === undefined) continue;
        assert.ok(entry.end < next.start || (entry.end === next.start && entry.type !== next.type));
      }
      const total = (list: readonly { start: number; end: number }[]): number =>
        list.reduce((sum, { start, end }) => sum + end - start, 0);
      assert.is(total(entries), total(map));
    }),
    { numRuns: 200 },
  );
});

test.run();
