import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DoubleAcceptError } from "../../src/coco/platform.js";
import { PLATFORMS, type PlatformKind } from "../../src/coco/platforms.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { counts } from "./counts.js";
import { makePlatform } from "./make-platform.js";

const test = suite("coco: platforms");

test("a plain guest may touch everything and pays nothing to accept, as often as it likes", () => {
  const ledger = new CostLedger();
  const platform = makePlatform("none", ledger, { pageSizeBytes: 4 * KiB, prefault: false });
  platform.launchPages(0, MiB);
  platform.firmwareAccept(0, GiB);
  platform.stubAccept(0, GiB);
  platform.kernelAccept(0, GiB);
  platform.kernelAccept(0, GiB);
  assert.equal(counts(ledger), {});
  assert.is(platform.usableBytesIn(MiB, GiB), GiB - MiB);
  assert.equal([platform.acceptedPages, platform.privatePages, platform.tablePages], [0, 0, 0]);
});

for (const kind of ["tdx", "snp"] as const satisfies readonly PlatformKind[]) {
  test(`${kind}: what is usable is what was accepted`, () => {
    const platform = makePlatform(kind, new CostLedger(), { pageSizeBytes: 2 * MiB, prefault: false });
    assert.is(platform.type, PLATFORMS[kind]);
    assert.is(platform.usableBytesIn(0, GiB), 0);
    platform.firmwareAccept(0, 64 * MiB);
    platform.stubAccept(128 * MiB, 130 * MiB);
    platform.kernelAccept(256 * MiB, 260 * MiB);
    assert.is(platform.usableBytesIn(0, GiB), 70 * MiB);
    assert.is(platform.usableBytesIn(63 * MiB, 129 * MiB), 2 * MiB);
    assert.is(platform.acceptedPages * 4 * KiB, 70 * MiB);
    assert.is(platform.privatePages, platform.acceptedPages);
  });
}

for (const kind of ["tdx", "snp"] as const) {
  test(`${kind}: what was shared without having been accepted counts as accepted once it is`, () => {
    const platform = makePlatform(kind, new CostLedger());
    platform.kernelAccept(2 * MiB, 4 * MiB);
    platform.convertToShared(0, 4 * MiB, [{ start: 0, end: 2 * MiB }]);
    const accepted = (): number[] => [
      platform.acceptedPages,
      platform.acceptedSharedPages,
      platform.sharedPages,
    ];
    assert.equal(accepted(), [0, 512, 1024]);
    platform.kernelAccept(0, MiB);
    assert.equal(accepted(), [256, 512, 768]);
    platform.convertToShared(0, MiB);
    assert.equal(accepted(), [0, 768, 1024]);
  });

  test(`${kind}: what is shared is usable, and the first page that is neither shared nor accepted is not`, () => {
    const platform = makePlatform(kind, new CostLedger());
    platform.kernelAccept(MiB, 3 * MiB);
    platform.convertToShared(2 * MiB, 4 * MiB, [{ start: 3 * MiB, end: 4 * MiB }]);
    assert.is(platform.usableBytesIn(0, 8 * MiB), 3 * MiB);
    assert.equal([platform.access(MiB, 4 * MiB), platform.access(3 * MiB, 4 * MiB)], ["ok", "ok"]);
    assert.is.not(platform.access(MiB, 4 * MiB + 4 * KiB), "ok");
    const pages = [platform.acceptedPages, platform.sharedPages, platform.acceptedSharedPages];
    assert.equal(pages, [256, 512, 256]);
    platform.kernelAccept(3 * MiB, 4 * MiB);
    assert.equal([platform.sharedPages, platform.acceptedSharedPages], [256, 256]);
  });
}

test("what an accept did stands beside it until the next one: pages by size, and exits that idle CPUs hold up", () => {
  for (const [kind, faults] of [
    ["tdx", 1 + 512],
    ["snp", 0],
    ["none", 0],
  ] as const) {
    const platform = makePlatform(kind, new CostLedger(), { pageSizeBytes: 2 * MiB });
    const { done } = platform;
    const leaves = kind === "none" ? [0, 0, 0] : [512, 1, 0];
    platform.kernelAccept(2 * MiB, 4 * MiB);
    platform.kernelAccept(6 * MiB - 1 * MiB, 10 * MiB - 1 * MiB);
    assert.equal([[...done.leaves], done.exits], [leaves, faults], kind);
    platform.kernelAccept(12 * MiB, 12 * MiB);
    assert.is(platform.done, done);
    assert.equal([[...done.leaves], done.exits], [[0, 0, 0], 0], kind);
  }
});

test("an accept that ends its guest has done what came before", () => {
  for (const kind of ["tdx", "snp"] as const) {
    const platform = makePlatform(kind, new CostLedger());
    platform.kernelAccept(MiB, 2 * MiB);
    assert.throws(
      () => platform.kernelAccept(MiB - 512 * KiB, 2 * MiB),
      (error: unknown) => error instanceof DoubleAcceptError,
    );
    assert.is(platform.done.leaves[0], 128);
  }
});

test("an SNP host can prefault, a TDX guest never asks it to", () => {
  const host = { pageSizeBytes: 4 * KiB, prefault: true };
  const [snp, tdx] = [new CostLedger(), new CostLedger()];
  makePlatform("snp", snp, host).kernelAccept(0, 4 * MiB);
  makePlatform("tdx", tdx, host).kernelAccept(0, 4 * MiB);
  assert.is(counts(snp).prefault4k, 1024);
  assert.is(counts(tdx).eptViolation4k, 1024);
});

test.run();
