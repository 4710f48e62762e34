import { suite } from "uvu";
import * as assert from "uvu/assert";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";

const test = suite("sim: virtual CPUs");

test("each CPU has a clock of its own", () => {
  const cpus = new VirtualCpus(2);
  cpus.advance(0, 10);
  cpus.advance(1, 4);
  cpus.advance(1, 1.5);
  assert.equal([...cpus.timeNs], [10, 5.5]);
});

test("waiting moves a clock forward", () => {
  const cpus = new VirtualCpus(1);
  cpus.waitUntil(0, 7);
  assert.is(cpus.timeNs[0], 7);
});

test("waiting for the past does not move a clock back", () => {
  const cpus = new VirtualCpus(1);
  cpus.advance(0, 10);
  cpus.waitUntil(0, 7);
  assert.is(cpus.timeNs[0], 10);
});

test("time that is none of a CPU's own work is counted apart", () => {
  const cpus = new VirtualCpus(2);
  cpus.advance(0, 10);
  cpus.waitUntil(0, 7);
  cpus.waitUntil(0, 13);
  cpus.advance(0, 1);
  cpus.lend(0, 20);
  cpus.advance(0, 5);
  cpus.giveBack(0, 20);
  assert.equal([...cpus.timeNs], [25, 0]);
  assert.equal([...cpus.otherNs], [3 + 6 + 5, 0]);
});

test("a CPU's own work ends where it did, however often the CPU is lent then, but not if it goes on", () => {
  const cpus = new VirtualCpus(1);
  const lend = (fromNs: number): void => {
    cpus.lend(0, fromNs);
    cpus.advance(0, 5);
    cpus.giveBack(0, fromNs);
  };
  assert.is(cpus.ownEndNs(0), 0);
  cpus.advance(0, 10);
  lend(10);
  lend(15);
  assert.is(cpus.ownEndNs(0), 10);
  lend(30);
  assert.is(cpus.timeNs[0], 35);
  assert.is(cpus.ownEndNs(0), 10);
  cpus.waitUntil(0, 40);
  lend(42);
  assert.is(cpus.ownEndNs(0), 40, "that was a wait of its own");
  cpus.goOn(0);
  assert.is(cpus.ownEndNs(0), 47);
  lend(47);
  cpus.advance(0, 1);
  assert.is(cpus.ownEndNs(0), 53);
});

test("no CPU works for a negative or unknown time", () => {
  const cpus = new VirtualCpus(1);
  assert.throws(() => cpus.advance(0, -1), /cannot work/);
  assert.throws(() => cpus.advance(0, Number.NaN), /cannot work/);
});

test("a machine has at least one CPU", () => {
  assert.throws(() => new VirtualCpus(0), /not a number of CPUs/);
});

test.run();
