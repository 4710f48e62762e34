import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PageLevel } from "../../src/coco/page-tables.js";
import { PageTables } from "../../src/coco/page-tables.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";

const test = suite("coco: page tables");

/** Table pages for [0, size) in leaves of one level. */
function tablePages(sizeBytes: number, level: PageLevel): number {
  const tables = new PageTables();
  const added = tables.map(0, sizeBytes / PAGE_SIZE, level);
  assert.is(tables.pages, added);
  return added;
}

test("64 GiB in 4 KiB leaves take 32768 + 64 + 1 tables, 128.25 MiB", () => {
  assert.is(tablePages(64 * GiB, 0), 32_768 + 64 + 1);
  assert.is(((tablePages(64 * GiB, 0) * PAGE_SIZE) / MiB).toFixed(2), "128.25");
});

test("4 GiB in 4 KiB leaves take 2048 + 4 + 1 tables, 8.02 MiB", () => {
  assert.is(tablePages(4 * GiB, 0), 2_048 + 4 + 1);
  assert.is(((tablePages(4 * GiB, 0) * PAGE_SIZE) / MiB).toFixed(2), "8.02");
});

test("a table of 4 KiB leaves for each 2 MiB is 1/512 of the memory, for 2 MiB leaves 1/262144", () => {
  assert.is((512 * GiB) / PAGE_SIZE / (tablePages(512 * GiB, 0) - 512 - 1), 512);
  assert.is((512 * GiB) / PAGE_SIZE / (tablePages(512 * GiB, 1) - 1), 262_144);
});

test("1 GiB leaves need one table for 512 GiB", () => {
  assert.is(tablePages(512 * GiB, 2), 1);
  assert.is(tablePages(513 * GiB, 2), 2);
});

test("one page needs a table at every level below the root", () => {
  const tables = new PageTables();
  assert.is(tables.map(1000, 1001, 0), 3);
  assert.is(tables.map(1001, 1002, 0), 0);
});

test("an empty range needs no table", () => {
  assert.is(new PageTables().map(5, 5, 0), 0);
});

test("a leaf can be as large as the tables around it allow", () => {
  const tables = new PageTables();
  tables.map(512, 1024, 1);
  tables.map(2048, 2049, 0);
  assert.is(tables.levelOf(0), 1);
  assert.is(tables.levelOf(600), 1);
  assert.is(tables.levelOf(2048 + 511), 0);
  assert.is(tables.levelOf(262_144), 2);
  const spans = Array.from({ length: 512 }, (_, span) => tables.levelOf(span * 512));
  assert.is(spans.filter((level) => level === 0).length, 1);
});

test("tables are those of the spans that any leaf touches", () => {
  const range = fc
    .tuple(fc.nat(3000), fc.nat(700))
    .map(([start, length]) => [start, start + length] as const);
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), (ranges) => {
      const tables = new PageTables();
      const spans = new Set<string>();
      for (const [start, end] of ranges) {
        const before = spans.size;
        for (let pfn = start; pfn < end; pfn++) {
          spans
            .add(`0:${Math.floor(pfn / 512)}`)
            .add("1:0")
            .add("2:0");
        }
        assert.is(tables.map(start, end, 0), spans.size - before);
        assert.is(tables.pages, spans.size);
      }
    }),
    { numRuns: 100 },
  );
});

test("a run of one level ends where another begins, or at the end", () => {
  const tables = new PageTables();
  tables.map(262_144, 262_144 + 512, 1);
  tables.map(262_144 + 1024, 262_144 + 1025, 0);
  assert.is(tables.levelRunEnd(7, 1_000_000), 262_144);
  assert.is(tables.levelRunEnd(262_144 + 3, 1_000_000), 262_144 + 1024);
  assert.is(tables.levelRunEnd(262_144 + 1030, 1_000_000), 262_144 + 1536);
  assert.is(tables.levelRunEnd(262_144 + 1536, 1_000_000), 524_288);
  assert.is(tables.levelRunEnd(524_288, 1_000_000), 1_000_000);
  assert.is(tables.levelRunEnd(262_144 + 1030, 262_144 + 1031), 262_144 + 1031);
});

test.run();
