// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beforeAndAfter, TraceText } from "./guests.js";

/**
 * "mm: page_alloc: don't steal single pages from biggest buddy". A kernel that could not claim a pageblock for
 * small objects took a piece of the largest block it found there; slabs then found no large one.
 */
const test = suite("regress: c2f6ea38fc1b");

const USER = "GFP_HIGHUSER_MOVABLE|__GFP_NOWARN|__GFP_NORETRY";
const KERNEL = "GFP_KERNEL|__GFP_NOWARN|__GFP_NORETRY";

/** Memory of programs with holes of 32 KiB and of 4 KiB; then small objects, and then slabs of 32 KiB. */
function holesThenSlabs(): TraceText {
  const trace = new TraceText();
  const large = Array.from({ length: 3072 }, () => trace.alloc(3, `${USER}|__GFP_COMP`, 1));
  const small = Array.from({ length: 8192 }, () => trace.alloc(0, USER, 1));
  for (let hole = 1; hole < large.length; hole += 4) trace.free(large[hole]!, 3);
  for (let hole = 1; hole < small.length; hole += 4) trace.free(small[hole]!, 0);
  for (let object = 0; object < 1000; object++) trace.alloc(0, KERNEL, 0);
  for (let slab = 0; slab < 700; slab++) trace.alloc(3, `${KERNEL}|__GFP_COMP`, 0);
  return trace;
}

test("in a fragmented guest small objects leave the large holes to slabs", () => {
  holesThenSlabs().use((workload) => {
    for (const kernels of [
      ["6.14.6", "6.14.7"],
      ["6.12.28", "6.12.29"],
    ] as const) {
      const [before, after] = beforeAndAfter(kernels, "memory=256MiB", workload);
      assert.ok(before!.requests.failed > after!.requests.failed + 500);
      assert.is(before!.requests.allocations, after!.requests.allocations);
    }
  });
});

test.run();
