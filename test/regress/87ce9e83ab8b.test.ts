import { suite } from "uvu";
import * as assert from "uvu/assert";
import { deferredInit } from "../../src/guest/page-alloc-init-late.js";
import { discardedArrays } from "../../src/memblock/hand-over.js";
import { pfnDown } from "../../src/units.js";
import { startedKernel } from "./early-boot.js";

/**
 * "memblock, treewide: make memblock_free() handle late freeing". Arrays that memblock had moved went to the tail of
 * the free lists, as memory does at the hand-over.
 */
const test = suite("regress: 87ce9e83ab8b");

/** More ranges of the firmware than the static array of reservations has room for. */
const acpiTables = Array.from({ length: 150 }, (_, index) => ({
  signature: "SSDT",
  start: 0x7000_0000 + index * 0x2000,
  end: 0x7000_0100 + index * 0x2000,
}));

/** Pages on per-CPU lists after all boot memory is free, and managed pages of the zone that the array lay in. */
function afterDiscard(kernel: string): { pcpPages: number; managed: number; arrays: number } {
  const started = startedKernel(kernel, { acpiTables });
  started.stages.setupPerCpuPageset();
  const { allocator, early } = started;
  const arrays = discardedArrays(early.memblock);
  const zone = allocator.zoneOfPfn(pfnDown(arrays[0]!.start));
  deferredInit(started);
  return { pcpPages: zone.pcp[0]!.count, managed: zone.managedPages, arrays: arrays.length };
}

test("two pages of an array go to the lists of the CPU", () => {
  for (const kernel of ["6.12", "7.0"])
    assert.equal([afterDiscard(kernel).arrays, afterDiscard(kernel).pcpPages], [1, 0], kernel);
  for (const kernel of ["7.1", "7.3"])
    assert.equal([afterDiscard(kernel).arrays, afterDiscard(kernel).pcpPages], [1, 2], kernel);
});

test("they are managed either way", () => {
  assert.is(afterDiscard("7.1").managed, afterDiscard("7.0").managed);
});

test.run();
