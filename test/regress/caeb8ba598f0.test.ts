// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beforeAndAfter } from "./guests.js";

/**
 * "kexec_core: accept unaccepted kexec segments' destination addresses". What kexec copies the next kernel to
 * need not have been accepted.
 */
const test = suite("regress: caeb8ba598f0");

test("a next kernel with a large initrd starts", () => {
  const [before, after] = beforeAndAfter(["6.14", "6.15"], "memory=4GiB", "kexec.initrd=256MiB");
  assert.is(before!.outcome, "terminated");
  assert.match(before!.reason!, /^kexec copies the next kernel to 0x[0-9a-f]+, which is not accepted/);
  assert.is(after!.outcome, "ready");
  assert.is(after!.kexec!.unacceptedSegmentBytes, before!.kexec!.unacceptedSegmentBytes);
});

test.run();
