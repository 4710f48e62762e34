// Takes 1 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { type SparseOptions, sparseInit } from "../../src/mm/sparse.js";
import { GiB, MiB, TiB } from "../../src/units.js";
import { sparseInitOneByOne } from "./sparse-one-by-one.js";

const test = suite("mm: rows of equal requests for the memory map");

interface Machine {
  readonly kernel: string;
  readonly options: Omit<SparseOptions, "rules">;
  /** Memory as gaps and sizes in MiB, and the node of each range. */
  readonly memory: readonly (readonly [gap: number, size: number, nid: number])[];
  /** Reserved ranges: where, as a part of all memory, and bytes. */
  readonly reserved: readonly (readonly [at: number, bytes: number])[];
}

interface Outcome {
  readonly arrays: unknown;
  readonly accepted: readonly (readonly [start: number, size: number])[];
  readonly failed: boolean;
}

function outcome(machine: Machine, init: (memblock: Memblock, options: SparseOptions) => void): Outcome {
  const rules = kernelRules(machine.kernel);
  const accepted: [number, number][] = [];
  const memblock = new Memblock({
    rules: rules.memblock,
    accept: (start, size) => accepted.push([start, size]),
  });
  let end = MiB;
  for (const [gap, size, nid] of machine.memory) {
    memblock.addNode(end + gap * MiB, size * MiB, nid);
    end += (gap + size) * MiB;
  }
  for (const [at, bytes] of machine.reserved) memblock.reserve(Math.floor((at * end) / 4096) * 4096, bytes);
  memblock.currentLimit = end;
  memblock.allowResize();
  let failed = false;
  try {
    init(memblock, { ...machine.options, rules: rules.boot });
  } catch {
    failed = true;
  }
  const arrays = [memblock.memory, memblock.reserved].map(({ regions, max, arrayAddress, totalSize }) => ({
    regions: [...regions],
    max,
    arrayAddress,
    totalSize,
  }));
  return { arrays, failed, accepted };
}

/** Lists are too long to be printed where they differ. */
function assertSame(machine: Machine): void {
  const [found, expected] = [outcome(machine, sparseInit), outcome(machine, sparseInitOneByOne)];
  assert.equal(found.arrays, expected.arrays);
  assert.is(found.failed, expected.failed);
  assert.is(
    found.accepted.findIndex(([start], at) => start !== expected.accepted[at]?.[0]),
    -1,
    "accepts",
  );
  assert.is(found.accepted.length, expected.accepted.length);
}

const FLAGS: fc.Arbitrary<Machine["options"]> = fc.record({
  fiveLevelPaging: fc.boolean(),
  pageExtension: fc.boolean(),
  memoryIsolation: fc.boolean(),
});

const KERNELS = ["6.12", "6.18", "7.2", "7.3"];

test("any memory gives what request after request gives", () => {
  const range = fc.tuple(
    fc.integer({ min: 0, max: 2000 }),
    fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 400_000 })),
    fc.integer({ min: 0, max: 1 }),
  );
  const machine = fc.record({
    kernel: fc.constantFrom(...KERNELS),
    options: FLAGS,
    memory: fc.array(range, { minLength: 1, maxLength: 6 }),
    reserved: fc.array(
      fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 64, max: 5 * MiB })),
      {
        maxLength: 140,
      },
    ),
  });
  fc.assert(fc.property(machine, assertSame), { numRuns: 40 });
});

// A block for all and maps one by one.
for (const kernel of ["6.12", "7.3"]) {
  test(`${kernel}: 33 TiB, whose map has two tables of the upper level`, () => {
    const options = { fiveLevelPaging: false, pageExtension: true, memoryIsolation: true };
    const memory = [[0, (33 * TiB) / MiB, 0]] as const;
    assertSame({ kernel, options, memory, reserved: [[0.5, GiB]] });
  });
}

test.run();
