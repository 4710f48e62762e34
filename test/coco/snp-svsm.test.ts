import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PlatformOptions } from "../../src/coco/platform.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { counts } from "./counts.js";

const test = suite("coco: SNP below an SVSM");
const SMALL: PlatformOptions = { pageSizeBytes: 4 * KiB, prefault: false, svsm: true };
const LARGE: PlatformOptions = { ...SMALL, pageSizeBytes: 2 * MiB };

/** Calls of the SVSM, PVALIDATEs that it makes, and exits to the host. */
function accept(
  method: "kernelAccept" | "firmwareAccept" | "stubAccept",
  options: PlatformOptions,
  sizeBytes: number,
): { calls: number; done: number; failed: number; exits: number } {
  const ledger = new CostLedger();
  new SnpPlatform(ledger, options)[method](GiB, GiB + sizeBytes);
  const {
    svsmCall = 0,
    pvalidate2m = 0,
    pvalidate4k = 0,
    pvalidateMismatch = 0,
    vmgexitPsc,
  } = counts(ledger);
  return { calls: svsmCall, done: pvalidate2m + pvalidate4k, failed: pvalidateMismatch, exits: vmgexitPsc! };
}

test("a request of 64 entries of Linux is one call", () => {
  assert.equal(accept("kernelAccept", LARGE, 128 * MiB), { calls: 1, done: 64, failed: 0, exits: 1 });
});

test("the state change still goes to the host: 8 exits and 8 calls for 1 GiB", () => {
  assert.equal(accept("kernelAccept", LARGE, GiB), { calls: 8, done: 512, failed: 0, exits: 8 });
});

test("a buffer of 506 entries of OVMF is one call, though two exits", () => {
  assert.equal(accept("firmwareAccept", LARGE, 506 * 2 * MiB), { calls: 1, done: 506, failed: 0, exits: 2 });
  assert.equal(accept("firmwareAccept", LARGE, GiB), { calls: 2, done: 512, failed: 0, exits: 3 });
});

test("an entry that fails for its size is replayed in calls of 510 and 2 small ones", () => {
  assert.equal(accept("kernelAccept", SMALL, 2 * MiB), { calls: 1 + 2, done: 512, failed: 1, exits: 1 });
});

test("entries behind a failed one take another call, the last one does not", () => {
  assert.equal(accept("kernelAccept", SMALL, 4 * MiB), { calls: 2 + 2 * 2, done: 1024, failed: 2, exits: 1 });
  const full = accept("kernelAccept", SMALL, 128 * MiB);
  assert.equal(full, { calls: 64 + 64 * 2, done: 32_768, failed: 64, exits: 1 });
});

test("the last entry of every request saves a call, and only that", () => {
  assert.is(accept("kernelAccept", SMALL, GiB).calls, 512 + 512 * 2);
  assert.is(accept("kernelAccept", SMALL, GiB + 4 * KiB).calls, 512 + 512 * 2 + 1);
  assert.is(accept("kernelAccept", SMALL, 128 * MiB + 4 * KiB).calls, 64 + 64 * 2 + 1);
});

test("a failed entry with another one behind it in its request costs three calls", () => {
  assert.is(accept("kernelAccept", SMALL, 2 * MiB + 4 * KiB).calls, 1 + 1 + 2);
});

test("the stub calls for every page", () => {
  assert.equal(accept("stubAccept", SMALL, 2 * MiB), { calls: 512, done: 512, failed: 0, exits: 512 });
});

test("without an SVSM there is no call", () => {
  assert.is(accept("kernelAccept", { ...SMALL, svsm: false }, GiB).calls, 0);
});

/** Entries whose permissions the SVSM adjusts, and pages of both sizes that it clears. */
function cleared(
  options: PlatformOptions,
  method: "kernelAccept" | "firmwareAccept",
): (number | undefined)[] {
  const ledger = new CostLedger();
  const platform = new SnpPlatform(ledger, options);
  platform[method](GiB, 2 * GiB + 8 * KiB);
  const { rmpadjust, svsmZero4k, svsmZero2m } = counts(ledger);
  return [rmpadjust, svsmZero4k, svsmZero2m];
}

test("every page that it validates it clears, and gives to the guest entry by entry", () => {
  for (const method of ["kernelAccept", "firmwareAccept"] as const) {
    assert.equal(cleared(LARGE, method), [514, 2, 512]);
    assert.equal(cleared(SMALL, method), [262_146, 262_146, undefined]);
    assert.equal(cleared({ ...LARGE, svsm: false }, method), [undefined, undefined, undefined]);
  }
});

test("what it takes back it neither clears nor gives", () => {
  const ledger = new CostLedger();
  const platform = new SnpPlatform(ledger, LARGE);
  platform.kernelAccept(0, 4 * MiB);
  const { rmpadjust, svsmZero2m } = counts(ledger);
  platform.convertToShared(0, 2 * MiB);
  assert.equal([counts(ledger).rmpadjust, counts(ledger).svsmZero2m], [rmpadjust, svsmZero2m]);
  assert.is(counts(ledger).svsmCall, 2);
});

test("1 GiB of OVMF on a host with 4 KiB takes 3 calls for each 2 MiB", () => {
  const { calls, failed } = accept("firmwareAccept", SMALL, GiB);
  assert.equal([calls, failed], [1536, 512]);
});

test.run();
