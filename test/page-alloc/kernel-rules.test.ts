// Takes 1 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import type { PageAllocRules } from "../../src/linux/rules.js";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import { pageArray } from "../../src/units.js";
import { LINUX_6_5, LINUX_6_11, LINUX_6_12, LINUX_6_12_0 } from "../linux/releases.js";
import { lazyZone } from "../regress/machine.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, GFP_KERNEL } from "./machine.js";

const test = suite("page-alloc: kernel versions");

/** Single pages that a zone with 3072 accepted ones serves before it accepts a block. */
function pagesBeforeAccept(rules: PageAllocRules): number {
  const { a, accepted } = lazyZone(rules, 3, 8);
  a.zones[0]!.watermark.set([500, 1000, 2000, 3000]);
  let pages = 0;
  for (; accepted.length === 0; pages++) allocPfn(a, GFP_KERNEL, 0);
  verifyInvariants(a);
  return pages - 1;
}

test("6.5 accepts when the low watermark fails", () => {
  assert.is(pagesBeforeAccept(LINUX_6_5), 3072 - 1000);
});

test("6.11 accepts below the high watermark", () => {
  assert.is(pagesBeforeAccept(LINUX_6_11), 3072 - 2000 + 1);
});

test("6.12 accepts below the promo watermark, in its first release too", () => {
  assert.is(pagesBeforeAccept(LINUX_6_12_0), 3072 - 3000 + 1);
  assert.is(pagesBeforeAccept(LINUX_6_12), 3072 - 3000 + 1);
});

test("6.5 accepts at least one block, even where nothing is missing but a huge page", () => {
  const hugePage = (rules: PageAllocRules): [pfn: number, accepted: number[]] => {
    const { a, accepted } = lazyZone(rules, 4, 4);
    for (let pfn = 0; pfn < 4096; pfn++) allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
    for (let pfn = 0; pfn < 4096; pfn += 2) freePfn(a, pfn, 0);
    // 2048 single pages are free: enough, but no two of them adjoin.
    a.zones[0]!.watermark.set([100, 200, 300, 400]);
    return [allocPfn(a, GFP_HIGHUSER_MOVABLE, 9), accepted];
  };
  assert.equal(hugePage(LINUX_6_5), [0x1000, [4]]);
  assert.equal(hugePage(LINUX_6_11), [-1, []]);
  assert.equal(hugePage(LINUX_6_12_0), [-1, []]);
});

test("bulk allocations accept from 6.12 on", () => {
  const acceptedFor = (rules: PageAllocRules): number => {
    const { a, accepted } = lazyZone(rules, 3, 8);
    a.zones[0]!.watermark.set([500, 1000, 3500, 3500]);
    assert.is(a.allocPagesBulk(GFP_KERNEL, pageArray(10), 0, 0), 10);
    return accepted.length;
  };
  assert.is(acceptedFor(LINUX_6_11), 0);
  assert.is(acceptedFor(LINUX_6_12_0), 1);
});

/** What one version does for one page more, in the words of its own source. */
type Naive = (zone: { free: number; parked: number; low: number; high: number; promo: number }) => number;

const beforeEveryPage =
  (target: "high" | "promo", emptyZone: number): Naive =>
  ({ free, parked, ...marks }) => {
    if (marks[target] === 0) return Math.min(emptyZone, parked);
    return Math.min(Math.max(0, Math.ceil((marks[target] - free) / 1024)), parked);
  };
const NAIVE: Readonly<Record<string, Naive>> = {
  "6.5": ({ free, parked, low, high }) =>
    free > low ? 0 : Math.min(Math.max(1, Math.ceil((high - free) / 1024)), parked),
  "6.6": (zone) => NAIVE["6.5"]!(zone),
  "6.11": beforeEveryPage("high", 0),
  "6.12.0": beforeEveryPage("promo", 0),
  "6.12": beforeEveryPage("promo", 1),
  "6.15": (zone) => NAIVE["6.12"]!(zone),
};

for (const [version, decide] of Object.entries(NAIVE)) {
  test(`${version}: blocks are accepted at the pages that arithmetic says`, () => {
    const mark = fc.integer({ min: 0, max: 3000 });
    const property = fc.property(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 6 }),
      fc.tuple(mark, mark, mark, mark, fc.boolean()),
      (freeBlocks, parkedBlocks, [a, b, c, d, zero]) => {
        const [min, low, high, promo] = zero ? [0, 0, 0, 0] : [a, b, c, d].sort((x, y) => x - y);
        const { a: allocator, accepted } = lazyZone(kernelRules(version).pageAlloc, freeBlocks, parkedBlocks);
        allocator.zones[0]!.watermark.set([min!, low!, high!, promo!]);
        const naive = {
          free: freeBlocks * 1024,
          parked: parkedBlocks,
          low: low!,
          high: high!,
          promo: promo!,
        };
        let expected = 0;
        while (naive.parked > 0 && naive.free > 0) {
          const blocks = decide(naive);
          naive.free += blocks * 1024 - 1;
          naive.parked -= blocks;
          expected += blocks;
          assert.ok(allocPfn(allocator, GFP_KERNEL, 0) >= 0);
          assert.is(accepted.length, expected);
        }
      },
    );
    fc.assert(property, { numRuns: 15, seed: 7 });
  });
}

test.run();
