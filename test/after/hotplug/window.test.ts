// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../../src/results/row.js";
import { parseScenario } from "../../../src/scenario/load.js";
import type { Scenario } from "../../../src/scenario/scenario.js";
import { runScenario } from "../../../src/study/run-scenario.js";
import { GiB, MiB } from "../../../src/units.js";
import { LOADER } from "../../loader.js";

const test = suite("hotplug: a machine with room for more memory");

interface Changes {
  readonly [key: string]: unknown;
}

function scenariosOf(changes: Changes): Scenario[] {
  const text = JSON.stringify({
    name: "window",
    workload: "generate:heap?size=64MiB",
    platform: "snp",
    memory: "4GiB",
    vmm: { maxMemory: "16GiB", slots: 4 },
    ...changes,
  });
  return parseScenario(text, "window");
}

function scenarioOf(changes: Changes): Scenario {
  return scenariosOf(changes)[0]!;
}

function run(changes: Changes = {}): RunResult {
  const scenario = scenarioOf(changes);
  return runScenario(scenario, LOADER.generate(scenario), { check: true });
}

const REPORTED = { hotplugWindow: "reported" };
const AWARE = { knowsHotplugWindow: true };

test("the table is as long as the RAM asks, unless the firmware reports the window", () => {
  assert.is(run().hostUse.bitmapBytes, 128);
  assert.is(run({ firmware: REPORTED, guest: AWARE }).hostUse.bitmapBytes, 1152);
});

test("a kernel that knows the window takes none of it for RAM", () => {
  const { outcome, memory, lostBytes } = run({ firmware: REPORTED, guest: AWARE });
  assert.is(outcome, "ready");
  assert.is(memory.visibleBytes, run().memory.visibleBytes);
  assert.is(lostBytes, 0);
});

test("one that knows unaccepted memory but not the window takes it for RAM, and ends", () => {
  for (const platform of ["snp", "tdx"]) {
    const { outcome, reason } = run({ platform, firmware: REPORTED });
    assert.is(outcome, "terminated");
    assert.match(reason!, /^the kernel takes for memory 16 GiB at 0x180000000, .*EFI_MEMORY_UHP/);
  }
});

test("where RAM ends at an odd MiB, its stub already accepts what is not there", () => {
  const { outcome, reason } = run({ memory: "4095MiB", firmware: REPORTED });
  assert.is(outcome, "terminated");
  assert.match(reason!, /^the stub accepts 1 MiB at 0x17ff00000/);
});

test("mem= keeps such a kernel out of the window", () => {
  const { outcome } = run({ firmware: REPORTED, guest: { commandLine: "mem=6G" } });
  assert.is(outcome, "ready");
});

test("a kernel without unaccepted memory never sees it, and the firmware accepts none of it", () => {
  const old = { unacceptedMemory: "drops" };
  const { outcome, acceptedBytes, lostBytes } = run({ firmware: REPORTED, guest: old });
  assert.is(outcome, "ready");
  assert.is(lostBytes, 0);
  assert.is(acceptedBytes, run({ guest: old }).acceptedBytes);
});

test("plugged memory is accepted on demand in the table that there is", () => {
  const changes = { hotplug: { memory: "2GiB", acceptance: "lazy" }, workload: "generate:heap?size=4GiB" };
  const longer = run(changes);
  const inWindow = run({ ...changes, firmware: REPORTED, guest: AWARE });
  assert.is(inWindow.outcome, "ready");
  assert.is(inWindow.hotplug!.outcome, "online");
  assert.ok(inWindow.hotplug!.unacceptedBytes < 2 * GiB);
  assert.is(inWindow.hostUse.bitmapBytes, 1152);
  assert.is(longer.hostUse.bitmapBytes, 256, "2 to 8 GiB, a byte for 16 MiB");
});

test("a guest below 4 GiB, which has no table otherwise, gets one", () => {
  const small = { memory: "2GiB", vmm: { maxMemory: "4GiB", slots: 1 } };
  assert.is(run(small).hostUse.bitmapBytes, 0);
  const changes = { ...small, hotplug: { memory: "2GiB", acceptance: "lazy" } };
  const inWindow = run({ ...changes, firmware: REPORTED, guest: AWARE });
  assert.is(inWindow.hotplug!.outcome, "online");
  assert.ok(inWindow.hotplug!.unacceptedBytes > 1.8 * GiB);
  assert.ok(inWindow.memory.acceptedBy.kernel > 0);
  assert.is(inWindow.hostUse.bitmapBytes, 192, "3 GiB");
});

test("the VMM refuses what it has no room or no slot for", () => {
  const reasonOf = (vmm: Changes): string | undefined =>
    run({ vmm, hotplug: { memory: "2GiB", acceptance: "online" } }).hotplug!.reason;
  assert.match(reasonOf({ maxMemory: "16GiB" })!, /no slot.*vmm\.slots is 0/);
  assert.match(reasonOf({ maxMemory: "5GiB", slots: 1 })!, /room for 1 GiB/);
  assert.match(reasonOf({ maxMemory: "4GiB" })!, /no room.*vmm\.maxMemory/);
  assert.is(reasonOf({ maxMemory: "6GiB", slots: 1 }), undefined);
  const virtioMem = { memory: "2GiB", acceptance: "sub-block" };
  assert.is(run({ vmm: { maxMemory: "6GiB" }, hotplug: virtioMem }).hotplug!.outcome, "online");
});

test("a VMM that takes no such options keeps to none of them", () => {
  const vmm = { kind: ["q35", "cloud-hypervisor"], maxMemory: "5GiB", slots: 1 };
  const text = { vmm, hotplug: { memory: "2GiB", acceptance: "online" } };
  const outcomes = scenariosOf(text).map(
    (scenario) => runScenario(scenario, LOADER.generate(scenario), { check: true }).hotplug!.outcome,
  );
  assert.equal(outcomes, ["refused", "online"]);
});

test("a small plain guest gets a bounce buffer where memory above 4 GiB may come", () => {
  const swiotlb = (vmm: Changes): number =>
    run({ platform: "none", memory: "2GiB", vmm, guest: { commandLine: "swiotlb=32768" } }).commandLine!
      .swiotlbBytes;
  assert.is(swiotlb({}), 0);
  assert.is(swiotlb({ maxMemory: "4GiB", slots: 1 }), 64 * MiB);
  assert.is(swiotlb({ maxMemory: "4GiB" }), 0, "no SRAT without slots");
});

test("what cannot be together is refused", () => {
  const refusal = (changes: Changes, expected: RegExp): void => {
    assert.throws(() => scenarioOf(changes), expected);
  };
  refusal({ vmm: { maxMemory: "2GiB" } }, /vmm\.maxMemory: expected at least 4 GiB, .*found "2GiB"/);
  refusal({ vmm: { maxMemory: "4GiB", slots: 1 } }, /vmm\.slots: slots for memory devices need/);
  refusal(
    { vmm: {}, firmware: REPORTED },
    /firmware\.hotplugWindow: changes nothing here; it needs a vmm\.maxM/,
  );
  refusal({ guest: AWARE }, /guest\.knowsHotplugWindow: changes nothing here/);
  refusal({ platform: "none", firmware: REPORTED }, /changes nothing here; it needs platform tdx or snp/);
  refusal(
    { firmware: { ...REPORTED, preset: "ovmf-snp-2022" } },
    /it needs a firmware of edk2 since 2022\.11/,
  );
  refusal(
    { firmware: REPORTED, guest: AWARE, hotplug: {} },
    /hotplug\.acceptance: expected online, sub-block or lazy, .*found "assumed"/,
  );
});

test.run();
