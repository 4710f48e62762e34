import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PageAllocRules } from "../../src/linux/rules.js";
import { Watermark } from "../../src/page-alloc/alloc-flags.js";
import { watermarkOk, watermarkPages } from "../../src/page-alloc/watermark.js";
import { LINUX_6_5, LINUX_6_11 } from "../linux/releases.js";
import { allocPfn, GFP_KERNEL } from "../page-alloc/machine.js";
import { type LazyZone, lazyZone } from "./machine.js";

/**
 * "mm: fix endless reclaim on machines with unaccepted memory". Unaccepted pages did not count as
 * free in watermark checks. Whoever reclaims ends when a zone is above its high watermark; early
 * in the life of a guest there is nothing to reclaim, so that never was.
 */
const test = suite("regress: 807174a93d24");

/** Three accepted blocks of 64, of which so many pages are in use. */
function used(rules: PageAllocRules, pages: number): LazyZone {
  const zone = lazyZone(rules, 3, 61);
  zone.a.zones[0]!.watermark.set([500, 1000, 2000, 3000]);
  for (let page = 0; page < pages; page++) allocPfn(zone.a, GFP_KERNEL, 0);
  return zone;
}

/** What kswapd asks before it goes back to sleep (pgdat_balanced). */
function balanced({ a }: LazyZone): boolean {
  const zone = a.zones[0]!;
  return watermarkOk(zone, 0, watermarkPages(zone, Watermark.HIGH), 2, 0, zone.freePages);
}

test("6.5: kswapd sees no end to its work although 61 of 64 blocks are left", () => {
  const zone = used(LINUX_6_5, 1100);
  assert.is(zone.a.zones[0]!.freePages, 64 * 1024 - 1100);
  assert.equal(zone.accepted, []);
  assert.is(balanced(zone), false);
});

test("6.11: unaccepted memory is free memory, and is accepted before it is needed", () => {
  const zone = used(LINUX_6_11, 1100);
  assert.equal(zone.accepted, [3]);
  assert.is(balanced(zone), true);
});

test("6.11: with nothing left to accept the check fails as it should", () => {
  const zone = used(LINUX_6_11, 64 * 1024 - 2000);
  assert.is(zone.accepted.length, 61);
  assert.is(balanced(zone), false);
});

test.run();
