import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PlatformOptions } from "../../src/coco/platform.js";
import { DoubleAcceptError } from "../../src/coco/platform.js";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { counts } from "./counts.js";

const test = suite("coco: TDX conversion, attack and dynamic PAMT");

/** A guest that has accepted its first bytes, with what happens from then on on its ledger. */
function accepted(
  bytes: number,
  options: Partial<PlatformOptions> = {},
): { platform: TdxPlatform; since: CostLedger } {
  const since = new CostLedger();
  const platform = new TdxPlatform(since, { pageSizeBytes: 4 * KiB, ...options });
  platform.kernelAccept(0, bytes);
  since.counts.fill(0);
  return { platform, since };
}

test("64 MiB of bounce buffer are one MapGPA and 16384 pages taken away, accepted for nothing", () => {
  const { platform, since } = accepted(GiB);
  platform.convertToShared(256 * MiB, 320 * MiB);
  assert.equal(counts(since), { mapGpa: 1, septRemove: 16_384 });
  assert.is(platform.acceptedPages, 262_144 - 16_384);
  assert.is(platform.privatePages, platform.acceptedPages);
  assert.is(platform.usableBytesIn(0, GiB), GiB);
  assert.is(platform.access(256 * MiB, 320 * MiB), "ok");
});

test("a VMM that does 64 MiB of a request is asked again for the rest", () => {
  const limited = { mapGpaLimitBytes: 64 * MiB };
  for (const [bytes, retries] of [
    [64 * MiB, 0],
    [64 * MiB + 4 * KiB, 1],
    [256 * MiB, 3],
    [GiB, 15],
  ] as const) {
    const { platform, since } = accepted(0, limited);
    platform.convertToShared(0, bytes);
    assert.equal(counts(since), { mapGpa: 1, ...(retries === 0 ? {} : { mapGpaRetry: retries }) });
    since.counts.fill(0);
    platform.askForPrivate(0, bytes);
    assert.is(counts(since).mapGpaRetry ?? 0, retries);
  }
});

test("on 2 MiB host pages they are taken away in 32", () => {
  const { platform, since } = accepted(GiB, { pageSizeBytes: 2 * MiB });
  platform.convertToShared(256 * MiB, 320 * MiB);
  assert.equal(counts(since), { mapGpa: 1, septRemove: 32 });
});

test("a page out of 2 MiB breaks it up first", () => {
  const { platform, since } = accepted(4 * MiB, { pageSizeBytes: 2 * MiB, dynamicPamt: true });
  platform.convertToShared(2 * MiB + 8 * KiB, 2 * MiB + 12 * KiB);
  assert.equal(counts(since), { mapGpa: 1, septAdd: 1, pamtAdd: 1, septDemote: 1, septRemove: 1 });
  assert.equal([platform.acceptedPages, platform.sept.tables.pages, platform.trackingPages], [1023, 3, 2]);
});

test("a page out of 1 GiB breaks up two leaves", () => {
  const { platform, since } = accepted(GiB, { pageSizeBytes: GiB });
  platform.convertToShared(512 * MiB + 4 * KiB, 512 * MiB + 8 * KiB);
  assert.equal(counts(since), { mapGpa: 1, septAdd: 2, septDemote: 2, septRemove: 1 });
  assert.is(platform.sept.tables.pages, 3);
});

test("whole pages of 2 MiB out of 1 GiB break up one leaf", () => {
  const { platform, since } = accepted(GiB, { pageSizeBytes: GiB });
  platform.convertToShared(512 * MiB, 520 * MiB);
  assert.equal(counts(since), { mapGpa: 1, septAdd: 1, septDemote: 1, septRemove: 4 });
});

test("nothing to convert is no request", () => {
  const { platform, since } = accepted(GiB, { pageSizeBytes: GiB });
  platform.convertToShared(4 * KiB, 4 * KiB);
  assert.equal(counts(since), {});
});

test("memory that was never accepted is shared without anything to take away", () => {
  const { platform, since } = accepted(0);
  platform.convertToShared(0, MiB);
  assert.equal(counts(since), { mapGpa: 1 });
  assert.is(platform.access(0, MiB), "ok");
});

test("a host that keeps private copies takes the pages out of the guest all the same", () => {
  const { platform, since } = accepted(64 * MiB, { keepsConverted: true });
  platform.convertToShared(0, 32 * MiB);
  assert.equal(counts(since), { mapGpa: 1, septRemove: 8192 });
  assert.equal([platform.acceptedPages, platform.privatePages], [8192, 16_384]);
  platform.convertToShared(0, 32 * MiB);
  assert.is(platform.privatePages, 16_384);
});

test("shared memory is private again when it is accepted, with an exit for each page", () => {
  const { platform, since } = accepted(4 * MiB, { keepsConverted: true });
  platform.convertToShared(0, 2 * MiB);
  since.counts.fill(0);
  platform.kernelAccept(0, 2 * MiB);
  assert.equal(counts(since), { tdcall: 512, tdcallMismatch: 1, eptViolation4k: 512, acceptZero4k: 512 });
  assert.equal([platform.acceptedPages, platform.privatePages], [1024, 1024]);
});

test("a host that puts new pages in place charges nothing, and the guest notices when it looks", () => {
  const { platform, since } = accepted(8 * MiB, { pageSizeBytes: 2 * MiB });
  platform.remap(2 * MiB, 2 * MiB + 8 * KiB);
  assert.equal(counts(since), {});
  assert.equal([platform.acceptedPages, platform.privatePages], [2046, 2048]);
  assert.is(platform.access(0, 2 * MiB), "ok");
  assert.is(platform.access(0, 8 * MiB), "td-exit");
  assert.equal(counts(since), {});
});

test("without SEPT_VE_DISABLE the guest hears of it and could accept page by page", () => {
  const { platform, since } = accepted(8 * MiB, { septVeDisable: false });
  platform.remap(0, 4 * MiB);
  assert.is(platform.access(0, 4 * KiB), "exception");
  platform.acceptAgain(0, 4 * MiB);
  assert.equal(counts(since), { tdcall: 1024, acceptZero4k: 1024 });
  assert.is(platform.access(0, 8 * MiB), "ok");
});

test("a host cannot take away what it has not given", () => {
  const { platform } = accepted(8 * MiB);
  assert.throws(() => platform.remap(7 * MiB, 9 * MiB), /only pages that the guest has/);
});

test("accepting again what nobody took away ends the guest", () => {
  const { platform } = accepted(8 * MiB, { septVeDisable: false });
  platform.remap(0, 8 * KiB);
  assert.throws(
    () => platform.acceptAgain(0, 12 * KiB),
    (error: unknown) => error instanceof DoubleAcceptError && error.address === 8 * KiB,
  );
});

test("touching memory that was never accepted makes the host give 4 KiB, whatever pages it has", () => {
  for (const [septVeDisable, outcome] of [
    [true, "td-exit"],
    [false, "exception"],
  ] as const) {
    const { platform, since } = accepted(0, { pageSizeBytes: 2 * MiB, septVeDisable, dynamicPamt: true });
    assert.is(platform.access(2 * MiB, 4 * MiB), outcome);
    assert.equal(counts(since), { eptViolation4k: 1, hostClear4k: 1, septAdd: 3, pamtAdd: 1 });
    assert.equal([platform.acceptedPages, platform.privatePages], [0, 1]);
    assert.is(platform.access(2 * MiB, 4 * MiB), outcome);
    assert.is(counts(since).eptViolation4k, 1);
  }
});

test("dynamic PAMT: a pair of pages for each 2 MiB in pages of 4 KiB, 8 KiB of 2 MiB", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 4 * KiB, dynamicPamt: true });
  platform.kernelAccept(0, 4 * GiB);
  assert.is(counts(ledger).pamtAdd, 2048);
  assert.is(platform.trackingPages * 4 * KiB, 16 * MiB);
  assert.is(((100 * platform.trackingPages) / platform.acceptedPages).toFixed(2), "0.39");
});

test("dynamic PAMT: pages of 2 MiB need none", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 2 * MiB, dynamicPamt: true });
  platform.kernelAccept(0, 4 * GiB);
  assert.is(counts(ledger).pamtAdd, undefined);
  platform.kernelAccept(4 * GiB, 4 * GiB + 8 * KiB);
  assert.equal([counts(ledger).pamtAdd, platform.trackingPages], [1, 2]);
});

test("dynamic PAMT: pairs come with the launch, and go with the last page of their span", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 4 * KiB, dynamicPamt: true });
  platform.launchPages(MiB, 3 * MiB);
  assert.equal([platform.trackingPages, counts(ledger)], [4, {}]);
  platform.convertToShared(MiB, 2 * MiB + 4 * KiB);
  assert.is(platform.trackingPages, 2);
  platform.convertToShared(2 * MiB, 4 * MiB);
  assert.is(platform.trackingPages, 0);
});

test("static PAMT: no pairs", () => {
  assert.is(accepted(GiB).platform.trackingPages, 0);
});

test("where the host finds no page of 2 MiB the guest falls through to 4 KiB", () => {
  const ledger = new CostLedger();
  const chance = (position: number): number => (position % 4 === 0 ? 0.9 : 0.1);
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 2 * MiB, contiguity: 0.75, chance });
  platform.kernelAccept(0, 16 * MiB);
  assert.equal(counts(ledger), {
    tdcall: 6 + 2 * 512,
    tdcallMismatch: 2,
    eptViolation2m: 6,
    hostClear2m: 6,
    eptViolation4k: 2 * 512,
    hostClear4k: 2 * 512,
    acceptZero2m: 6,
    acceptZero4k: 2 * 512,
    septAdd: 2 + 1 + 1,
  });
});

test("where the host finds no page of 1 GiB it takes 4 KiB, not 2 MiB", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, {
    pageSizeBytes: GiB,
    contiguity: 0.5,
    chance: (position: number) => (position === 1 ? 0.5 : 0.2),
  });
  platform.kernelAccept(0, 3 * GiB);
  const { eptViolation1g, eptViolation2m, eptViolation4k, tdcallMismatch } = counts(ledger);
  assert.equal(
    [eptViolation1g, eptViolation2m, eptViolation4k, tdcallMismatch],
    [2, undefined, 262_144, 513],
  );
});

test("no contiguity at all is a host of 4 KiB pages", () => {
  const [none, small] = [new CostLedger(), new CostLedger()];
  const options = { pageSizeBytes: 2 * MiB, contiguity: 0 };
  new TdxPlatform(none, options).kernelAccept(0, GiB);
  new TdxPlatform(small, { pageSizeBytes: 4 * KiB }).kernelAccept(0, GiB);
  assert.equal(counts(none), counts(small));
});

test.run();
