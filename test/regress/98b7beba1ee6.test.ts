import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MigrateType } from "../../src/page-alloc/index.js";
import { asPfn, PAGEBLOCK_ORDER } from "../../src/units.js";
import { startedKernel } from "./early-boot.js";

/**
 * "memblock: uniformly initialize all reserved pages to MIGRATE_MOVABLE". Memory that the kernel reserved high up
 * kept the type UNMOVABLE, the zero of its bitmap, wherever struct pages are initialised late.
 */
const test = suite("regress: 98b7beba1ee6");

function typeAt(kernel: string, pfn: number): number {
  const { allocator } = startedKernel(kernel);
  return allocator.frames.pageblockType[allocator.pageAt(asPfn(pfn)) >> PAGEBLOCK_ORDER]!;
}

test("the memory map lies in pageblocks that the hand-over makes MOVABLE", () => {
  for (const kernel of ["6.12", "6.12.0"]) assert.is(typeAt(kernel, 0x1fa000), MigrateType.UNMOVABLE, kernel);
  for (const kernel of ["6.13", "6.18", "7.3"])
    assert.is(typeAt(kernel, 0x1fa000), MigrateType.MOVABLE, kernel);
});

test("a pageblock that begins with a free page waits for deferred initialisation", () => {
  for (const kernel of ["6.12", "7.3"]) {
    assert.is(typeAt(kernel, 0x180000), MigrateType.UNMOVABLE, kernel);
    assert.is(typeAt(kernel, 0x100000), MigrateType.MOVABLE, kernel);
  }
});

test.run();
