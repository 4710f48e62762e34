// Takes 3 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { KexecPlan, KexecResult, NextKernelTable } from "../../../src/after/kexec/result.js";
import { loadScenarios } from "../../../src/cli/load.js";
import { parseAssignment } from "../../../src/scenario/set.js";
import { type GuestRun, runGuest } from "../../../src/study/run-scenario.js";
import { GiB, MiB } from "../../../src/units.js";
import { LOADER } from "../../loader.js";

const test = suite("kexec: from one kernel to the next");

interface Ended {
  readonly result: KexecResult;
  /** Why the guest did not survive it. */
  readonly reason: string | undefined;
  readonly guest: GuestRun["guest"]["guest"];
}

/** Boots a lazy guest of 4 GiB, of which 2 GiB are unaccepted, and ends its kernel. */
function after(kind: KexecPlan["kind"], table: NextKernelTable, ...changes: readonly string[]): Ended {
  return ended({ kind, table, dumpToolTells: false }, changes);
}

function ended(plan: KexecPlan, changes: readonly string[]): Ended {
  const assignments = ["policy=lazy", "memory=4GiB", "platform=tdx", ...changes];
  const [loaded] = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), {
    loader: LOADER,
  });
  const {
    guest,
    facts,
    ended: error,
  } = runGuest({ ...loaded!.scenario, kexec: plan }, loaded!.recording, {});
  return { result: facts.kexec!, reason: error?.message, guest: guest.guest };
}

const V6_15 = 'kernel="6.15"';
const V6_6 = 'kernel="6.6"';

test("with the table handed over, the next kernel accepts nothing twice and leaves the rest for later", () => {
  for (const platform of ["tdx", "snp"]) {
    const { result, reason, guest } = after("kexec", "handed-over", `platform=${platform}`, V6_15);
    assert.is(reason, undefined);
    assert.is(result.done, true);
    const { acceptedBytes, unacceptedBytes } = result.nextKernel!;
    assert.ok(
      acceptedBytes > 0 && acceptedBytes < 128 * MiB,
      "its tables lie elsewhere than those of the first",
    );
    assert.ok(unacceptedBytes > GiB);
    assert.is(guest.platform.usableBytesIn(4 * GiB, 6 * GiB), 2 * GiB - unacceptedBytes);
  }
});

test("a rebuilt e820 table serves as well as the table itself, as long as its entries suffice", () => {
  const handedOver = after("kexec", "handed-over").result;
  const { mapEntries, gapBytes, ...rebuilt } = after("kexec", "rebuilt").result;
  assert.equal({ ...rebuilt, table: "handed-over" }, handedOver);
  assert.is(gapBytes, 0);
  assert.ok(mapEntries! <= 128);
});

test("without a tracker the next kernel accepts what is accepted, and is stopped at once", () => {
  for (const [platform, words] of [
    ["tdx", /accepted already; the TDX guest panics/],
    ["snp", /PVALIDATE changes nothing and the SNP guest terminates/],
  ] as const) {
    const { result, reason } = after("kexec", "lost", `platform=${platform}`, V6_15);
    assert.match(reason!, words);
    assert.is(result.done, false);
    assert.is(result.nextKernel, undefined);
  }
});

test("flags in struct pages are lost with them, so the next kernel accepts twice; a table is not", () => {
  // With guest.septVeDisable a first touch ends the TD.
  const changes = ["guest.septVeDisable=false", V6_15];
  const flags = after("kexec", "handed-over", "policy=page-flag", ...changes);
  assert.is(flags.result.table, "lost");
  assert.match(flags.reason!, /accepted already/);
  const table = after("kexec", "handed-over", "policy=fault-driven", ...changes);
  assert.is(table.reason, undefined);
  assert.ok(table.result.nextKernel!.unacceptedBytes > GiB);
});

const BATCHES = ["4KiB", "64KiB", "32MiB"];

test("whatever a fault accepts at once, the next kernel goes on from what it is told", () => {
  for (const batch of BATCHES) {
    for (const table of ["handed-over", "rebuilt"] as const) {
      const changes = ["policy=fault-driven", `strategy.batch=${batch}`, V6_15];
      const { reason, result } = after("kexec", table, ...changes);
      assert.is(reason, undefined, `${batch} ${table}`);
      const { acceptedBytes, unacceptedBytes } = result.nextKernel!;
      assert.ok(acceptedBytes < 128 * MiB);
      assert.ok(unacceptedBytes > GiB);
    }
    assert.match(
      after("kexec", "lost", "policy=fault-driven", `strategy.batch=${batch}`, V6_15).reason!,
      /already/,
    );
  }
});

test("what a policy accepts at once is no matter to a crash kernel that can ask", () => {
  for (const batch of BATCHES) {
    const fault = ["policy=fault-driven", `strategy.batch=${batch}`];
    assert.is(after("kdump", "handed-over", ...fault).reason, undefined, batch);
    assert.match(after("kdump", "lost", ...fault).reason!, /not accepted/, batch);
  }
  assert.match(after("kdump", "handed-over", "policy=page-flag").reason!, /not accepted/);
});

test("an SNP guest of flags in struct pages stops at the first page that its next kernel accepts again", () => {
  const changes = ["platform=snp", "policy=page-flag", "firmware.preAcceptLimit=256MiB", V6_6];
  const { reason, result } = after("kexec", "handed-over", ...changes);
  assert.match(reason!, /accepted already; PVALIDATE changes nothing/);
  assert.is(result.table, "lost");
});

test("a bitmap that only the old zero page points to is lost to the next kernel, unless its map tells", () => {
  const zeroPage = "guest.unacceptedMemory=zero-page";
  const { reason, result } = after("kexec", "handed-over", zeroPage);
  assert.is(result.table, "lost");
  assert.match(reason!, /accepted already/);
  assert.is(after("kexec", "rebuilt", zeroPage).reason, undefined);
  assert.is(after("kexec", "handed-over", zeroPage, "policy=eager").result.table, "lost");
});

test("the crash kernel cannot reach such a bitmap either, which is no matter where all is accepted", () => {
  const zeroPage = "guest.unacceptedMemory=zero-page";
  for (const changes of [
    [zeroPage],
    [zeroPage, "firmware.preset=td-shim", "firmware.preAcceptLimit=256MiB"],
  ]) {
    const { reason, result } = after("kdump", "handed-over", ...changes);
    assert.match(reason!, /not accepted.*cannot reach the table of unaccepted memory, as its zero page/);
    assert.is(result.table, "lost");
    assert.ok(result.vmcore!.readBytes < result.vmcore!.ramBytes);
  }
  assert.is(after("kdump", "handed-over", zeroPage, "policy=eager").reason, undefined);
});

test("a plain guest does not need to be told anything", () => {
  for (const table of ["handed-over", "rebuilt", "lost"] as const) {
    assert.is(after("kexec", table, "platform=none").reason, undefined);
    assert.is(after("kdump", table, "platform=none").reason, undefined);
  }
});

test("before 6.15 a place that is not accepted ends the guest; 6.15 accepts it at load time", () => {
  // What lies at the top of memory, struct pages before all, is accepted; 128 MiB reach below that.
  const plan = { kind: "kexec", table: "handed-over", dumpToolTells: false, initrdBytes: 128 * MiB } as const;
  const before = ended(plan, ['kernel="6.12"']);
  assert.ok(before.result.unacceptedSegmentBytes > 0);
  assert.match(before.reason!, /copies the next kernel to 0x[0-9a-f]+, which is not accepted/);
  const since = ended(plan, [V6_15]);
  assert.is(since.result.unacceptedSegmentBytes, before.result.unacceptedSegmentBytes);
  assert.is(since.reason, undefined);
  assert.ok(since.result.timeNs > after("kexec", "handed-over", V6_15).result.timeNs);
});

test("a guest that accepted all at boot has no such place", () => {
  const plan = { kind: "kexec", table: "handed-over", dumpToolTells: false, initrdBytes: 128 * MiB } as const;
  const { result, reason } = ended(plan, ["policy=eager"]);
  assert.is(result.unacceptedSegmentBytes, 0);
  assert.is(reason, undefined);
  assert.is(result.nextKernel!.unacceptedBytes, 0);
});

test("shared memory becomes private again on TDX since 6.11 and on SNP since 6.13, or the guest ends", () => {
  assert.match(after("kexec", "handed-over", V6_6).reason!, /left shared with the host/);
  const tdx = after("kexec", "handed-over", 'kernel="6.11"');
  assert.is(tdx.reason, undefined);
  assert.is(tdx.result.unsharedBytes, 256 * MiB);
  assert.is(tdx.guest.host.acceptedSharedBytes, 0);
  assert.match(
    after("kexec", "handed-over", "platform=snp", 'kernel="6.12"').reason!,
    /left shared with the host/,
  );
  assert.is(after("kexec", "handed-over", "platform=snp", V6_15).result.unsharedBytes, 256 * MiB + 4096);
});

test("the boot's own numbers are as without a next kernel", () => {
  const { guest } = after("kexec", "handed-over");
  const names = guest.clock.phases.map(({ name }) => name);
  assert.is(new Set(names).size, names.length);
  assert.is(names.at(-1), "initcalls");
});

test("a crash kernel reads all that is accepted, and nothing else", () => {
  const { result, reason } = after("kdump", "handed-over");
  assert.is(reason, undefined);
  const { ramBytes, readBytes, skippedBytes } = result.vmcore!;
  assert.is(readBytes + skippedBytes, ramBytes);
  assert.ok(skippedBytes > GiB);
});

test("a crash kernel that does not know, or up to 6.6 does not ask, ends the guest", () => {
  const lost = after("kdump", "lost");
  assert.match(lost.reason!, /^\/proc\/vmcore reads 0x[0-9a-f]+, which is not accepted/);
  assert.ok(lost.result.vmcore!.readBytes > 0);
  assert.is(after("kdump", "handed-over", V6_6).result.done, false);
});

test("up to 6.5 the crash kernel cannot even reach the table", () => {
  assert.match(after("kdump", "handed-over", 'kernel="6.5"').reason!, /cannot reach the table/);
});

test.run();
