// Takes 10 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { PLATFORMS } from "../../src/coco/platforms.js";
import type { RunResult } from "../../src/results/row.js";
import { GiB, KiB, MiB } from "../../src/units.js";
import { waitsOf } from "../results/waits.js";
import { runBoot as run } from "./run-boot.js";

/*
 * The orderings that the thread "AMD SEV-SNP/Intel TDX: validation of memory pages" (linux-mm,
 * February 2021) argued about, on a recorded boot.
 */
const test = suite("guest: strategies");

const HEAP = "workload=generate:heap?size=1GiB";
const KINDS = ["tdx", "snp"] as const;

test("TDX: a guest that asked for no exception ends at its first touch of unaccepted memory", () => {
  const ended = run("platform=tdx", "policy=fault-driven", "memory=8GiB", "guest.septVeDisable=true");
  assert.is(ended.outcome, "terminated");
  assert.match(ended.reason!, /was touched before it was accepted, and the TD has asked for no exception/);
  assert.is(run("platform=tdx", "policy=fault-driven", "memory=8GiB").outcome, "ready");
});

test("smaller batches: more faults, and no more memory accepted or backed", () => {
  const settings = fc.record({
    platform: fc.constantFrom(...KINDS),
    memory: fc.integer({ min: 3, max: 12 }),
    batches: fc.uniqueArray(fc.integer({ min: 12, max: 27 }), { minLength: 2, maxLength: 3 }),
    vcpus: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(settings, ({ platform, memory, batches, vcpus }) => {
      const runs = batches
        .sort((a, b) => a - b)
        .map((order) =>
          run(
            `platform=${platform}`,
            `memory=${memory}GiB`,
            `vcpus=${vcpus}`,
            "policy=fault-driven",
            `strategy.batch=${2 ** order}`,
          ),
        );
      for (const [at, larger] of runs.slice(1).entries()) {
        const smaller = runs[at]!;
        assert.ok(smaller.costs.exception! >= larger.costs.exception!);
        assert.ok(smaller.acceptedBytes <= larger.acceptedBytes);
        assert.ok(smaller.hostUse.privateBytes <= larger.hostUse.privateBytes);
      }
    }),
    { numRuns: 8 },
  );
  for (const platform of ["tdx", "snp"]) {
    const [small, large] = ["4KiB", "2MiB"].map((batch) =>
      run(`platform=${platform}`, "memory=8GiB", "policy=fault-driven", `strategy.batch=${batch}`),
    ) as [RunResult, RunResult];
    assert.ok(small.costs.exception! > 10 * large.costs.exception!);
    assert.ok(small.acceptedBytes < large.acceptedBytes);
    assert.ok(small.hostUse.privateBytes < large.hostUse.privateBytes);
  }
});

test("a fault of one page waits for its exception and one page's acceptance, no more", () => {
  const { exceptionNs, eptViolation4kNs, hostClear4kNs, tdcallNs, acceptZero4kNs } = PLATFORMS.tdx.parameters;
  const faulted = run("platform=tdx", "policy=page-flag", "memory=8GiB");
  const pageNs = [exceptionNs, eptViolation4kNs, hostClear4kNs, tdcallNs, acceptZero4kNs].reduce(
    (sum, parameter) => sum + parameter!.value,
    0,
  );
  assert.is(faulted.waits.boot.p50Ns, pageNs);
  // A block of 4 MiB at once is 1024 of these but for the exceptions.
  const block = run("platform=tdx", "policy=fault-driven", "memory=8GiB", "strategy.batch=4MiB");
  const blockNs = 1024 * pageNs - 1023 * exceptionNs!.value;
  // And now and then a new table for the host.
  const meanNs = waitsOf(block).totalNs / waitsOf(block).count;
  assert.ok(meanNs >= blockNs && meanNs < 1.001 * blockNs);
});

test("the dearer the exception, the longer the boot; with none at all it still costs the acceptance", () => {
  const bootNs = (exceptionNs: number): number =>
    run("platform=snp", "policy=page-flag", "memory=4GiB", `platform.exceptionNs=${exceptionNs}ns`)
      .bootTimeNs;
  const [none, some, more] = [0, 1000, 10_000].map(bootNs) as [number, number, number];
  assert.ok(none < some && some < more);
  const { costs } = run("platform=snp", "policy=page-flag", "memory=4GiB", "platform.exceptionNs=1us");
  // On one CPU every exception of the boot lies on its way.
  assert.ok(some - none <= costs.exception! * 1000);
  assert.ok(some - none > 0);
});

test("adaptive doubling takes fewer faults than its smallest batch, and accepts no less", () => {
  const fixed = run("platform=tdx", "policy=fault-driven", "memory=8GiB", HEAP, "strategy.batch=64KiB");
  const adaptive = run(
    "platform=tdx",
    "policy=fault-driven",
    "memory=8GiB",
    HEAP,
    "strategy.batch=64KiB",
    "strategy.adaptive=true",
    "strategy.batchMax=4MiB",
  );
  assert.ok(adaptive.costs.exception! < fixed.costs.exception! / 2);
  assert.ok(adaptive.acceptedBytes >= fixed.acceptedBytes);
});

test("a table by units of 4 KiB takes 512 times the memory of one by 2 MiB, and flags take none", () => {
  const bitmap = (policy: string, ...more: readonly string[]): number =>
    run("platform=tdx", `policy=${policy}`, "memory=64GiB", ...more).hostUse.bitmapBytes;
  assert.is(bitmap("fault-driven", "strategy.batch=4KiB"), 512 * bitmap("lazy"));
  assert.is(bitmap("fault-driven"), bitmap("lazy"));
  assert.is(bitmap("page-flag"), 0);
});

for (const platform of KINDS) {
  const onMachine = (...settings: string[]): RunResult =>
    run(`platform=${platform}`, "memory=8GiB", "vcpus=4", HEAP, ...settings);

  test(`${platform}: firmware that accepts everything leaves nothing to the kernel, whatever that knows`, () => {
    const eager = onMachine("policy=eager-firmware");
    // All but the hole below 1 MiB, which OVMF leaves alone.
    assert.ok(eager.acceptedBytes >= 8 * GiB - 384 * KiB);
    assert.is(eager.acceptCalls, 0);
    assert.is(waitsOf(eager).count, 0);
    assert.is(eager.hostUse.bitmapBytes, 0);
  });

  test(`${platform}: threads in the background change nothing of the boot, and save later requests waiting`, () => {
    const lazy = onMachine("policy=lazy");
    const background = onMachine("policy=background", "strategy.rate=all");
    assert.is(background.bootTimeNs, lazy.bootTimeNs);
    assert.ok(waitsOf(background).count < waitsOf(lazy).count, `${waitsOf(background).count}`);
    assert.ok(background.acceptedBytes >= lazy.acceptedBytes);
  });

  /** Nobody but the threads accepts once init runs. */
  const idling = (...settings: string[]): RunResult =>
    run(`platform=${platform}`, "memory=8GiB", "vcpus=4", "workload=generate:idle?duration=5s", ...settings);
  const quiet = idling("policy=lazy");
  const slow = idling("policy=background", "strategy.rate=64MiB", "strategy.threads=1");

  test(`${platform}: they keep to their rate, and stop at their target`, () => {
    const three = idling("policy=background", "strategy.rate=64MiB", "strategy.threads=3");
    for (const [threads, { workloadTimeNs, acceptedBytes }] of [[1, slow] as const, [3, three] as const]) {
      const seconds = workloadTimeNs! / 1e9;
      const byThreads = acceptedBytes - quiet.acceptedBytes;
      // Every thread begins with a block, and may be about to do one at the end.
      assert.ok(
        Math.abs(byThreads - seconds * 64 * MiB) <= threads * 4 * MiB,
        `${threads} threads: ${byThreads / MiB} MiB in ${seconds} s`,
      );
    }
    const lazy = onMachine("policy=lazy");
    const stopped = onMachine("policy=background", "strategy.rate=all", "strategy.target=1MiB");
    assert.is(stopped.acceptedBytes, lazy.acceptedBytes, "free memory is above the target already");
  });

  test(`${platform}: threads leave a guest that idles alone but for a block when a CPU wakes`, () => {
    const blocks = (slow.acceptedBytes - quiet.acceptedBytes) / (4 * MiB);
    const takenNs = slow.workloadTimeNs! - quiet.workloadTimeNs!;
    // Ten wake-ups a second on four CPUs, and a thread that has one of those for an eighth of the time.
    assert.ok(blocks > 70 && takenNs < 4 * waitsOf(quiet).maxNs, `${takenNs} ns`);
  });

  test(`${platform}: threads for idle CPUs only do not take the one that works`, () => {
    const single = (...settings: string[]): RunResult =>
      run(`platform=${platform}`, "memory=8GiB", "vcpus=1", HEAP, ...settings);
    const lazy = single("policy=lazy");
    const idle = single("policy=background", "strategy.rate=all", "strategy.idleOnly=true");
    assert.is(idle.acceptedBytes, lazy.acceptedBytes);
    assert.is(idle.workloadTimeNs, lazy.workloadTimeNs);
    const greedy = single("policy=background", "strategy.rate=all", "strategy.nice=-20");
    assert.ok(greedy.workloadTimeNs! > 2 * lazy.workloadTimeNs!, "a thread takes its time from the only CPU");
  });

  test(`${platform}: keeping ahead of the watermark accepts that much more, and no more`, () => {
    const lazy = onMachine("policy=lazy");
    for (const ahead of [64, 512]) {
      const run = onMachine("policy=watermark-ahead", `strategy.ahead=${ahead}MiB`);
      assert.is(run.bootTimeNs, lazy.bootTimeNs);
      assert.ok(run.acceptedBytes <= lazy.acceptedBytes + (ahead + 16) * MiB);
      assert.ok(waitsOf(run).count < waitsOf(lazy).count);
    }
    const [some, more] = [1, 2].map(
      (ahead) =>
        idling("policy=watermark-ahead", `strategy.ahead=${ahead}GiB`).acceptedBytes - quiet.acceptedBytes,
    ) as [number, number];
    // Below 4 GiB the firmware has accepted more than that zone's share; above lie three quarters or more.
    assert.ok(some > 0 && some < 0.85 * GiB, `${some / MiB} MiB`);
    assert.ok(more - some > 0.75 * GiB && more - some < 0.85 * GiB, `${(more - some) / MiB} MiB`);
  });

  test(`${platform}: eager acceptance by one CPU of eight takes as long as on one`, () => {
    const deferredNs = (...settings: string[]): number =>
      run(`platform=${platform}`, "policy=eager", "memory=8GiB", ...settings).phases.find(
        ({ name }) => name === "deferred init",
      )!.ns;
    const alone = deferredNs("vcpus=8", "strategy.acceptingCpus=1");
    const all = deferredNs("vcpus=8");
    assert.ok(alone > 4 * all, `${alone} ns, ${all} ns`);
    assert.is(deferredNs("vcpus=8", "strategy.acceptingCpus=8"), all);
  });

  test(`${platform}: accepting more at once makes the allocator decide less often`, () => {
    const [block, many] = [4, 64].map((mib) => onMachine("policy=lazy", `strategy.batch=${mib}MiB`)) as [
      RunResult,
      RunResult,
    ];
    assert.ok(waitsOf(many).count < waitsOf(block).count);
    assert.ok(waitsOf(many).maxNs > waitsOf(block).maxNs);
    assert.ok(many.acceptedBytes >= block.acceptedBytes);
    assert.ok(many.acceptedBytes <= block.acceptedBytes + 128 * MiB);
  });
}

/** Every accept of 4 KiB takes 16 us, and nothing else takes any time. */
const FREE =
  `tdcallNs acceptZero4kNs hostClear4kNs septAddNs sharedAccept4kNs launchNs firmwareFixedNs tdcallFailNs
  initStructPageNs firmwareMpSetupNs firmwareApSetupNs mapGpaNs septRemoveNs idleCpuDelayNs exceptionNs
  leafSplitNs leafChangeNs tlbFlushNs tlbFlushCpuNs`.split(/\s+/);
const SIXTEEN_US = ["platform.eptViolation4kNs=16us", ...FREE.map((name) => `platform.${name}=0`)];

/** Seconds that 64 GiB take at that price when 1.5 GiB beyond the firmware's memory are touched. */
function at16us(policy: string, ...settings: string[]): number {
  const workload = "workload=generate:heap?size=1536MiB&pages=small";
  const machine = ["platform.kind=tdx", "memory=64GiB", "guest.timeScale=0.001"];
  const { bootTimeNs, workloadTimeNs } = run(
    ...machine,
    workload,
    `policy=${policy}`,
    ...SIXTEEN_US,
    ...settings,
  );
  return (bootTimeNs + workloadTimeNs!) / 1e9;
}

test("at 16 us for 4 KiB, eager firmware on one CPU takes 268 s for 64 GiB", () => {
  const seconds = at16us("eager-firmware");
  assert.ok(Math.abs(seconds / 268.4 - 1) < 0.01, `${seconds}`);
});

test("at 16 us, faults of 2 MiB and blocks of 4 MiB take what they accept, and no other strategy less", () => {
  const [lazy, faults] = [at16us("lazy"), at16us("fault-driven")];
  for (const seconds of [lazy, faults]) {
    // 2 GiB by the firmware and 1.5 GiB by the workload, and what the kernel needs for itself.
    assert.ok(seconds > (3.5 * GiB * 16e-6) / 4096 && seconds < (6 * GiB * 16e-6) / 4096, `${seconds}`);
  }
  assert.ok(faults < lazy, "blocks wait for the watermark beyond what is touched");
  assert.ok(lazy < at16us("eager"));
});

test("who accepts the least has the least on the host: faults before blocks before everything", () => {
  const sizes = fc.record({
    platform: fc.constantFrom(...KINDS),
    memory: fc.integer({ min: 5, max: 32 }),
    vcpus: fc.constantFrom(1, 2, 4),
  });
  fc.assert(
    fc.property(sizes, ({ platform, memory, vcpus }) => {
      const [page, batch, lazy, eager] = ["page-flag", "fault-driven", "lazy", "eager"].map(
        (policy) =>
          run(`platform=${platform}`, `memory=${memory}GiB`, `vcpus=${vcpus}`, `policy=${policy}`).hostUse
            .privateBytes,
      ) as [number, number, number, number];
      assert.ok(page <= batch && batch <= lazy && lazy <= eager);
    }),
    { numRuns: 6 },
  );
});

test("4 KiB or 2 MiB: what is accepted is what was touched and the batch around it", () => {
  const touched = run("platform=tdx", "policy=page-flag", "memory=8GiB");
  // Firmware accepts below 4 GiB; beyond, the kernel touches.
  assert.ok(touched.acceptedBytes < 4 * GiB + touched.touchedBytes);
  assert.is(touched.acceptedBytes % (4 * KiB), 0);
});

test.run();
