import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MiB } from "../../src/units.js";
import { bootTo } from "./early-boot.js";

/**
 * "mm/sparse: remove sparse buffer pre-allocation mechanism". The map of a node was one block, and one request to
 * accept it.
 */
const test = suite("regress: remove-sparse-buffer-pre-allocation");

function blocks(kernel: string): (readonly [start: number, mib: number])[] {
  return bootTo(kernel, "sparse_init")
    .accepted.filter(({ sizeBytes }) => sizeBytes >= 2 * MiB)
    .map(({ start, sizeBytes }) => [start, sizeBytes / MiB] as const);
}

test("48 sections of a guest of 6 GiB: 96 MiB at once, then 48 times 2 MiB from the top down", () => {
  for (const kernel of ["6.12", "7.1"]) assert.equal(blocks(kernel), [[0x1_f9e0_0000, 96]], kernel);
  for (const kernel of ["7.2", "7.3"]) {
    const all = blocks(kernel);
    assert.is(all.length, 48, kernel);
    for (const [section, block] of all.entries())
      assert.equal(block, [0x1_ffc0_0000 - section * 2 * MiB, 2], kernel);
  }
});

test.run();
