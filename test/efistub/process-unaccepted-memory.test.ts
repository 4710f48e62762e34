import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { allocateUnacceptedBitmap, processUnacceptedMemory } from "../../src/efistub/unaccepted-memory.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { EfiMemoryType } from "../../src/firmware/efi-memory-map.js";
import { asPhys, GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { Recorder } from "./recorder.js";

const test = suite("efistub: process_unaccepted_memory");

/** Processes one range; gives the calls and the bits. */
function processed(
  table: UnacceptedTable,
  start: number,
  end: number,
): { calls: [number, number][]; bits: number[] } {
  const arch = new Recorder();
  processUnacceptedMemory(table, asPhys(start), asPhys(end), arch);
  const bits: number[] = [];
  for (let unit = 0; unit < table.unitCount; unit++) if (table.isSet(unit)) bits.push(unit);
  return { calls: arch.calls, bits };
}

test("less than two units is accepted entirely, even with a whole unit inside", () => {
  const result = processed(new UnacceptedTable(0, 1), 0x1000, 0x400000);
  assert.equal(result, { calls: [[0x1000, 0x400000]], bits: [] });
});

test("exactly two aligned units are recorded", () => {
  assert.equal(processed(new UnacceptedTable(0, 1), 0, 0x400000), { calls: [], bits: [0, 1] });
});

test("two units long but not aligned: both ends are accepted", () => {
  assert.equal(processed(new UnacceptedTable(0, 1), 0x1000, 0x401000), {
    calls: [
      [0x1000, 0x200000],
      [0x400000, 0x401000],
    ],
    bits: [1],
  });
});

test("a page at the start and most of a unit at the end", () => {
  assert.equal(processed(new UnacceptedTable(0, 1), 0x1ff000, 0x7ff000), {
    calls: [
      [0x1ff000, 0x200000],
      [0x600000, 0x7ff000],
    ],
    bits: [1, 2],
  });
});

test("4 KiB to 6 MiB: the first unit is accepted, two bits", () => {
  assert.equal(processed(new UnacceptedTable(0, 1), 4 * KiB, 6 * MiB), {
    calls: [[4 * KiB, 2 * MiB]],
    bits: [1, 2],
  });
});

test("4 GiB to 64 GiB and a page: the page is accepted, 30720 bits", () => {
  const map = [{ type: EfiMemoryType.UNACCEPTED, start: 4 * GiB, end: 64 * GiB + 4 * KiB }];
  const table = allocateUnacceptedBitmap(map)!;
  const arch = new Recorder();
  processUnacceptedMemory(table, asPhys(4 * GiB), asPhys(64 * GiB + 4 * KiB), arch);
  assert.equal(arch.calls, [[64 * GiB, 64 * GiB + 4 * KiB]]);
  assert.is(table.countSet(), 30720);
});

test("two ranges with a hole share one table", () => {
  const ranges = [
    { type: EfiMemoryType.UNACCEPTED, start: 0x801000, end: 0x7bf00000 },
    { type: EfiMemoryType.UNACCEPTED, start: 0x1_0000_0000, end: 0x4_8000_0000 },
  ];
  const table = allocateUnacceptedBitmap(ranges)!;
  const arch = new Recorder();
  for (const { start, end } of ranges) processUnacceptedMemory(table, asPhys(start), asPhys(end), arch);
  assert.equal(arch.calls, [
    [0x801000, 0xa00000],
    [0x7be00000, 0x7bf00000],
  ]);
  const end = table.unitCount;
  assert.is(table.nextSet(0, end), 1);
  assert.is(table.nextClear(1, end), 987);
  assert.is(table.nextSet(987, end), 2044);
  assert.is(table.nextClear(2044, end), 9212);
  assert.is(table.countSet(), 986 + 7168);
});

test("what lies below a table that somebody else made is accepted", () => {
  const table = new UnacceptedTable(8 * MiB, 1);
  assert.equal(processed(table, 2 * MiB, 12 * MiB), { calls: [[2 * MiB, 8 * MiB]], bits: [0, 1] });
});

test("a range that ends where the table begins is accepted and sets no bit", () => {
  const table = new UnacceptedTable(8 * MiB, 1);
  assert.equal(processed(table, 2 * MiB, 8 * MiB), { calls: [[2 * MiB, 8 * MiB]], bits: [] });
});

test("a range below the table is accepted", () => {
  const table = new UnacceptedTable(8 * MiB, 1);
  assert.equal(processed(table, 2 * MiB, 6 * MiB), { calls: [[2 * MiB, 6 * MiB]], bits: [] });
});

test("what does not fit into the bitmap is accepted", () => {
  const table = new UnacceptedTable(8 * MiB, 1);
  assert.equal(processed(table, 20 * MiB, 30 * MiB), { calls: [[24 * MiB, 30 * MiB]], bits: [6, 7] });
});

test("every page is either accepted, once, or behind a set bit", () => {
  const pages = 8 * 512;
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: pages - 1 }),
      fc.integer({ min: 1, max: pages }),
      fc.integer({ min: 0, max: 4 }),
      (first, count, baseUnit) => {
        const start = first * PAGE_SIZE;
        const end = Math.min(first + count, pages) * PAGE_SIZE;
        // Room for 8 units from a base that may lie above the range's start.
        const table = new UnacceptedTable(baseUnit * 2 * MiB, 1);
        const { calls, bits } = processed(table, start, end);
        const seen = new Uint8Array(2 * pages);
        for (const [from, to] of calls) for (let p = from / PAGE_SIZE; p < to / PAGE_SIZE; p++) seen[p]! += 1;
        for (const unit of bits) {
          const page = table.physBase / PAGE_SIZE + unit * 512;
          for (let p = page; p < page + 512; p++) seen[p]! += 1;
        }
        for (let p = 0; p < seen.length; p++) {
          assert.is(seen[p], p >= start / PAGE_SIZE && p < end / PAGE_SIZE ? 1 : 0, `page ${p}`);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test("a table without room for any of it accepts all of it", () => {
  const table = new UnacceptedTable(0, 1);
  assert.equal(processed(table, 32 * MiB, 40 * MiB), { calls: [[32 * MiB, 40 * MiB]], bits: [] });
});

test.run();
