// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beforeAndAfter } from "./guests.js";

/**
 * "kexec_file: load kernel at top of system RAM if required". The top of RAM is what a lazy guest has not
 * accepted; the lowest range was what the firmware had.
 */
const test = suite("regress: b3ba234171cd");

test("a next kernel with a large initrd goes to unaccepted memory", () => {
  const [before, after] = beforeAndAfter(["6.7", "6.8"], "memory=4GiB", "kexec.initrd=256MiB");
  assert.is(before!.kexec!.unacceptedSegmentBytes, 0);
  assert.ok(after!.kexec!.unacceptedSegmentBytes > 0);
  assert.match(after!.reason!, /^kexec copies the next kernel to 0x[0-9a-f]+, which is not accepted/);
});

test.run();
