// Takes 10 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import type { Booted } from "../../src/guest/state.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { LOADER } from "../loader.js";
import { livedGuest } from "./run-boot.js";

const test = suite("guest: described machines");

const WORKLOAD = "workloads/recorded/linux-7.3.4-debian-1c4g/recording.yaml";

/** 1 GiB below 4 GiB without UEFI, and 2 GiB of it unaccepted behind a hole. */
const MAP = [
  { start: 0, end: 0x9fc00, type: "usable" },
  { start: 0x9fc00, end: 0xa0000, type: "reserved" },
  { start: "1MiB", end: 0x3ffe0000, type: "usable" },
  { start: 0x3ffe0000, end: "1GiB", type: "ACPI data" },
  { start: "5GiB", end: "7GiB", type: "unaccepted" },
];

function guestOf(more: object): Booted {
  const [scenario] = parseScenario(
    JSON.stringify({ name: "x", workload: WORKLOAD, platform: "tdx", memory: "3GiB", ...more }),
    "x",
  );
  return livedGuest(scenario!, LOADER.load(WORKLOAD));
}

function sums({ guest }: Booted): Record<string, number> {
  const { launch, firmware, stub, exitBootServices } = guest.meter.acceptedBy;
  return { early: launch + firmware, stub, exit: exitBootServices };
}

const LOW = GiB - 384 * KiB;

test("the firmware accepts what the map calls accepted, on any platform", () => {
  for (const platform of ["tdx", "snp"]) {
    for (const vcpus of [1, 4]) {
      const guest = guestOf({ platform, vcpus, memoryMap: MAP });
      assert.equal(sums(guest), { early: LOW, stub: 0, exit: 0 }, platform);
      const table = guest.handOver.stub.table!;
      assert.equal([table.physBase, table.bitmapBytes], [5 * GiB, 128]);
    }
  }
});

test("the VMM can accept it in its place, and a plain guest has nothing to accept", () => {
  const byVmm = guestOf({ memoryMap: MAP, firmware: { preAcceptBy: "vmm" } }).guest.meter.acceptedBy;
  assert.equal([byVmm.launch, byVmm.firmware], [LOW, 0]);
  assert.equal(sums(guestOf({ platform: "none", memoryMap: MAP })), { early: 0, stub: 0, exit: 0 });
});

test("a firmware that accepts all, or does at ExitBootServices, leaves no table", () => {
  const all = guestOf({ memoryMap: MAP, firmware: { acceptAll: true } });
  assert.equal(sums(all), { early: LOW + 2 * GiB, stub: 0, exit: 0 });
  assert.is(all.handOver.stub.table, undefined);
  const atExit = guestOf({ memoryMap: MAP, policy: "firmware-delegated" });
  assert.equal(sums(atExit), { early: LOW, stub: 0, exit: 2 * GiB });
});

test("a kernel that drops unaccepted memory loses it, unless the firmware accepts at exit", () => {
  const guest = { unacceptedMemory: "drops" };
  const lost = guestOf({ memoryMap: MAP, guest }).handOver.stub;
  assert.equal([lost.lostBytes, lost.table], [2 * GiB, undefined]);
  const accepted = guestOf({ platform: "snp", memoryMap: MAP, guest });
  assert.equal(sums(accepted).exit, 2 * GiB);
  assert.is(accepted.handOver.stub.lostBytes, 0);
});

test("the stub accepts what a bit cannot say", () => {
  const ragged = [
    ...MAP.slice(0, 4),
    { start: 0x140001000, end: "7GiB", type: "unaccepted" },
    { start: "8GiB", end: 0x200003000, type: "unaccepted" },
  ];
  const guest = guestOf({ memoryMap: ragged });
  assert.is(sums(guest).stub, 2 * MiB - 4 * KiB + 12 * KiB);
  assert.is(guest.handOver.stub.table!.bitmapBytes, 3 * 64 + 1);
});

test("what nobody places lies at the top of low memory, tables where the map has room for them", () => {
  const { handOver, machine } = guestOf({ memoryMap: MAP });
  assert.is(handOver.kernel.start, 16 * MiB);
  assert.is(handOver.initrd!.end > 0x3ffe0000 - 4 * KiB, true);
  const within = ({ start, end }: { start: number; end: number }): boolean =>
    start >= 0x3ffe0000 && end <= GiB;
  assert.ok(machine.acpiTables.length > 0 && machine.acpiTables.every(within));
  assert.ok(within(machine.efi!.memoryMap) && within(machine.efi!.unacceptedTable!));
});

test("a boot loader without UEFI leaves no map of it", () => {
  const { machine } = guestOf({ platform: "none", memory: "1GiB", memoryMap: MAP.slice(0, 4) });
  assert.is(machine.efi, undefined);
});

test("the kernel lies elsewhere by the seed, within usable memory", () => {
  const starts = [1, 2, 3].map(
    (seed) => guestOf({ seed, memoryMap: MAP, guest: { kaslr: true } }).handOver.kernel,
  );
  assert.is(new Set(starts.map(({ start }) => start)).size, 3);
  for (const { start, end } of starts) assert.ok(start >= 16 * MiB && end <= 0x3ffe0000);
});

test("nodes have zones, CPUs and lists of their own", () => {
  const numa = [
    { start: 0, end: "2GiB", node: 0, cpus: "0,2" },
    { start: "4GiB", end: "6GiB", node: 1, cpus: "1,3" },
  ];
  const two = guestOf({ memory: "4GiB", vcpus: 4, numa });
  assert.equal(two.kernel.cpuNodes, [0, 1, 0, 1]);
  assert.equal(
    two.kernel.allocator.zones.map(({ nodeId, name }) => `${nodeId} ${name}`),
    ["0 DMA", "0 DMA32", "1 Normal"],
  );
  const one = guestOf({ memory: "4GiB", vcpus: 4, numa, guest: { commandLine: "numa=off" } });
  assert.equal(one.kernel.cpuNodes, [0, 0, 0, 0]);
  assert.ok(one.kernel.allocator.zones.every(({ nodeId }) => nodeId === 0));
});

test("CPUs that may come later have areas, and do not run", () => {
  const now = guestOf({ vcpus: 2 });
  const later = guestOf({ vcpus: 2, guest: { hotplugCpus: 6 } });
  assert.is(later.kernel.cpuNodes.length, 2);
  assert.is(later.kernel.early.cpuCount, 8);
  assert.ok(later.kernel.early.memblock.reservedSize() > now.kernel.early.memblock.reservedSize());
});

test("memory plugged in lies behind the map's, and a next kernel finds the same map", () => {
  const plugged = guestOf({ memoryMap: MAP, hotplug: { memory: "1GiB" } });
  assert.is(plugged.kernel.pluggedBytes, GiB);
  assert.ok(plugged.kernel.allocator.zones.some(({ endPfn }) => endPfn === (8 * GiB) / (4 * KiB)));
  const [scenario] = parseScenario(
    JSON.stringify({
      name: "x",
      workload: WORKLOAD,
      platform: "tdx",
      memory: "3GiB",
      memoryMap: MAP,
      kexec: {},
    }),
    "x",
  );
  const { outcome, kexec } = runScenario(scenario!, LOADER.load(WORKLOAD), { check: true });
  assert.is(outcome, "ready");
  assert.ok(kexec !== undefined);
});

test("firmware finds no RAM where it has to lie", () => {
  const high = MAP.map((entry) => (entry.start === "1MiB" ? { ...entry, start: "12MiB" } : entry));
  assert.throws(
    () => guestOf({ memoryMap: high }),
    /the firmware needs accepted RAM at 0x800000, where memoryMap has none/,
  );
});

test("each VMM's guest boots, with what is accepted up to 4 GiB", () => {
  for (const [vmm, low] of [
    ["q35", 2],
    ["i440fx", 3],
    ["cloud-hypervisor", 3],
    ["firecracker", 3],
    ["firecracker-1.12", 3.25],
    ["crosvm", 3.25],
    ["libkrun", 3.25],
  ] as const) {
    for (const platform of ["tdx", "snp"]) {
      const guest = guestOf({ platform, memory: "4GiB", vmm });
      const hole = platform === "snp" ? 384 * KiB : 0;
      assert.is(sums(guest).early, low * GiB - hole, `${vmm} ${platform}`);
      assert.is(guest.table!.physBase, 4 * GiB);
    }
  }
});

test("workloads/layouts.yaml and memory-map.yaml: what is accepted before the kernel, and for whom", () => {
  const runs = loadScenarios(["workloads/layouts.yaml", "workloads/memory-map.yaml"], [], { loader: LOADER });
  const early = runs.map(({ scenario, recording }) => sums(livedGuest(scenario, recording)).early! / MiB);
  // The map of the other guest has no RAM from 640 KiB to 1 MiB.
  assert.equal(early, [2048, 3072, 3328, 2048 - 0.375, 2048 - 0.375]);
  const { scenario, recording } = runs.at(-1)!;
  const { machine, kernel } = livedGuest(scenario, recording);
  assert.equal(kernel.cpuNodes, [0, 0, 1, 1]);
  assert.is(machine.efi!.unacceptedTable!.start, 0x7f600018);
  assert.equal(machine.efi!.bootServices.length, 1);
});

test("old images boot where their configuration space would lie in RAM", () => {
  for (const vmm of ["i440fx", "cloud-hypervisor", "libkrun"]) {
    guestOf({ platform: "none", memory: "4GiB", vmm, firmware: { version: "2022.11" } });
  }
});

test.run();
