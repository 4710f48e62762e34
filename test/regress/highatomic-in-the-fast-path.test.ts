import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { Gfp, GfpMask } from "../../src/page-alloc/gfp.js";
import { MigrateType } from "../../src/page-alloc/migratetype.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { pcpIndex } from "../../src/page-alloc/pcp.js";
import { allocPfn, GFP_KERNEL, oneZone } from "../page-alloc/machine.js";

/**
 * Atomic requests of more than a page are such from their first attempt on (7.3): they refill no list of a CPU
 * although there is memory enough, and reserve pageblocks only where there is not.
 */
const test = suite("regress: highatomic in the fast path");

function roomyZone(kernel: string): PageAllocator {
  const a = oneZone(256, { rules: kernelRules(kernel).pageAlloc });
  Object.assign(a.zones[0]!.pcp[0]!, { batch: 63, highMin: 874, highMax: 874 });
  return a;
}

/** Blocks that one request leaves on the list of its CPU, and pages reserved for others of its kind. */
function leftBy(kernel: string, gfp: number, order: number): [held: number, reserved: number] {
  const a = roomyZone(kernel);
  assert.ok(allocPfn(a, gfp, order) >= 0);
  const zone = a.zones[0]!;
  return [zone.pcp[0]!.lists[pcpIndex(order, MigrateType.UNMOVABLE)]!.size, zone.reservedHighatomicPages];
}

test("GFP_ATOMIC of order 2 took a refill of 15 blocks, and takes one", () => {
  assert.equal(leftBy("6.12", GfpMask.ATOMIC, 2), [14, 0]);
  assert.equal(leftBy("7.2", GfpMask.ATOMIC, 2), [14, 0]);
  assert.equal(leftBy("7.3", GfpMask.ATOMIC, 2), [0, 0]);
});

test("single pages, and requests that may not use reserves, refill as before", () => {
  assert.equal(leftBy("7.3", GfpMask.ATOMIC, 0), [62, 0]);
  assert.equal(leftBy("7.3", 0xd20c0, 3), [6, 0]);
  assert.equal(leftBy("7.3", 0xd2820, 1), [30, 0]);
  assert.equal(leftBy("7.3", 0x52820, 1), [0, 0]);
  assert.equal(leftBy("7.3", GFP_KERNEL | Gfp.HIGH, 2), [14, 0]);
});

test("limits of the list grow all the same, as for a refill", () => {
  const a = roomyZone("7.3");
  const pcp = a.zones[0]!.pcp[0]!;
  Object.assign(pcp, { highMax: 4000, freeCount: 8 });
  allocPfn(a, GfpMask.ATOMIC, 2);
  assert.equal([pcp.high, pcp.freeCount, pcp.count], [937, 4, 0]);
});

test("the first attempt may use what is reserved, and so does not pass by a zone for it", () => {
  for (const [kernel, isReserved] of [
    ["7.2", false],
    ["7.3", true],
  ] as const) {
    const a = roomyZone(kernel);
    const zone = a.zones[0]!;
    zone.watermark.set([1000, 2 ** 20, 2 ** 20, 2 ** 20]);
    const first = allocPfn(a, GfpMask.ATOMIC, 4);
    assert.is(zone.reservedHighatomicPages, 512);
    zone.watermark.fill(0);
    const next = allocPfn(a, GfpMask.ATOMIC, 4);
    assert.is(next >> 9 === first >> 9, isReserved, kernel);
    assert.is(zone.reservedHighatomicPages, 512);
  }
});

test.run();
