// Takes 6 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../src/results/row.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { runBoot } from "./run-boot.js";

const test = suite("guest: when the bounce buffer becomes shared");

/** The machine of Dstack's patches, whose reserve keeps the bring-up of CPUs short. */
const boot = (...settings: readonly string[]): RunResult =>
  runBoot(
    "policy=lazy",
    "memory=32GiB",
    "kernel=6.18",
    "guest.reserveBeforeWatermarks=8MiB",
    "guest.commandLine=early_page_ext",
    ...settings,
  );

function phaseNs({ phases }: RunResult, name: string): number {
  return phases.find((one) => one.name === name)!.ns;
}

const [early, late] = ["early", "late"].map((when) =>
  boot("platform=tdx", "vcpus=248", `guest.swiotlb=${when}`),
) as [RunResult, RunResult];

test("late: 248 CPUs halt by then, and a boot is 62 s shorter", () => {
  const pages = GiB / PAGE_SIZE;
  assert.is(early.costs.runningCpuDelay, pages * 247);
  assert.is(early.costs.haltedCpuDelay ?? 0, 0);
  assert.is(late.costs.haltedCpuDelay, pages * 247);
  assert.is(late.costs.runningCpuDelay ?? 0, 0);
  const shorter = (early.bootTimeNs - late.bootTimeNs) / 1e9;
  assert.ok(Math.abs(shorter - 62) < 1, `${shorter} s`);
});

test("early is before CPUs come up, late among the initcalls", () => {
  assert.ok(phaseNs(early, "early kernel") - phaseNs(late, "early kernel") > 60e9);
  assert.ok(phaseNs(late, "initcalls") - phaseNs(early, "initcalls") > 5e9);
});

test("nobody ticks any more when it is late: no exit of the request is held up", () => {
  assert.is(early.costs.mapGpa, late.costs.mapGpa);
  assert.is(late.costs.tickingCpuDelay ?? 0, 0);
});

test("memory that is shared late was the host's to keep until then", () => {
  assert.is(late.hostBytes, early.hostBytes);
  assert.ok(late.hostBytesPeak > early.hostBytesPeak);
});

test("a guest of SNP shares late as well, for the TLBs of all its CPUs and nothing else", () => {
  const [soon, then] = ["early", "late"].map((when) =>
    boot("platform=snp", "vcpus=4", "memory=4GiB", `guest.swiotlb=${when}`),
  ) as [RunResult, RunResult];
  assert.is(soon.earlyMap!.sharedBytes, then.earlyMap!.sharedBytes);
  assert.ok(soon.earlyMap!.sharedBytes >= 64 * MiB);
  assert.is(then.costs.rmpupdateShared, soon.costs.rmpupdateShared);
  const flushes = then.costs.tlbFlush! - soon.costs.tlbFlush!;
  assert.ok(then.costs.tlbFlushCpu! > soon.costs.tlbFlushCpu!);
  assert.is(flushes, 0);
});

test.run();
