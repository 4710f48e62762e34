import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { acceptKernelOutput, stubAcceptMemory } from "../../src/efistub/stub-accept.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { GiB, KiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { Recorder } from "./recorder.js";

const test = suite("efistub: stub accept");

function allSet(physBase: number, bytes: number): UnacceptedTable {
  const table = new UnacceptedTable(physBase, bytes);
  table.setRange(0, table.unitCount);
  return table;
}

test("no guard unit behind an aligned end", () => {
  const table = allSet(4 * GiB, 2);
  const arch = new Recorder();
  stubAcceptMemory(table, 4 * GiB, 4 * MiB, arch);
  assert.equal(arch.take(), [[4 * GiB, 4 * GiB + 4 * MiB]]);
  stubAcceptMemory(table, 4 * GiB, 4 * MiB, arch);
  assert.equal(arch.take(), [], "the bits are cleared as it goes");
});

test("a range that ends at the table accepts nothing of it", () => {
  const table = allSet(4 * GiB, 2);
  const arch = new Recorder();
  stubAcceptMemory(table, 4 * GiB - MiB, MiB, arch);
  stubAcceptMemory(table, 4 * GiB - 2 * MiB, MiB, arch);
  stubAcceptMemory(table, 8 * GiB, 4 * MiB, arch);
  assert.equal(arch.calls, []);
});

test("ranges over either end of the table are clipped", () => {
  const table = allSet(4 * GiB, 1);
  const arch = new Recorder();
  stubAcceptMemory(table, 4 * GiB - 6 * MiB, 8 * MiB, arch);
  stubAcceptMemory(table, 4 * GiB + 15 * MiB, 100 * MiB, arch);
  assert.equal(arch.calls, [
    [4 * GiB, 4 * GiB + 2 * MiB],
    [4 * GiB + 14 * MiB, 4 * GiB + 16 * MiB],
  ]);
});

test("extract_kernel: the needed size is rounded to 2 MiB, from where the kernel goes", () => {
  const table = allSet(0, 8);
  const arch = new Recorder();
  acceptKernelOutput(table, 16 * MiB, 60 * MiB + 152 * KiB, arch);
  assert.equal(arch.calls, [[16 * MiB, 78 * MiB]]);
});

test("extract_kernel: for an unaligned output the rounding reaches one unit further", () => {
  const table = allSet(0, 8);
  const arch = new Recorder();
  acceptKernelOutput(table, 17 * MiB, 60 * MiB + 152 * KiB, arch);
  assert.equal(arch.calls, [[16 * MiB, 80 * MiB]]);
});

test("any range accepts exactly the set units it touches", () => {
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
      fc.integer({ min: 0, max: 20 * 512 }),
      fc.integer({ min: 1, max: 20 * 512 }),
      (units, startPage, pages) => {
        const physBase = 4 * MiB;
        const table = new UnacceptedTable(physBase, 2);
        for (const [unit, set] of units.entries()) if (set) table.setRange(unit, unit + 1);
        const arch = new Recorder();
        stubAcceptMemory(table, startPage * PAGE_SIZE, pages * PAGE_SIZE, arch);
        for (const [unit, set] of units.entries()) {
          const from = physBase + unit * 2 * MiB;
          const touched = from < (startPage + pages) * PAGE_SIZE && startPage * PAGE_SIZE < from + 2 * MiB;
          const accepted = arch.calls.filter(([start, end]) => start <= from && from + 2 * MiB <= end).length;
          assert.is(accepted, set && touched ? 1 : 0);
          assert.is(table.isSet(unit), set && !touched);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test.run();
