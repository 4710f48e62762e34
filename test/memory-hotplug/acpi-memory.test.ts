// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import { memoryBlockBytes } from "../../src/memory-hotplug/online-pages.js";
import type { RunResult } from "../../src/results/row.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runGuest, runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB, TiB } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("guest: ACPI memory devices");

const loaded = LOADER.load(STANDARD_BOOT);

function run(
  platform: string,
  memory: string,
  highMemory: string,
  kernel: string,
  checks = true,
  drains = false,
): RunResult {
  const text = JSON.stringify({
    name: "acpi",
    workload: "boot",
    platform,
    memory,
    firmware: { highMemory },
    guest: { unacceptedMemory: kernel, checksAcpiMemory: checks },
    ...(drains ? { drain: {} } : {}),
  });
  return runScenario(parseScenario(text, "acpi")[0]!, loaded, { check: true });
}

test("a block is 128 MiB below 64 GiB, and up to 2 GiB above as the end of memory allows", () => {
  assert.is(memoryBlockBytes(2 * GiB), 128 * MiB);
  assert.is(memoryBlockBytes(64 * GiB - 2 * MiB), 128 * MiB);
  assert.is(memoryBlockBytes(64 * GiB), 2 * GiB);
  assert.is(memoryBlockBytes(65 * GiB), GiB);
  assert.is(memoryBlockBytes(64 * GiB + 256 * MiB), 256 * MiB);
  assert.is(memoryBlockBytes(TiB + 2 * MiB), 128 * MiB);
});

for (const platform of ["tdx", "snp"]) {
  test(`${platform}: a kernel that never heard of unaccepted memory gets all of it, and boots as slowly as if accepted before`, () => {
    const { outcome, memory, lostBytes, bootTimeNs } = run(platform, "4GiB", "acpi", "drops");
    assert.is(outcome, "ready");
    assert.is(memory.onlineBytes, 2 * GiB);
    assert.is(memory.acceptedBy.prm, 2 * GiB);
    assert.is(lostBytes, 0);
    const lazy = run(platform, "4GiB", "type-15", "asks");
    assert.ok(bootTimeNs > lazy.bootTimeNs);
  });

  test(`${platform}: a kernel that knows type 15 leaves devices alone that its map has`, () => {
    const both = run(platform, "4GiB", "both", "asks");
    const map = run(platform, "4GiB", "type-15", "asks");
    assert.is(both.memory.onlineBytes, 0);
    assert.equal(both.memory, map.memory);
    assert.is(both.bootTimeNs, map.bootTimeNs);
  });

  test(`${platform}: memory that is claimed twice ends the guest`, () => {
    const { outcome, reason } = run(platform, "4GiB", "both", "asks", false, true);
    assert.is(outcome, "terminated");
    assert.match(reason!, /is accepted already/);
    // A TDX firmware goes on; it is the kernel that stops, as soon as it accepts more.
    const early = run(platform, "4GiB", "both", "asks", false);
    assert.is(early.outcome, platform === "tdx" ? "ready" : "terminated");
  });
}

test("tdx: what is accepted a second time counts once, for whoever was first", () => {
  const text = JSON.stringify({
    name: "acpi",
    workload: "boot",
    platform: "tdx",
    memory: "1GiB",
    firmware: { highMemory: "both", preAcceptLimit: "256MiB" },
    guest: { checksAcpiMemory: false },
  });
  const { outcome, memory, acceptedBytes, costs } = runScenario(parseScenario(text, "acpi")[0]!, loaded, {
    check: true,
  });
  assert.is(outcome, "ready");
  // 64 MiB of them are a bounce buffer that the guest had made shared.
  assert.is(acceptedBytes, GiB);
  const { launch, firmware, prm, kernel } = memory.acceptedBy;
  assert.is(launch + firmware, 256 * MiB);
  assert.is(prm + kernel, 768 * MiB);
  assert.is(costs.tdcallAlreadyAccepted, (kernel - 64 * MiB) / 4096);
});

test("struct pages of what goes online come from the map's memory, and run out", () => {
  const text = JSON.stringify({
    name: "acpi",
    workload: "boot",
    platform: "tdx",
    memory: "256GiB",
    firmware: { highMemory: "acpi" },
  });
  const { guest, ended } = runGuest(parseScenario(text, "acpi")[0]!, loaded, {});
  assert.match(ended!.message, /found no page/);
  const { onlineBytes, failedBytes, knownBytes } = guest.acpiMemory!;
  assert.is(onlineBytes + failedBytes, 254 * GiB);
  assert.is(knownBytes, 0);
  // 2 GiB hold the struct pages of 128 GiB and nothing else.
  assert.ok(onlineBytes > 64 * GiB && onlineBytes < 128 * GiB);
});

test("the policy is the same without a word to the firmware, in blocks of a size of its own", () => {
  const key = run("tdx", "4GiB", "acpi", "asks");
  const of = (block: string, memory: string): RunResult => {
    const scenario = {
      name: "prm",
      workload: "boot",
      platform: "tdx",
      policy: "acpi-prm",
      strategy: { block },
    };
    return runScenario(parseScenario(JSON.stringify({ ...scenario, memory }), "prm")[0]!, loaded, {
      check: true,
    });
  };
  const policy = of("128MiB", "4GiB");
  assert.equal(policy.memory, key.memory);
  assert.is(policy.bootTimeNs, key.bootTimeNs);
  assert.is(of("2GiB", "4GiB").memory.onlineBytes, 2 * GiB);
  assert.is(of("2GiB", "5GiB").lostBytes, GiB, "no whole block");
  assert.is(of("1GiB", "5GiB").lostBytes, 0);
});

test("what is no whole block stays away", () => {
  const { outcome, memory, lostBytes } = run("tdx", "4200MiB", "acpi", "drops");
  assert.is(outcome, "ready");
  assert.is(memory.onlineBytes, 2 * GiB);
  assert.is(lostBytes, 104 * MiB);
});

test.run();
