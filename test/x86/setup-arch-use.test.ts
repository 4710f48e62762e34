// Takes 2 s.
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { STANDARD_BOOT } from "../../src/cli/bundled.js";
import { parseScenario } from "../../src/scenario/load.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { runBoot } from "../guest/run-boot.js";
import { LOADER } from "../loader.js";

const test = suite("guest: what the kernel uses until setup_arch() ends");

test("workloads/setup-arch.yaml: only a kernel that stays in accepted memory accepts nothing by then", () => {
  const scenarios = parseScenario(readFileSync("workloads/setup-arch.yaml", "utf8"), "setup-arch.yaml");
  const loaded = LOADER.load(STANDARD_BOOT);
  assert.is(scenarios.length, 16);
  for (const scenario of scenarios) {
    const { outcome, setupArch, memory } = runScenario(scenario, loaded, { check: true });
    assert.is(outcome, "ready");
    const { firmwareBytes, stubBytes, kernelBytes, acceptedBytes } = setupArch!;
    // Struct pages of 4 GiB before all else.
    const own = scenario.guest.staysInAccepted ? 0 : 64 * MiB;
    assert.ok(kernelBytes >= own && kernelBytes < own + MiB, String(kernelBytes));
    assert.is(acceptedBytes, own === 0 ? 0 : 66 * MiB);
    assert.is(memory.acceptedBy.stub, scenario.kernel === "6.5" ? 46 * MiB : 0);
    assert.is(stubBytes > 0, scenario.kernel === "6.5");
    assert.ok(firmwareBytes > (scenario.guest.staysInAccepted ? 64 * MiB : 0));
  }
});

test("what is taken comes to the same, wherever it is taken", () => {
  for (const memory of ["512MiB", "4GiB", "64GiB"]) {
    const [top, below] = ["false", "true"].map((stays) => {
      const row = runBoot(
        "platform=tdx",
        "policy=lazy",
        `memory=${memory}`,
        `guest.staysInAccepted=${stays}`,
      );
      assert.is(row.outcome, "ready");
      return row.setupArch!;
    });
    const used = (use: typeof top): number => use!.firmwareBytes + use!.stubBytes + use!.kernelBytes;
    // A few page tables more come from memblock where the buffer in the image serves less of the mapping.
    assert.ok(Math.abs(used(below) - used(top)) <= 16 * PAGE_SIZE, `${memory}: ${used(below)}, ${used(top)}`);
    assert.is(below!.kernelBytes, 0);
  }
});

test("a kernel that finds no room in accepted memory accepts, as it would without the wish", () => {
  const row = runBoot(
    "platform=tdx",
    "policy=lazy",
    "memory=64GiB",
    "firmware.preAcceptLimit=256MiB",
    "guest.staysInAccepted=true",
    "kernel=6.12",
  );
  assert.is(row.outcome, "ready");
  assert.ok(row.setupArch!.kernelBytes >= GiB, "struct pages of 64 GiB");
});

test("a plain guest accepts nothing, and has nothing to say", () => {
  const row = runBoot("platform=none", "policy=lazy", "memory=4GiB");
  assert.is(row.outcome, "ready");
  assert.is(row.setupArch, undefined);
});

test.run();
