// Takes 1 s.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { parseScenario, scenarioOutlook, scenariosOf } from "../../src/scenario/load.js";
import { YamlSource } from "../../src/scenario/yaml.js";
import { GiB, KiB, MiB, TiB } from "../../src/units.js";
import { errorsOf, MINIMAL, only } from "./helpers.js";

const test = suite("scenario: load");

test("every field of a full file", () => {
  const text = `
name: full
description: says everything
workload: runs/recording.yaml
platform: { kind: tdx, tdcallNs: 0.9us }
policy: eager
memory: 1.5GiB
vcpus: 8
kernel: "6.12.0"
seed: 7
strategy: { acceptingCpus: 4 }
host:
  pageSize: 2M
  contiguity: 0.75
  prefault: false
  dynamicPamt: true
  keepsConverted: true
  tdxModule:
    memory: [{ start: 1MiB, end: 2GiB, used: 1GiB }, { start: 4GiB, end: 8GiB, node: 1 }]
    convertible: [{ start: 0, end: 8GiB }]
    removed: [{ start: 7GiB, end: 8GiB, when: before }, { start: 4GiB, end: 5GiB }]
    hotplug: [{ start: 8GiB, end: 9GiB }]
    hotplugPolicy: nodes
    guestNode: 1
    maxTdmrs: 4
vmm: { kind: i440fx, lowMemory: 2GiB }
numa: [{ start: 0, end: 2GiB, node: 0, cpus: "0-3" }, { start: 0x100000000, end: 6GiB, node: 1 }]
firmware: { preset: tdvf, preAcceptLimit: 512MiB }
guest:
  timeScale: 0.25
  transparentHugePages: false
  commandLine: "mem=1G"
  septVeDisable: false
  shareWithoutAccept: true
  staysInAccepted: true
drain: { workers: 8 }
attack: { pages: 3, answer: ignore }
`;
  assert.equal(only(text), {
    name: "full",
    description: "says everything",
    workload: "runs/recording.yaml",
    platform: { kind: "tdx", parameters: { tdcallNs: 900 } },
    policy: "eager",
    strategy: { acceptingCpus: 4 },
    kernel: "6.12.0",
    memoryBytes: 1536 * MiB,
    vcpus: 8,
    seed: 7,
    host: {
      pageSizeBytes: 2 * MiB,
      contiguity: 0.75,
      prefault: false,
      dynamicPamt: true,
      keepsConverted: true,
      tdxConnect: false,
      assignedDevice: "none",
      dmaEntryLimit: 65_535,
      tdxModule: {
        memory: [
          { start: MiB, end: 2 * GiB, nodeId: 0, usedBytes: GiB },
          { start: 4 * GiB, end: 8 * GiB, nodeId: 1, usedBytes: 0 },
        ],
        convertible: [{ start: 0, end: 8 * GiB }],
        listFrom: "memblock",
        removed: [
          { start: 7 * GiB, end: 8 * GiB, when: "before" },
          { start: 4 * GiB, end: 5 * GiB, when: "after" },
        ],
        hotplug: [{ start: 8 * GiB, end: 9 * GiB }],
        hotplugPolicy: "nodes",
        guestNode: 1,
        maxTdmrs: 4,
        maxReservedPerTdmr: 16,
      },
      launchingGuests: 1,
    },
    vmm: { kind: "i440fx", lowMemoryBytes: 2 * GiB, slots: 0 },
    memoryMap: [],
    numa: [
      { start: 0, end: 2 * GiB, node: 0, cpus: "0-3" },
      { start: 4 * GiB, end: 6 * GiB, node: 1 },
    ],
    firmware: {
      preset: "tdvf",
      preAcceptLimitBytes: 512 * MiB,
      preAcceptBy: "firmware",
      acceptAll: false,
      acceptOnDemand: false,
      highMemory: "type-15",
      hotplugWindow: "none",
      version: "2026.08",
      imageSizeBytes: 4 * MiB,
    },
    guest: {
      kernelBuild: {},
      hotplugCpus: 0,
      timeScale: 0.25,
      transparentHugePages: false,
      commandLine: "mem=1G",
      septVeDisable: false,
      svsm: false,
      coherencyErratum: false,
      unacceptedMemory: "asks",
      bootLoader: "stub",
      knowsHotplugWindow: false,
      kaslr: false,
      checksAcpiMemory: true,
      shareWithoutAccept: true,
      releasesBeforeSharing: false,
      decryptedSection: false,
      record: "bitmap",
      staysInAccepted: true,
      splitTables: "by-phase",
      splitRaces: false,
      dmaBuffers: 0,
      reserveBeforeWatermarksBytes: 0,
      swiotlb: "early",
      bouncedBytes: 0,
    },
    drain: { workers: 8 },
    attack: { pages: 3, kind: "replace", answer: "ignore" },
  });
});

test("the least that a file can say gets the documented defaults", () => {
  assert.equal(only(MINIMAL), {
    name: "small",
    workload: "recording.yaml",
    platform: { kind: "tdx", parameters: {} },
    policy: "lazy",
    strategy: { batchBytes: 4 * MiB },
    kernel: "7.3",
    memoryBytes: 4 * GiB,
    vcpus: 1,
    seed: 1,
    host: {
      pageSizeBytes: 4 * KiB,
      contiguity: 1,
      prefault: false,
      keepsConverted: false,
      launchingGuests: 1,
      tdxConnect: false,
      assignedDevice: "none",
      dmaEntryLimit: 65_535,
    },
    vmm: { kind: "q35", slots: 0 },
    memoryMap: [],
    numa: [],
    firmware: {
      preset: "auto",
      preAcceptLimitBytes: 4 * GiB,
      preAcceptBy: "firmware",
      acceptAll: false,
      acceptOnDemand: false,
      highMemory: "type-15",
      hotplugWindow: "none",
      version: "2026.08",
      imageSizeBytes: 4 * MiB,
    },
    guest: {
      kernelBuild: {},
      hotplugCpus: 0,
      transparentHugePages: true,
      commandLine: "",
      svsm: false,
      coherencyErratum: false,
      unacceptedMemory: "asks",
      bootLoader: "stub",
      knowsHotplugWindow: false,
      kaslr: false,
      checksAcpiMemory: true,
      shareWithoutAccept: false,
      releasesBeforeSharing: false,
      decryptedSection: false,
      record: "bitmap",
      staysInAccepted: false,
      splitTables: "by-phase",
      splitRaces: false,
      dmaBuffers: 0,
      reserveBeforeWatermarksBytes: 0,
      swiotlb: "early",
      bouncedBytes: 0,
    },
  });
});

test("what is not said is not there", () => {
  for (const part of ["drain", "attack"]) assert.not(part in only(MINIMAL));
  assert.not("description" in only(MINIMAL));
  assert.not("timeScale" in only(MINIMAL).guest);
});

test("a kernel without quotes is a number in YAML and means the same", () => {
  for (const name of ["6.5", "6.12", "6.12.0", "6.19", "7.0", "7.3", "10.0"]) {
    assert.is(only(`${MINIMAL}kernel: ${name}\n`).kernel, name);
    assert.is(only(`${MINIMAL}kernel: "${name}"\n`).kernel, name);
  }
});

test("a kernel may be named as uname, git and the boot log name it", () => {
  for (const [written, name] of [
    ["6.8.0-1028-intel", "6.8.0-1028-intel"],
    ["6.12.107+deb13-amd64", "6.12.107+deb13-amd64"],
    ["v6.12-rc3", "6.12-rc3"],
    ["Linux 6.9", "6.9"],
    ["Linux version 6.14.0-1009-intel (build@host) (gcc 13.3.0, GNU ld 2.42) #9 SMP", "6.14.0-1009-intel"],
  ]) {
    assert.is(only(`${MINIMAL}kernel: "${written}"\n`).kernel, name);
  }
});

test("a bare number is bytes or nanoseconds, also in hexadecimal", () => {
  const scenario = only(`${MINIMAL}firmware: { preAcceptLimit: 0x20000000 }\n`, ["platform.tdcallNs=1200ns"]);
  assert.is(scenario.firmware.preAcceptLimitBytes, 512 * MiB);
  assert.is(scenario.platform.parameters.tdcallNs, 1200);
});

test("a firmware that accepts all has no limit", () => {
  const scenario = only(`${MINIMAL}firmware: { preAcceptLimit: all }\n`);
  assert.is(scenario.firmware.preAcceptLimitBytes, Number.POSITIVE_INFINITY);
});

test("sizes up to 4 PiB are exact", () => {
  assert.is(only(MINIMAL.replace("4GiB", "4PiB")).memoryBytes, 4096 * TiB);
  assert.is(only(MINIMAL.replace("4GiB", "4095TiB")).memoryBytes, 4095 * TiB);
});

test("scenarios are frozen to the last mapping", () => {
  const scenario = only(MINIMAL.replace("tdx", "{ kind: tdx, tdcallNs: 1us }"));
  for (const part of [
    scenario,
    scenario.platform,
    scenario.platform.parameters,
    scenario.host,
    scenario.firmware,
    scenario.guest,
  ]) {
    assert.ok(Object.isFrozen(part));
  }
  assert.throws(() => {
    (scenario.host as { prefault: boolean }).prefault = true;
  }, /read only|read-only/);
});

test("workloads/boot.yaml compares three policies on two platforms and two sizes", () => {
  const text = readFileSync(new URL("../../workloads/boot.yaml", import.meta.url), "utf8");
  const scenarios = parseScenario(text, "workloads/boot.yaml");
  assert.equal(
    scenarios.map(({ memoryBytes, platform, policy }) => [memoryBytes / GiB, platform.kind, policy]),
    [4, 64].flatMap((gib) =>
      ["tdx", "snp"].flatMap((kind) =>
        ["eager", "lazy", "firmware-delegated"].map((policy) => [gib, kind, policy]),
      ),
    ),
  );
});

test("no text makes anything but scenarios or a list of issues with places in the text", () => {
  const words = [
    "name",
    ":",
    " ",
    "\n",
    "- ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "tdx",
    "platform",
    "*a",
    "&a",
    "4GiB",
    "!x",
  ];
  const texts = fc.array(fc.oneof(fc.constantFrom(...words), fc.string()), { maxLength: 12 });
  fc.assert(
    fc.property(texts, (parts) => {
      const text = parts.join("");
      const lines = text.split("\n").length;
      for (const line of errorsOf(text)) {
        const place = /^file\.yaml:(\d+):(\d+): /.exec(line);
        assert.ok(place, line);
        assert.ok(Number(place[1]) >= 1 && Number(place[1]) <= lines, line);
      }
    }),
    { numRuns: 200 },
  );
});

test("runs are counted with the flags, and a mistake is told as when they are made", () => {
  const text = `${MINIMAL}seed: [1, 2, 3]\n`;
  const scenarios = scenariosOf(new YamlSource(text, "file.yaml"), ["vcpus=[1, 2]"]);
  const { count, first } = scenarioOutlook(text, "file.yaml", ["vcpus=[1, 2]"]);
  assert.is(count, 6);
  assert.is(scenarios.length, 6);
  assert.equal(first, scenarios[0]);
  assert.throws(() => scenarioOutlook(text, "file.yaml", ["vcpus=0"]), /vcpus/);
});

test.run();
