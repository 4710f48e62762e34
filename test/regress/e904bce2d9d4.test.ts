import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DEBIAN_CLOUD_6_12_95 } from "../../src/linux/kernel-build.js";
import { bootTo, requestsIn } from "./early-boot.js";

/**
 * "mm/page_isolation: make page isolation a standalone bit". With it a pageblock has five bits, which are eight in
 * the usage map of a section.
 */
const test = suite("regress: e904bce2d9d4");

/** Bytes of the usage maps of 48 sections. */
function usageBytes(kernel: string, memoryIsolation: boolean): number {
  const build = { ...DEBIAN_CLOUD_6_12_95, memoryIsolation };
  const third = requestsIn(bootTo(kernel, "sparse_init", {}, build))[2]!;
  return Number(/: (\d+) bytes/.exec(third)![1]);
}

test("56 bytes a section, then 88", () => {
  assert.is(usageBytes("6.12", true), 48 * 56);
  assert.is(usageBytes("6.16", true), 48 * 56);
  assert.is(usageBytes("6.17", true), 48 * 88);
  assert.is(usageBytes("7.3", true), 48 * 88);
});

test("a kernel that cannot isolate memory has no such bit", () => {
  assert.is(usageBytes("7.3", false), 48 * 56);
});

test.run();
