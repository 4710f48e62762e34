// Takes 3 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { RunResult } from "../../src/results/row.js";
import { MiB } from "../../src/units.js";
import { runBoot as run } from "./run-boot.js";

/*
 * What must hold between strategies whatever the guest: linux-mm, February 2021, "AMD SEV-SNP/Intel
 * TDX: validation of memory pages".
 */
const test = suite("guest: orderings of strategies");

const PLATFORMS = ["tdx", "snp"] as const;
const BY_FAULT = ["fault-driven", "page-flag"] as const;
const CONTEXTS = ["nmi", "syscall-gap", "handler-stack"] as const;

const guest = fc.record({
  platform: fc.constantFrom(...PLATFORMS),
  memory: fc.integer({ min: 3, max: 5 }),
  vcpus: fc.integer({ min: 1, max: 4 }),
  seed: fc.integer({ min: 0, max: 1000 }),
});

type Settings = typeof guest extends fc.Arbitrary<infer T> ? T : never;

function runOn({ platform, memory, vcpus, seed }: Settings, ...more: readonly string[]): RunResult {
  return run(`platform=${platform}`, `memory=${memory}GiB`, `vcpus=${vcpus}`, `seed=${seed}`, ...more);
}

test("a first touch where no handler can run ends guests that accept by the exception, and no others", () => {
  fc.assert(
    fc.property(guest, fc.constantFrom(...CONTEXTS), fc.constantFrom(...BY_FAULT), (on, context, policy) => {
      const place = `guest.firstTouch=${context}`;
      const ended = runOn(on, `policy=${policy}`, place);
      assert.is(ended.outcome, "terminated");
      assert.match(ended.reason!, "finds no handler that can run");
      assert.is(ended.costs.exception, 1);
      assert.throws(() => runOn(on, "policy=lazy", place), /guest.firstTouch: changes nothing here/);
    }),
    { numRuns: 3 },
  );
});

test("over a full drain, whoever accepts at allocation accepts as much as whoever accepts at boot", () => {
  fc.assert(
    fc.property(guest, (on) => {
      const drained = (policy: string): RunResult => runOn(on, `policy=${policy}`, "drain.workers=1");
      const eager = drained("eager");
      for (const policy of ["lazy", "background", "watermark-ahead"]) {
        const later = drained(policy);
        assert.is(later.acceptedBytes, eager.acceptedBytes, policy);
      }
    }),
    { numRuns: 2 },
  );
});

test("of the same batch, a fault costs its exception beside what it accepts", () => {
  fc.assert(
    fc.property(guest, fc.integer({ min: 1, max: 50 }), (on, exceptionUs) => {
      const fault = runOn(
        { ...on, vcpus: 1 },
        "policy=fault-driven",
        "strategy.batch=4MiB",
        `platform.exceptionNs=${exceptionUs}us`,
      );
      const free = runOn(
        { ...on, vcpus: 1 },
        "policy=fault-driven",
        "strategy.batch=4MiB",
        "platform.exceptionNs=0",
      );
      const accepting = fault.costs.exception! * exceptionUs * 1000;
      assert.ok(
        Math.abs(
          fault.bootTimeNs + fault.workloadTimeNs! - free.bootTimeNs - free.workloadTimeNs! - accepting,
        ) < 1e3,
      );
    }),
    { numRuns: 3 },
  );
});

test("the more the firmware accepts before the kernel, the more is accepted when init runs", () => {
  for (const platform of PLATFORMS) {
    for (const policy of ["lazy", "fault-driven"]) {
      const limits = ["256MiB", "4GiB", "all"].map((limit) =>
        run(`platform=${platform}`, "memory=5GiB", `policy=${policy}`, `firmware.preAcceptLimit=${limit}`),
      );
      for (const [at, more] of limits.slice(1).entries()) {
        const less = limits[at]!;
        assert.ok(less.acceptedBytes <= more.acceptedBytes + 4 * MiB, `${platform} ${policy}`);
        assert.ok(less.memory.acceptedBy.firmware < more.memory.acceptedBy.firmware);
        assert.ok(less.memory.acceptedBy.kernel >= more.memory.acceptedBy.kernel);
      }
    }
  }
});

test("flags in struct page are gone with their kernel: the next one accepts twice and ends", () => {
  for (const platform of PLATFORMS) {
    const replaced = (policy: string): RunResult =>
      run(
        `platform=${platform}`,
        "memory=4GiB",
        `policy=${policy}`,
        "kexec.kind=kexec",
        "kexec.table=handed-over",
        'kernel="6.15"',
      );
    const flags = replaced("page-flag");
    assert.is(flags.kexec!.table, "lost");
    assert.is(flags.outcome, "terminated", flags.reason);
    const table = replaced("fault-driven");
    assert.is(table.kexec!.table, "handed-over");
    assert.is(table.outcome, "ready", table.reason);
  }
});

test("a page that the host replaced: silence costs integrity, stopping costs the guest", () => {
  for (const platform of PLATFORMS) {
    const attacked = (policy: string, answer: string): RunResult =>
      run(
        `platform=${platform}`,
        "memory=4GiB",
        `policy=${policy}`,
        "attack.pages=1",
        `attack.answer=${answer}`,
      );
    for (const policy of BY_FAULT) {
      const silent = attacked(policy, "ignore");
      assert.is(silent.outcome, "ready");
      assert.is(silent.attack!.integrityViolations, 1);
      const stopped = attacked(policy, "terminate");
      assert.is(stopped.outcome, "terminated");
      assert.is(stopped.attack!.integrityViolations, 0);
    }
    const lazy = attacked("lazy", "terminate");
    assert.is(lazy.outcome, "terminated");
  }
  const noException = run(
    "platform=tdx",
    "memory=4GiB",
    "policy=lazy",
    "attack.pages=1",
    "attack.answer=ignore",
  );
  assert.is(noException.outcome, "terminated", "a TD without #VE leaves for good whatever it would answer");
});

test.run();
