// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beforeAndAfter } from "./guests.js";

/**
 * "efi/unaccepted: touch soft lockup during memory accept". One allocation that accepts block after block
 * does not reschedule between them, and the detector complains where the host is slow.
 */
const test = suite("regress: 1c5a1627f481");

test("a host that takes 5 ms for a page: complaints until accepting excused its CPU", () => {
  for (const kernels of [
    ["6.6.54", "6.6.55"],
    ["6.8.9", "6.8.10"],
  ] as const) {
    const [before, after] = beforeAndAfter(
      kernels,
      "memory=4GiB",
      "platform.acceptZero4kNs=5ms",
      "workload='generate:heap?size=256MiB'",
    );
    assert.ok(before!.softLockups > 0);
    assert.is(after!.softLockups, 0);
    assert.is(after!.bootTimeNs, before!.bootTimeNs);
  }
});

test.run();
