// Takes 4 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../src/results/row.js";
import { GiB, PAGE_SIZE } from "../../src/units.js";
import { runBoot as run } from "./run-boot.js";

const test = suite("guest: many CPUs");

function phaseNs(result: RunResult, name: string): number {
  return result.phases.find((phase) => phase.name === name)!.ns;
}

function assertNear(actual: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(actual / expected - 1) <= tolerance, `${what}: ${actual}, expected ${expected}`);
}

const EAGER_64G = ["platform=tdx", "policy=eager", "memory=64GiB"];
const LAZY_64G = ["platform=tdx", "policy=lazy", "memory=64GiB"];

test("eager acceptance in deferred initialisation is n times as fast on n CPUs, up to the bandwidth", () => {
  const oneNs = phaseNs(run(...EAGER_64G, "vcpus=1"), "deferred init");
  for (const vcpus of [2, 4]) {
    const ns = phaseNs(run(...EAGER_64G, `vcpus=${vcpus}`), "deferred init");
    // Not quite: the last chunks do not come out even.
    assertNear(oneNs / ns, vcpus, 0.03, `${vcpus} CPUs`);
  }
  for (const vcpus of [32, 248]) {
    const result = run(...EAGER_64G, `vcpus=${vcpus}`);
    // The zone less its first section and the memmap; TDX accepts 4 KiB in 1447 ns, all CPUs together.
    const bytes = 62 * GiB - GiB / 8 - GiB;
    assertNear(bytes / phaseNs(result, "deferred init"), PAGE_SIZE / 1447, 0.02, `${vcpus} CPUs`);
    assert.is(result.acceptedBytes, 64 * GiB);
  }
});

test("6.5: eager acceptance is no faster on more CPUs, which spin with interrupts off", () => {
  const [one, eight] = [1, 8].map((vcpus) => run(...EAGER_64G, `vcpus=${vcpus}`, 'kernel="6.5"')) as [
    RunResult,
    RunResult,
  ];
  assert.ok(phaseNs(eight, "deferred init") >= phaseNs(one, "deferred init"));
  assert.is(one.spinNs, 0);
  assertNear(eight.spinNs!, 7 * phaseNs(eight, "deferred init"), 0.1, "seven of eight spin");
  assertNear(eight.longestIrqOffNs!, 8 * one.longestIrqOffNs!, 0.5, "eight blocks in a row");
});

test("idle CPUs slow lazy boot down by the square of their number, until init runs", () => {
  const delayNs = (vcpus: number): number => {
    const { costs, eventPrices } = run(...LAZY_64G, `vcpus=${vcpus}`);
    return costs.idleCpuDelay! * eventPrices.idleCpuDelay!;
  };
  const [some, many] = [delayNs(32), delayNs(248)];
  assert.ok(some > 0);
  const ratio = many / some;
  assert.ok(ratio > 40 && ratio < 400, `${ratio} times`);
  const after = (size: string): RunResult["costs"] =>
    run("platform=tdx", "policy=lazy", "memory=8GiB", "vcpus=8", `workload=generate:heap?size=${size}`).costs;
  const [little, much] = [after("16MiB"), after("1GiB")];
  assert.ok(much.eptViolation4k! > little.eptViolation4k! + 1000);
  assert.is(much.idleCpuDelay, little.idleCpuDelay, "nobody ticks any more");
});

test("every delay of an EPT violation is an event; SNP has no EPT", () => {
  const tdx = run(...LAZY_64G, "vcpus=8");
  assert.ok(tdx.costs.idleCpuDelay! > 0);
  const exits = (tdx.costs.idleCpuDelay! * 247) / 49;
  assertNear(exits, Math.round(exits), 0.01, "seven idle CPUs each time");
  const snp = run("platform=snp", "policy=lazy", "memory=64GiB", "vcpus=8");
  assert.is(snp.costs.idleCpuDelay, undefined);
});

test("where a touch accepts, its own exit is held up as those of the 511 other pages", () => {
  // Of two CPUs one idles: an exit is held up by 1/247 of the price.
  const [free, priced] = ["0ns", "247ns"].map(
    (ns) =>
      run(
        `platform={kind: tdx, idleCpuDelayNs: ${ns}}`,
        "policy=fault-driven",
        "memory=4GiB",
        "vcpus=2",
        'kernel="6.12"',
      ).bootTimeNs,
  );
  const exits = priced! - free!;
  assert.ok(exits > 0);
  assert.is(exits % 512, 0);
});

test("TDVF sets its other CPUs up once, and shares what it accepts with them", () => {
  const one = run(...LAZY_64G, "vcpus=1");
  const two = run(...LAZY_64G, "vcpus=2");
  assert.is(one.costs.firmwareMpSetup, undefined);
  assert.is(two.costs.firmwareMpSetup, 1);
  assert.is(two.costs.firmwareApSetup, 1);
  const fixedNs = 1_200e6;
  const halfNs = (phaseNs(one, "firmware") - fixedNs) / 2;
  assertNear(phaseNs(two, "firmware"), fixedNs + halfNs + 5.1e6, 0.02, "half the work and the set-up");
});

test("how many CPUs a guest has changes nothing in how much of its memory is accepted", () => {
  for (const [platform, vcpus] of [
    ["tdx", 3],
    ["snp", 17],
  ] as const) {
    const many = run(`platform=${platform}`, "policy=eager", "memory=4GiB", `vcpus=${vcpus}`);
    const one = run(`platform=${platform}`, "policy=eager", "memory=4GiB", "vcpus=1");
    assert.is(many.outcome, "ready");
    assert.is(many.acceptedBytes, one.acceptedBytes);
  }
});

test("a boot on many CPUs is the same every time", () => {
  const [first, second] = [0, 1].map(() => run(...EAGER_64G, "vcpus=31"));
  assert.equal(first, second);
});

test.run();
