// Takes 15 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import { WorkloadLoader } from "../../src/cli/load-recording.js";
import { vmmRam } from "../../src/firmware/vmm-ram.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB } from "../../src/units.js";
import { golden } from "./golden.js";
import { checked, differing, imported } from "./recorded.js";

const test = suite("machine: logs of the shapes that people paste");

interface Expected {
  readonly platform: string;
  readonly kernel: string;
  readonly policy: string;
  readonly memoryBytes: number;
  readonly vcpus: number;
  readonly vmm: string;
  /** RAM below 4 GiB. */
  readonly low: number;
  readonly firmware?: Readonly<Record<string, unknown>>;
}

const LOGS: Readonly<Record<string, Expected>> = {
  "tdx-q35-excerpt.txt": {
    platform: "tdx",
    kernel: "6.6.0",
    policy: "lazy",
    memoryBytes: 6 * GiB,
    vcpus: 2,
    vmm: "q35",
    low: 2 * GiB,
  },
  "tdx-gcp.txt": {
    platform: "tdx",
    kernel: "6.8.0-1033-gcp",
    policy: "lazy",
    memoryBytes: 16 * GiB,
    vcpus: 4,
    vmm: "cloud-hypervisor",
    low: 3 * GiB,
    firmware: { acceptAll: true },
  },
  "snp-qemu-journal.txt": {
    platform: "snp",
    kernel: "6.11.0-29-generic",
    policy: "eager",
    memoryBytes: 16 * GiB,
    vcpus: 8,
    vmm: "q35",
    low: 2 * GiB,
    firmware: { version: "2024.02", acceptAll: false },
  },
  "tdx-cloud-hypervisor.txt": {
    platform: "tdx",
    kernel: "6.12.41",
    policy: "lazy",
    memoryBytes: 8 * GiB,
    vcpus: 2,
    vmm: "cloud-hypervisor",
    low: 3 * GiB,
    firmware: { preset: "td-shim" },
  },
  "snp-libkrun-mail.txt": {
    platform: "snp",
    kernel: "6.16.2",
    policy: "lazy",
    memoryBytes: 5 * GiB,
    vcpus: 2,
    vmm: "libkrun",
    low: 3.25 * GiB,
  },
  "plain-i440fx-wall-clock.txt": {
    platform: "none",
    kernel: "6.12.38+deb13-amd64",
    policy: "lazy",
    memoryBytes: 12 * GiB,
    vcpus: 6,
    vmm: "i440fx",
    low: 3 * GiB,
  },
};

for (const [name, expected] of Object.entries(LOGS)) {
  test(`${name}: the machine that printed it, and it boots`, () => {
    const scenarios = parseScenario(imported(golden(name)), "guest.yaml");
    assert.is(scenarios.length, 1);
    const { platform, kernel, policy, memoryBytes, vcpus, vmm, firmware } = scenarios[0]!;
    const { low, firmware: ofFirmware = {}, ...keys } = expected;
    assert.equal({ platform: platform.kind, kernel, policy, memoryBytes, vcpus, vmm: vmm.kind }, keys);
    for (const [key, value] of Object.entries(ofFirmware))
      assert.equal(firmware[key as keyof typeof firmware], value, key);
    const result = runScenario(scenarios[0]!, new WorkloadLoader().load(STANDARD_BOOT), { check: false });
    assert.is(result.outcome, "ready", result.reason);
    assert.is(vmmRam(vmm.kind, { memoryBytes, isAmd: platform.kind === "snp" })[0]!.end, low);
  });
}

for (const name of ["tdx-gcp.txt", "tdx-cloud-hypervisor.txt", "snp-qemu-journal.txt"]) {
  test(`${name}: a run of the layout explains the log, and one of the map repeats it but for the build`, () => {
    const log = golden(name);
    const rows = differing(checked(imported(log), { log }));
    assert.ok(rows.length > 1);
    assert.not.match(rows.join("\n"), "unexplained");
    const exact = differing(checked(imported(log, true), { log }));
    assert.is(exact.length, 1, exact.join("; "));
    assert.match(exact[0]!, /^Memory: reserved: explained -?\d+ the image of another build/);
  });
}

test("a kernel that no run can have is left out and said; the map of a plain guest is explicit in a whole log", () => {
  const yaml = imported(golden("plain-firecracker.txt"));
  assert.match(yaml.replaceAll(/\n# +/g, " "), "kernel 6.1.141: expected a Linux release from 6.5 on");
  const [scenario] = parseScenario(yaml, "guest.yaml");
  assert.is(scenario!.memoryBytes, 4 * GiB);
  assert.equal(
    scenario!.memoryMap.map(({ start, end, type }) => [start, end, type]),
    [
      [0, 0x9fc00, "usable"],
      [0x9fc00, MiB, "reserved"],
      [MiB, 0xd0000000, "usable"],
      [0xeec00000, 0xfec00000, "reserved"],
      [0x100000000, 0x130000000, "usable"],
    ],
  );
});

test("--exact writes a confidential guest's map, and what its firmware leaves is unaccepted", () => {
  const [scenario] = parseScenario(imported(golden("snp-qemu-journal.txt"), true), "guest.yaml");
  const high = scenario!.memoryMap.find(({ start }) => start === 4 * GiB);
  assert.is(high!.type, "unaccepted");
  assert.is(scenario!.memoryMap.length, 18);
  const [accepted] = parseScenario(imported(golden("tdx-gcp.txt"), true), "guest.yaml");
  assert.is(accepted!.memoryMap.find(({ start }) => start === 4 * GiB)!.type, "usable");
});

test.run();
