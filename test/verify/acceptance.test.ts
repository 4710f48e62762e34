import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MiB } from "../../src/units.js";
import { tableOfBootLog } from "../../src/verify/acceptance.js";

const test = suite("verify: table of unaccepted memory of a boot log");

const IMAGE = "kernel [0x1000000-0x4c26000) initrd 0x7fe47000+0x190419";

/** The table of a log with the given lines about ranges. */
function table(base: string, sizeBytes: number, ...ranges: string[]): ReturnType<typeof tableOfBootLog> {
  return tableOfBootLog(
    [
      ...ranges.map((range) => `[    0.000000] lab: unaccepted ${range}`),
      `[    0.000000] lab: table base ${base} size ${sizeBytes} bytes, 7 units set, ${IMAGE}`,
    ].join("\n"),
  );
}

/** Unaccepted ranges, in MiB. */
function unacceptedMiB(found: ReturnType<typeof tableOfBootLog>): [number, number][] {
  const ranges: [number, number][] = [];
  const { physBase, unitCount } = found!;
  for (let start = found!.nextSet(0, unitCount); start < unitCount; ) {
    const end = found!.nextClear(start, unitCount);
    ranges.push([physBase / MiB + start * 2, physBase / MiB + end * 2]);
    start = found!.nextSet(end, unitCount);
  }
  return ranges;
}

test("a guest with nothing unaccepted has none", () => {
  assert.is(tableOfBootLog("[    0.000000] Linux version 6.12.107\n"), undefined);
});

test("a range from 4 GiB to an end inside a unit: the last, partial unit is accepted", () => {
  const found = table("0x100000000", 60, "[0x100000000-0x13b900000) 476 units");
  assert.equal(unacceptedMiB(found), [[4096, 4096 + 952]]);
  assert.is(found!.countSet(), 476);
});

test("a range that begins inside a unit: the first, partial unit is accepted", () => {
  assert.equal(unacceptedMiB(table("0x8000000", 8, "[0x8101000-0x8900000) 3 units")), [[130, 136]]);
});

test("several ranges with gaps", () => {
  const found = table("0x8000000", 128, "[0x8000000-0x8c00000) 6 units", "[0x20100000-0x20900000) 3 units");
  assert.equal(unacceptedMiB(found), [
    [128, 140],
    [514, 520],
  ]);
});

test("the units that kernel image and initrd touch are accepted", () => {
  const found = table("0x800000", 128, "[0x800000-0x7fe00000) 1019 units");
  assert.equal(unacceptedMiB(found), [
    [8, 16],
    [78, 2046],
  ]);
  const around = table("0x7f000000", 2, "[0x7f000000-0x80000000) 8 units");
  assert.equal(unacceptedMiB(around), [[2032, 2046]]);
});

test("a range of less than two units was accepted by the stub, even around a whole unit", () => {
  const found = table("0x8000000", 8, "[0x8100000-0x8480000) 0 units", "[0x8800000-0x8c00000) 2 units");
  assert.equal(unacceptedMiB(found), [[136, 140]]);
});

test("a range beyond the table ends with it", () => {
  assert.equal(unacceptedMiB(table("0x8000000", 1, "[0x8000000-0xa000000) 16 units")), [[128, 144]]);
});

test.run();
