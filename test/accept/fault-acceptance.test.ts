import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { FaultAcceptance } from "../../src/accept/fault-acceptance.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { asPhys, GiB, KiB, MiB } from "../../src/units.js";

const test = suite("accept: fault-driven");

/** What the platform was asked, in order: `fault ADDRESS` and `accept START END`, in KiB. */
function machine(table: UnacceptedTable, batchBytes: number, batchMaxBytes: number = batchBytes) {
  const asked: string[] = [];
  const acceptance = new FaultAcceptance(
    table,
    {
      exception: (start) => asked.push(`fault ${start / KiB}`),
      acceptMemory: (start, end) => asked.push(`accept ${start / KiB} ${end / KiB}`),
    },
    { batchBytes, batchMaxBytes },
  );
  return { acceptance, asked };
}

/** A table over [0, size) with everything unaccepted. */
function tableOf(sizeBytes: number, unitSizeBytes: number): UnacceptedTable {
  const table = new UnacceptedTable(0, Math.ceil(sizeBytes / unitSizeBytes / 8), unitSizeBytes);
  table.setRange(0, sizeBytes / unitSizeBytes);
  return table;
}

test("a fault accepts the aligned batch around the address", () => {
  const { acceptance, asked } = machine(tableOf(32 * MiB, 2 * MiB), 4 * MiB);
  acceptance.touch(asPhys(7 * MiB), 4 * KiB);
  assert.equal(asked, ["fault 7168", "accept 4096 8192"]);
});

test("what is accepted raises nothing", () => {
  const { acceptance, asked } = machine(tableOf(32 * MiB, 2 * MiB), 2 * MiB);
  acceptance.touch(asPhys(MiB), 4 * KiB);
  acceptance.touch(asPhys(MiB), MiB);
  assert.is(asked.length, 2);
  assert.is(acceptance.faults, 1);
});

test("only what is unaccepted of a batch is accepted", () => {
  const table = tableOf(16 * MiB, 2 * MiB);
  table.clearRange(1, 2);
  const { acceptance, asked } = machine(table, 8 * MiB);
  acceptance.touch(asPhys(0), 4 * KiB);
  assert.equal(asked, ["fault 0", "accept 0 2048", "accept 4096 8192"]);
});

test("a range raises a fault for each batch that it reaches", () => {
  const { acceptance, asked } = machine(tableOf(16 * MiB, 4 * KiB), 4 * KiB);
  acceptance.touch(asPhys(1000 * 4 * KiB), 3 * 4 * KiB);
  assert.equal(asked, [
    "fault 4000",
    "accept 4000 4004",
    "fault 4004",
    "accept 4004 4008",
    "fault 4008",
    "accept 4008 4012",
  ]);
});

test("a walk through memory doubles an adaptive batch up to its limit; a jump starts anew", () => {
  const { acceptance, asked } = machine(tableOf(64 * MiB, 2 * MiB), 2 * MiB, 8 * MiB);
  for (let address = 0; address < 28 * MiB; address += 4 * KiB) acceptance.touch(asPhys(address), 4 * KiB);
  acceptance.touch(asPhys(50 * MiB), 4 * KiB);
  const accepts = asked.filter((line) => line.startsWith("accept"));
  assert.equal(accepts, [
    "accept 0 2048",
    "accept 2048 4096", // 4 MiB around 2 MiB, whose first half is accepted
    "accept 4096 8192", // 8 MiB around 4 MiB
    "accept 8192 16384",
    "accept 16384 24576",
    "accept 24576 32768",
    "accept 51200 53248",
  ]);
});

test("a batch at the end of the table ends with it", () => {
  const table = tableOf(16 * MiB, 2 * MiB);
  const { acceptance, asked } = machine(table, GiB);
  acceptance.touch(asPhys(15 * MiB), 4 * KiB);
  assert.equal(asked, ["fault 15360", "accept 0 16384"]);
});

test("memory outside the table is accepted by definition", () => {
  const table = new UnacceptedTable(4 * MiB, 1);
  table.setRange(0, 8);
  const { acceptance, asked } = machine(table, 2 * MiB);
  acceptance.touch(asPhys(0), 4 * MiB);
  acceptance.touch(asPhys(20 * MiB), MiB);
  assert.equal(asked, []);
  acceptance.touch(asPhys(3 * MiB), 2 * MiB);
  assert.equal(asked, ["fault 4096", "accept 4096 6144"]);
});

test("a batch below the unit of the table cannot be", () => {
  assert.throws(() => machine(tableOf(16 * MiB, 2 * MiB), 4 * KiB), /smaller than a unit/);
});

test("a table by smaller units stands for the same memory", () => {
  const table = tableOf(16 * MiB, 2 * MiB);
  table.clearRange(3, 5);
  const finer = table.splitInto(4 * KiB);
  assert.is(finer.countSet() * 4 * KiB, table.countSet() * 2 * MiB);
  for (let unit = 0; unit < 8; unit++) {
    for (const page of [0, 511]) assert.is(finer.isSet(unit * 512 + page), table.isSet(unit));
  }
});

test("whoever touches everything in whatever order accepts everything once", () => {
  fc.assert(
    fc.property(
      fc.shuffledSubarray(
        Array.from({ length: 64 }, (_value, at) => at),
        { minLength: 64 },
      ),
      fc.constantFrom(256 * KiB, MiB, 4 * MiB),
      fc.boolean(),
      (order, batchBytes, adaptive) => {
        const table = tableOf(16 * MiB, 256 * KiB);
        const accepted = new Map<number, number>();
        const acceptance = new FaultAcceptance(
          table,
          {
            exception: () => {},
            acceptMemory: (start, end) => {
              for (let at: number = start; at < end; at += 256 * KiB)
                accepted.set(at, (accepted.get(at) ?? 0) + 1);
            },
          },
          { batchBytes, batchMaxBytes: adaptive ? 16 * MiB : batchBytes },
        );
        for (const at of order) acceptance.touch(asPhys(at * 256 * KiB), 4 * KiB);
        assert.is(accepted.size, 64);
        assert.ok([...accepted.values()].every((times) => times === 1));
        const batches = (16 * MiB) / batchBytes;
        if (adaptive) assert.ok(acceptance.faults > 0 && acceptance.faults <= batches);
        else assert.is(acceptance.faults, batches);
      },
    ),
    { numRuns: 100 },
  );
});

test.run();
