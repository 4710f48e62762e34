// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beforeAndAfter } from "./guests.js";

/**
 * "efi/unaccepted: Make sure unaccepted table is mapped". The kernel makes the table's pages known as
 * memory, so they are in its direct map, and in that of a crash kernel.
 */
const test = suite("regress: 8dbe33956d96");

test("6.6-rc3: a lazy guest boots again", () => {
  const outcomes = beforeAndAfter(["6.6-rc2", "6.6-rc3"], "memory=4GiB").map(({ outcome }) => outcome);
  assert.equal(outcomes, ["terminated", "ready"]);
});

test("a crash kernel reaches the table", () => {
  const [before, after] = beforeAndAfter(["6.5", "6.6"], "memory=4GiB", "kexec.kind=kdump");
  assert.match(before!.reason!, "the crash kernel cannot reach the table of unaccepted memory");
  assert.match(after!.reason!, "/proc/vmcore reads ");
});

test.run();
