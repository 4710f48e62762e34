// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LINUX_6_5, LINUX_6_11, LINUX_6_12, LINUX_6_12_0 } from "../linux/releases.js";
import { allocPfn, GFP_KERNEL } from "../page-alloc/machine.js";
import { waitsOf } from "../results/waits.js";
import { beforeAndAfter } from "./guests.js";
import { lazyZone } from "./machine.js";

/**
 * "mm/page_alloc: fix memory accept before watermarks gets initialized". Until the watermarks are
 * set, a zone without any accepted page is short of nothing, so nothing was accepted, and a guest
 * whose firmware accepted little ran out of memory with all of it left.
 */
const test = suite("regress: 800f1059c99e");

test("6.12.0 and 6.11 find no memory in a zone that is all unaccepted", () => {
  for (const rules of [LINUX_6_12_0, LINUX_6_11]) {
    const { a, accepted } = lazyZone(rules, 0, 8);
    assert.is(allocPfn(a, GFP_KERNEL, 0), -1);
    assert.equal(accepted, []);
  }
});

test("6.12 stable accepts a block for it", () => {
  const { a, accepted } = lazyZone(LINUX_6_12, 0, 8);
  assert.is(allocPfn(a, GFP_KERNEL, 0), 0);
  assert.equal(accepted, [0]);
});

test("6.5 was not affected, because it accepted at least one block where it accepted at all", () => {
  const { a, accepted } = lazyZone(LINUX_6_5, 0, 8);
  assert.is(allocPfn(a, GFP_KERNEL, 0), 0);
  assert.equal(accepted, [0]);
});

test("two pages were missing one page, and that one was accepted in 6.12.0 too", () => {
  const { a, accepted } = lazyZone(LINUX_6_12_0, 0, 8);
  assert.is(allocPfn(a, GFP_KERNEL, 1), 0);
  assert.equal(accepted, [0]);
});

test("6.12.0 used up every accepted page before it failed", () => {
  const { a, accepted } = lazyZone(LINUX_6_12_0, 1, 8);
  for (let pages = 0; pages < 1024; pages++) assert.ok(allocPfn(a, GFP_KERNEL, 0) >= 0);
  assert.is(allocPfn(a, GFP_KERNEL, 0), -1);
  assert.equal(accepted, []);
});

test("a boot accepts blocks before its watermarks are set up, which takes time", () => {
  for (const kernels of [
    ["6.6.85", "6.6.86"],
    ["6.12.20", "6.12.21"],
    ["6.13.8", "6.13.9"],
    ["6.14-rc7", "6.14"],
  ] as const) {
    const [before, after] = beforeAndAfter(kernels, "memory=2GiB", "firmware.preAcceptLimit=256MiB");
    assert.ok(after!.acceptedBytes > before!.acceptedBytes + 256 * 2 ** 20, kernels[1]);
    assert.ok(after!.bootTimeNs > before!.bootTimeNs);
    assert.ok(waitsOf(after!).count > waitsOf(before!).count + 80);
  }
});

test.run();
