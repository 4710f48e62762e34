// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PageAllocRules } from "../../src/linux/rules.js";
import { Watermark } from "../../src/page-alloc/alloc-flags.js";
import { watermarkOk, watermarkPages } from "../../src/page-alloc/watermark.js";
import { LINUX_6_5, LINUX_6_11 } from "../linux/releases.js";
import { allocPfn, GFP_KERNEL } from "../page-alloc/machine.js";
import { waitsOf } from "../results/waits.js";
import { beforeAndAfter, TraceText } from "./guests.js";
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

const WITH_COMMIT = [
  ["6.6.47", "6.6.48"],
  ["6.10.6", "6.10.7"],
  ["6.11-rc3", "6.11-rc4"],
] as const;

test("a program that fills its memory: more requests wait, each for less, and more is accepted", () => {
  for (const kernels of WITH_COMMIT) {
    const [before, after] = beforeAndAfter(kernels, "memory=4GiB", "workload='generate:heap?size=512MiB'");
    assert.ok(waitsOf(after!).count > 1.5 * waitsOf(before!).count, kernels[1]);
    assert.ok(after!.acceptedBytes > before!.acceptedBytes);
  }
});

/** Single pages of which every second goes back, then huge pages. */
function huge(): TraceText {
  const trace = new TraceText();
  const pages = Array.from({ length: 60_000 }, () => trace.alloc(0, "GFP_HIGHUSER_MOVABLE", 1));
  for (let hole = 1; hole < pages.length; hole += 2) trace.free(pages[hole]!, 0);
  for (let page = 0; page < 200; page++) trace.alloc(9, "GFP_TRANSHUGE", 1);
  return trace;
}

test("where enough is free in single pages, nothing is accepted any more for a huge one", () => {
  huge().use((workload) => {
    const [before, after] = beforeAndAfter(
      WITH_COMMIT[0],
      "memory=1GiB",
      "firmware.preAcceptLimit=256MiB",
      "guest.transparentHugePages=false",
      workload,
    );
    assert.is(before!.outcome, "ready");
    assert.is(after!.outcome, "oom");
    assert.match(
      after!.reason!,
      /of order 9 .* found no page .* DMA32 733 MiB free \(612 MiB unaccepted\), no free block of 2 MiB/,
    );
  });
});

test.run();
