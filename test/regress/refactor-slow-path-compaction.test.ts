import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { Gfp, GfpMask } from "../../src/page-alloc/gfp.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, oneZone } from "../page-alloc/machine.js";

/**
 * The slow path of 7.0 decides first whether compaction comes before reclaim. It walks the zones once where nothing
 * has changed since, and a fault for a huge page of one node only never gets to reclaim.
 */
const test = suite("regress: compaction in the slow path");

/** A zone whose only huge page lies in pieces on the list of its CPU. */
function hugePageInPieces(kernel: string, gfp: number): number {
  const a = oneZone(1, { rules: kernelRules(kernel).pageAlloc });
  const pcp = a.zones[0]!.pcp[0]!;
  const pfns = Array.from({ length: 1024 }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE, 0));
  Object.assign(pcp, { batch: 63, highMin: 4096, highMax: 4096 });
  for (const pfn of pfns.slice(0, 512)) freePfn(a, pfn, 0);
  return allocPfn(a, gfp, 9);
}

test("a huge page of one node only is given up before the lists of CPUs are drained", () => {
  const local = GfpMask.TRANSHUGE | Gfp.NORETRY | Gfp.THISNODE;
  assert.equal(
    ["6.12", "6.19", "7.0", "7.3"].map((kernel) => hugePageInPieces(kernel, local)),
    [0, 0, -1, -1],
  );
  assert.is(hugePageInPieces("7.3", GfpMask.TRANSHUGE | Gfp.NORETRY), 0);
  assert.is(hugePageInPieces("7.3", GfpMask.TRANSHUGE | Gfp.THISNODE), 0);
});

/** Visits to the only zone of a request that fails because the zone keeps all its pages from it. */
function visitsInVain(kernel: string, gfp: number, order = 0): number {
  const a = oneZone(1, { rules: kernelRules(kernel).pageAlloc });
  a.zones[0]!.lowmemReserve.fill(1e6);
  let visits = 0;
  a.growZone = () => {
    visits++;
    return false;
  };
  assert.is(allocPfn(a, gfp, order), -1);
  return visits;
}

test("a request that cannot wait walks the zones once in the slow path, twice if it need not stay on its nodes", () => {
  // Two visits are the first attempt's, with and without mixing types.
  const nowait = Gfp.KSWAPD_RECLAIM | Gfp.NOWARN;
  assert.equal([visitsInVain("6.12", nowait), visitsInVain("7.3", nowait)], [4, 3]);
  assert.equal([visitsInVain("6.12", GfpMask.ATOMIC), visitsInVain("7.3", GfpMask.ATOMIC)], [4, 4]);
});

test("a request that compacts before it reclaims walks once more in between, others go on to reclaim", () => {
  // Two visits are the first attempt's, and the last one is what follows reclaim.
  const visits = (gfp: number, order: number): number[] =>
    ["6.12", "7.3"].map((kernel) => visitsInVain(kernel, gfp, order));
  assert.equal(visits(GfpMask.KERNEL, 0), [5, 4]);
  assert.equal(visits(GfpMask.KERNEL, 1), [5, 5]);
  assert.equal(visits(GFP_HIGHUSER_MOVABLE, 3), [5, 4]);
  assert.equal(visits(GFP_HIGHUSER_MOVABLE, 4), [5, 5]);
  assert.equal(visits(GfpMask.KERNEL & ~Gfp.IO, 1), [5, 4], "which may not compact");
});

test.run();
