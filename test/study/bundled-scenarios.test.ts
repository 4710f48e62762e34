// Takes 2 s.
import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import type { RunResult } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB } from "../../src/units.js";
import { LOADER } from "../loader.js";

const test = suite("study: scenarios under workloads");

function runsOf(file: string, ...assignments: string[]): RunResult[] {
  return loadScenarios([`workloads/${file}`], assignments.map(parseAssignment), { loader: LOADER }).map(
    ({ scenario, recording }) => runScenario(scenario, recording, { check: false }),
  );
}

test("every file makes runs", () => {
  // What the seeds say is no scenario; it names some.
  const files = readdirSync("workloads").filter((name) => name.endsWith(".yaml") && name !== "seeds.yaml");
  assert.ok(files.length >= 10);
  for (const file of files)
    assert.ok(loadScenarios([`workloads/${file}`], [], { loader: LOADER }).length > 0, file);
});

test("pre-accept: the less the firmware accepts, the sooner the kernel runs and the less is accepted", () => {
  for (const platform of ["tdx", "snp"]) {
    const runs = runsOf("pre-accept.yaml", `platform=${platform}`, "memory=4GiB");
    assert.is(runs.length, 4);
    for (const [at, more] of runs.slice(1).entries()) {
      const less = runs[at]!;
      assert.is(less.outcome, "ready");
      assert.ok(less.bootTimeNs < more.bootTimeNs && less.acceptedBytes < more.acceptedBytes);
    }
  }
});

test("kernels: up to 6.11 to the high watermark, from 6.12 on to promo; all get ready", () => {
  const runs = runsOf("kernels.yaml", "platform=tdx");
  assert.equal(
    runs.map(({ kernel, outcome }) => [kernel, outcome]),
    ["6.5", "6.6", "6.7", "6.9", "6.11", "6.12.0", "6.12", "6.15", "6.18", "7.1", "7.2", "7.3"].map(
      (kernel) => [kernel, "ready"],
    ),
  );
  const calls = new Map(runs.map(({ kernel, acceptCalls }) => [kernel, acceptCalls]));
  // 64 sections of 128 MiB: from 7.2 on each accepts its part of the memory map by itself.
  assert.ok(calls.get("7.2")! > calls.get("7.1")! + 20);
  const accepted = new Map(runs.map(({ kernel, acceptedBytes }) => [kernel, acceptedBytes]));
  assert.ok(accepted.get("6.11")! < accepted.get("6.12.0")!);
  assert.is(accepted.get("6.12"), accepted.get("6.15"));
  for (const bytes of accepted.values()) assert.ok(bytes < 8 * GiB);
});

test.run();
