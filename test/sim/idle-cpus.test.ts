import { suite } from "uvu";
import * as assert from "uvu/assert";
import { IdleCpus, VirtualCpus } from "../../src/sim/virtual-cpus.js";

const test = suite("sim: idle CPUs");

function cpusAt(...timesNs: number[]): IdleCpus {
  const cpus = new VirtualCpus(timesNs.length);
  cpus.timeNs.set(timesNs);
  const idle = new IdleCpus(cpus);
  idle.online = timesNs.length;
  return idle;
}

test("only CPUs that are online idle", () => {
  const idle = cpusAt(0, 0, 0, 0);
  idle.online = 1;
  assert.is(idle.countAt(0, 5), 0);
  idle.online = 3;
  assert.is(idle.countAt(0, 5), 2);
});

test("a CPU that works beyond the moment is not idle, nor the one that asks", () => {
  const idle = cpusAt(9, 10, 11, 12);
  assert.is(idle.countAt(2, 11), 2);
  assert.is(idle.countAt(0, 11), 2);
  assert.is(idle.countAt(3, 12), 3);
});

test("a CPU with work that it has not begun is not idle", () => {
  const idle = cpusAt(0, 0, 0);
  idle.busy[2] = 1;
  assert.is(idle.countAt(0, 0), 1);
});

test("CPUs that stop their tick hold nobody up", () => {
  const idle = cpusAt(0, 0, 0);
  idle.ticking = false;
  assert.is(idle.countAt(0, 5), 0);
});

test.run();
