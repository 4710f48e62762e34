// Takes 5 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import { placeOf, runSize, type SizeCell, sizeGuests } from "../../src/study/size-matrix.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { tableReservation } from "../../src/x86/early-efi.js";
import { LOADER } from "../loader.js";

const test = suite("study: guests of many sizes");

const loaded = LOADER.load(STANDARD_BOOT);

function cells(memory: readonly string[], more: Readonly<Record<string, unknown>> = {}): SizeCell[] {
  const values = { memory, kernel: "7.3", "firmware.version": "2026.08", "platform.kind": "tdx", ...more };
  const assignments = Object.entries(values).map(([path, value]) => ({
    flag: path,
    path: path.split("."),
    value,
  }));
  return sizeGuests(loaded, assignments).map((scenario) => runSize(scenario, loaded));
}

test("a table is never short where all pages that it touches are kept, and then at most a page is kept for nothing on each side", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 20), fc.integer({ min: 1, max: 2 ** 20 }), (eighths, tableBytes) => {
      const table = { start: 8 * eighths, end: 8 * eighths + tableBytes };
      const { missedBytes, keptBytes } = placeOf(table, tableReservation(table, "pages"));
      assert.is(missedBytes, 0);
      assert.is(keptBytes % PAGE_SIZE, 0);
      assert.ok(keptBytes < tableBytes + 2 * PAGE_SIZE);
      const bytes = placeOf(table, tableReservation(table, "bytes"));
      assert.equal([bytes.keptBytes, bytes.missedBytes], [tableBytes, 0]);
    }),
  );
});

test("as many pages as the size fills miss what straddles one border more, less than a page", () => {
  fc.assert(
    fc.property(fc.nat(2 ** 20), fc.integer({ min: 1, max: 2 ** 20 }), (eighths, tableBytes) => {
      const table = { start: 8 * eighths, end: 8 * eighths + tableBytes };
      const { missedBytes } = placeOf(table, tableReservation(table, "size-in-pages"));
      const touched = Math.ceil(table.end / PAGE_SIZE) - Math.floor(table.start / PAGE_SIZE);
      assert.is(missedBytes > 0, touched > Math.ceil(tableBytes / PAGE_SIZE));
      assert.ok(missedBytes < PAGE_SIZE);
    }),
  );
});

test("a guest dies exactly where its kernel misses a part of the table", () => {
  const sizes = fc.integer({ min: 2816, max: 140_000 }).map((size) => `${size}MiB`);
  fc.assert(
    fc.property(sizes, fc.constantFrom("tdx", "snp"), (size, platform) => {
      const [old, mended] = cells([size], { kernel: ["6.12.0", "7.3"], "platform.kind": platform });
      assert.is(mended!.outcome, "ready");
      assert.is(mended!.table!.missedBytes, 0);
      assert.is(old!.outcome === "ready", old!.table!.missedBytes === 0);
      assert.is(old!.table!.tableBytes, mended!.table!.tableBytes);
    }),
    {
      numRuns: 15,
      examples: [
        ["66816MiB", "tdx"],
        ["66817MiB", "tdx"],
        ["67200MiB", "snp"],
        ["67201MiB", "snp"],
      ],
    },
  );
});

test("the bitmap has a byte for each 16 MiB from the firmware's limit to the end, the last one begun", () => {
  const [small, large] = cells(["65GiB", "66817MiB"]);
  assert.is(small!.table!.tableBytes, 24 + (65 + 2 - 4) * 64);
  assert.is(large!.table!.tableBytes, 24 + Math.ceil((66_817 + 2048 - 4096) / 16));
});

test("sizes come in their order on each platform; without type 15 there is no table", () => {
  const made = cells(["4GiB", "2814MiB"], { "platform.kind": ["tdx", "snp"] });
  assert.equal(
    made.map(({ platform, memoryBytes, table }) => [platform, memoryBytes, table === undefined]),
    [
      ["tdx", 2814 * MiB, true],
      ["tdx", 4 * GiB, false],
      ["snp", 2814 * MiB, true],
      ["snp", 4 * GiB, false],
    ],
  );
});

test("an odd size below 4 GiB needs a firmware that accepts the last MiB, with two CPUs", () => {
  const outcomes = cells(["2814MiB", "2815MiB"], {
    "firmware.version": ["2025.02", "2025.11"],
    vcpus: 2,
  }).map(({ outcome }) => outcome);
  assert.equal(outcomes, ["ready", "ready", "terminated", "ready"]);
});

test.run();
