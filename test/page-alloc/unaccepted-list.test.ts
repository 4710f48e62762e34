import { suite } from "uvu";
import * as assert from "uvu/assert";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { freeUnaccepted } from "../../src/page-alloc/unaccepted-list.js";
import { allocPfn, GFP_HIGHUSER_MOVABLE, listed, oneZone } from "./machine.js";

const test = suite("page-alloc: unaccepted list");
const BLOCK = 4 * 2 ** 20;

/** All blocks unaccepted; `accepted` collects what the allocator accepts. */
function lazy(blocks: number): { a: PageAllocator; accepted: number[] } {
  const accepted: number[] = [];
  const a = oneZone(blocks, {
    free: false,
    acceptor: {
      acceptMemory(start, sizeBytes) {
        assert.is(sizeBytes, BLOCK);
        accepted.push(start / BLOCK);
      },
    },
  });
  freeUnaccepted(a.zones[0]!, 0, blocks, 0);
  return { a, accepted };
}

test("unaccepted pages count as free and as unaccepted, and are on no free list", () => {
  const { a } = lazy(8);
  const zone = a.zones[0]!;
  assert.equal([zone.freePages, zone.unacceptedPages, zone.nrFree[10]], [8192, 8192, 0]);
  verifyInvariants(a);
});

test("before watermarks exist every allocation accepts one block, oldest first", () => {
  const { a, accepted } = lazy(8);
  for (let i = 0; i < 3; i++) allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  assert.equal(accepted, [0, 1, 2]);
  assert.equal(listed(a, 10, 1), [0x400, 0x800]);
  verifyInvariants(a);
});

test("with watermarks, blocks are accepted until accepted free memory reaches promo", () => {
  const { a, accepted } = lazy(64);
  a.zones[0]!.watermark.set([500, 1000, 2000, 3000]);
  allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  assert.equal(accepted, [0, 1, 2]);
  for (let i = 0; i < 71; i++) allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  assert.is(accepted.length, 3);
  // 72 pages are gone: 3072 - 72 = 3000 is enough; one page less is not.
  allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  assert.is(accepted.length, 4);
  verifyInvariants(a);
});

test("a huge page counts 511 pages more as unusable", () => {
  const { a, accepted } = lazy(64);
  a.zones[0]!.watermark.set([500, 1000, 2000, 3000]);
  allocPfn(a, GFP_HIGHUSER_MOVABLE, 9);
  assert.is(accepted.length, 4);
});

test("accepting does not change NR_FREE_PAGES", () => {
  const { a } = lazy(8);
  allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  assert.is(a.zones[0]!.exactFreePages(), 8191);
  assert.is(a.zones[0]!.unacceptedPages, 7168);
});

test("what is accepted ahead needs no frames before it is asked for", () => {
  const blocks = 2 ** 20;
  const { a, accepted } = lazy(blocks);
  a.zones[0]!.watermark.set([0, 0, 0, 2 ** 20 * 100]);
  allocPfn(a, GFP_HIGHUSER_MOVABLE, 0);
  assert.is(accepted.length, 100 * 1024);
  assert.is(a.frames.materialisedBlocks, 1);
  verifyInvariants(a);
});

test.run();
