import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { E820Type } from "../../src/efistub/setup-e820.js";
import { TABLE_HEADER_BYTES } from "../../src/efistub/unaccepted-table.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { type AddressRange, GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { loggedBoot, plainMachine, q35Map, runTo } from "../guest/machines.js";

/**
 * "efi: Fix reservation of unaccepted memory table". The size of the reservation was the size of
 * the table in whole pages, although the table can begin inside a page. Its last page was then
 * neither reserved nor mapped, and accept_memory() ran into it. Reported for TDX guests of more
 * than 64 GiB: up to there a table has one page, and the firmware does not let it cross a border.
 */
const test = suite("regress: 0862438c9048");

const AREA: AddressRange = { start: 0x7d000000, end: 0x7d000000 + MiB };
const SHORT: readonly string[] = ["6.6", "6.11", "6.12.0", "6.12.74", "6.15", "6.18.13", "6.19"];
const OTHERS: readonly string[] = ["6.5", "6.6.128", "6.12.75", "6.12", "6.18.14", "6.19.4", "7.0", "7.3.4"];

/** Bytes of a table, at some place in its first page, that a kernel does not have as reserved memory. */
function unreservedBytes(version: string, offset: number, unacceptedBytes: number): number {
  const { tableMemory, tableReservation } = kernelRules(version);
  const start = AREA.start + offset;
  const end = start + TABLE_HEADER_BYTES + unacceptedBytes / (16 * MiB);
  const type = tableMemory === "loader-data" ? E820Type.RAM : E820Type.ACPI;
  const machine = plainMachine(2 * GiB, {
    e820: [
      ...q35Map(2 * GiB).map((entry) => ({ ...entry, end: Math.min(entry.end, AREA.start) })),
      { ...AREA, type },
    ],
    efi: {
      memoryMap: { start: 0x70000000, end: 0x70001000 },
      unacceptedTable: { start, end },
      tableReservation,
      keptTables: [],
      bootServices: [],
    },
  });
  const { memblock } = runTo(loggedBoot(machine), "e820__memblock_setup").boot;
  const isKept = ({ base, size }: { base: number; size: number }): number =>
    Math.max(0, Math.min(base + size, end) - Math.max(base, start));
  return end - start - memblock.reserved.regions.reduce((sum, region) => sum + isKept(region), 0);
}

test("a table of 4120 bytes near the end of a page loses what lies in its third", () => {
  for (const version of SHORT) assert.is(unreservedBytes(version, 0xff0, 64 * GiB), 8, version);
  for (const version of OTHERS) assert.is(unreservedBytes(version, 0xff0, 64 * GiB), 0, version);
});

test("a table that begins with a page was never short", () => {
  for (const version of [...SHORT, ...OTHERS]) {
    for (const size of [GiB, 64 * GiB, 512 * GiB]) assert.is(unreservedBytes(version, 0, size), 0, version);
  }
});

test("a table of less than a page, inside one page, was never short", () => {
  for (const version of [...SHORT, ...OTHERS])
    assert.is(unreservedBytes(version, 0x18, 62 * GiB), 0, version);
});

test("short by less than a page, and only where it crosses one border more than its size tells", () => {
  fc.assert(
    fc.property(fc.nat(PAGE_SIZE / 8 - 1), fc.integer({ min: 1, max: 40 * 1024 }), (eighth, units) => {
      const offset = eighth * 8;
      const size = TABLE_HEADER_BYTES + units;
      const crosses = Math.ceil((offset + size) / PAGE_SIZE) > Math.ceil(size / PAGE_SIZE);
      const short = unreservedBytes("6.12.0", offset, units * 16 * MiB);
      assert.is(short > 0, crosses);
      assert.ok(short < PAGE_SIZE);
      assert.is(unreservedBytes("6.12", offset, units * 16 * MiB), 0);
    }),
    { numRuns: 100 },
  );
});

test.run();
