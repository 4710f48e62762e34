// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import type { Booted } from "../../src/guest/state.js";
import { verifyAccepted, verifyGuest, verifyPhases } from "../../src/guest/verify-guest.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { asPage, asPfn, MAX_ORDER_PAGES, MiB, PAGE_SIZE } from "../../src/units.js";
import { livedGuest } from "./run-boot.js";

const test = suite("guest: what a check of a whole guest finds");

interface Checked {
  readonly boot: Booted;
  readonly check: () => void;
}

/** A guest that holds, with drivers that share 64 pages. */
function booted(platform: string): Checked {
  const assignments = [`platform=${platform}`, "policy=lazy", "memory=4GiB", "guest.dmaBuffers=64"];
  const [loaded] = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment));
  const boot = livedGuest(loaded!.scenario, loaded!.recording);
  return { boot, check: () => verifyGuest(boot.kernel, boot.acceptance, boot.guest.platform, {}) };
}

/** Shares a page behind everybody's back, with the platform's knowledge. */
function share({ guest, kernel }: Booted, start: number): void {
  kernel.early.earlyMap.map.setShared(start, start + PAGE_SIZE, true);
  guest.platform.convertToShared(start, start + PAGE_SIZE);
}

for (const platform of ["tdx", "snp"]) {
  test(`${platform}: a page of the kernel image that is shared`, () => {
    const { boot, check } = booted(platform);
    share(boot, boot.handOver.kernel.start + 8 * MiB);
    assert.throws(check, /is shared, but not allocated/);
  });

  test(`${platform}: a page that is shared and was freed since`, () => {
    const { boot, check } = booted(platform);
    const { frames } = boot.kernel.allocator;
    const shared = boot.kernel.early.earlyMap.map.sharedLeaves().map(({ start }) => start / PAGE_SIZE);
    const page = shared.map((pfn) => asPage(frames.pageOf(asPfn(pfn)))).find((at) => frames.isAllocated(at));
    frames.clearAllocated(page!, 0);
    assert.throws(check);
  });

  test(`${platform}: a page that only the direct map calls shared`, () => {
    const { boot, check } = booted(platform);
    const { start } = boot.handOver.kernel;
    boot.kernel.early.earlyMap.map.setShared(start, start + PAGE_SIZE, true);
    assert.throws(check, /of the direct map are shared, and (TDX|SNP) knows of/);
  });

  test(`${platform}: a unit that its bit calls accepted, and nobody accepted`, () => {
    const { boot, check } = booted(platform);
    const { unacceptedList } = boot.kernel.allocator.zones.at(-1)!;
    const { frames } = boot.kernel.allocator;
    // The parked range's last unit, which no list of free pages has.
    const slot = frames.prev[unacceptedList]! - frames.firstRangeNode;
    const endPfn = (frames.rangeStart[slot]! + frames.rangeCount[slot]!) * MAX_ORDER_PAGES;
    const table = boot.handOver.stub.table!;
    const unit = (endPfn * PAGE_SIZE - table.physBase) / table.unitSizeBytes - 1;
    table.clearRange(unit, unit + 1);
    assert.throws(check, /only \d+ are accepted by/);
  });
}

test("somebody who is credited for more than was accepted", () => {
  const { boot } = booted("tdx");
  const { meter, platform } = boot.guest;
  meter.acceptedBy.stub += PAGE_SIZE;
  assert.throws(() => verifyAccepted(meter.acceptedBy, platform, 2 ** 40), /its acceptors together/);
});

test("time that belongs to no phase", () => {
  const clock = new GuestClock(new VirtualCpus(1), new CostLedger());
  clock.cpus.advance(0, 1000);
  clock.endPhase("one");
  verifyPhases(clock);
  clock.cpus.advance(0, 1000);
  assert.throws(() => verifyPhases(clock), /phases take 1000 ns, and the boot 2000 ns/);
});

test.run();
