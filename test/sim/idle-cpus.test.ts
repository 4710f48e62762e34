import { suite } from "uvu";
import * as assert from "uvu/assert";
import { IdleCpus, idleCpuDelays, NO_OTHER_CPUS, VirtualCpus } from "../../src/sim/virtual-cpus.js";

const test = suite("sim: idle CPUs");

function cpusAt(...timesNs: number[]): IdleCpus {
  const cpus = new VirtualCpus(timesNs.length);
  cpus.timeNs.set(timesNs);
  const idle = new IdleCpus(cpus);
  idle.online = timesNs.length;
  return idle;
}

test("only CPUs that are online idle; the others spin in the firmware's loop", () => {
  const idle = cpusAt(0, 0, 0, 0);
  idle.online = 1;
  assert.equal(idle.othersAt(0, 5), { running: 3, ticking: 0, halted: 0 });
  idle.online = 3;
  assert.equal(idle.othersAt(0, 5), { running: 1, ticking: 2, halted: 0 });
});

test("a CPU that works beyond the moment is not idle, nor the one that asks", () => {
  const idle = cpusAt(9, 10, 11, 12);
  assert.equal(idle.othersAt(2, 11), { running: 1, ticking: 2, halted: 0 });
  assert.equal(idle.othersAt(0, 11), { running: 1, ticking: 2, halted: 0 });
  assert.equal(idle.othersAt(3, 12), { running: 0, ticking: 3, halted: 0 });
});

test("a CPU with work that it has not begun is not idle", () => {
  const idle = cpusAt(0, 0, 0);
  idle.busy[2] = 1;
  assert.equal(idle.othersAt(0, 0), { running: 1, ticking: 1, halted: 0 });
});

test("CPUs that stop their tick are halted", () => {
  const idle = cpusAt(0, 0, 0);
  idle.ticking = false;
  assert.equal(idle.othersAt(0, 5), { running: 0, ticking: 0, halted: 2 });
});

test("an exit is held up by the square of how many tick: 8 us become 10 beside 31, and 153 beside 247", () => {
  assert.is(idleCpuDelays(247), 247);
  assert.is(idleCpuDelays(0), 0);
  const exitUs = (ticking: number): number => Math.round(8 + idleCpuDelays(ticking) * 0.587);
  assert.equal([31, 63, 247].map(exitUs), [10, 17, 153]);
});

test("one CPU has no others", () => {
  assert.equal(cpusAt(0).othersAt(0, 0), NO_OTHER_CPUS);
});

test.run();
