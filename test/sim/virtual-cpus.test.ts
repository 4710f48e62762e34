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

test("no CPU works for a negative or unknown time", () => {
  const cpus = new VirtualCpus(1);
  assert.throws(() => cpus.advance(0, -1), /cannot work/);
  assert.throws(() => cpus.advance(0, Number.NaN), /cannot work/);
});

test("a machine has at least one CPU", () => {
  assert.throws(() => new VirtualCpus(0), /not a number of CPUs/);
});

test.run();
