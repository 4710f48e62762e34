import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptMeter } from "../../src/accept/accept-meter.js";
import { PlainPlatform } from "../../src/coco/none.js";
import { assumed, derived } from "../../src/coco/parameters.js";
import { type CocoPlatform, HostMemoryError } from "../../src/coco/platform.js";
import { COST_EVENT_NAMES, CostEvent } from "../../src/sim/cost-events.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { KiB, MiB } from "../../src/units.js";

const test = suite("guest: accept meter");

const SHARED = {
  sharedAccept4kNs: derived("shared", [100, 100, 100], "test"),
  sharedAccept2mNs: assumed("shared", [5_000, 5_000, 5_000], "test"),
};

/**
 * A platform with EPT violations of 1000 ns each, of any size, and 10 ns of delay by each pair of idle CPUs. It
 * accepts whole units as 2 MiB and the rest as 4 KiB; one violation for each page.
 *
 * @param ending what an accept ends with
 */
function meterOf(
  cpuCount: number,
  ending: () => Error | undefined = () => undefined,
): { meter: AcceptMeter; clock: GuestClock } {
  const ns = new Float64Array(COST_EVENT_NAMES.length);
  ns[CostEvent.eptViolation4k] = 1000;
  ns[CostEvent.eptViolation2m] = 1000;
  ns[CostEvent.idleCpuDelay] = 10 * 247;
  const ledger = new CostLedger({ ns, assumed: new Uint8Array(COST_EVENT_NAMES.length) });
  const clock = new GuestClock(new VirtualCpus(cpuCount), ledger);
  const plain = new PlainPlatform();
  const accept = (start: number, end: number): void => {
    const large = start % (2 * MiB) === 0 && (end - start) % (2 * MiB) === 0;
    const pages = (end - start) / (large ? 2 * MiB : 4 * KiB);
    ledger.charge(large ? CostEvent.acceptZero2m : CostEvent.acceptZero4k, pages);
    ledger.charge(large ? CostEvent.eptViolation2m : CostEvent.eptViolation4k, pages);
    plain.done.clear();
    plain.done.leaves[large ? 1 : 0] = pages;
    plain.done.exits = pages;
    const error = ending();
    if (error !== undefined) throw error;
  };
  const platform: CocoPlatform = Object.assign(plain, {
    firmwareAccept: accept,
    stubAccept: accept,
    kernelAccept: accept,
  });
  return { meter: new AcceptMeter(platform, clock, SHARED), clock };
}

/** Has a CPU accept from its own time on; when it ends. */
function acceptOn(clock: GuestClock, cpu: number, accept: () => void): number {
  clock.begin(cpu);
  accept();
  clock.settle(cpu);
  return clock.cpus.timeNs[cpu]!;
}

test("one CPU takes what the events cost", () => {
  const { meter, clock } = meterOf(1);
  assert.is(
    acceptOn(clock, 0, () => meter.kernelAccept(0, 16 * KiB)),
    4000,
  );
  assert.is(
    acceptOn(clock, 0, () => meter.stubAccept(16 * KiB, 20 * KiB)),
    5000,
  );
  assert.is(
    acceptOn(clock, 0, () => meter.firmwareAccept(20 * KiB, 24 * KiB)),
    6000,
  );
});

test("an accept that a host without memory ends has gone through the channel as far as it came", () => {
  for (const way of ["firmwareAccept", "stubAccept", "kernelAccept"] as const) {
    const { meter, clock } = meterOf(1, () => new HostMemoryError("no memory is left", 512));
    assert.throws(() => meter[way](0, 2 * MiB), /no memory is left/);
    clock.stop();
    assert.is(clock.bootCpuNs, 5_000);
  }
});

test("CPUs that accept at once share the channel, page by page of each size", () => {
  const { meter, clock } = meterOf(13);
  const ends = Array.from({ length: 12 }, (_, cpu) =>
    acceptOn(clock, cpu, () => meter.firmwareAccept(cpu * 4 * KiB, (cpu + 1) * 4 * KiB)),
  );
  assert.ok(ends.slice(0, 10).every((endNs) => endNs === 1000));
  assert.equal(ends.slice(10), [1100, 1200]);
  assert.is(
    acceptOn(clock, 12, () => meter.firmwareAccept(2 * MiB, 4 * MiB)),
    1200 + 5000,
  );
});

test("idle CPUs hold up each EPT violation of the kernel by the square of their number, and of nobody else", () => {
  const { meter, clock } = meterOf(4);
  clock.idle.online = 4;
  assert.is(
    acceptOn(clock, 0, () => meter.kernelAccept(0, 8 * KiB)),
    2 * (1000 + 9 * 10),
  );
  assert.is(clock.ledger.counts[CostEvent.idleCpuDelay]! * 247, 2 * 9);
  // At 0, when CPU 1 begins, CPU 0 is at work.
  assert.is(
    acceptOn(clock, 1, () => meter.kernelAccept(8 * KiB, 12 * KiB)),
    1000 + 4 * 10,
  );
  assert.is(
    acceptOn(clock, 2, () => meter.firmwareAccept(12 * KiB, 16 * KiB)),
    1000,
  );
  assert.is(
    acceptOn(clock, 3, () => meter.stubAccept(16 * KiB, 20 * KiB)),
    1000,
  );
});

test("one idle CPU alone holds up each EPT violation, and a busy one does not", () => {
  const { meter, clock } = meterOf(2);
  clock.idle.online = 2;
  assert.is(
    acceptOn(clock, 0, () => meter.kernelAccept(0, 8 * KiB)),
    2 * (1000 + 10),
  );
  assert.is(clock.ledger.counts[CostEvent.idleCpuDelay]! * 247, 2);
  clock.idle.busy[1] = 1;
  assert.is(
    acceptOn(clock, 0, () => meter.kernelAccept(8 * KiB, 12 * KiB)),
    2 * (1000 + 10) + 1000,
  );
  assert.is(clock.ledger.counts[CostEvent.idleCpuDelay]! * 247, 2);
});

test("how much of acceptance is assumed follows from prices and from waits for the channel", () => {
  const { meter, clock } = meterOf(2);
  assert.is(meter.assumedPart, 0);
  acceptOn(clock, 0, () => meter.firmwareAccept(0, 4 * KiB));
  assert.is(meter.assumedPart, 0, "neither is");
  // 1000 ns of its own and 4100 for the channel, where 2 MiB have an assumed price.
  acceptOn(clock, 1, () => meter.firmwareAccept(2 * MiB, 4 * MiB));
  assert.is(clock.cpus.timeNs[1], 5100);
  assert.is(clock.assumedNs[1], 4100);
  assert.is(meter.assumedPart, 4100 / 6100);
});

test.run();
