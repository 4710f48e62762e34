// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PLATFORMS, type PlatformKind } from "../../src/coco/platforms.js";
import type { RunResult } from "../../src/results/row.js";
import { runBoot } from "./run-boot.js";

/* What a boot takes besides accepting memory: in the VMM, in the firmware's phases, in an encrypted kernel. */
const test = suite("guest: what a boot takes besides accepting");

const boot = (...settings: readonly string[]): RunResult =>
  runBoot("workload=generate:boot", "policy=lazy", "memory=1GiB", ...settings);

function phaseNs({ phases }: RunResult, name: string): number {
  return phases.find((one) => one.name === name)!.ns;
}

test("the VMM takes 206 us longer for each CPU", () => {
  for (const kind of ["tdx", "snp", "none"] as const) {
    const [one, five] = [1, 5].map((vcpus) => boot(`platform=${kind}`, `vcpus=${vcpus}`));
    assert.is(one!.costs.vcpuStart, 1);
    assert.is(five!.costs.vcpuStart, 5);
    const { value } = PLATFORMS[kind].parameters.vcpuStartNs!;
    assert.ok(phaseNs(five!, "launch") - phaseNs(one!, "launch") >= 4 * value, kind);
  }
});

test("OVMF has its phases under SNP, and is one price elsewhere", () => {
  const PHASES = ["firmwareSec", "firmwarePei", "firmwareDxe", "firmwareBds"];
  const happened = (kind: PlatformKind): string[] =>
    Object.keys(boot(`platform=${kind}`).costs).filter((name) => [...PHASES, "firmwareFixed"].includes(name));
  assert.equal(happened("snp"), PHASES);
  assert.equal(happened("tdx"), ["firmwareFixed"]);
  assert.equal(happened("none"), ["firmwareFixed"]);
  const [usual, quick] = [boot("platform=snp"), boot("platform={kind: snp, firmwareBdsNs: 1s}")];
  assert.is(phaseNs(usual, "firmware") - phaseNs(quick, "firmware"), 1_167_000_000);
});

test("an encrypted kernel takes 52.3 ms longer until init runs, under SNP", () => {
  const [usual, free] = [boot("platform=snp"), boot("platform={kind: snp, kernelEncryptedNs: 0ns}")];
  assert.is(usual.bootTimeNs - free.bootTimeNs, 52_300_000);
  assert.is(phaseNs(usual, "initcalls") - phaseNs(free, "initcalls"), 52_300_000);
  for (const kind of ["tdx", "none"]) assert.is(boot(`platform=${kind}`).costs.kernelEncrypted, undefined);
});

test.run();
