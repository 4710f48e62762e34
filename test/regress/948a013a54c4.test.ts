import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptMemory } from "../../src/accept/accept-memory.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { asPhys } from "../../src/units.js";

/**
 * "efi: Align unaccepted memory range to page boundary". A request that ended inside the last page of a unit did not
 * accept the next one, although load_unaligned_zeropad() may read there.
 */
const test = suite("regress: 948a013a54c4");

/** 16 units from 4 GiB on, and what the platform was asked to accept. */
function acceptance(kernel: string): { accept: AcceptMemory; asked: number[][] } {
  const asked: number[][] = [];
  const table = new UnacceptedTable(0x1_0000_0000, 2);
  table.setRange(0, 16);
  const arch = { acceptMemory: (start: number, end: number): unknown => asked.push([start, end]) };
  return {
    accept: new AcceptMemory(table, arch as never, undefined, kernelRules(kernel).acceptMemory),
    asked,
  };
}

function accepted(kernel: string, start: number, sizeBytes: number): number[][] {
  const { accept, asked } = acceptance(kernel);
  accept.acceptMemory(asPhys(start), sizeBytes);
  return asked;
}

test("100 bytes that end in the last page of a unit", () => {
  for (const kernel of ["6.12", "6.19"])
    assert.equal(accepted(kernel, 0x1_001f_ff80, 100), [[0x1_0000_0000, 0x1_0020_0000]], kernel);
  for (const kernel of ["7.0", "7.3"])
    assert.equal(accepted(kernel, 0x1_001f_ff80, 100), [[0x1_0000_0000, 0x1_0040_0000]], kernel);
});

test("64 bytes in the middle of a unit", () => {
  for (const kernel of ["6.12", "7.3"])
    assert.equal(accepted(kernel, 0x1_000f_f800, 64), [[0x1_0000_0000, 0x1_0020_0000]], kernel);
});

test("100 bytes that end in the last page below the table", () => {
  assert.equal(accepted("6.12", 0xffff_ff80, 100), []);
  assert.equal(accepted("7.3", 0xffff_ff80, 100), [[0x1_0000_0000, 0x1_0020_0000]]);
});

test("the question about a range looks as far", () => {
  const contains = (kernel: string, start: number, sizeBytes: number): boolean => {
    const { accept } = acceptance(kernel);
    accept.table!.clearRange(0, 1);
    return accept.rangeContainsUnaccepted(asPhys(start), sizeBytes);
  };
  assert.is(contains("6.12", 0x1_001f_f000, 100), false);
  assert.is(contains("7.3", 0x1_001f_f000, 100), true);
  for (const kernel of ["6.12", "7.3"]) assert.is(contains(kernel, 0x1_001f_ffc0, 64), true, kernel);
});

test("whole pages are as they were", () => {
  for (const kernel of ["6.12", "7.3"]) {
    assert.equal(accepted(kernel, 0x1_0010_0000, 0x1000), [[0x1_0000_0000, 0x1_0020_0000]], kernel);
    assert.equal(accepted(kernel, 0x1_001f_f000, 0x1000), [[0x1_0000_0000, 0x1_0040_0000]], kernel);
  }
});

test.run();
