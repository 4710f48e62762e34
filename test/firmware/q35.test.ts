import { suite } from "uvu";
import * as assert from "uvu/assert";
import { q35Ram, withoutLegacyHole } from "../../src/firmware/q35.js";
import { GiB, KiB, MiB, TiB } from "../../src/units.js";

const test = suite("firmware: q35 memory layout");

test("less than 2.75 GiB lies below 4 GiB in one piece", () => {
  assert.equal(q35Ram(2 * GiB), [{ start: 0, end: 2 * GiB }]);
  assert.equal(q35Ram(2.75 * GiB - MiB), [{ start: 0, end: 2.75 * GiB - MiB }]);
});

test("from 2.75 GiB on only 2 GiB stay low", () => {
  assert.equal(q35Ram(2.75 * GiB), [
    { start: 0, end: 2 * GiB },
    { start: 4 * GiB, end: 4.75 * GiB },
  ]);
  assert.equal(q35Ram(4 * GiB), [
    { start: 0, end: 0x80000000 },
    { start: 0x1_0000_0000, end: 0x1_8000_0000 },
  ]);
});

test("no RAM has an address of more than 52 bits", () => {
  assert.is(q35Ram(4096 * TiB - 2 * GiB)[1]!.end, 2 ** 52);
  assert.is(q35Ram(4096 * TiB)[1]!.end, 2 ** 52);
  assert.is(q35Ram(4095 * TiB)[1]!.end, 4095 * TiB + 2 * GiB);
});

test("no operating system gets the memory from 640 KiB to 1 MiB", () => {
  assert.equal(withoutLegacyHole(q35Ram(4 * GiB)), [
    { start: 0, end: 640 * KiB },
    { start: MiB, end: 2 * GiB },
    { start: 4 * GiB, end: 6 * GiB },
  ]);
});

test.run();
