import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { deferredJobs, padataChunks } from "../../src/mm/deferred-init.js";
import type { PfnRange } from "../../src/mm/pfn-range.js";

/**
 * "mm/mm_init: deferred_init_memmap: use a job per zone". A node had a job for each free range, which its threads did
 * one after another.
 */
const test = suite("regress: f1f86187fd72");

const AREA = {
  free: [
    { startPfn: 0x100000, endPfn: 0x110001 },
    { startPfn: 0x119000, endPfn: 0x47f000 },
  ],
  firstDeferredPfn: 0x108000,
  endPfn: 0x47ff00,
};

function jobs(kernel: string): PfnRange[] {
  return deferredJobs(AREA, kernelRules(kernel).boot.deferredJobs);
}

test("a hole of more than a section made two jobs", () => {
  for (const kernel of ["6.12", "6.17"]) {
    assert.equal(jobs(kernel), [
      { startPfn: 0x108000, endPfn: 0x118000 },
      { startPfn: 0x119000, endPfn: 0x480000 },
    ]);
  }
  for (const kernel of ["6.18", "7.3"])
    assert.equal(jobs(kernel), [{ startPfn: 0x108000, endPfn: 0x480000 }], kernel);
});

test("the one job is cut like the others: 8 CPUs take 131,072 pages each time", () => {
  const { workers, chunks } = padataChunks(jobs("7.3")[0]!, 8);
  assert.is(workers, 8);
  assert.equal(chunks[0], { startPfn: 0x108000, endPfn: 0x120000 });
  assert.equal(chunks[1], { startPfn: 0x120000, endPfn: 0x140000 });
});

test("nothing left means no job", () => {
  const none = { ...AREA, firstDeferredPfn: Number.POSITIVE_INFINITY };
  for (const rule of ["range", "node"] as const) assert.equal(deferredJobs(none, rule), [], rule);
});

test.run();
