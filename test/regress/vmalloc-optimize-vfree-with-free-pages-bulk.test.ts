import { suite } from "uvu";
import * as assert from "uvu/assert";
import { RequestKind } from "../../src/workload/requests.js";
import { GFP_KERNEL, oneZone } from "../page-alloc/machine.js";
import { setUp } from "../workload/replays.js";

/**
 * "vmalloc: optimize vfree with free_pages_bulk()". Blocks that vmalloc() had split went back page by page, and
 * the next stack had to split another one.
 */
const test = suite("regress: vmalloc-optimize-vfree-with-free-pages-bulk");

/** Blocks of order 2 and single pages on the lists of the CPU after a stack came and went. */
function listsAfterFree(kernel: string): { readonly order0: number; readonly order2: number } {
  const allocator = oneZone(8);
  const pcp = allocator.zones[0]!.pcp[0]!;
  Object.assign(pcp, { batch: 63, high: 1000, highMin: 1000, highMax: 1000 });
  const rows = [RequestKind.allocBulk, RequestKind.free].flatMap((kind) =>
    [0, 1, 2, 3].map((handle) => ({ kind, handle, gfp: GFP_KERNEL })),
  );
  setUp(rows, { allocator, kernel }).replay.runUntil(rows.length);
  return { order0: pcp.lists[0]!.size, order2: pcp.lists[6]!.size };
}

test("a stack came back as four pages, then as the block it was", () => {
  assert.equal(listsAfterFree("7.1"), { order0: 4, order2: 14 });
  assert.equal(listsAfterFree("7.2"), { order0: 0, order2: 15 });
});

test.run();
