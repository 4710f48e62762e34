// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { MiB } from "../../src/units.js";
import { beforeAndAfter, guest } from "./guests.js";

/**
 * "crash: export PAGE_UNACCEPTED_MAPCOUNT_VALUE to vmcoreinfo". A dump had 24 bytes for each unaccepted page, about
 * 1/170 of that memory: 4.9 in place of 2 GiB for a freshly booted TD of 512 GiB.
 */
const test = suite("regress: export-page-unaccepted-mapcount-value");

test("a dump tool that knows unaccepted pages writes nothing for them, where the kernel tells it", () => {
  const kdump = ["memory=16GiB", "kexec.kind=kdump"];
  const [before, after] = beforeAndAfter(["6.15", "6.16"], ...kdump);
  const { skippedBytes, descriptorBytes } = before!.kexec!.vmcore!;
  assert.is(descriptorBytes, (skippedBytes / 4096) * 24);
  assert.ok(descriptorBytes > 64 * MiB);
  assert.is(after!.kexec!.vmcore!.descriptorBytes, (after!.kexec!.vmcore!.skippedBytes / 4096) * 24);
  const left = guest("6.16", ...kdump, "kexec.dumpToolTells=true").kexec!.vmcore!;
  assert.is(left.skippedBytes, after!.kexec!.vmcore!.skippedBytes);
  assert.ok(left.descriptorBytes > 0, "the last page in front of unaccepted memory");
  assert.ok(left.descriptorBytes < 100 * 24);
  assert.throws(() => guest("6.15", ...kdump, "kexec.dumpToolTells=true"), /changes nothing here/);
});

test.run();
