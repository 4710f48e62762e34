// Takes 12 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../src/results/row.js";
import { niceWeight } from "../../src/sim/nice.js";
import { GiB } from "../../src/units.js";
import { waitsOf } from "../results/waits.js";
import { runBoot as run } from "./run-boot.js";

/*
 * Threads that accept beside a workload, on whole guests. What holds without locks and shared bandwidth holds
 * here but for the time that these took: `spinNs`, where the bandwidth is off.
 */
const test = suite("guest: background threads");

/** What CPUs that accept share takes no time; nothing that is idle takes a tick once init runs. */
const NO_BANDWIDTH = ["4k", "2m", "1g"].map((size) => `platform.sharedAccept${size}Ns=0`);
const settings = fc.record({
  platform: fc.constantFrom("tdx", "snp"),
  pageSize: fc.constantFrom("4KiB", "2MiB"),
  memory: fc.constantFrom(4, 6, 16),
  rate: fc.constantFrom("all", "1GiB", "64MiB"),
  nice: fc.constantFrom(-5, 0, 19),
  /** Of the workload. */
  busy: fc.integer({ min: 1, max: 4 }),
  pages: fc.constantFrom("huge", "small"),
});
type Settings = typeof settings extends fc.Arbitrary<infer One> ? One : never;

function guestOf(one: Settings, vcpus: number): (...more: string[]) => RunResult {
  const { platform, pageSize, memory, busy, pages } = one;
  const machine = [
    `platform=${platform}`,
    `host.pageSize=${pageSize}`,
    `memory=${memory}GiB`,
    `vcpus=${vcpus}`,
  ];
  const workload = `workload=generate:heap?size=512MiB&threads=${busy}&pages=${pages}`;
  const bandwidth = platform === "tdx" ? NO_BANDWIDTH : [];
  return (...more) => run(...machine, workload, ...bandwidth, ...more);
}

function threadsOf({ rate, nice }: Settings, threads: number, ...more: string[]): string[] {
  // A thread for idle CPUs shares none.
  const share = more.includes("idleOnly=true") ? [] : [`nice=${nice}`];
  const strategy = [`rate=${rate}`, `threads=${threads}`, ...share, ...more];
  return ["policy=background", ...strategy.map((one) => `strategy.${one}`)];
}

test("four threads of the lowest priority on four busy CPUs cost a heap no more than their share", () => {
  const guest = (...more: string[]): RunResult =>
    run("platform=tdx", "memory=64GiB", "vcpus=4", "workload=generate:heap?size=8GiB&threads=4", ...more);
  const lazy = guest("policy=lazy");
  for (const policy of ["background", "watermark-ahead"]) {
    for (const threads of [1, 4]) {
      const beside = guest(`policy=${policy}`, `strategy.threads=${threads}`);
      const share = 1 + (threads * niceWeight(19)) / niceWeight(0);
      assert.ok(
        beside.workloadTimeNs! <= share * lazy.workloadTimeNs! + threads * waitsOf(lazy).maxNs,
        `${threads} of ${policy}: ${beside.workloadTimeNs} ns, lazy ${lazy.workloadTimeNs} ns`,
      );
    }
  }
});

/**
 * One run is not slower than another, but for locks. Where several CPUs work, which of them has to accept
 * changes with what was accepted before, so that the last one may be done later by some blocks though all
 * together wait for less.
 */
function requireNoSlower(one: RunResult, other: RunResult, busyCpus: number): void {
  const { spinNs } = one;
  const [taken, before] =
    busyCpus === 1
      ? [one.workloadTimeNs!, other.workloadTimeNs!]
      : [waitsOf(one).totalNs, waitsOf(other).totalNs];
  assert.ok(taken <= before + spinNs + 1, `${taken} ns after ${before} ns, spinning ${spinNs} ns`);
}

test("work that never sleeps is put off by no more than the threads' share, a block each, and locks", () => {
  const threads = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(settings, threads, fc.constantFrom(1, 1, 2), (one, count, vcpus) => {
      const guest = guestOf(one, vcpus);
      const lazy = guest("policy=lazy");
      const beside = guest(...threadsOf(one, count));
      const share = 1 + (count * niceWeight(one.nice)) / niceWeight(0);
      const blocks = count + vcpus - 1;
      const most = share * (lazy.workloadTimeNs! + beside.spinNs) + blocks * waitsOf(lazy).maxNs;
      assert.ok(beside.workloadTimeNs! <= most, `${beside.workloadTimeNs} ns, not ${most} ns`);
    }),
    { numRuns: 8 },
  );
});

test("threads for idle CPUs only never lose to lazy, but for locks", () => {
  const workloads = fc.constantFrom(
    ["heap?size=256MiB&pause=20ms&step=16MiB", 1] as const,
    ["heap?size=256MiB&threads=3&pause=20ms&step=16MiB", 3] as const,
    ["model?size=256MiB", 1] as const,
    ["fork?processes=100", 6] as const,
    ["page-cache?size=256MiB", 6] as const,
    ["idle?duration=2s", 6] as const,
  );
  fc.assert(
    fc.property(settings, workloads, fc.integer({ min: 2, max: 6 }), (one, [name, busyCpus], vcpus) => {
      const guest = guestOf(one, vcpus);
      const workload = `workload=generate:${name}`;
      const lazy = guest("policy=lazy", workload);
      requireNoSlower(guest(...threadsOf(one, 2, "idleOnly=true"), workload), lazy, busyCpus);
    }),
    { numRuns: 10 },
  );
});

test("more threads never lose to fewer where CPUs idle, but for locks", () => {
  fc.assert(
    fc.property(settings, (one) => {
      const guest = guestOf(one, one.busy + 4);
      const runs = [guest("policy=lazy"), ...[1, 2, 4].map((threads) => guest(...threadsOf(one, threads)))];
      for (const [at, more] of runs.slice(1).entries()) requireNoSlower(more, runs[at]!, one.busy);
    }),
    { numRuns: 6 },
  );
});

test("the nicer a thread, the less it takes of a CPU that works", () => {
  const guest = ["platform=tdx", "memory=16GiB", "vcpus=1", "workload=generate:heap?size=64MiB"];
  const acceptedBytes = ["-20", "-5", "0", "10", "19", "idle"].map(
    (nice) => run(...guest, "policy=background", "strategy.rate=all", `strategy.nice=${nice}`).acceptedBytes,
  );
  assert.equal(
    acceptedBytes,
    acceptedBytes.toSorted((a, b) => b - a),
  );
  assert.ok(acceptedBytes[0]! > acceptedBytes.at(-1)! + GiB);
});

test.run();
