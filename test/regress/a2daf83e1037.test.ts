import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MemblockFlags } from "../../src/memblock/regions.js";
import { bootTo } from "./early-boot.js";

/**
 * "x86/e820: temporarily enable KHO scratch for memory below 1M". A kernel that another one handed memory over to
 * allocates from nowhere else at first, and needs a place for its trampoline.
 */
const test = suite("regress: a2daf83e1037");

function flagsAfter(kernel: string, step: string): number[] {
  return bootTo(kernel, step).boot.memblock.memory.regions.map(({ flags }) => flags);
}

test("RAM below 1 MiB is marked until the trampoline is placed", () => {
  const { NONE, KHO_SCRATCH } = MemblockFlags;
  assert.equal(flagsAfter("6.15", "e820__memblock_setup"), [NONE, NONE, NONE]);
  assert.equal(flagsAfter("6.16", "e820__memblock_setup"), [KHO_SCRATCH, NONE, NONE]);
  assert.equal(flagsAfter("7.3", "e820__memblock_setup"), [KHO_SCRATCH, NONE, NONE]);
  assert.equal(flagsAfter("7.3", "reserve_real_mode"), [NONE, NONE, NONE]);
});

test.run();
