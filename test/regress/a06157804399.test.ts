import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RequestKind } from "../../src/workload/requests.js";
import { GFP_KERNEL, oneZone } from "../page-alloc/machine.js";
import { setUp } from "../workload/replays.js";

/**
 * "mm/vmalloc: request large order pages from buddy allocator". A kernel stack was four single pages from the list
 * of a CPU, and became one block of order 2.
 */
const test = suite("regress: a06157804399");

/** Blocks of order 2 and single pages on the lists of the CPU after the first stack. */
function listsAfterStack(kernel: string): { readonly order0: number; readonly order2: number } {
  const allocator = oneZone(8);
  const pcp = allocator.zones[0]!.pcp[0]!;
  Object.assign(pcp, { batch: 63, high: 1000, highMin: 1000, highMax: 1000 });
  const kind = RequestKind.allocBulk;
  const rows = [0, 1, 2, 3].map((handle) => ({ kind, handle, gfp: GFP_KERNEL }));
  setUp(rows, { allocator, kernel }).replay.runUntil(rows.length);
  return { order0: pcp.lists[0]!.size, order2: pcp.lists[6]!.size };
}

test("the first stack fills the list of single pages, then that of order 2", () => {
  assert.equal(listsAfterStack("6.18"), { order0: 59, order2: 0 });
  assert.equal(listsAfterStack("6.19"), { order0: 0, order2: 14 });
});

test.run();
