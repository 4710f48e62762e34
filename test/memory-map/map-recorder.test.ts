// Takes 5 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import { MapRecorder } from "../../src/memory-map/map-recorder.js";
import type { MemoryMapFile } from "../../src/memory-map/memory-map.js";
import type { RunResult } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("memory map: what a run tells it");

interface Mapped {
  readonly row: RunResult;
  readonly map: MemoryMapFile;
}

const LAZY = ["platform.kind=tdx", "policy=lazy", "memory=4GiB", "vcpus=4"];
const SETTINGS: readonly (readonly string[])[] = [
  LAZY,
  ["platform.kind=tdx", "policy=eager", "memory=3GiB", "vcpus=4"],
  ["platform.kind=snp", "policy=lazy", "memory=4GiB", "vcpus=2", "kernel=6.5"],
  ["platform.kind=snp", "policy=firmware-delegated", "memory=4GiB", "vcpus=1"],
  [
    "platform.kind=tdx",
    "policy=background",
    "memory=4GiB",
    "vcpus=2",
    "strategy.threads=2",
    "drain.workers=2",
  ],
  ["platform.kind=tdx", "policy=fault-driven", "memory=4GiB", "vcpus=1", "guest.dmaBuffers=40"],
  ["platform.kind=tdx", "policy=acpi-prm", "memory=4GiB", "vcpus=1"],
  ["platform.kind=tdx", "policy=eager-firmware", "memory=3GiB", "vcpus=1"],
  ["platform.kind=tdx", "policy=lazy", "memory=3GiB", "vcpus=1", "hotplug.memory=1GiB"],
  [
    "platform.kind=tdx",
    "policy=lazy",
    "memory=3GiB",
    "vcpus=1",
    "hotplug.memory=1GiB",
    "hotplug.acceptance=online",
  ],
  ["platform.kind=none", "policy=lazy", "memory=4GiB", "vcpus=2"],
];

function load(assignments: readonly string[]): ReturnType<typeof loadScenarios>[number] {
  return loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), { loader: LOADER })[0]!;
}

function mapped(assignments: readonly string[], recorder: MapRecorder = new MapRecorder()): Mapped {
  const { scenario, recording } = load(assignments);
  const row = runScenario(scenario, recording, { check: false, watch: recorder });
  return { row, map: recorder.map(row) };
}

const ALL: readonly (Mapped & { readonly setting: string })[] = SETTINGS.map((setting) => ({
  setting: setting.join(" "),
  ...mapped(setting),
}));

function endBytes(map: MemoryMapFile, ...names: readonly string[]): number {
  return map.layers.reduce((sum, { name, endBytes: bytes }) => sum + (names.includes(name) ? bytes : 0), 0);
}

/** Of exact areas. */
function bytesAt(map: MemoryMapFile, name: string, atNs: number): number {
  const layer = map.layers.findIndex((one) => one.name === name);
  return map.areas.reduce(
    (sum, [of, start, end, fromNs, untilNs]) =>
      sum + (of === layer && fromNs <= atNs && atNs < untilNs ? end - start : 0),
    0,
  );
}

test("a run that is mapped has the results of one that is not", () => {
  for (const [index, setting] of SETTINGS.entries()) {
    const { scenario, recording } = load(setting);
    const plain = runScenario(scenario, recording, { check: false });
    assert.ok(JSON.stringify(ALL[index]!.row) === JSON.stringify(plain), setting.join(" "));
  }
});

test("layers of who accepted have what the row says of each", () => {
  for (const { setting, row, map } of ALL) {
    const { launch, firmware, exitBootServices, prm, stub, kernel } = row.memory.acceptedBy;
    assert.is(endBytes(map, "accepted at launch"), launch, setting);
    assert.is(endBytes(map, "accepted by firmware"), firmware, setting);
    assert.is(endBytes(map, "accepted at ExitBootServices"), exitBootServices, setting);
    assert.is(endBytes(map, "accepted by PRM"), prm, setting);
    assert.is(endBytes(map, "accepted by stub"), stub, setting);
    const byKernel = [
      "accepted by kernel at boot",
      "accepted on demand",
      "accepted in background",
      "accepted by kernel later",
    ];
    assert.is(endBytes(map, ...byKernel), kernel, setting);
  }
});

test("memory that the host has given is the row's", () => {
  for (const { setting, row, map } of ALL)
    assert.is(endBytes(map, "host-backed"), row.hostUse.privateBytes, setting);
});

test("what is unaccepted at the end is RAM that is neither accepted nor was shared", () => {
  for (const { setting, row, map } of ALL) {
    if (row.platform === "none") continue;
    const ram = row.memoryBytes + (row.hotplug?.addedBytes ?? 0);
    const neverAccepted = ram - row.acceptedBytes - endBytes(map, "unaccepted");
    // Shared before anybody accepted it.
    assert.ok(neverAccepted >= 0 && neverAccepted <= endBytes(map, "shared with the host"), setting);
  }
});

test("areas have the bytes that their layer says, at the end and at every accept", () => {
  for (const { setting, map } of ALL) {
    if (map.grainBytes !== 4096 || map.grainNs !== 0) throw new Error(`${setting}: not exact`);
    for (const { name, endBytes: bytes } of map.layers) {
      // Not in whole pages; sampled at the end itself.
      if (name === "reserved by memblock" || name === "free") continue;
      assert.is(bytesAt(map, name, map.endNs - 1), bytes, `${setting}: ${name}`);
    }
    const demanded = map.accepts.filter(({ by }) => by === "accepted on demand");
    let sum = 0;
    for (const { atNs, bytes } of demanded.toSorted((one, other) => one.atNs - other.atNs)) {
      sum += bytes;
      assert.ok(bytesAt(map, "accepted on demand", atNs) >= sum, `${setting}: at ${atNs}`);
    }
  }
});

test("a lazy guest accepts on demand, an eager one at boot, background threads beside the workload", () => {
  const bytesOf = (index: number, name: string): number => endBytes(ALL[index]!.map, name);
  assert.ok(bytesOf(0, "accepted on demand") > 100 * MiB);
  assert.is(bytesOf(0, "accepted in background"), 0);
  assert.ok(bytesOf(1, "accepted by kernel at boot") > 900 * MiB);
  assert.ok(bytesOf(4, "accepted in background") > 0);
  assert.ok(bytesOf(6, "accepted by PRM") > GiB);
});

test("accepts are numbered, on CPUs of the guest, within phases that follow one another to the end", () => {
  for (const { setting, row, map } of ALL) {
    assert.equal(
      map.accepts.map(({ n }) => n),
      Array.from({ length: map.acceptsTotal }, (_none, at) => at + 1),
    );
    for (const { cpu, atNs, bytes } of map.accepts)
      assert.ok(cpu >= 0 && cpu < row.vcpus && atNs <= map.endNs && bytes > 0, setting);
    let fromNs = 0;
    for (const { startNs, endNs } of map.phases) {
      assert.is(startNs, fromNs, setting);
      fromNs = endNs;
    }
    assert.is(fromNs, map.endNs, setting);
  }
});

test("everything lies within the memory and the time of the map, and in whole bytes and nanoseconds", () => {
  for (const { setting, map } of ALL) {
    for (const [layer, start, end, fromNs, untilNs] of map.areas) {
      const isWhole = [start, end, fromNs, untilNs].every((number) => Number.isSafeInteger(number));
      assert.ok(isWhole && start < end && fromNs < untilNs && untilNs <= map.endNs, setting);
      assert.ok(end <= map.spanBytes, `${setting}: ${map.layers[layer]!.name} up to ${end}`);
    }
  }
});

test("an overfull map is coarser, has no more areas and accepts than it may, and the same bytes", () => {
  const { map } = mapped(LAZY, new MapRecorder(60, 16));
  const exact = ALL[0]!.map;
  assert.ok(map.areas.length <= 60, `${map.areas.length} areas`);
  assert.ok(map.grainBytes > 4096 || map.grainNs > 0);
  assert.ok(map.accepts.length <= 16, `${map.accepts.length} accepts`);
  assert.is(map.acceptsTotal, exact.acceptsTotal);
  assert.is(map.accepts.at(-1)!.n, exact.acceptsTotal);
  assert.equal(
    map.layers.map(({ name, endBytes: bytes, peakBytes }) => [name, bytes, peakBytes]),
    exact.layers.map(({ name, endBytes: bytes, peakBytes }) => [name, bytes, peakBytes]),
  );
});

test("the same run has the same map, to the byte", () => {
  assert.ok(JSON.stringify(mapped(LAZY).map) === JSON.stringify(ALL[0]!.map));
});

test("a guest that ends early has a map up to there", () => {
  const { row, map } = mapped([
    "platform.kind=tdx",
    "policy=lazy",
    "memory=4GiB",
    "firmware.preAcceptLimit=16MiB",
  ]);
  assert.is(row.outcome, "oom");
  assert.is(map.run.outcome, "oom");
  assert.is(map.run.reason, row.reason);
  assert.is(map.phases.at(-1)!.name, "until it ended");
  assert.ok(map.areas.length > 0);
});

test.run();
