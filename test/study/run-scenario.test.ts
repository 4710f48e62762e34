// Takes 11 s.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import { formatJson } from "../../src/results/formats.js";
import type { CompareRow } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { compare } from "../../src/study/compare.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { LOADER } from "../loader.js";
import { waitsOf } from "../results/waits.js";

const test = suite("study: recorded boot");

async function rowsOf(...assignments: string[]): Promise<CompareRow[]> {
  return rowsWith({}, ...assignments);
}

async function rowsWith(
  options: { readonly overTime?: boolean },
  ...assignments: string[]
): Promise<CompareRow[]> {
  const loaded = loadScenarios(["workloads/boot.yaml"], assignments.map(parseAssignment), { loader: LOADER });
  const recording = loaded[0]!.recording;
  return compare(
    loaded.map(({ scenario }) => scenario),
    (scenario) => runScenario(scenario, recording, { check: true, ...options }),
  );
}

function only(rows: readonly CompareRow[], policy: string, platform = "tdx"): CompareRow {
  const found = rows.filter((row) => row.policy === policy && row.platform === platform);
  assert.is(found.length, 1, `one ${policy} row on ${platform}`);
  return found[0]!;
}

test("every run gets ready and serves every recorded request", async () => {
  for (const row of await rowsOf("memory=[4GiB,64GiB]")) {
    assert.is(row.outcome, "ready");
    assert.is(row.requests.failed, 0);
    assert.is(row.requests.lostEvents, 0);
    // The recording says 538, of which the trace frees some.
    assert.is(row.requests.filledBeforeTracing, 538 - row.requests.beforeTracing);
    // 2149 allocations in the trace, one from before it, and the pages taken in bulk.
    assert.is(row.requests.allocations, 2149 + row.requests.beforeTracing + row.requests.inferredBulk);
  }
});

test("eager and firmware-delegated accept all memory, lazy a part of it", async () => {
  for (const memory of [4, 64]) {
    const rows = await rowsOf(`memory=${memory}GiB`);
    for (const platform of ["tdx", "snp"]) {
      // OVMF leaves the legacy hole [640 KiB, 1 MiB) alone; TDVF accepts what lies behind it too.
      const all = memory * GiB - (platform === "snp" ? 384 * KiB : 0);
      assert.is(only(rows, "eager", platform).acceptedBytes, all);
      assert.is(only(rows, "firmware-delegated", platform).acceptedBytes, all);
      assert.ok(only(rows, "lazy", platform).acceptedBytes < 4 * GiB);
    }
  }
});

test("lazy boots before eager, and the more memory the more so", async () => {
  const small = await rowsOf("memory=4GiB");
  const large = await rowsOf("memory=64GiB");
  for (const platform of ["tdx", "snp"]) {
    const ratios = [small, large].map((rows) => only(rows, "lazy", platform).bootRatio!);
    assert.ok(ratios[0]! > 1 && ratios[1]! > 2 * ratios[0]!, `${platform}: ${ratios.join(", ")}`);
  }
});

test("on one CPU the firmware takes as long as the kernel to accept the same memory", async () => {
  const rows = await rowsOf("memory=64GiB", "platform=tdx");
  const ratio = only(rows, "eager").bootTimeNs / only(rows, "firmware-delegated").bootTimeNs;
  assert.ok(Math.abs(ratio - 1) < 0.01, String(ratio));
});

test("eager acceptance spreads over CPUs, the firmware's at ExitBootServices does not", async () => {
  const one = await rowsOf("memory=64GiB", "platform=tdx", "vcpus=1");
  const eight = await rowsOf("memory=64GiB", "platform=tdx", "vcpus=8");
  assert.ok(only(one, "eager").bootTimeNs > 5 * only(eight, "eager").bootTimeNs);
  assert.ok(only(one, "firmware-delegated").bootTimeNs < 1.1 * only(eight, "firmware-delegated").bootTimeNs);
});

test("a 64 GiB TDX guest needs over 90 s with eager firmware and under 15 s lazily (kata-containers 13535)", async () => {
  const rows = await rowsOf("memory=64GiB", "platform=tdx");
  assert.ok(only(rows, "firmware-delegated").bootTimeNs > 90e9);
  assert.ok(only(rows, "lazy").bootTimeNs < 15e9);
});

test("a plain guest accepts nothing and boots alike under every policy", async () => {
  const rows = await rowsOf("memory=4GiB", "platform=none");
  for (const row of rows) {
    assert.is(row.acceptedBytes, 0);
    assert.is(waitsOf(row).count, 0);
    assert.is(row.bootTimeNs, rows[0]!.bootTimeNs);
  }
});

test("a wait is for two units, the first one three with the guard and a table for its GiB", async () => {
  const lazy = only(await rowsOf("memory=4GiB", "platform=tdx"), "lazy");
  // 2 MiB on a host that maps 4 KiB: one refused 2 MiB accept, 512 of 4 KiB, one page of secure EPT.
  const unitNs = 800 + 512 * (8000 + 800 + 1700) + 3000;
  const { count, totalNs, maxNs } = lazy.waits.boot;
  assert.is(maxNs, 3 * unitNs + 3000);
  assert.is(totalNs, 2 * unitNs * (count - 1) + maxNs);
});

test("accepting less in the firmware boots sooner and leaves the host more", async () => {
  const [low, high] = await rowsOf(
    "memory=16GiB",
    "platform=tdx",
    "policy=lazy",
    "firmware.preAcceptLimit=[256MiB,4GiB]",
  );
  assert.ok(low!.bootTimeNs < high!.bootTimeNs);
  assert.ok(low!.hostBytes < high!.hostBytes - 256 * MiB);
});

test("firmware that accepts too little for kernel and initrd ends in out of memory, with the reason", async () => {
  const [row] = await rowsOf("memory=4GiB", "platform=tdx", "policy=lazy", "firmware.preAcceptLimit=16MiB");
  assert.is(row!.outcome, "oom");
  assert.match(row!.reason!, /no room for the/);
});

test("phases add up to the boot time", async () => {
  for (const row of await rowsOf("memory=4GiB")) {
    const sum = row.phases.reduce((total, phase) => total + phase.ns, 0);
    assert.ok(Math.abs(sum - row.bootTimeNs) <= row.phases.length, `${row.policy} on ${row.platform}`);
  }
});

test("the same scenario gives the same bytes", async () => {
  const hash = async (): Promise<string> =>
    createHash("sha256")
      .update(formatJson(await rowsOf()))
      .digest("hex");
  assert.is(await hash(), await hash());
});

test("results/boot.json is what the program prints", async () => {
  const printed = formatJson(await rowsWith({ overTime: true }));
  assert.ok(printed === readFileSync("results/boot.json", "utf8"), "npm start writes it");
});

test.run();
