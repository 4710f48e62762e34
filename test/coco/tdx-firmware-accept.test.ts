import { suite } from "uvu";
import * as assert from "uvu/assert";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { counts } from "./counts.js";

const test = suite("coco: TDX firmware accept");

function accept(hostPageBytes: number, start: number, end: number): Record<string, number> {
  const ledger = new CostLedger();
  new TdxPlatform(ledger, { pageSizeBytes: hostPageBytes }).firmwareAccept(start, end);
  return counts(ledger);
}

test("an aligned range of exactly 2 MiB is accepted in 4 KiB", () => {
  assert.equal(accept(2 * MiB, 0, 2 * MiB), {
    tdcall: 512,
    eptViolation4k: 512,
    hostClear4k: 512,
    acceptZero4k: 512,
    septAdd: 3,
  });
});

test("an aligned range of more than 2 MiB is accepted in 2 MiB, the rest in 4 KiB", () => {
  assert.equal(accept(2 * MiB, 0, 4 * MiB + 8 * KiB), {
    tdcall: 2 + 2,
    eptViolation2m: 2,
    hostClear2m: 2,
    acceptZero2m: 2,
    eptViolation4k: 2,
    hostClear4k: 2,
    acceptZero4k: 2,
    septAdd: 3,
  });
});

test("a range without a multiple of 2 MiB inside is accepted in 4 KiB", () => {
  assert.equal(accept(2 * MiB, 4 * KiB, 12 * KiB), {
    tdcall: 2,
    eptViolation4k: 2,
    hostClear4k: 2,
    acceptZero4k: 2,
    septAdd: 3,
  });
});

test("2 GiB on 2 MiB host pages take 1024 accepts", () => {
  const { tdcall, tdcallMismatch } = accept(2 * MiB, 0, 2 * GiB);
  assert.equal([tdcall, tdcallMismatch], [1024, undefined]);
});

test("1 GiB is never asked for", () => {
  assert.equal(accept(GiB, GiB, 3 * GiB), accept(2 * MiB, GiB, 3 * GiB));
});

test("on 4 KiB host pages each 2 MiB fails once and is done in 512", () => {
  assert.equal(accept(4 * KiB, 0, 4 * MiB), {
    tdcall: 1024,
    tdcallMismatch: 2,
    eptViolation4k: 1024,
    hostClear4k: 1024,
    acceptZero4k: 1024,
    septAdd: 4,
  });
});

test("accepted pages are counted and passed over", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 4 * KiB });
  platform.launchPages(MiB, 3 * MiB);
  platform.firmwareAccept(0, 4 * MiB);
  assert.is(platform.firmwareDuplicates, 512);
  assert.equal(counts(ledger).tdcallAlreadyAccepted, 512);
  assert.equal(counts(ledger).tdcall, 512);
  assert.is(platform.acceptedPages, 1024);
});

test("accepting large pages twice counts each once", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 2 * MiB });
  platform.firmwareAccept(0, 8 * MiB);
  platform.firmwareAccept(0, 8 * MiB);
  assert.is(platform.firmwareDuplicates, 4);
  assert.equal(counts(ledger).tdcallAlreadyAccepted, 4);
});

test("small accepts below a large page are a bug", () => {
  const platform = new TdxPlatform(new CostLedger(), { pageSizeBytes: 2 * MiB });
  platform.firmwareAccept(0, 8 * MiB);
  assert.throws(() => platform.firmwareAccept(4 * KiB, 8 * KiB), /mapped with larger/);
});

test("accepts of 2 MiB inside 1 GiB that is accepted are a bug", () => {
  const platform = new TdxPlatform(new CostLedger(), { pageSizeBytes: GiB });
  platform.kernelAccept(GiB, 2 * GiB);
  assert.throws(() => platform.firmwareAccept(GiB, GiB + 8 * MiB), /mapped with larger/);
});

test.run();
