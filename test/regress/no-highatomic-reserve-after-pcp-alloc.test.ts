import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { GfpMask } from "../../src/page-alloc/gfp.js";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import { MigrateType } from "../../src/page-alloc/migratetype.js";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { pcpIndex } from "../../src/page-alloc/pcp.js";
import { allocPfn, freePfn, GFP_KERNEL, oneZone } from "../page-alloc/machine.js";

/**
 * "mm/page_alloc: don't increase highatomic reserve after pcp alloc". An atomic request that was served from the list
 * of its CPU reserved a pageblock each time, until a hundredth of the zone was.
 */
const test = suite("regress: no highatomic reserve after an allocation from per-CPU lists");

/** A zone between its low and its min watermark, of 128 MiB. */
function shortOfMemory(kernel: string): PageAllocator {
  const a = oneZone(256, { rules: kernelRules(kernel).pageAlloc });
  const zone = a.zones[0]!;
  Object.assign(zone.pcp[0]!, { batch: 63, highMin: 874, highMax: 874 });
  zone.watermark.set([1000, 2 ** 20, 2 ** 20, 2 ** 20]);
  return a;
}

test("a page from the list of the CPU reserves nothing from 7.1 on", () => {
  for (const [kernel, reserved] of [
    ["6.12", 512],
    ["7.0", 512],
    ["7.1", 0],
    ["7.3", 0],
  ] as const) {
    const a = shortOfMemory(kernel);
    freePfn(a, allocPfn(a, GFP_KERNEL, 2), 2);
    const zone = a.zones[0]!;
    assert.ok(zone.pcp[0]!.lists[pcpIndex(2, MigrateType.UNMOVABLE)]!.size > 0);
    assert.ok(allocPfn(a, GfpMask.ATOMIC, 2) >= 0);
    assert.is(zone.reservedHighatomicPages, reserved, kernel);
    verifyInvariants(a);
  }
});

test("an empty list is not refilled: the request goes to the buddy lists, and reserves", () => {
  for (const [kernel, held] of [
    ["6.12", 14],
    ["7.0", 14],
    ["7.1", 0],
    ["7.3", 0],
  ] as const) {
    const a = shortOfMemory(kernel);
    const zone = a.zones[0]!;
    assert.ok(allocPfn(a, GfpMask.ATOMIC, 2) >= 0);
    assert.is(zone.pcp[0]!.lists[pcpIndex(2, MigrateType.UNMOVABLE)]!.size, held, kernel);
    assert.is(zone.reservedHighatomicPages, 512, kernel);
    assert.ok(allocPfn(a, GfpMask.ATOMIC, 2) >= 0);
    verifyInvariants(a);
  }
});

test.run();
