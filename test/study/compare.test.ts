import { setTimeout } from "node:timers/promises";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../src/results/row.js";
import type { Scenario } from "../../src/scenario/scenario.js";
import { compare } from "../../src/study/compare.js";
import { GiB } from "../../src/units.js";
import { resultWith, scenarioWith } from "../results/rows.js";

const test = suite("study: compare");

/** Runs scenarios whose boot times and outcomes are given. */
function runWith(
  timeOf: (scenario: Scenario) => number,
  outcomeOf: (scenario: Scenario) => RunResult["outcome"],
) {
  return (scenario: Scenario): RunResult =>
    resultWith({
      scenario: scenario.name,
      platform: scenario.platform.kind,
      policy: scenario.policy,
      kernel: scenario.kernel,
      memoryBytes: scenario.memoryBytes,
      vcpus: scenario.vcpus,
      workload: scenario.workload,
      boot: scenario.workload,
      bootTimeNs: timeOf(scenario),
      outcome: outcomeOf(scenario),
    });
}

const alwaysReady = (): "ready" => "ready";
const BOOT_TIME_NS: Readonly<Record<string, number>> = { eager: 12e9, lazy: 4e9, "firmware-delegated": 24e9 };
const byPolicy = (scenario: Scenario): number => BOOT_TIME_NS[scenario.policy]!;

test("ratio is the boot time of eager divided by the row's", async () => {
  const scenarios = (["eager", "lazy", "firmware-delegated"] as const).map((policy) =>
    scenarioWith({ policy }),
  );
  const rows = await compare(scenarios, runWith(byPolicy, alwaysReady));
  assert.equal(
    rows.map(({ bootRatio }) => bootRatio),
    [1, 3, 0.5],
  );
});

test("eager may come after the rows that are compared with it", async () => {
  const scenarios = [scenarioWith(), scenarioWith({ policy: "eager" })];
  const rows = await compare(scenarios, runWith(byPolicy, alwaysReady));
  assert.is(rows[0]!.bootRatio, 3);
});

test("ratio is null without an eager run of the same machine", async () => {
  const eager = scenarioWith({ policy: "eager" });
  const others: readonly Partial<Scenario>[] = [
    { platform: { kind: "snp", parameters: {} } },
    { memoryBytes: 4 * GiB },
    { vcpus: 1 },
    { kernel: "6.12.0" },
    { workload: "busy/recording.yaml" },
  ];
  for (const other of others) {
    const rows = await compare([eager, scenarioWith(other)], runWith(byPolicy, alwaysReady));
    assert.is(rows[1]!.bootRatio, null, JSON.stringify(other));
  }
});

test("eager runs in another file of the same machine count", async () => {
  const scenarios = [scenarioWith({ name: "baseline", policy: "eager" }), scenarioWith({ name: "mine" })];
  const rows = await compare(scenarios, runWith(byPolicy, alwaysReady));
  assert.is(rows[1]!.bootRatio, 3);
});

test("ratio is null where either run failed", async () => {
  for (const failing of ["eager", "lazy"]) {
    const rows = await compare(
      [scenarioWith({ policy: "eager" }), scenarioWith()],
      runWith(byPolicy, ({ policy }) => (policy === failing ? "oom" : "ready")),
    );
    assert.is(rows[1]!.bootRatio, null, failing);
  }
});

test("of several eager runs the one with the same settings counts", async () => {
  const scenarios = ([4096, 2097152] as const).flatMap((pageSizeBytes) =>
    (["eager", "lazy"] as const).map((policy) =>
      scenarioWith({ policy, host: { ...scenarioWith().host, pageSizeBytes } }),
    ),
  );
  const times = [12e9, 4e9, 6e9, 3e9];
  const rows = await compare(scenarios, (scenario) =>
    runWith(() => times[scenarios.indexOf(scenario)]!, alwaysReady)(scenario),
  );
  assert.equal(
    rows.map(({ bootRatio }) => bootRatio),
    [1, 3, 1, 2],
  );
});

test("an eager run with other settings serves where none has the same", async () => {
  const unlimited = { ...scenarioWith().firmware, preAcceptLimitBytes: Number.POSITIVE_INFINITY };
  const rows = await compare(
    [scenarioWith({ policy: "eager" }), scenarioWith({ firmware: unlimited })],
    runWith(byPolicy, alwaysReady),
  );
  assert.is(rows[1]!.bootRatio, 3);
});

test("rows keep the order of the scenarios, which are asked for at once, whichever run ends first", async () => {
  const scenarios = [4, 2, 8].map((size) => scenarioWith({ memoryBytes: size * GiB }));
  const log: string[] = [];
  const rows = await compare(scenarios, async (scenario) => {
    log.push(`start ${scenario.memoryBytes / GiB}`);
    await setTimeout(scenario.memoryBytes === 4 * GiB ? 20 : 0);
    log.push(`end ${scenario.memoryBytes / GiB}`);
    return runWith(byPolicy, alwaysReady)(scenario);
  });
  assert.equal(
    rows.map(({ memoryBytes }) => memoryBytes / GiB),
    [4, 2, 8],
  );
  assert.equal(log.slice(0, 3), ["start 4", "start 2", "start 8"]);
  assert.is(log.at(-1), "end 4");
});

test("rows say in which settings they differ", async () => {
  const scenarios = [1, 2].map((seed) => scenarioWith({ seed }));
  const rows = await compare(scenarios, runWith(byPolicy, alwaysReady));
  assert.equal(
    rows.map(({ settings }) => settings),
    [{ seed: 1 }, { seed: 2 }],
  );
});

test("which policies no other one beats, on each input by itself", async () => {
  const scenarios = (["eager", "lazy", "background"] as const).flatMap((policy) => [
    scenarioWith({ policy }),
    scenarioWith({ policy, memoryBytes: 4 * GiB }),
  ]);
  const bootTimeNs = { eager: 9e9, lazy: 4e9, background: 4e9 } as const;
  const overheadBytes = { eager: 1, lazy: 2, background: 3 } as const;
  const rows = await compare(scenarios, (scenario) => {
    const policy = scenario.policy as keyof typeof bootTimeNs;
    return {
      ...runWith(byPolicy, alwaysReady)(scenario),
      bootTimeNs: bootTimeNs[policy],
      overheadBytes: overheadBytes[policy],
      outcome: policy === "eager" && scenario.memoryBytes === 4 * GiB ? "oom" : "ready",
    };
  });
  assert.equal(
    rows.map(({ paretoOptimal }) => paretoOptimal),
    [true, null, true, true, false, false],
  );
});

test("a run that is alone beats nobody", async () => {
  const rows = await compare([scenarioWith()], runWith(byPolicy, alwaysReady));
  assert.is(rows[0]!.paretoOptimal, null);
});

test.run();
