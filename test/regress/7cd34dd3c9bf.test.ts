// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beforeAndAfter } from "./guests.js";

/**
 * "efi/unaccepted: do not let /proc/vmcore try to access unaccepted memory". A dump of all memory ended
 * the guest at the first page that nobody had accepted.
 */
const test = suite("regress: 7cd34dd3c9bf");

test("a crash dump passes unaccepted memory over, and ends where memory is shared", () => {
  const [before, after] = beforeAndAfter(
    ["6.6", "6.7"],
    "memory=4GiB",
    "firmware.preAcceptLimit=512MiB",
    "kexec.kind=kdump",
  );
  assert.match(before!.reason!, "/proc/vmcore reads 0x20000000, which is not accepted");
  assert.is(before!.kexec!.vmcore!.skippedBytes, 0);
  assert.match(after!.reason!, "/proc/vmcore reads 0x70000000, which the first kernel left shared");
  assert.ok(after!.kexec!.vmcore!.skippedBytes > 0);
});

test.run();
