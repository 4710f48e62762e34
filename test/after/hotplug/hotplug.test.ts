// Takes 2 s.
import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../../src/results/row.js";
import { parseScenario } from "../../../src/scenario/load.js";
import { runScenario } from "../../../src/study/run-scenario.js";
import { GiB, MiB } from "../../../src/units.js";
import { LOADER } from "../../loader.js";
import { waitsOf } from "../../results/waits.js";

const test = suite("hotplug: memory plugged into a guest");

const loader = LOADER;

interface Changes {
  readonly [key: string]: unknown;
}

/** A guest of 2 GiB, all of it accepted by its firmware, that gets 2 GiB more and then needs 1.5 GiB. */
function run(acceptance: string, changes: Changes = {}): RunResult {
  const text = JSON.stringify({
    name: "hotplug",
    workload: "generate:heap?size=1536MiB",
    platform: "tdx",
    memory: "2GiB",
    hotplug: { memory: "2GiB", acceptance },
    ...changes,
  });
  const scenario = parseScenario(text, "hotplug")[0]!;
  return runScenario(scenario, loader.generate(scenario), { check: true });
}

test("6.12 takes plugged memory for accepted, and the first touch ends the guest", () => {
  const reasons = { tdx: /left for good/, snp: /exception/ };
  for (const platform of ["tdx", "snp"] as const) {
    const { outcome, reason, hotplug } = run("assumed", { platform });
    assert.is(outcome, "terminated");
    assert.match(reason!, /^page 0x1\w{8} was plugged in and taken for accepted/);
    assert.match(reason!, reasons[platform]);
    assert.is(hotplug!.outcome, "online");
    assert.is(hotplug!.unacceptedBytes, 2 * GiB);
  }
});

test("a #VE for private memory is no better than an exit", () => {
  assert.match(run("assumed", { guest: { septVeDisable: false } }).reason!, /no answer to/);
});

test("memory that nobody touches does no harm", () => {
  const { outcome, hotplug } = run("assumed", { memory: "8GiB", policy: "eager" });
  assert.is(outcome, "ready");
  assert.is(hotplug!.unacceptedBytes, 2 * GiB);
});

test("it counts as free and accepted, so a lazy guest of any size comes to touch it", () => {
  const { outcome, acceptedBytes } = run("assumed", { memory: "64GiB" });
  assert.is(outcome, "terminated");
  assert.ok(acceptedBytes < 8 * GiB);
});

test("a plain guest needs no acceptance", () => {
  const { outcome, hotplug, acceptedBytes } = run("assumed", { platform: "none" });
  assert.is(outcome, "ready");
  assert.is(hotplug!.unacceptedBytes, 0);
  assert.is(acceptedBytes, 0);
  for (const acceptance of ["online", "lazy"]) {
    assert.throws(() => run(acceptance, { platform: "none" }), /hotplug.acceptance: changes nothing here/);
  }
});

test("accepted as it goes online: all of it, before anybody needs it", () => {
  for (const platform of ["tdx", "snp"]) {
    const { outcome, hotplug, memory, waits } = run("online", { platform });
    assert.is(outcome, "ready");
    assert.is(hotplug!.acceptedOnlineBytes, 2 * GiB);
    assert.is(hotplug!.unacceptedBytes, 0);
    assert.is(memory.acceptedBy.kernel, 2 * GiB);
    assert.is(waits.boot.count + waits.workload.count, 0);
  }
});

test("in sub-blocks of 2 MiB that start shared: a request, an accept and flushes for each", () => {
  const subBlocks = (2 * GiB) / (2 * MiB);
  for (const [platform, flushes] of [
    ["tdx", 1],
    ["snp", 2],
  ] as const) {
    const [online, pieces] = [run("online", { platform }), run("sub-block", { platform })];
    assert.is(pieces.outcome, "ready");
    assert.is(pieces.hotplug!.acceptedOnlineBytes, 2 * GiB);
    assert.is(pieces.hotplug!.unacceptedBytes, 0);
    const more = (event: string): number => (pieces.costs[event] ?? 0) - (online.costs[event] ?? 0);
    assert.is(more("mapGpa"), platform === "tdx" ? subBlocks : 0);
    assert.is(more("tlbFlush"), flushes * subBlocks);
    assert.is(pieces.earlyMap!.globalFlushes - online.earlyMap!.globalFlushes, flushes * subBlocks);
    assert.ok(pieces.hotplug!.timeNs > online.hotplug!.timeNs);
    assert.is(pieces.bootTimeNs, online.bootTimeNs);
  }
});

test("accepted on demand: only what is needed, and the guest waits for it then", () => {
  for (const platform of ["tdx", "snp"]) {
    const lazy = run("lazy", { platform });
    const online = run("online", { platform });
    assert.is(lazy.outcome, "ready");
    assert.is(lazy.hotplug!.acceptedOnlineBytes, 0);
    assert.is(lazy.hotplug!.unacceptedBytes, 2 * GiB - lazy.memory.acceptedBy.kernel);
    assert.ok(lazy.memory.acceptedBy.kernel >= 1536 * MiB);
    assert.ok(lazy.hotplug!.timeNs < online.hotplug!.timeNs / 10);
    assert.ok(waitsOf(lazy).count > 300);
    assert.is(lazy.bootTimeNs, online.bootTimeNs, "the boot is over by then");
  }
});

test("accept_memory=eager accepts at once what a longer bitmap tells it is unaccepted", () => {
  const eager = run("lazy", { policy: "eager" });
  assert.is(eager.hotplug!.unacceptedBytes, 0);
  assert.is(eager.hotplug!.acceptedOnlineBytes, 0);
  assert.is(eager.memory.acceptedBy.kernel, 2 * GiB);
});

test("where faults accept, a longer bitmap answers them", () => {
  const { outcome, hotplug, costs } = run("lazy", { policy: "fault-driven" });
  assert.is(outcome, "ready");
  // In batches of 2 MiB.
  const acceptedBytes = 2 * GiB - hotplug!.unacceptedBytes;
  assert.ok(acceptedBytes >= 1536 * MiB && acceptedBytes < 1600 * MiB);
  assert.is(costs.exception, acceptedBytes / (2 * MiB));
  assert.is(run("assumed", { policy: "fault-driven" }).outcome, "terminated");
});

test("struct pages are 1/64 of the memory, from what the guest has", () => {
  const { hotplug, costs, hostUse } = run("online");
  assert.is(hotplug!.memmapBytes, 32 * MiB);
  const without = run("online", { hotplug: { memory: "128MiB", acceptance: "online" } });
  assert.is(without.hotplug!.memmapBytes, 2 * MiB);
  assert.is(costs.initStructPage! - without.costs.initStructPage!, (2 * GiB - 128 * MiB) / 4096);
  const large = run("online", { memory: "4GiB", hotplug: undefined });
  assert.is(large.hotplug, undefined);
  assert.is(hostUse.metadataBytes, large.hostUse.metadataBytes, "the host tracks what it is given");
});

test("no memory goes online when its struct pages do not fit, and the guest has lost what they took", () => {
  const { outcome, hotplug } = run("lazy", { hotplug: { memory: "256GiB", acceptance: "lazy" } });
  assert.is(hotplug!.outcome, "failed");
  assert.match(hotplug!.reason!, /^struct pages take 4 GiB, of which the guest had 1\.\d+ GiB$/);
  assert.is(hotplug!.addedBytes, 0);
  assert.is(outcome, "oom");
});

test("a guest with 64 GiB or more takes whole large blocks only", () => {
  const { outcome, hotplug } = run("lazy", { memory: "66GiB", hotplug: { memory: "1152MiB" } });
  assert.is(outcome, "ready");
  assert.is(hotplug!.outcome, "failed");
  assert.is(hotplug!.blockBytes, 2 * GiB);
  assert.match(hotplug!.reason!, /blocks of 2 GiB/);
});

test("a drain uses up plugged memory that waits for acceptance", () => {
  const { outcome, hotplug, drain } = run("lazy", { drain: { workers: 2 }, vcpus: 2 });
  assert.is(outcome, "ready");
  assert.is(hotplug!.unacceptedBytes, 0);
  assert.ok(drain!.unacceptedBytes > 0 && drain!.unacceptedBytes < 2 * GiB - 1536 * MiB);
});

test("a TDX host refuses a guest memory that its module was not told of at its start", () => {
  const memory = [
    { start: MiB, end: 2 * GiB },
    { start: 4 * GiB, end: 6 * GiB },
  ];
  const late = { start: 8 * GiB, end: 16 * GiB };
  const host = (ranges: readonly object[]): object => ({
    tdxModule: { memory: ranges, convertible: [...memory, late], hotplug: [late] },
  });
  const { outcome, hotplug } = run("online", { host: host(memory) });
  assert.is(outcome, "ready");
  assert.is(hotplug!.outcome, "refused");
  assert.match(
    hotplug!.reason!,
    /^The host has 3\.98 GiB for TDX guests\. Memory .* is not inside one range .* would have .* more\.$/,
  );
  assert.is(hotplug!.addedBytes, 0);
  const known = run("online", { host: host([...memory, late]) });
  assert.is(known.hotplug!.outcome, "online");
});

test("workloads/hotplug.yaml shows the three ways on both platforms", () => {
  const scenarios = parseScenario(readFileSync("workloads/hotplug.yaml", "utf8"), "hotplug.yaml");
  const results = scenarios.map((one) => runScenario(one, loader.generate(one), { check: false }));
  assert.equal(
    results.map(({ platform, outcome, hotplug }) => [platform, hotplug!.acceptance, outcome]),
    ["assumed", "online", "lazy"].flatMap((way) =>
      ["tdx", "snp"].map((platform) => [platform, way, way === "assumed" ? "terminated" : "ready"]),
    ),
  );
});

test("kexec is not in one scenario with it", () => {
  assert.throws(() => run("lazy", { kexec: {} }), /hotplug: not in one scenario with kexec/);
});

test("sizes are whole sections", () => {
  assert.throws(
    () => run("lazy", { hotplug: { memory: "100MiB" } }),
    /hotplug\.memory: expected a size in whole 128MiB/,
  );
});

test("whatever is plugged into whatever: no memory is lost, and each way accepts in its own time", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 24 }),
      fc.integer({ min: 8, max: 40 }),
      fc.constantFrom("tdx", "snp"),
      fc.constantFrom("lazy", "eager", "fault-driven"),
      (blocks, memory, platform, policy) => {
        const of = (acceptance: string): RunResult =>
          run(acceptance, {
            platform,
            policy,
            memory: `${memory * 256}MiB`,
            hotplug: { memory: `${blocks * 128}MiB`, acceptance },
          });
        const online = of("online");
        const lazy = of("lazy");
        for (const { hotplug } of [online, lazy]) {
          assert.is(hotplug!.addedBytes, blocks * 128 * MiB);
          assert.is(hotplug!.memmapBytes, blocks * 2 * MiB);
        }
        assert.is(online.hotplug!.unacceptedBytes, 0);
        assert.ok(lazy.hotplug!.timeNs <= online.hotplug!.timeNs);
        assert.ok(lazy.acceptedBytes <= online.acceptedBytes);
      },
    ),
    { numRuns: 6, seed: 5 },
  );
  // A guest that works uses up what it got, or as much of its own, and an eager one accepts all of it.
  const plugged = (acceptance: string): RunResult =>
    run(acceptance, {
      workload: "generate:idle?duration=1s",
      memory: "8GiB",
      hotplug: { memory: "1GiB", acceptance },
    });
  const [online, lazy] = [plugged("online"), plugged("lazy")];
  assert.ok(lazy.hotplug!.timeNs < online.hotplug!.timeNs / 10);
  assert.ok(lazy.hotplug!.unacceptedBytes > 0);
  assert.is(online.acceptedBytes - lazy.acceptedBytes, lazy.hotplug!.unacceptedBytes);
});

test.run();
