import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { acceptKernelOutput } from "../../src/efistub/unaccepted-memory.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { Recorder } from "./recorder.js";

const test = suite("efistub: memory that the kernel is unpacked to");

function allSet(physBase: number, bytes: number): UnacceptedTable {
  const table = new UnacceptedTable(physBase, bytes);
  table.setRange(0, table.unitCount);
  return table;
}

test("extract_kernel: the needed size is rounded to 2 MiB, from where the kernel goes", () => {
  const table = allSet(0, 8);
  const arch = new Recorder();
  acceptKernelOutput(table, 16 * MiB, 60 * MiB + 152 * KiB, arch);
  assert.equal(arch.take(), [[16 * MiB, 78 * MiB]]);
  acceptKernelOutput(table, 16 * MiB, 60 * MiB + 152 * KiB, arch);
  assert.equal(arch.take(), [], "the bits are cleared as it goes");
});

test("extract_kernel: for an unaligned output the rounding reaches one unit further", () => {
  const arch = new Recorder();
  acceptKernelOutput(allSet(0, 8), 17 * MiB, 60 * MiB + 152 * KiB, arch);
  assert.equal(arch.calls, [[16 * MiB, 80 * MiB]]);
});

test("no guard unit behind an aligned end", () => {
  const arch = new Recorder();
  acceptKernelOutput(allSet(4 * GiB, 2), 4 * GiB, 4 * MiB, arch);
  assert.equal(arch.calls, [[4 * GiB, 4 * GiB + 4 * MiB]]);
});

test("outside of the table there is nothing to accept, and over its ends only what is inside", () => {
  const arch = new Recorder();
  const table = allSet(4 * GiB, 1);
  acceptKernelOutput(table, 4 * GiB - 2 * MiB, 2 * MiB, arch);
  acceptKernelOutput(table, 16 * MiB, 60 * MiB, arch);
  acceptKernelOutput(table, 8 * GiB, 4 * MiB, arch);
  assert.equal(arch.take(), []);
  acceptKernelOutput(table, 4 * GiB - 6 * MiB, 8 * MiB, arch);
  acceptKernelOutput(table, 4 * GiB + 15 * MiB, 100 * MiB, arch);
  assert.equal(arch.calls, [
    [4 * GiB, 4 * GiB + 2 * MiB],
    [4 * GiB + 14 * MiB, 4 * GiB + 16 * MiB],
  ]);
});

test("any place accepts exactly the set units that it touches", () => {
  const unit = 2 * MiB;
  fc.assert(
    fc.property(
      fc.array(fc.boolean(), { minLength: 16, maxLength: 16 }),
      fc.integer({ min: 0, max: 48 }),
      fc.integer({ min: 1, max: 40 }),
      (bits, startMiB, sizeMiB) => {
        const table = new UnacceptedTable(8 * MiB, 2);
        bits.forEach((set, at) => {
          if (set) table.setRange(at, at + 1);
        });
        const arch = new Recorder();
        acceptKernelOutput(table, startMiB * MiB, sizeMiB * MiB, arch);
        const end = startMiB * MiB + Math.ceil((sizeMiB * MiB) / unit) * unit;
        bits.forEach((set, at) => {
          const start = 8 * MiB + at * unit;
          const touched = start < end && startMiB * MiB < start + unit;
          assert.is(
            arch.calls.some(([from, to]) => from <= start && start + unit <= to),
            set && touched,
          );
          assert.is(table.isSet(at), set && !touched);
        });
      },
    ),
    { numRuns: 200 },
  );
});

test.run();
