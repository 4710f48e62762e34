import { suite } from "uvu";
import * as assert from "uvu/assert";
import { COST_EVENT_NAMES, CostEvent } from "../../src/sim/cost-events.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { GuestEnded } from "../../src/sim/guest-ended.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { pricedLedger } from "../workload/replays.js";

const test = suite("sim: guest clock");

/** One nanosecond for guest work, measured; ten for a tdcall, assumed. */
function clockOf(cpus: number): GuestClock {
  const prices = {
    ns: new Float64Array(COST_EVENT_NAMES.length),
    assumed: new Uint8Array(COST_EVENT_NAMES.length),
  };
  prices.ns[CostEvent.guestWork] = 1;
  prices.ns[CostEvent.tdcall] = 10;
  prices.assumed[CostEvent.tdcall] = 1;
  return new GuestClock(new VirtualCpus(cpus), new CostLedger(prices));
}

test("what is charged between two settlements is time of the CPU that settles", () => {
  const clock = clockOf(2);
  clock.ledger.charge(CostEvent.guestWork, 7);
  assert.is(clock.settle(0), 7);
  clock.ledger.charge(CostEvent.tdcall, 2);
  assert.is(clock.settle(1), 20);
  assert.equal([...clock.cpus.timeNs], [7, 20]);
  assert.equal([...clock.assumedNs], [0, 20]);
});

test("the clock ends with a word and stands still from then on, at any price", () => {
  for (const ns of [Number.MAX_SAFE_INTEGER, 1e308, Number.POSITIVE_INFINITY]) {
    const clock = clockOf(2);
    clock.ledger.charge(CostEvent.guestWork, 7);
    clock.settle(0);
    clock.ledger.charge(CostEvent.guestWork, ns);
    assert.throws(
      () => clock.settle(1),
      (error: Error) => error instanceof GuestEnded && /104 days/.test(error.message),
    );
    assert.is(clock.settle(1), 0);
    assert.equal([...clock.cpus.timeNs, clock.nowNs], [7, 0, 7]);
  }
});

test("waiting counts as well", () => {
  const clock = clockOf(1);
  assert.throws(() => clock.waitUntil(2 ** 53, 0), /104 days/);
});

test("a CPU that is woken starts when the boot CPU wakes it", () => {
  const clock = clockOf(2);
  clock.ledger.charge(CostEvent.tdcall, 5);
  clock.settle(0);
  clock.wake(1);
  assert.equal([...clock.cpus.timeNs], [50, 50]);
  assert.equal([...clock.assumedNs], [50, 50]);
});

test("the boot CPU takes over time and basis of the CPU it waited for", () => {
  const clock = clockOf(3);
  clock.ledger.charge(CostEvent.guestWork, 30);
  clock.settle(0);
  clock.ledger.charge(CostEvent.tdcall, 4);
  clock.settle(1);
  clock.joinAll();
  assert.is(clock.bootCpuNs, 40);
  assert.is(clock.assumedNs[0], 40);
});

test("nobody waits for a thread that has a CPU when its own work is done, nor does the end of all work", () => {
  const clock = clockOf(3);
  const { cpus } = clock;
  cpus.advance(1, 40);
  cpus.advance(2, 30);
  cpus.lend(2, 30);
  cpus.advance(2, 100);
  cpus.giveBack(2, 30);
  assert.is(clock.ownEndNs, 40);
  clock.joinAll();
  assert.is(clock.bootCpuNs, 40);
  cpus.goOn(2);
  assert.is(clock.ownEndNs, 130);
  clock.joinAll();
  assert.is(clock.bootCpuNs, 130);
});

test("waiting for CPUs that are behind costs nothing", () => {
  const clock = clockOf(2);
  clock.ledger.charge(CostEvent.guestWork, 3);
  clock.settle(0);
  clock.joinAll();
  assert.is(clock.bootCpuNs, 3);
});

test("now is the running CPU's time with what it charged and has not settled", () => {
  const clock = clockOf(2);
  clock.ledger.charge(CostEvent.guestWork, 7);
  clock.settle(1);
  clock.begin(1);
  clock.ledger.charge(CostEvent.guestWork, 5);
  assert.is(clock.nowNs, 12);
  assert.is(clock.stepStartNs, 7);
  assert.is(clock.running, 1);
  clock.settle(1);
  assert.is(clock.nowNs, 12);
  clock.begin(0);
  assert.is(clock.nowNs, 0);
});

test("a wait is time of the running CPU and of its step, and no event", () => {
  const clock = clockOf(2);
  clock.begin(1);
  clock.ledger.charge(CostEvent.tdcall, 1);
  assert.is(clock.waitUntil(25, 0), 15);
  assert.is(clock.nowNs, 25);
  clock.ledger.charge(CostEvent.tdcall, 1);
  assert.is(clock.settle(1), 35);
  assert.equal([...clock.cpus.timeNs], [0, 35]);
  assert.is(clock.ledger.elapsedNs, 20);
  clock.begin(1);
  clock.ledger.charge(CostEvent.tdcall, 1);
  assert.is(clock.settle(1), 10, "a wait counts once");
});

test("nobody waits for a time that has passed", () => {
  const clock = clockOf(1);
  clock.ledger.charge(CostEvent.guestWork, 30);
  assert.is(clock.waitUntil(30, 1), 0);
  assert.is(clock.waitUntil(10, 1), 0);
  assert.is(clock.settle(0), 30);
  assert.is(clock.assumedNs[0], 0);
});

test("the assumed part of a wait is assumed time", () => {
  const clock = clockOf(1);
  clock.waitUntil(40, 0.25);
  clock.settle(0);
  assert.is(clock.assumedNs[0], 10);
});

test("a CPU reschedules when its step begins, and where it says so", () => {
  const clock = clockOf(2);
  clock.waitUntil(40, 0);
  clock.begin(0);
  clock.waitUntil(60, 0);
  assert.is(clock.rescheduledNs, 40);
  clock.reschedule();
  assert.is(clock.rescheduledNs, 60);
  assert.is(clock.stepStartNs, 40);
});

test("after the boot CPU has waited for all others it runs", () => {
  const clock = clockOf(2);
  clock.begin(1);
  clock.waitUntil(40, 0);
  clock.settle(1);
  clock.joinAll();
  assert.is(clock.running, 0);
  assert.is(clock.stepStartNs, 40);
});

test("phases cut the boot CPU's time without gaps", () => {
  const clock = clockOf(1);
  clock.ledger.charge(CostEvent.guestWork, 3);
  clock.endPhase("first");
  clock.ledger.charge(CostEvent.guestWork, 4);
  clock.endPhase("second");
  assert.equal(
    clock.phases.map(({ name, ns }) => [name, ns]),
    [
      ["first", 3],
      ["second", 4],
    ],
  );
});

test("a phase says which event took most of it, counted from its own begin", () => {
  const ledger = pricedLedger();
  const clock = new GuestClock(new VirtualCpus(1), ledger);
  ledger.charge(CostEvent.tdcall, 5);
  clock.endPhase("first");
  ledger.charge(CostEvent.tdcall, 1);
  ledger.charge(CostEvent.guestWork, 1500);
  clock.endPhase("second");
  clock.endPhase("nothing");
  assert.equal(clock.phases, [
    { name: "first", ns: 5000, mostly: { event: "tdcall", ns: 5000 } },
    { name: "second", ns: 2500, mostly: { event: "guestWork", ns: 1500 } },
    { name: "nothing", ns: 0 },
  ]);
});

test.run();
