import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bootTo } from "./early-boot.js";

/**
 * "mm/memmap: prevent double scanning of memmap by kmemleak". Only what `memblock=debug` prints shows it: the limit
 * of such requests is 1, which stands for the same as 0.
 */
const test = suite("regress: prevent-double-scanning-of-memmap");

function limits(kernel: string): string[] {
  const lines = bootTo(kernel, "sparse_init").lines.filter((line) => line.includes("_raw: "));
  return [...new Set(lines.map((line) => line.split("max_addr=")[1]!))];
}

test("requests for the memory map and its page tables show another limit", () => {
  assert.equal(limits("6.13"), ["0x0000000000000000"]);
  assert.equal(limits("6.14"), ["0x0000000000000001"]);
  assert.equal(limits("7.3"), ["0x0000000000000001"]);
});

test("which changes no address", () => {
  const places = (kernel: string): unknown => bootTo(kernel, "sparse_init").boot.memblock.reserved.ranges;
  assert.equal(places("6.14"), places("6.13"));
});

test.run();
