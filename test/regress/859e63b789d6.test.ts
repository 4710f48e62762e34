// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { beforeAndAfter } from "./guests.js";

/**
 * "x86/tdx: Convert shared memory back to private on kexec". The next kernel uses memory that the first one
 * had shared, and a TD is left for good there.
 */
const test = suite("regress: 859e63b789d6");

test("a TD survives kexec and a crash dump", () => {
  for (const kind of ["kexec", "kdump"]) {
    for (const kernels of [
      ["6.10.12", "6.10.13"],
      ["6.10", "6.11"],
    ] as const) {
      const [before, after] = beforeAndAfter(kernels, "memory=4GiB", `kexec.kind=${kind}`);
      assert.is(before!.outcome, "terminated");
      assert.match(before!.reason!, "left shared with the host");
      assert.is(after!.outcome, "ready");
    }
  }
});

test.run();
