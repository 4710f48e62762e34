// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import type { AcceptRules } from "../../src/linux/rules.js";
import { acceptingMachine } from "./accepting-machine.js";
import { beforeAndAfter } from "./guests.js";

/**
 * "efi/unaccepted: Fix soft lockups caused by parallel memory acceptance". 6.5 held one spinlock,
 * interrupts off, for as long as the platform took, so the last of many CPUs that accept at the
 * same time waited for all others.
 */
const test = suite("regress: 50e782a86c98");

const CPUS = 32;
/** An accept of a block and its guard: 0.9 s, as on a host that is short of memory. */
const UNIT_NS = 0.3e9;

/** All CPUs ask at once, for blocks that have nothing to do with each other. */
function allAtOnce(rules: AcceptRules): ReturnType<typeof acceptingMachine> {
  const machine = acceptingMachine(rules, CPUS, UNIT_NS);
  for (let cpu = 0; cpu < CPUS; cpu++) machine.accept(cpu, cpu * 2);
  return machine;
}

test("6.5: the last CPU spins for all others with interrupts off, and the detector complains", () => {
  const { kernelAccept, lockups } = allAtOnce(kernelRules("6.5").acceptMemory);
  assert.is(Math.round(kernelAccept.spinNs / 1e6), (900 * (CPUS * (CPUS - 1))) / 2);
  assert.is(Math.round(lockups.longestIrqOffNs / 1e6), 900 * CPUS);
  // From the 23rd on they have not rescheduled for more than 20 s.
  assert.is(lockups.softLockups, CPUS - 22);
});

test("6.6 and later: nobody waits, nobody complains", () => {
  for (const version of ["6.6", "6.11", "6.12.0", "6.12", "6.15"] as const) {
    const { kernelAccept, lockups } = allAtOnce(kernelRules(version).acceptMemory);
    assert.is(kernelAccept.spinNs, 0, version);
    assert.is(Math.round(lockups.longestIrqOffNs / 1e6), 900, version);
    assert.is(lockups.softLockups, 0, version);
  }
});

test("each CPU had accepted the same after it", () => {
  for (const version of ["6.5", "6.6"] as const) {
    assert.is(allAtOnce(kernelRules(version).acceptMemory).acceptedUnits(), 3 * CPUS);
  }
});

test("an eager guest of 16 CPUs boots in a third of the time", () => {
  for (const kernels of [
    ["6.5.8", "6.5.9"],
    ["6.6-rc6", "6.6-rc7"],
  ] as const) {
    // A small bounce buffer, as sharing a page waits for all CPUs that spin in the firmware.
    const [before, after] = beforeAndAfter(
      kernels,
      "policy=eager",
      "vcpus=16",
      "memory=8GiB",
      "guest.commandLine=swiotlb=8192",
    );
    assert.ok(before!.bootTimeNs > 2.9 * after!.bootTimeNs, kernels[1]);
    assert.ok(before!.spinNs > 200e9 && after!.spinNs < 0.1e9);
  }
});

test.run();
