import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptMemory } from "../../src/accept/accept-memory.js";
import { EagerChunk } from "../../src/accept/eager-chunks.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { Recorder } from "../efistub/recorder.js";

const test = suite("guest: eager chunks");

const BASE_PFN = (4 * GiB) / PAGE_SIZE;

/** 64 MiB from 4 GiB on, of which some units are unaccepted. */
function tableOf(units: readonly number[]): UnacceptedTable {
  const table = new UnacceptedTable(4 * GiB, 4);
  for (const unit of units) table.setRange(unit, unit + 1);
  return table;
}

function run(chunk: EagerChunk): void {
  while (chunk.findBlock()) chunk.acceptBlock();
}

test("blocks come one by one, ascending, each with its guard", () => {
  const arch = new Recorder();
  const acceptance = new AcceptMemory(tableOf([0, 1, 2, 3, 4, 5]), arch);
  const all = { startPfn: BASE_PFN, endPfn: BASE_PFN + 8192 };
  const chunk = new EagerChunk(all, [all], acceptance);
  run(chunk);
  assert.equal(arch.calls, [
    [4 * GiB, 4 * GiB + 6 * MiB],
    [4 * GiB + 6 * MiB, 4 * GiB + 10 * MiB],
    [4 * GiB + 10 * MiB, 4 * GiB + 12 * MiB],
  ]);
  assert.is(chunk.blocks, 3);
});

test("a chunk ends at its end; only whole free blocks are its business", () => {
  const arch = new Recorder();
  const acceptance = new AcceptMemory(tableOf(Array.from({ length: 32 }, (_, unit) => unit)), arch);
  const free = [
    { startPfn: BASE_PFN + 10, endPfn: BASE_PFN + 2500 },
    { startPfn: BASE_PFN + 3072, endPfn: BASE_PFN + 16384 },
  ];
  run(new EagerChunk({ startPfn: BASE_PFN, endPfn: BASE_PFN + 4096 }, free, acceptance));
  assert.equal(arch.calls, [
    [4 * GiB + 4 * MiB, 4 * GiB + 10 * MiB],
    [4 * GiB + 12 * MiB, 4 * GiB + 18 * MiB],
  ]);
});

test("any free memory: afterwards no whole free block of the chunk has unaccepted memory", () => {
  const ranges = fc.uniqueArray(fc.nat(8 * 1024), { minLength: 2, maxLength: 12 });
  fc.assert(
    fc.property(ranges, fc.uniqueArray(fc.nat(19), { maxLength: 20 }), fc.nat(7), (borders, units, first) => {
      const sorted = borders.map((pfn) => BASE_PFN + pfn).sort((a, b) => a - b);
      const free = sorted.flatMap((startPfn, i) =>
        i % 2 === 0 && i + 1 < sorted.length ? [{ startPfn, endPfn: sorted[i + 1]! }] : [],
      );
      const span = { startPfn: BASE_PFN + first * 1024, endPfn: BASE_PFN + 8 * 1024 };
      const table = tableOf(units);
      const acceptance = new AcceptMemory(table, new Recorder());
      const wholeFree = Array.from({ length: 8 - first }, (_, i) => span.startPfn + i * 1024).filter((pfn) =>
        free.some(({ startPfn, endPfn }) => startPfn <= pfn && pfn + 1024 <= endPfn),
      );
      const expected = new Set(units);
      for (const pfn of wholeFree) {
        const unit = (pfn - BASE_PFN) / 512;
        for (const guarded of [unit, unit + 1, unit + 2]) expected.delete(guarded);
      }
      run(new EagerChunk(span, free, acceptance));
      const left = Array.from({ length: 32 }, (_, unit) => unit).filter((unit) => table.isSet(unit));
      assert.equal(
        left,
        [...expected].sort((a, b) => a - b),
      );
    }),
    { numRuns: 200 },
  );
});

test.run();
