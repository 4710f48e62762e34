// Takes 10 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import type { PlatformKind } from "../../src/coco/platforms.js";
import type { RunResult } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { LOADER } from "../loader.js";
import { runBoot } from "./run-boot.js";

/* What a boot takes besides accepting memory: in the VMM, in the firmware's phases, in an encrypted kernel. */
const test = suite("guest: what a boot takes besides accepting");

const boot = (...settings: readonly string[]): RunResult =>
  runBoot("workload=generate:boot", "policy=lazy", "memory=1GiB", ...settings);

function phaseNs({ phases }: RunResult, name: string): number {
  return phases.find((one) => one.name === name)!.ns;
}

test("the VMM takes 206 us longer for each CPU, and 1 ms more where the PSP takes its state in", () => {
  for (const [kind, eachNs] of [
    ["tdx", 206_000],
    ["snp", 206_000 + 1_003_000],
    ["none", 206_000],
  ] as const) {
    const [one, five] = [1, 5].map((vcpus) => boot(`platform=${kind}`, `vcpus=${vcpus}`));
    assert.is(one!.costs.vcpuStart, 1);
    assert.is(five!.costs.vcpuStart, 5);
    assert.is(phaseNs(five!, "launch") - phaseNs(one!, "launch"), 4 * eachNs, kind);
  }
});

test("the PSP takes in the image, what its metadata names, and the CPU; a TDX launch is one price", () => {
  const pages = (...settings: readonly string[]): number | undefined => boot(...settings).costs.launchPage4k;
  // From 8 MiB up to the volume of PEI, but for the GHCB of SEC: 48 pages in images since 2025.11, 32 before.
  assert.is(pages("platform=snp"), 1024 + 47 + 1);
  assert.is(pages("platform=snp", "firmware.version=2025.02", "vcpus=3"), 1024 + 31 + 3);
  assert.is(pages("platform=snp", "firmware.imageSize=1MiB"), 256 + 47 + 1);
  assert.is(pages("platform=tdx"), undefined);
  assert.is(pages("platform=none"), undefined);
});

test("1 MiB of image takes the PSP 256.8 ms", () => {
  const [one, two] = [1, 2].map((size) => boot("platform=snp", `firmware.imageSize=${size}MiB`));
  assert.is(phaseNs(two!, "launch") - phaseNs(one!, "launch"), 256 * 1_003_000);
});

test("guests of SNP that start at once take turns at the PSP, each page of each", () => {
  const launchNs = (guests: number, ...settings: readonly string[]): number =>
    phaseNs(boot("platform=snp", `host.launchingGuests=${guests}`, ...settings), "launch");
  const pages = 1024 + 47 + 1;
  assert.is(launchNs(10) - launchNs(1), 9 * pages * 1_003_000);
  const bigNs = launchNs(3, "firmware.preAcceptBy=vmm", "firmware.preAcceptLimit=16MiB");
  const smallNs = launchNs(1, "firmware.preAcceptBy=vmm", "firmware.preAcceptLimit=16MiB");
  const added = boot("platform=snp", "firmware.preAcceptBy=vmm", "firmware.preAcceptLimit=16MiB");
  assert.is(bigNs - smallNs, 2 * added.costs.launchPage4k! * 1_003_000);
});

test("a list of platforms may have a queue that only SNP stands in", () => {
  const loaded = loadScenarios(
    ["workloads/boot.yaml"],
    ["platform=[tdx,snp,none]", "policy=lazy", "memory=1GiB", "host.launchingGuests=4"].map(parseAssignment),
    { loader: LOADER },
  );
  const waits = loaded.map(
    ({ scenario, recording }) =>
      runScenario(scenario, recording, { check: false }).costs.launchPageWait4k ?? 0,
  );
  assert.equal(
    waits.toSorted((a, b) => a - b),
    [0, 0, 3 * (1024 + 47 + 1)],
  );
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
