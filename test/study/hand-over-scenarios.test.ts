// Takes 1 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import type { RunResult } from "../../src/results/row.js";
import { parseScenario } from "../../src/scenario/load.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("study: scenarios about the hand-over");

const loaded = LOADER.load(STANDARD_BOOT);

/** Runs every variant of a file of `workloads/` with up to 4 GiB, which needs no time. */
function runs(name: string): (readonly [Scenario, RunResult])[] {
  return parseScenario(readFileSync(`workloads/${name}.yaml`, "utf8"), name)
    .filter(({ memoryBytes }) => memoryBytes <= 4 * GiB)
    .map((scenario) => [scenario, runScenario(scenario, loaded, { check: false })]);
}

test("hand-over: a kernel starts if it finds what was left for it", () => {
  const all = runs("hand-over");
  assert.is(all.length, 32);
  for (const [{ platform, guest }, { outcome, lostBytes }] of all) {
    const takesTable = guest.unacceptedMemory === "knows" || guest.unacceptedMemory === "asks";
    const starts =
      guest.bootLoader === "stub" ||
      guest.bootLoader === "unaware" ||
      (guest.bootLoader === "aware" && takesTable);
    assert.is(outcome, starts ? "ready" : "terminated", JSON.stringify(guest));
    // Without protocol what nobody knows is lost; with it the firmware accepts it in time.
    const unknown =
      guest.bootLoader === "unaware" || (guest.bootLoader === "stub" && guest.unacceptedMemory === "drops");
    assert.is(lostBytes, unknown && platform.kind === "tdx" ? 2 * GiB : 0);
  }
});

test("td-shim: its bitmap is for kernels that look for it", () => {
  const all = runs("td-shim");
  assert.is(all.length, 4);
  for (const [{ firmware, guest }, { outcome }] of all) {
    assert.is(outcome, firmware.acceptAll || guest.unacceptedMemory === "zero-page" ? "ready" : "terminated");
  }
});

test("kaslr: every place is one that the kernel can start from", () => {
  const all = runs("kaslr");
  assert.is(all.length, 16);
  for (const [{ kernel, guest }, { outcome, memory }] of all) {
    assert.is(outcome, "ready");
    if (kernel === "6.12" && guest.bootLoader === "stub") assert.is(memory.acceptedBy.stub, 0);
  }
});

test("acpi-memory: who claims memory twice does not come far", () => {
  const all = runs("acpi-memory");
  assert.is(all.length, 16);
  for (const [{ platform, firmware, guest }, { outcome, memory, lostBytes }] of all) {
    const twice =
      firmware.highMemory === "both" &&
      !guest.checksAcpiMemory &&
      // For a kernel that does not ask, OVMF has put the memory into the map.
      (guest.unacceptedMemory === "asks" || platform.kind === "snp");
    // A TDX firmware passes over what is accepted; the kernel dies of its next accept, after this boot.
    assert.is(outcome, twice && platform.kind === "snp" ? "terminated" : "ready");
    if (!twice) assert.is(lostBytes, 0);
    else if (platform.kind === "tdx") assert.ok(memory.acceptedBy.prm > 0 && memory.acceptedBy.kernel > 0);
  }
});

test.run();
