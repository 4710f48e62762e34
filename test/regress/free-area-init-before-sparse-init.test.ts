import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MiB, PAGE_SIZE } from "../../src/units.js";
import { bootTo } from "./early-boot.js";

/**
 * Zones come before the memory map: pages that large hashes are sized by are counted while the map's memory is
 * free. From the sources of 7.2 and 7.3 (mm_core_init_early).
 */
const test = suite("regress: free-area-init-before-sparse-init");

function counted(kernel: string): number {
  return bootTo(kernel, "setup_command_line").boot.nrKernelPages;
}

test("the map of 48 sections, its usage maps and its tables count", () => {
  for (const kernel of ["7.0", "7.1"]) assert.is(counted(kernel), counted("7.2"), kernel);
  // Roots, usage maps and descriptors share pages: eight pages, with two page tables.
  assert.is(counted("7.3") - counted("7.2"), (96 * MiB) / PAGE_SIZE + 8);
});

test.run();
