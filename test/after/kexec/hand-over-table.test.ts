import { suite } from "uvu";
import * as assert from "uvu/assert";
import { trackedMap } from "../../../src/accept/e820-ranges.js";
import { rebuiltTable, tableFromMap } from "../../../src/after/kexec/next-kernel.js";
import { type E820Entry, E820Type } from "../../../src/efistub/setup-e820.js";
import { UnacceptedTable } from "../../../src/efistub/unaccepted-table.js";
import { GiB, MiB, UNIT_SIZE } from "../../../src/units.js";
import { StrictHardware } from "../../accept/strict-hardware.js";

const test = suite("kexec: what the next kernel is told");

const E820: readonly E820Entry[] = [
  { start: MiB, end: 2 * GiB, type: E820Type.RAM },
  { start: 2 * GiB, end: 2 * GiB + MiB, type: E820Type.RESERVED },
  { start: 4 * GiB, end: 6 * GiB, type: E820Type.RAM },
];
const UNITS = 1024;

/** All of the upper 2 GiB unaccepted, but for units that were accepted. */
function table(accepted: readonly (readonly [first: number, end: number])[]): UnacceptedTable {
  const made = new UnacceptedTable(4 * GiB, UNITS / 8);
  made.setRange(0, UNITS);
  for (const [first, end] of accepted) made.clearRange(first, end);
  return made;
}

/** Set units. */
function bits(of: UnacceptedTable | undefined): number[] {
  if (of === undefined) return [];
  const offset = (of.physBase - 4 * GiB) / UNIT_SIZE;
  return Array.from({ length: UNITS }, (_, unit) => unit).filter(
    (unit) => unit >= offset && unit - offset < of.unitCount && of.isSet(unit - offset),
  );
}

test("the map has RAM split by the table, and the rest as it is", () => {
  assert.equal(trackedMap(E820, table([[10, 20]])), [
    { start: MiB, end: 2 * GiB, kind: "accepted" },
    { start: 2 * GiB, end: 2 * GiB + MiB, kind: "other" },
    { start: 4 * GiB, end: 4 * GiB + 10 * UNIT_SIZE, kind: "unaccepted" },
    { start: 4 * GiB + 10 * UNIT_SIZE, end: 4 * GiB + 20 * UNIT_SIZE, kind: "accepted" },
    { start: 4 * GiB + 20 * UNIT_SIZE, end: 6 * GiB, kind: "unaccepted" },
  ]);
  assert.is(trackedMap(E820, undefined).length, 3);
});

test("RAM beyond the end of the table is accepted", () => {
  const short = new UnacceptedTable(4 * GiB, 1);
  short.setRange(4, 8);
  assert.equal(trackedMap(E820.slice(2), short), [
    { start: 4 * GiB, end: 4 * GiB + 4 * UNIT_SIZE, kind: "accepted" },
    { start: 4 * GiB + 4 * UNIT_SIZE, end: 4 * GiB + 8 * UNIT_SIZE, kind: "unaccepted" },
    { start: 4 * GiB + 8 * UNIT_SIZE, end: 6 * GiB, kind: "accepted" },
  ]);
});

test("a rebuilt table says what the old one said", () => {
  const old = table([
    [0, 4],
    [100, 140],
    [1000, 1024],
  ]);
  const hardware = new StrictHardware();
  const { table: next, entries, gapBytes } = rebuiltTable(E820, old, hardware);
  assert.equal(bits(next), bits(old));
  assert.is(entries, 2 + 5);
  assert.is(gapBytes, 0);
  assert.equal(hardware.calls, []);
});

test("a single unit between accepted ones is too short for a stub's table, and is accepted", () => {
  const hardware = new StrictHardware();
  const { table: next } = rebuiltTable(
    E820,
    table([
      [0, 10],
      [11, 20],
    ]),
    hardware,
  );
  assert.equal(hardware.calls, [[4 * GiB + 10 * UNIT_SIZE, 4 * GiB + 11 * UNIT_SIZE]]);
  assert.equal(bits(next), bits(table([[0, 20]])));
});

test("64 isolated blocks do not fit into 128 entries beside the rest; the smallest gaps are accepted", () => {
  // Gaps of 10 units, but for the last two.
  const blocks = Array.from({ length: 64 }, (_, block) => [block * 12 + 10, block * 12 + 12] as const);
  const hardware = new StrictHardware();
  const { table: next, entries, gapBytes } = rebuiltTable(E820, table(blocks), hardware);
  // 2 + 129 entries; the lowest gap is below the first block and saves one, the next saves two.
  assert.is(entries, 128);
  assert.is(gapBytes, 2 * 10 * UNIT_SIZE);
  assert.is(bits(next).length, UNITS - 64 * 2 - 2 * 10);
});

test("a kernel that nobody tells takes for unaccepted what was so at first", () => {
  const atFirst = trackedMap(E820, table([]));
  const next = tableFromMap(atFirst, UNIT_SIZE, new StrictHardware());
  assert.equal(bits(next), bits(table([])));
});

test("where all is accepted there is no table", () => {
  const hardware = new StrictHardware();
  assert.is(rebuiltTable(E820, undefined, hardware).table, undefined);
  assert.is(rebuiltTable(E820, table([[0, UNITS]]), hardware).table, undefined);
});

test.run();
