import { suite } from "uvu";
import * as assert from "uvu/assert";
import { LockupDetector } from "../../src/accept/kernel-accept.js";

const test = suite("metrics: lockups");

const SECOND_NS = 1e9;

function detector(): LockupDetector {
  const lockups = new LockupDetector(2);
  lockups.interruptsOn = true;
  lockups.watching = true;
  return lockups;
}

test("the longest time with interrupts off counts, from when the kernel has turned them on", () => {
  const lockups = new LockupDetector(1);
  lockups.irqsOff(0, 500);
  assert.is(lockups.longestIrqOffNs, 0);
  lockups.interruptsOn = true;
  lockups.irqsOff(0, 50);
  lockups.irqsOff(100, 180);
  lockups.irqsOff(200, 210);
  assert.is(lockups.longestIrqOffNs, 80);
});

test("a CPU that has not rescheduled for more than 20 s is locked up", () => {
  const lockups = detector();
  lockups.look(0, 5 * SECOND_NS, 25 * SECOND_NS);
  assert.is(lockups.softLockups, 0);
  lockups.look(0, 5 * SECOND_NS, 25 * SECOND_NS + 1);
  assert.is(lockups.softLockups, 1);
});

test("after a complaint the next comes another 20 s later", () => {
  const lockups = detector();
  lockups.look(0, 0, 21 * SECOND_NS);
  lockups.look(0, 0, 41 * SECOND_NS);
  assert.is(lockups.softLockups, 1);
  lockups.look(0, 0, 42 * SECOND_NS);
  assert.is(lockups.softLockups, 2);
});

test("a CPU that was excused has another 20 s; other CPUs do not", () => {
  const lockups = detector();
  lockups.touch(0, 15 * SECOND_NS);
  lockups.look(0, 0, 30 * SECOND_NS);
  assert.is(lockups.softLockups, 0);
  lockups.look(1, 0, 30 * SECOND_NS);
  assert.is(lockups.softLockups, 1);
});

test("before the detector runs nobody complains", () => {
  const lockups = detector();
  lockups.watching = false;
  lockups.look(0, 0, 100 * SECOND_NS);
  assert.is(lockups.softLockups, 0);
});

test.run();
