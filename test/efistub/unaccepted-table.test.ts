import { suite } from "uvu";
import * as assert from "uvu/assert";
import { allocateUnacceptedBitmap } from "../../src/efistub/unaccepted-memory.js";
import { TABLE_HEADER_BYTES, UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { type EfiMemoryDescriptor, EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import { GiB, KiB, MiB, TiB } from "../../src/units.js";
import { Recorder } from "./recorder.js";

const test = suite("efistub: unaccepted table");

function unaccepted(start: number, end: number): EfiMemoryDescriptor {
  return { type: EfiMemoryType.UNACCEPTED, start, end };
}

test("a byte of the bitmap stands for 16 MiB, a page for 64 GiB", () => {
  const table = new UnacceptedTable(4 * GiB, 4096);
  assert.is(table.version, 1);
  assert.is(table.unitSizeBytes, 0x200000);
  assert.is(table.unitCount * table.unitSizeBytes, 64 * GiB);
  assert.is((new UnacceptedTable(0, 1).unitCount * 0x200000) / MiB, 16);
});

test("phys_base is a multiple of the unit", () => {
  assert.throws(() => new UnacceptedTable(4 * GiB + 4 * KiB, 1), /multiple of the unit/);
});

test("allocate_unaccepted_bitmap: no memory of type 15, no table", () => {
  const map = [{ type: EfiMemoryType.CONVENTIONAL, start: 0, end: GiB }];
  assert.is(allocateUnacceptedBitmap(map), undefined);
});

test("allocate_unaccepted_bitmap: from the lowest to the highest address, holes included", () => {
  const map = [
    unaccepted(0x801000, 0x7bf00000),
    { type: EfiMemoryType.CONVENTIONAL, start: 0x7bf00000, end: 0x80000000 },
    unaccepted(0x1_0000_0000, 0x4_8000_0000),
  ];
  const table = allocateUnacceptedBitmap(map)!;
  assert.is(table.physBase, 0x800000);
  assert.is(table.bitmapBytes, 1152);
  assert.is(TABLE_HEADER_BYTES + table.bitmapBytes, 1176);
  assert.is(table.countSet(), 0, "the bits come later, with the final map");
});

test("allocate_unaccepted_bitmap: a part of a unit at the end needs a bit", () => {
  const table = allocateUnacceptedBitmap([unaccepted(4 * GiB, 64 * GiB + 4 * KiB)])!;
  assert.is(table.physBase, 4 * GiB);
  assert.is(table.bitmapBytes, 3841);
});

test("allocate_unaccepted_bitmap: 16 GiB from 4 GiB on take 896 bytes for 7168 bits", () => {
  const table = allocateUnacceptedBitmap([unaccepted(4 * GiB, 18 * GiB)])!;
  assert.is(table.bitmapBytes, 896);
  assert.is(table.unitCount, 7168);
});

test("allocate_unaccepted_bitmap: a span of 4 PiB takes 256 MiB", () => {
  const table = allocateUnacceptedBitmap([
    unaccepted(0, 2 * MiB),
    unaccepted(4096 * TiB - 2 * MiB, 4096 * TiB),
  ])!;
  assert.is(table.bitmapBytes, 256 * MiB);
});

test("allocate_unaccepted_bitmap: 64 GiB from address 0 take 4096 bytes", () => {
  assert.is(allocateUnacceptedBitmap([unaccepted(0, 64 * GiB)])!.bitmapBytes, 4096);
});

test("acceptUnits makes one call a run, ascending, and clears the bits", () => {
  const table = new UnacceptedTable(4 * GiB, 2);
  table.setRange(1, 3);
  table.setRange(5, 6);
  table.setRange(8, 16);
  const arch = new Recorder();
  assert.is(table.acceptUnits(2, 10, arch), 3);
  assert.equal(arch.take(), [
    [0x1_0040_0000, 0x1_0060_0000],
    [0x1_00a0_0000, 0x1_00c0_0000],
    [0x1_0100_0000, 0x1_0140_0000],
  ]);
  assert.is(table.countSet(), 1 + 6);
  assert.is(table.acceptUnits(2, 10, arch), 0);
});

test("acceptUnits clears a bit only after the hardware has accepted", () => {
  const table = new UnacceptedTable(0, 1);
  table.setRange(0, 2);
  table.acceptUnits(0, 8, { acceptMemory: () => assert.is(table.countSet(), 2) });
  assert.is(table.countSet(), 0);
});

test.run();
