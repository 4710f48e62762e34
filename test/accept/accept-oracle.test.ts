import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptMemory } from "../../src/accept/accept-memory.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { asPhys } from "../../src/units.js";
import { Recorder } from "../efistub/recorder.js";
import { Random } from "../page-alloc/oracle-random.js";
import { NaiveAccept } from "./naive-accept.js";

const test = suite("accept: naive model");

const UNIT = 2 ** 21;
const PAGE = 4096;

/** Near a border of units or pages, or anywhere; may lie below the table or beyond its end. */
function randomAddress(random: Random, physBase: number, units: number): number {
  const near = physBase + random.between(-1, units + 1) * UNIT;
  const off = random.pick([
    0,
    1,
    63,
    64,
    100,
    PAGE - 1,
    PAGE,
    PAGE + 1,
    random.below(3 * PAGE),
    random.below(UNIT),
  ]);
  return random.chance(50) ? near + off : near - off;
}

/** One table and its requests. */
function duel(random: Random, wholePages: boolean): void {
  const physBase = random.between(1, 5000) * UNIT;
  const bytes = random.between(1, 3);
  const share = random.pick([10, 50, 100]);
  const units = Array.from({ length: bytes * 8 }, () => random.chance(share));
  const table = new UnacceptedTable(physBase, bytes);
  units.forEach((unaccepted, unit) => {
    if (unaccepted) table.setRange(unit, unit + 1);
  });
  const arch = new Recorder();
  const actual = new AcceptMemory(table, arch, undefined, { wholePages });
  const expected = new NaiveAccept(physBase, units, wholePages);
  for (let request = 0; request < 40; request++) {
    const a = randomAddress(random, physBase, units.length);
    const b = randomAddress(random, physBase, units.length);
    const [start, sizeBytes] = [Math.min(a, b), Math.abs(a - b) + 1];
    const what = `0x${start.toString(16)}, ${sizeBytes} bytes, table from 0x${physBase.toString(16)}`;
    assert.is(
      actual.rangeContainsUnaccepted(asPhys(start), sizeBytes),
      expected.contains(start, sizeBytes),
      `contains ${what}`,
    );
    if (random.chance(70)) continue;
    actual.acceptMemory(asPhys(start), sizeBytes);
    const accepted = arch.take().flatMap(([from, to]) => {
      return Array.from({ length: (to - from) / UNIT }, (_, at) => from + at * UNIT);
    });
    assert.equal(accepted, expected.accept(start, sizeBytes), `accept ${what}`);
  }
}

for (const [kernel, wholePages] of [
  ["6.12", false],
  ["7.3", true],
] as const) {
  test(`${kernel}: 40 000 requests with ends on any byte: the same units and answers as the naive model`, () => {
    assert.is(kernelRules(kernel).acceptMemory.wholePages, wholePages);
    for (let seed = 1; seed <= 1000; seed++) duel(new Random(seed), wholePages);
  });
}

test.run();
