// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beforeAndAfter } from "./guests.js";

/**
 * "x86/sev: Convert shared memory back to private on kexec". As TDX guests did two releases before.
 */
const test = suite("regress: 3074152e56c9");

test("an SNP guest survives kexec and a crash dump", () => {
  for (const kind of ["kexec", "kdump"]) {
    const [before, after] = beforeAndAfter(
      ["6.12", "6.13"],
      "platform=snp",
      "memory=4GiB",
      `kexec.kind=${kind}`,
    );
    assert.is(before!.outcome, "terminated");
    assert.match(before!.reason!, "left shared with the host");
    assert.is(after!.outcome, "ready");
  }
});

test.run();
