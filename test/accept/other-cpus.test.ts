import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chargeOtherCpus } from "../../src/accept/other-cpus.js";
import { priceList } from "../../src/coco/parameters.js";
import { AcceptDone } from "../../src/coco/platform.js";
import { PLATFORMS } from "../../src/coco/platforms.js";
import { SnpPlatform } from "../../src/coco/snp/snp-platform.js";
import { TdxPlatform } from "../../src/coco/tdx/tdx-platform.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { IdleCpus, type OtherCpus, VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { counts } from "../coco/counts.js";

const test = suite("accept: what other CPUs add");

/** Of 248 CPUs, those besides the first, in a state of the boot. */
function others(online: number, ticking: boolean): OtherCpus {
  const idle = new IdleCpus(new VirtualCpus(248));
  idle.online = online;
  idle.ticking = ticking;
  return idle.othersAt(0, 0);
}

/** Seconds that a TDX guest of 248 CPUs takes to share 1 GiB that it has accepted in pages of 4 KiB. */
function secondsToShareGiB(meanwhile: OtherCpus): number {
  const ledger = new CostLedger(priceList(PLATFORMS.tdx.parameters));
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 4 * KiB });
  platform.firmwareAccept(GiB, 2 * GiB);
  const before = ledger.elapsedNs;
  platform.convertToShared(GiB, 2 * GiB);
  chargeOtherCpus(ledger, platform.done, meanwhile);
  return (ledger.elapsedNs - before) / 1e9;
}

test("1 GiB becomes shared in 68 s before CPUs come up, over 200 s just after, 6 s once they stop their tick", () => {
  assert.is(secondsToShareGiB(others(1, true)).toFixed(1), "68.0");
  assert.ok(secondsToShareGiB(others(248, true)) > 200);
  assert.ok(secondsToShareGiB(others(248, true)) < 201);
  assert.is(secondsToShareGiB(others(248, false)).toFixed(1), "6.0");
});

test("each entry is taken away past each other CPU, and the request is one exit", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 2 * MiB });
  platform.kernelAccept(0, 8 * MiB);
  ledger.counts.fill(0);
  // Two whole entries, and one that is broken up before a page of it goes.
  platform.convertToShared(2 * MiB, 6 * MiB + 4 * KiB);
  chargeOtherCpus(ledger, platform.done, { running: 3, ticking: 5, halted: 7 });
  const { runningCpuDelay, tickingCpuDelay, haltedCpuDelay, idleCpuDelay, ...host } = counts(ledger);
  assert.equal([host.septDemote, host.septRemove], [1, 3]);
  assert.equal([runningCpuDelay, tickingCpuDelay, haltedCpuDelay], [12, 20, 28]);
  assert.is(idleCpuDelay! * 247, 25);
});

test("nothing is taken away twice, and what was not there holds up nobody", () => {
  const ledger = new CostLedger();
  const platform = new TdxPlatform(ledger, { pageSizeBytes: 4 * KiB });
  platform.convertToShared(0, 2 * MiB);
  assert.equal([platform.done.exits, platform.done.removals], [1, 0]);
  platform.convertToShared(4 * MiB, 4 * MiB);
  assert.equal([platform.done.exits, platform.done.removals], [0, 0]);
});

test("a touch of memory that is not there is an exit, one of what is there none", () => {
  const platform = new TdxPlatform(new CostLedger(), { pageSizeBytes: 4 * KiB, septVeDisable: false });
  assert.is(platform.access(0, 4 * KiB), "exception");
  assert.is(platform.done.exits, 1);
  assert.is(platform.access(0, 4 * KiB), "exception");
  assert.is(platform.done.exits, 0);
  platform.kernelAccept(0, 2 * MiB);
  assert.is(platform.access(0, 2 * MiB), "ok");
  assert.is(platform.done.exits, 0);
});

test("an SNP host takes pages away without a look at other CPUs", () => {
  const ledger = new CostLedger();
  const platform = new SnpPlatform(ledger, { pageSizeBytes: 4 * KiB });
  platform.kernelAccept(0, 2 * MiB);
  platform.convertToShared(0, 2 * MiB);
  assert.equal([platform.done.exits, platform.done.removals, [...platform.done.leaves]], [0, 0, [512, 0, 0]]);
});

test("nobody else, nothing more", () => {
  const ledger = new CostLedger();
  const done = new AcceptDone();
  done.exits = 3;
  done.removals = 4;
  chargeOtherCpus(ledger, done, { running: 0, ticking: 0, halted: 0 });
  assert.equal(counts(ledger), {});
});

test.run();
