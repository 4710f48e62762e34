import { suite } from "uvu";
import * as assert from "uvu/assert";
import { guest } from "./guests.js";

/**
 * "efi/unaccepted: Use ACPI reclaim memory for unaccepted memory table". Such memory is no RAM to the
 * kernel, and until the next candidate (commit 8dbe33956d96) it did not map the table there.
 */
const test = suite("regress: e7761d827e99");

test("6.6-rc2: the kernel cannot read its table, and dies where it accepts first", () => {
  assert.is(guest("6.6-rc1", "memory=4GiB").outcome, "ready");
  const { outcome, reason, phases } = guest("6.6-rc2", "memory=4GiB");
  assert.is(outcome, "terminated");
  assert.match(
    reason!,
    /^page fault in _find_next_bit at 0x[0-9a-f]+: accept_memory\(\) looks for bit 1023 /,
  );
  assert.is(phases.at(-1)!.name, "exit boot services");
});

test("a guest whose firmware accepts all has no table to miss", () => {
  assert.is(guest("6.6-rc2", "memory=4GiB", "firmware.acceptAll=true").outcome, "ready");
});

test.run();
