// Takes 4 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { loadScenarios } from "../../src/cli/load.js";
import type { RunResult } from "../../src/results/row.js";
import { parseAssignment } from "../../src/scenario/set.js";
import { runScenario } from "../../src/study/run-scenario.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { runBoot } from "../guest/run-boot.js";
import { LOADER } from "../loader.js";

const test = suite("host: memory that runs out");

/** 64 GiB less 1 MiB, of which the module takes 256.5 MiB. */
const HOST =
  "host.tdxModule={memory: [{start: 1MiB, end: 2GiB}, {start: 4GiB, end: 66GiB}], convertible: [{start: 0, end: 66GiB}]}";
const PAMT_BYTES = 8 * MiB + 20 * KiB + 248 * MiB + 500 * KiB;

function givenBytes({ hostUse }: RunResult): number {
  return hostUse.privateBytes + hostUse.sharedBytes + hostUse.tableBytes;
}

function runsOf(file: string, ...assignments: readonly string[]): RunResult[] {
  return loadScenarios([`workloads/${file}`], assignments.map(parseAssignment), { loader: LOADER }).map(
    ({ scenario, recording }) => runScenario(scenario, recording, { check: true }),
  );
}

test("an eager guest of 80 GiB ends when 64 GiB less the PAMT are given", () => {
  const run = runBoot("platform=tdx", "policy=eager", "memory=80GiB", HOST);
  assert.is(run.outcome, "terminated");
  assert.match(
    run.reason!,
    /^the host has given the guest the 63\.7 GiB that it has for it; no memory is left/,
  );
  assert.is(run.tdxModule!.pamtBytes, PAMT_BYTES);
  assert.is(givenBytes(run), 64 * GiB - MiB - PAMT_BYTES);
  assert.is(run.hostUse.metadataBytes, PAMT_BYTES);
  assert.is(run.hostBytes, 64 * GiB - MiB);
});

test("without a list the host has as much as the guest wants", () => {
  assert.is(runBoot("platform=tdx", "policy=eager", "memory=80GiB").outcome, "ready");
});

test("what the guest did until then took its time", () => {
  const run = runBoot("platform=tdx", "policy=eager", "memory=80GiB", HOST);
  const full = runBoot("platform=tdx", "policy=eager", "memory=80GiB");
  assert.ok(run.bootTimeNs > 0.75 * full.bootTimeNs && run.bootTimeNs < full.bootTimeNs);
  // The VMM puts 26 pages into the guest before it runs.
  assert.is(
    run.costs.tdcall! + 26,
    run.hostUse.privateBytes / (4 * KiB) + run.earlyMap!.sharedBytes / (4 * KiB),
  );
});

test("a lazy guest runs out only when it uses so much", () => {
  const heap = (size: string): RunResult =>
    runBoot(
      "platform=tdx",
      "policy=lazy",
      "memory=8GiB",
      `workload=generate:heap?size=${size}`,
      "host.tdxModule={memory: [{start: 4GiB, end: 8GiB}], convertible: [{start: 0, end: 8GiB}]}",
    );
  assert.is(heap("256MiB").outcome, "ready");
  const run = heap("3GiB");
  assert.is(run.outcome, "terminated");
  assert.ok(run.workloadTimeNs! > 0);
});

test("pages that drivers share come from the same memory", () => {
  const settings = ["platform=tdx", "policy=lazy", "memory=4GiB", "guest.dmaBuffers=1000"];
  const usual = runBoot(...settings);
  // So much that the guest is up, and not all of the buffers find a page.
  const bytes = usual.hostUse.privateBytes + usual.hostUse.tableBytes + 500 * 4 * KiB;
  const pamt = 4 * MiB * 4 + 8 * KiB * 4 + 4 * KiB;
  const end = 4 * GiB + 4 * GiB;
  const used = 4 * GiB - pamt - bytes;
  const host = `host.tdxModule={memory: [{start: 4GiB, end: ${end}, used: ${used - (used % 4096)}}], convertible: [{start: 0, end: ${end}}]}`;
  const run = runBoot(...settings, host);
  assert.is(run.outcome, "terminated");
  assert.match(run.reason!, /no memory is left for|for what the guest shares/);
});

test("plugging memory into a guest counts the PAMT, and says by how much it is too much", () => {
  const run = runBoot("platform=tdx", "policy=lazy", "memory=4GiB", "hotplug.memory=60GiB", HOST);
  assert.is(run.hotplug!.outcome, "refused");
  assert.is(
    run.hotplug!.reason,
    "The host has 63.7 GiB for TDX guests. With this memory the guest would have 258 MiB more.",
  );
  const less = runBoot(
    "platform=tdx",
    "policy=lazy",
    "memory=3GiB",
    "hotplug.memory=60GiB",
    "hotplug.acceptance=lazy",
    HOST,
  );
  assert.is(less.hotplug!.outcome, "online");
});

test("a host of 64 GiB keeps a reverse map table of 256 MiB and gives the rest", () => {
  const run = runBoot("platform=snp", "policy=eager", "memory=80GiB", "host.memory=64GiB");
  assert.is(run.outcome, "terminated");
  assert.match(
    run.reason!,
    /^the host has given the guest the 63\.8 GiB that it has for it; no memory is left/,
  );
  assert.is(givenBytes(run), 64 * GiB - 256 * MiB);
  assert.is(run.hostBytes, 64 * GiB);
  assert.is(runBoot("platform=snp", "policy=lazy", "memory=80GiB", "host.memory=64GiB").outcome, "ready");
});

test("a host too small for the firmware creates no guest", () => {
  for (const platform of ["tdx", "snp"]) {
    const run = runBoot(`platform=${platform}`, "policy=lazy", "memory=4GiB", "host.memory=4KiB");
    assert.match(run.reason!, /^the guest cannot be created: the host has no free memory/);
  }
});

test("the list of a module and a size are not both said", () => {
  assert.throws(
    () => runBoot("platform=tdx", "memory=4GiB", "host.memory=4GiB", HOST),
    /host\.memory: not in one scenario with host\.tdxModule/,
  );
});

/** Settings that only one platform knows. */
const NEEDED: Readonly<Record<string, string>> = {
  "host.prefault": "snp",
  "guest.svsm": "snp",
  "host.dynamicPamt": "tdx",
};

test("whatever the host and the guest: it gives no more than it has, and all of it before it fails", () => {
  fc.assert(
    fc.property(
      fc.record({
        platform: fc.constantFrom("tdx", "snp"),
        policy: fc.constantFrom("eager", "lazy", "firmware-delegated", "fault-driven", "background"),
        "host.memory": fc.integer({ min: 1, max: 36 }).map((eighths) => `${eighths * 128}MiB`),
        "host.pageSize": fc.constantFrom("4KiB", "2MiB", "1GiB"),
        "host.contiguity": fc.constantFrom(1, 0.5),
        "host.prefault": fc.boolean(),
        "host.dynamicPamt": fc.boolean(),
        "host.keepsConverted": fc.boolean(),
        "firmware.preAcceptBy": fc.constantFrom("firmware", "vmm"),
        "guest.svsm": fc.boolean(),
        "guest.dmaBuffers": fc.constantFrom(0, 300),
        vcpus: fc.constantFrom(1, 4),
      }),
      (settings) => {
        const assignments = Object.entries(settings)
          .filter(([path]) => (NEEDED[path] ?? settings.platform) === settings.platform)
          .filter(([path]) => path !== "host.contiguity" || settings["host.pageSize"] !== "4KiB")
          .map(([path, value]) => `${path}=${value}`);
        const run = runBoot("workload=generate:boot", "memory=4GiB", ...assignments);
        const hostBytes = MiB * Number.parseInt(settings["host.memory"], 10);
        assert.ok(run.hostBytes <= hostBytes, `${run.hostBytes} of ${hostBytes}`);
        if (run.outcome === "ready") return;
        assert.match(run.reason!, /no memory is left for page|no memory of the host is left/);
        const leafBytes = { "4KiB": 4 * KiB, "2MiB": 2 * MiB, "1GiB": GiB }[settings["host.pageSize"]]!;
        assert.ok(run.hostBytes + leafBytes + 64 * KiB > hostBytes, `${run.hostBytes} of ${hostBytes}`);
      },
    ),
    { numRuns: 25, seed: 3 },
  );
});

test("tdx-host: who keeps such memory offline, lets it online, or goes by nodes", () => {
  const runs = runsOf("tdx-host.yaml");
  assert.equal(
    runs.map(({ outcome, reason = "" }) => [
      outcome,
      /no memory|no TDX memory|not TDX-capable/.exec(reason)?.[0],
    ]),
    [
      ["ready", undefined],
      ["terminated", "no memory"],
      ["ready", undefined],
      ["ready", undefined],
      ["terminated", "no TDX memory"],
      ["ready", undefined],
      ["terminated", "not TDX-capable"],
      ["terminated", "not TDX-capable"],
      ["ready", undefined],
    ],
  );
  assert.match(runs[4]!.reason!, /^the host has given/);
  for (const { tdxModule } of runs) assert.equal(tdxModule!.capableNodes, [1]);
});

test("tdx-host: a guest that gets such a page as the VMM loads its firmware is not created", () => {
  const memory =
    "host.tdxModule.memory=[{start: 1MiB, end: 2GiB, used: 2047MiB}, {start: 4GiB, end: 7GiB, used: 3GiB}, {start: 16GiB, end: 20GiB, node: 1}]";
  const [refuse, allow] = ["refuse", "allow"].map(
    (policy) =>
      runsOf(
        "tdx-host.yaml",
        memory,
        "host.tdxModule.guestNode=0",
        `host.tdxModule.hotplugPolicy=${policy}`,
      )[0]!,
  );
  assert.match(allow!.reason!, /^the guest cannot be created: .* is no TDX memory/);
  assert.match(refuse!.reason!, /^the guest cannot be created: .* no memory is left/);
  assert.is(allow!.hostUse.privateBytes, 0);
});

test("tdx-host-removal: a snapshot has what comes back, memblock has not, and a discarded one has nothing", () => {
  const [snapshot, memblock, discarded] = runsOf("tdx-host-removal.yaml");
  assert.is(snapshot!.outcome, "ready");
  assert.is(snapshot!.tdxModule!.pamtBytes, 2 * 4 * MiB + 20 * KiB + 32 * 4 * MiB + 260 * KiB);
  assert.is(memblock!.outcome, "terminated");
  assert.is(memblock!.tdxModule!.pamtBytes, 2 * 4 * MiB + 20 * KiB + 24 * 4 * MiB + 196 * KiB);
  assert.match(discarded!.reason!, /^the host has no TDX: Memblock was discarded/);
});

test("tdx-host-removal: memory removed under a running module is gone, and its region and PAMT stay", () => {
  const removed = "host.tdxModule.removed=[{start: 28GiB, end: 36GiB}]";
  for (const source of ["snapshot", "memblock"]) {
    const from = `host.tdxModule.listFrom=${source}`;
    const [run] = runsOf("tdx-host-removal.yaml", from, removed, "host.tdxModule.hotplug=[]", "memory=4GiB");
    const { tdmrs, pamtBytes, guestShare, memory } = run!.tdxModule!;
    assert.equal([tdmrs.at(-1)!.end, memory.at(-1)!.end], [36 * GiB, 36 * GiB]);
    assert.is(pamtBytes, 136 * MiB + 280 * KiB);
    assert.is(guestShare.freeBytes, 26 * GiB - MiB - pamtBytes);
  }
});

test("tdx-host-removal: what holds a PAMT cannot go", () => {
  const removed = "host.tdxModule.removed=[{start: 4GiB, end: 5GiB}]";
  const [run] = runsOf("tdx-host-removal.yaml", removed, "host.tdxModule.listFrom=memblock", "memory=4GiB");
  assert.is(run!.tdxModule!.removed[0]!.removed, false);
  assert.is(run!.tdxModule!.guestShare.freeBytes, 34 * GiB - MiB - run!.tdxModule!.pamtBytes);
});

test("what a host does not have is no memory to remove, to use or to be bound to", () => {
  const refused =
    (...assignments: readonly string[]): (() => unknown) =>
    () =>
      loadScenarios(["workloads/tdx-host.yaml"], assignments.map(parseAssignment), { loader: LOADER });
  assert.throws(
    refused("host.tdxModule.guestNode=2"),
    /guestNode: expected any or a node of the host's memory \(0, 1\), found 2/,
  );
  assert.throws(
    refused("host.tdxModule.removed=[{start: 6GiB, end: 8GiB}]"),
    /removed\[0\]\.start: expected a range of the host's memory/,
  );
  assert.throws(
    refused("host.tdxModule.memory=[{start: 4GiB, end: 7GiB, used: 4GiB}]", "host.tdxModule.guestNode=0"),
    /memory\[0\]\.used: expected at most the 3 GiB of the range/,
  );
});

test.run();
