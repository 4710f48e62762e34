// Takes 2 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import { FIRMWARES } from "../../src/firmware/firmwares.js";
import type { RunResult } from "../../src/results/row.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, KiB } from "../../src/units.js";
import { LOADER } from "../loader.js";
import { runBoot } from "./run-boot.js";

const test = suite("guest: memory that the VMM accepts");

const boot = (...settings: readonly string[]): RunResult =>
  runBoot("workload=generate:boot", "policy=lazy", "memory=4GiB", ...settings);

for (const platform of ["tdx", "snp"]) {
  test(`${platform}: the same memory is accepted, by the launch, and the firmware does nothing more`, () => {
    const [usual, vmm] = ["firmware", "vmm"].map((by) =>
      boot(`platform=${platform}`, `firmware.preAcceptBy=${by}`, "firmware.preAcceptLimit=1GiB"),
    );
    const { launch, firmware } = usual!.memory.acceptedBy;
    assert.is(vmm!.memory.acceptedBy.launch, launch + firmware);
    assert.is(vmm!.memory.acceptedBy.firmware, 0);
    assert.is(vmm!.acceptedBytes, usual!.acceptedBytes);
    const more = vmm!.costs.launchPage4k! - (usual!.costs.launchPage4k ?? 0);
    assert.is(more, firmware / (4 * KiB));
    const phase = ({ phases }: RunResult, name: string): number =>
      phases.find((one) => one.name === name)!.ns;
    const pageNs = platform === "tdx" ? 6_000 : 1_003_000;
    assert.is(phase(vmm!, "launch") - phase(usual!, "launch"), (firmware / (4 * KiB)) * pageNs);
    assert.is(phase(vmm!, "firmware"), platform === "tdx" ? 1_200_000_000 : 3_114_000_000);
  });
}

test("every firmware finds what it would accept, whatever the CPUs, and no page is accepted twice", () => {
  for (const preset of Object.keys(FIRMWARES)) {
    // A plain guest has nothing to accept.
    if (preset === "ovmf") continue;
    const platform = preset.includes("snp") ? "snp" : "tdx";
    for (const vcpus of [1, 3]) {
      const settings = [`platform=${platform}`, `firmware.preset=${preset}`, `vcpus=${vcpus}`];
      const [usual, vmm] = ["firmware", "vmm"].map((by) => boot(...settings, `firmware.preAcceptBy=${by}`));
      assert.is(vmm!.outcome, usual!.outcome, preset);
      assert.is(vmm!.acceptedBytes, usual!.acceptedBytes, preset);
      assert.is(vmm!.memory.acceptedBy.firmware, 0);
    }
  }
});

test("a VMM told to accept all leaves nothing to anybody", () => {
  const run = boot("platform=snp", "policy=eager-firmware", "firmware.preAcceptBy=vmm");
  assert.is(run.memory.acceptedBy.kernel + run.memory.acceptedBy.firmware, 0);
  assert.ok(run.memory.acceptedBy.launch > 3.9 * GiB);
});

test("what a host has accepted before it runs out is counted, at launch too", () => {
  for (const platform of ["tdx", "snp"]) {
    const settings = [`platform=${platform}`, "firmware.preAcceptBy=vmm", "host.memory=1GiB"];
    const run = boot(...settings);
    assert.is(run.outcome, "terminated");
    const { acceptedBy } = run.memory;
    assert.is(
      Object.values(acceptedBy).reduce((sum, bytes) => sum + bytes, 0),
      run.acceptedBytes,
    );
    assert.ok(acceptedBy.launch > 0.9 * GiB);
  }
});

test("vmm-accepts: on TDX the VMM is faster, and the PSP of an SNP host takes minutes", () => {
  const runs = loadScenarios(["workloads/vmm-accepts.yaml"], [], { loader: LOADER }).map(
    ({ scenario, recording }) => runScenario(scenario, recording, { check: false }),
  );
  for (const platform of ["tdx", "snp"]) {
    const own = runs.filter((run) => run.platform === platform);
    for (const at of [0, 2]) {
      const [firmware, vmm] = [own[at]!.bootTimeNs, own[at + 1]!.bootTimeNs];
      assert.ok(platform === "tdx" ? vmm < firmware : vmm > 10 * firmware);
    }
  }
});

test.run();
