// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ScenarioError } from "../../src/scenario/error.js";
import { MiB } from "../../src/units.js";
import { runBoot } from "./run-boot.js";

const test = suite("guest: a flag in struct page");

const SMALL = ["memory=4GiB", "firmware.preAcceptLimit=256MiB"];
/** With this seed the decompressor takes memory at 628 MiB of a TD, and at 608 MiB of an SNP guest. */
const DECOMPRESSED_HIGH = ["seed=3", "guest.kaslr=true", 'kernel="6.5"'];

test("what the decompressor accepted is accepted again by a kernel of flags, and that ends it", () => {
  for (const [platform, words] of [
    ["tdx", /0x27400000 is accepted already; the TDX guest panics: no flag/],
    ["snp", /0x26000000 is accepted already; PVALIDATE changes nothing.*: no flag/],
  ] as const) {
    const row = runBoot(`platform=${platform}`, "policy=page-flag", ...SMALL, ...DECOMPRESSED_HIGH);
    assert.is(row.outcome, "terminated");
    assert.match(row.reason!, words);
    assert.is(row.memory.acceptedBy.stub, 46 * MiB);
  }
});

test("a table or an edited map tells the kernel, and a plain guest has nothing to tell", () => {
  for (const policy of ["lazy", "fault-driven"]) {
    const row = runBoot("platform=tdx", `policy=${policy}`, ...SMALL, ...DECOMPRESSED_HIGH);
    assert.is(row.outcome, "ready");
    assert.is(row.memory.acceptedBy.stub, 46 * MiB);
  }
  const plain = SMALL.filter((setting) => !setting.startsWith("firmware.preAcceptLimit"));
  assert.is(runBoot("platform=none", "policy=page-flag", ...plain, ...DECOMPRESSED_HIGH).outcome, "ready");
});

test("a kernel that is unpacked to memory of the firmware has nothing to forget", () => {
  for (const limit of ["256MiB", "301MiB"]) {
    const changes = ["memory=4GiB", `firmware.preAcceptLimit=${limit}`, 'kernel="6.12"'];
    const row = runBoot("platform=tdx", "policy=page-flag", ...changes);
    assert.is(row.outcome, "ready");
    // Flags express every page, so that the stub need not accept what does not fill a bit.
    assert.is(row.memory.acceptedBy.stub, 0);
    assert.is(row.hostUse.bitmapBytes, 0);
    assert.is(
      runBoot("platform=tdx", "policy=lazy", ...changes).memory.acceptedBy.stub,
      limit === "301MiB" ? MiB : 0,
    );
  }
});

test("more memory than faults of a size can be told apart in is refused where it is asked for", () => {
  const run =
    (...changes: readonly string[]): (() => void) =>
    () =>
      runBoot("platform=tdx", ...changes);
  const refused =
    /32 TiB that accepts when memory is touched needs a batch of 16 KiB or more here, found 4 KiB/;
  for (const policy of [["policy=page-flag"], ["policy=fault-driven", "strategy.batch=4KiB"]]) {
    assert.throws(run(...policy, "memory=32TiB"), (error: ScenarioError) => {
      assert.instance(error, ScenarioError);
      return refused.test(error.message);
    });
  }
});

test.run();
