import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, oneZone } from "../page-alloc/machine.js";

/**
 * "mm: pcp: increase pcp->free_count threshold to trigger free_high". A run of freed network buffers emptied the
 * lists of a CPU after a single batch of pages, and the next one had to be refilled under the zone's lock.
 */
const test = suite("regress: c544a952ba61");

/** Frees in a row of blocks of order 1 until one empties the lists of the CPU. */
function freesUntilEmpty(kernel: string, highMin: number): number {
  const a = oneZone(16, { rules: kernelRules(kernel).pageAlloc });
  const pfns = Array.from({ length: 1000 }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE, 1));
  const pcp = a.zones[0]!.pcp[0]!;
  Object.assign(pcp, { batch: 63, highMin, highMax: 54687 });
  let frees = 0;
  do freePfn(a, pfns[frees++]!, 1);
  while (pcp.count > 0);
  return frees;
}

test("63 pages in a row were enough, then a batch and half of high_min", () => {
  // The free that empties the lists finds the pages of those before it.
  assert.is(freesUntilEmpty("6.12", 874), 33);
  assert.is(freesUntilEmpty("6.15", 874), 33);
  assert.is(freesUntilEmpty("6.16", 874), 251);
  assert.is(freesUntilEmpty("7.3", 874), 251);
  assert.is(freesUntilEmpty("7.3", 877), 252);
});

test.run();
