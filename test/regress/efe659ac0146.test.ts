import { suite } from "uvu";
import * as assert from "uvu/assert";
import { bootTo } from "./early-boot.js";

/**
 * "x86/e820: Drop obsolete E820_TYPE_RESERVED_KERN and related code". Data of the boot loader became a type of its
 * own, and split the RAM around it.
 */
const test = suite("regress: efe659ac0146");

const SETUP_DATA = { setupData: [{ start: 0x70001000, end: 0x70002000 }] };

test("two resources more for a page in the middle of RAM", () => {
  // 0 to 4 KiB is reserved in all of them; 64 bytes each.
  for (const kernel of ["6.12", "6.14"])
    assert.match(bootTo(kernel, "e820__reserve_resources", SETUP_DATA).lines[0]!, ": 448 bytes ");
  for (const kernel of ["6.15", "7.3"])
    assert.match(bootTo(kernel, "e820__reserve_resources", SETUP_DATA).lines[0]!, ": 320 bytes ");
});

test("it is memory all the same, and reserved", () => {
  for (const kernel of ["6.14", "6.15"]) {
    const { memblock } = bootTo(kernel, "e820__memblock_setup", SETUP_DATA).boot;
    assert.ok(memblock.isRegionMemory(0x70000000, 0x10000), kernel);
    assert.ok(memblock.isRegionReserved(0x70001000, 0x1000), kernel);
  }
});

test.run();
