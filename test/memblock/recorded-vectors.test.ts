// Takes 1 s.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compareMemblockVectors, parseMemblockVectors } from "../../src/verify/memblock-vectors.js";

/*
 * 2 x 120 random operation sequences that Linux 6.12.107's own mm/memblock.c ran in its
 * user-space test bench (workloads/memblock/README.md). Every returned value, the final regions
 * and the totals must be the same.
 */

/** Compared behind the operations: both arrays, both sizes, start and end. */
const FINAL_VALUES = 6;

for (const file of ["memblock-vectors", "memblock-vectors-numa"]) {
  const test = suite(`memblock: recorded ${file}`);
  const path = new URL(`../../workloads/memblock/${file}.json.gz`, import.meta.url);
  const sequences = parseMemblockVectors(gunzipSync(readFileSync(path)).toString());

  test("there are 120 sequences", () => {
    assert.is(sequences.length, 120);
  });

  for (const sequence of sequences) {
    test(`sequence ${sequence.id}`, () => {
      const { compared, equal, firstDivergence } = compareMemblockVectors([sequence]);
      assert.is(firstDivergence, undefined);
      assert.is(compared, sequence.ops.length + FINAL_VALUES);
      assert.is(equal, compared);
    });
  }

  test.run();
}
