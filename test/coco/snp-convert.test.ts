import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PlatformOptions } from "../../src/coco/platform.js";
import { DoubleAcceptError } from "../../src/coco/platform.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { counts } from "./counts.js";

const test = suite("coco: SNP conversion");
const SMALL: PlatformOptions = { pageSizeBytes: 4 * KiB, prefault: false };
const LARGE: PlatformOptions = { pageSizeBytes: 2 * MiB, prefault: false };

/** A guest that has accepted its first GiB, and a way to count from there. */
function acceptedGuest(options: PlatformOptions): {
  platform: SnpPlatform;
  since: () => Record<string, number>;
} {
  const ledger = new CostLedger();
  const platform = new SnpPlatform(ledger, options);
  platform.kernelAccept(0, GiB);
  ledger.counts.fill(0);
  return { platform, since: () => counts(ledger) };
}

test("a bounce buffer of 1 GiB on 2 MiB entries: 8 exits, 512 PVALIDATEs", () => {
  const { platform, since } = acceptedGuest(LARGE);
  platform.convertToShared(0, GiB);
  assert.equal(since(), {
    vmgexitPsc: 8,
    userExit: 8,
    attributeSet: 8,
    attributeSetPage: 262_144,
    pvalidate2m: 512,
    rmpupdateShared: 512,
  });
  assert.equal([platform.privatePages, platform.acceptedPages], [0, 0]);
});

test("on 4 KiB entries: 512 failures, 262144 PVALIDATEs, as many RMPUPDATEs", () => {
  const { platform, since } = acceptedGuest(SMALL);
  platform.convertToShared(0, GiB);
  const { vmgexitPsc, pvalidateMismatch, pvalidate4k, rmpupdateShared } = since();
  assert.equal([vmgexitPsc, pvalidateMismatch, pvalidate4k, rmpupdateShared], [8, 512, 262_144, 262_144]);
});

test("a GHCB page inside a 2 MiB entry: the host splits entry and direct map for one page", () => {
  const { platform, since } = acceptedGuest(LARGE);
  platform.convertToShared(5 * MiB, 5 * MiB + 4 * KiB);
  assert.equal(since(), {
    vmgexitPsc: 1,
    userExit: 1,
    attributeSet: 1,
    attributeSetPage: 1,
    psmash: 1,
    npf4k: 1,
    pvalidate4k: 1,
    rmpupdateShared: 1,
    directMapSplit: 1,
  });
  assert.is(platform.privatePages * 4 * KiB, GiB - 4 * KiB);
});

test("256 GHCB pages in as many entries: 256 splits, 1 MiB of nested tables", () => {
  const { platform, since } = acceptedGuest(LARGE);
  const tablesBefore = platform.tablePages;
  for (let cpu = 0; cpu < 256; cpu++) {
    platform.convertToShared(cpu * 2 * MiB, cpu * 2 * MiB + 4 * KiB);
  }
  assert.is(since().psmash, 256);
  assert.is((platform.tablePages - tablesBefore) * 4 * KiB, MiB);
});

test("a second page of the same entry splits nothing, but its mapping is gone", () => {
  const { platform, since } = acceptedGuest(LARGE);
  platform.convertToShared(0, 4 * KiB);
  platform.convertToShared(8 * KiB, 12 * KiB);
  assert.equal([since().psmash, since().directMapSplit, since().npf4k], [1, 1, 2]);
});

test("a host that keeps converted memory keeps the private copy and updates no entry", () => {
  const { platform, since } = acceptedGuest({ ...SMALL, keepsConverted: true });
  platform.convertToShared(0, 64 * MiB);
  assert.is(since().rmpupdateShared, undefined);
  assert.is(platform.privatePages * 4 * KiB, GiB);
  assert.is(platform.acceptedPages * 4 * KiB, GiB - 64 * MiB);
});

test("shared memory stays usable", () => {
  const { platform } = acceptedGuest(SMALL);
  platform.convertToShared(0, 64 * MiB);
  assert.is(platform.usableBytesIn(0, GiB), GiB);
  assert.is(platform.access(0, GiB), "ok");
});

test("going back to private is a new acceptance, and no double one", () => {
  const { platform, since } = acceptedGuest(LARGE);
  platform.convertToShared(0, 4 * MiB);
  platform.kernelAccept(0, 4 * MiB);
  assert.equal([since().pvalidate2m, since().npf2m], [2 + 2, 2]);
  assert.is(platform.privatePages * 4 * KiB, GiB);
});

test("memory that was never accepted cannot be made shared", () => {
  const platform = new SnpPlatform(new CostLedger(), SMALL);
  assert.throws(() => platform.convertToShared(0, 4 * KiB), /validation was taken back/);
});

test("an unaccepted page raises an exception, and the host has memory there then", () => {
  for (const [options, pages] of [
    [SMALL, 1],
    [LARGE, 512],
  ] as const) {
    const platform = new SnpPlatform(new CostLedger(), options);
    assert.is(platform.access(3 * MiB, 4 * MiB), "exception");
    assert.is(platform.privatePages, pages);
    assert.is(platform.usableBytesIn(0, GiB), 0);
  }
});

test("pages that the host swaps raise an exception until they are accepted again", () => {
  const { platform, since } = acceptedGuest(LARGE);
  platform.remap(3 * MiB, 3 * MiB + 8 * KiB);
  assert.equal(since(), {});
  assert.is(platform.acceptedPages * 4 * KiB, GiB - 8 * KiB);
  assert.is(platform.privatePages * 4 * KiB, GiB);
  assert.is(platform.access(0, GiB), "exception");
  platform.acceptAgain(3 * MiB, 3 * MiB + 8 * KiB);
  assert.equal(since(), { pvalidate4k: 2 });
  assert.is(platform.access(0, GiB), "ok");
});

test("accepting again below an SVSM takes a call for each page, and a touch where the erratum is", () => {
  const { platform, since } = acceptedGuest({ ...SMALL, svsm: true, coherencyErratum: true });
  platform.remap(0, 12 * KiB);
  platform.acceptAgain(0, 12 * KiB);
  const entries = { pvalidate4k: 3, svsmCall: 3, rmpadjust: 3, svsmZero4k: 3 };
  assert.equal(since(), { ...entries, evictTouch4k: 3 });
});

test("a page that nobody swapped is not accepted again", () => {
  const { platform } = acceptedGuest(SMALL);
  const isDouble = (error: unknown): boolean => error instanceof DoubleAcceptError;
  assert.throws(() => platform.acceptAgain(0, 4 * KiB), isDouble);
});

test("only memory that the guest has can be swapped", () => {
  const platform = new SnpPlatform(new CostLedger(), SMALL);
  assert.throws(() => platform.remap(0, 4 * KiB), /only pages that the guest has/);
});

test.run();
