import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beforeAndAfter } from "./guests.js";

/**
 * "x86/efistub: Avoid legacy decompressor when doing EFI boot". The decompressor took any free memory for
 * the kernel, also such as nobody had accepted, and accepted it first; the stub takes what the firmware
 * has accepted.
 */
const test = suite("regress: a1b87d54f4e4");

test("a kernel at a random place: the decompressor of 6.5 accepts one, the stub of 6.6 need not", () => {
  const [before, after] = beforeAndAfter(["6.5.9", "6.6-rc1"], "memory=16GiB", "guest.kaslr=true", "seed=1");
  assert.is(before!.memory.acceptedBy.stub, 48_234_496);
  assert.is(after!.memory.acceptedBy.stub, 0);
  assert.ok(after!.bootTimeNs < before!.bootTimeNs);
});

test.run();
