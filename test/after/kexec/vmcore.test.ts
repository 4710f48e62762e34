import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readVmcore } from "../../../src/after/kexec/vmcore.js";
import { TdxPlatform } from "../../../src/coco/tdx/tdx-platform.js";
import { UnacceptedTable } from "../../../src/efistub/unaccepted-table.js";
import { CostLedger } from "../../../src/sim/cost-ledger.js";
import { GiB, PAGE_SIZE, UNIT_SIZE } from "../../../src/units.js";

const test = suite("kexec: /proc/vmcore");

const RAM = [{ start: 4 * GiB, end: 4 * GiB + 8 * UNIT_SIZE }];

/** Units 0, 1 and 4 of eight are accepted. */
function crashed(): [TdxPlatform, UnacceptedTable] {
  const platform = new TdxPlatform(new CostLedger(), { pageSizeBytes: PAGE_SIZE });
  const table = new UnacceptedTable(4 * GiB, 1);
  table.setRange(0, 8);
  for (const [first, end] of [
    [0, 2],
    [4, 5],
  ] as const) {
    table.acceptUnits(first, end, { acceptMemory: (from, to) => platform.kernelAccept(from, to) });
  }
  return [platform, table];
}

test("unaccepted memory is no RAM, nor is the page before it", () => {
  const [platform, table] = crashed();
  assert.equal(readVmcore(RAM, table, platform, []), {
    ramBytes: 8 * UNIT_SIZE,
    readBytes: 3 * UNIT_SIZE - 2 * PAGE_SIZE,
    skippedBytes: 5 * UNIT_SIZE + 2 * PAGE_SIZE,
    descriptorBytes: (5 * 512 + 2) * 24,
  });
});

test("a dump tool that tells unaccepted pages has a descriptor for the page before them alone", () => {
  const [platform, table] = crashed();
  const { skippedBytes, descriptorBytes } = readVmcore(RAM, table, platform, [], true);
  assert.equal([skippedBytes, descriptorBytes], [5 * UNIT_SIZE + 2 * PAGE_SIZE, 2 * 24]);
});

test("the last page below the table is left out, too, when the first unit is unaccepted", () => {
  const [platform, table] = crashed();
  table.setRange(0, 1);
  platform.kernelAccept(4 * GiB - UNIT_SIZE, 4 * GiB);
  const below = [{ start: 4 * GiB - UNIT_SIZE, end: 4 * GiB }];
  assert.is(readVmcore(below, table, platform, []).skippedBytes, PAGE_SIZE);
});

test("a kernel that does not ask reads unaccepted memory, and the TD ends there", () => {
  const [platform] = crashed();
  const { readBytes, reason } = readVmcore(RAM, undefined, platform, []);
  assert.is(readBytes, 0, "the range is read as one, and not all of it is there");
  assert.match(reason!, `0x${(4 * GiB + 2 * UNIT_SIZE).toString(16)}, which is not accepted`);
});

test("memory left shared with the host cannot be read as private", () => {
  const [platform, table] = crashed();
  const shared = { start: 4 * GiB + UNIT_SIZE, end: 4 * GiB + UNIT_SIZE + PAGE_SIZE };
  platform.convertToShared(shared.start, shared.end);
  assert.match(readVmcore(RAM, table, platform, [shared]).reason!, "left shared");
});

test.run();
