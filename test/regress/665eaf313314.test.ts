import { suite } from "uvu";
import * as assert from "uvu/assert";
import { GiB } from "../../src/units.js";
import { bootTo } from "./early-boot.js";

/**
 * "x86/setup: call hugetlb_bootmem_alloc early". Gigantic pages were allocated while `hugepages=` was parsed, after
 * crash kernel and memory map.
 */
const test = suite("regress: 665eaf313314");

const WORDS = { commandLine: "hugepagesz=1G hugepages=1 crashkernel=1G,high" };

test("the crash kernel took the GiB that the page of 1 GiB gets now", () => {
  for (const kernel of ["6.12", "6.14"]) {
    const { boot } = bootTo(kernel, "reserve_mem", WORDS);
    assert.is(boot.hugeBootPages[0]!.ranges[0]!.start, 5 * GiB, kernel);
  }
  for (const kernel of ["6.15", "6.18"]) {
    const { boot } = bootTo(kernel, "reserve_mem", WORDS);
    assert.is(boot.hugeBootPages[0]!.ranges[0]!.start, 6 * GiB, kernel);
  }
});

test("from 7.0 on it is the turn of the crash kernel again", () => {
  const { boot } = bootTo("7.0", "reserve_mem", WORDS);
  assert.is(boot.hugeBootPages[0]!.ranges[0]!.start, 5 * GiB);
});

test.run();
