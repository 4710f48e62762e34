// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../src/results/row.js";
import { runBoot } from "./run-boot.js";

const test = suite("guest: versions of the firmware");

function boot(platform: string, ...settings: readonly string[]): RunResult {
  return runBoot("workload=generate:boot", "policy=lazy", "memory=4GiB", `platform=${platform}`, ...settings);
}

test("2026.05: the generic image puts its heap below 0 in a TD and ends there, all others boot", () => {
  const dead = boot("tdx", "firmware.version=2026.05", "firmware.flavour=generic");
  assert.is(dead.outcome, "terminated");
  assert.match(dead.reason!, /the first 8 MiB for all that lies below 4 GiB/);
  assert.is(boot("tdx", "firmware.version=2026.05").outcome, "ready");
  assert.is(boot("tdx", "firmware.version=2026.08", "firmware.flavour=generic").outcome, "ready");
  assert.is(boot("tdx", "firmware.version=2026.02", "firmware.flavour=generic").outcome, "ready");
  assert.is(boot("snp", "firmware.version=2026.05").outcome, "ready");
});

test("before 2025.11 an odd size with several CPUs ends the guest, in the memory that nobody accepted", () => {
  const odd = ["memory=2815MiB", "vcpus=2"];
  const dead = boot("tdx", "firmware.version=2025.08", ...odd);
  assert.is(dead.outcome, "terminated");
  assert.match(dead.reason!, /the firmware uses memory at 0xafe.* that it has not accepted/);
  assert.is(boot("tdx", "firmware.version=2025.11", ...odd).outcome, "ready");
  assert.is(boot("tdx", "firmware.version=2025.08", "memory=2815MiB", "vcpus=1").outcome, "ready");
  assert.is(boot("tdx", "firmware.version=2025.08", "memory=2816MiB", "vcpus=2").outcome, "ready");
});

test("an image without metadata starts a plain guest, and no other", () => {
  assert.throws(() => boot("none", "firmware.metadata=false"), /firmware.metadata: changes nothing here/);
  for (const platform of ["tdx", "snp"]) {
    assert.match(boot(platform, "firmware.metadata=false").reason!, /no metadata/);
  }
});

test("an SNP guest of 979 GiB has its high memory from 1 TiB on, and all of it", () => {
  const run = boot("snp", "memory=979GiB");
  assert.is(run.outcome, "ready");
  assert.is(run.lostBytes, 0);
});

test("OVMF evicts what it validates since 2025.11, where the processor needs it", () => {
  const evicted = (version: string): number =>
    boot("snp", "guest.coherencyErratum=true", `firmware.version=${version}`).costs.evictTouch4k ?? 0;
  const pages = 1021 * 512 + 1392;
  assert.is(evicted("2025.11") - evicted("2025.08"), pages);
});

test.run();
