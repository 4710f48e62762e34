// Takes 2 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type E820Entry, E820Type } from "../../src/efistub/setup-e820.js";
import { DEBIAN_CLOUD_6_12_95 } from "../../src/linux/kernel-build.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { Memblock } from "../../src/memblock/memblock.js";
import { GiB, KiB, MiB, TiB } from "../../src/units.js";
import { EarlyBoot, type EarlyMachine } from "../../src/x86/early-machine.js";
import { earlySteps } from "../../src/x86/early-memblock.js";
import { plainMachine, q35Map } from "../guest/machines.js";

/** A boot that prints each request makes one after the other; any other makes equal ones in rows. */
const test = suite("x86: rows of requests in early boot");

interface Taken {
  readonly regions: readonly string[];
  readonly accepted: readonly (readonly [start: number, sizeBytes: number])[];
  readonly tables: unknown;
}

function boot(machine: EarlyMachine, kernel: string, prints: boolean, last?: string): Taken {
  const rules = kernelRules(kernel);
  const accepted: [number, number][] = [];
  const memblock = new Memblock({
    rules: rules.memblock,
    accept: (start, sizeBytes) => accepted.push([start, sizeBytes]),
    ...(prints ? { debug: () => {} } : {}),
  });
  const early = new EarlyBoot(memblock, machine, DEBIAN_CLOUD_6_12_95, rules.boot);
  for (const { name, run } of earlySteps(rules.boot)) {
    run(early);
    if (name === last) break;
  }
  return { regions: memblock.dump(), accepted, tables: early.earlyMap.result };
}

/** Accepts are too many to be printed where they differ. */
function assertSame(machine: EarlyMachine, kernel: string, last?: string): void {
  const [found, expected] = [boot(machine, kernel, false, last), boot(machine, kernel, true, last)];
  assert.equal(found.regions, expected.regions);
  assert.equal(found.tables, expected.tables);
  assert.is(
    found.accepted.findIndex(([start], at) => start !== expected.accepted[at]?.[0]),
    -1,
    "accepts",
  );
  assert.is(found.accepted.length, expected.accepted.length);
}

for (const kernel of ["6.12", "7.3"]) {
  test(`${kernel}: a guest of 1 TiB`, () => assertSame(plainMachine(TiB), kernel));
}

test("tables of a direct map of 40 TiB with a level more", () => {
  assertSame(plainMachine(40 * TiB, { fiveLevel: true }), "7.3", "init_mem_mapping");
});

test("tables of the direct map of any memory", () => {
  const range = fc.tuple(fc.integer({ min: 1, max: 4 * MiB }), fc.integer({ min: 1, max: 1024 * MiB }));
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), fc.boolean(), (gapsAndSizes, fiveLevel) => {
      const e820: E820Entry[] = q35Map(2 * GiB);
      for (const [gap, size] of gapsAndSizes) {
        const start = Math.max(4 * GiB, e820.at(-1)!.end) + gap * 4 * KiB;
        e820.push({ start, end: start + size * 4 * KiB, type: E820Type.RAM });
      }
      assertSame(plainMachine(0, { e820, fiveLevel }), "7.3", "init_mem_mapping");
    }),
    { numRuns: 60 },
  );
});

test.run();
