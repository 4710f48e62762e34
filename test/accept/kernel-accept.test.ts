import { suite } from "uvu";
import * as assert from "uvu/assert";
import { AcceptMemory } from "../../src/accept/accept-memory.js";
import { AcceptMeter } from "../../src/accept/accept-meter.js";
import { KernelAccept, LockupDetector } from "../../src/accept/kernel-accept.js";
import { PlainPlatform } from "../../src/coco/none.js";
import type { CocoPlatform } from "../../src/coco/platform.js";
import { UnacceptedTable } from "../../src/efistub/unaccepted-table.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import type { AcceptRules } from "../../src/linux/rules.js";
import { COST_EVENT_NAMES, CostEvent } from "../../src/sim/cost-events.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { asPhys, GiB, MiB } from "../../src/units.js";

const test = suite("guest: accept_memory on many CPUs");

const BLOCK = 4 * MiB;

interface Machine {
  readonly clock: GuestClock;
  readonly lockups: LockupDetector;
  readonly kernelAccept: KernelAccept;
  /** Has a CPU accept the blocks [first, first + blocks) from its own time on; when it ends, in nanoseconds. */
  readonly accept: (cpu: number, first: number, blocks?: number) => number;
}

/** 256 MiB of unaccepted memory from 4 GiB on; accepting a unit takes `unitNs`. */
function machine(rules: AcceptRules, cpuCount: number, unitNs = 1): Machine {
  const ns = new Float64Array(COST_EVENT_NAMES.length);
  ns[CostEvent.tdcall] = unitNs;
  const ledger = new CostLedger({ ns, assumed: new Uint8Array(COST_EVENT_NAMES.length) });
  const clock = new GuestClock(new VirtualCpus(cpuCount), ledger);
  clock.idle.online = cpuCount;
  const platform: CocoPlatform = Object.assign(new PlainPlatform(), {
    kernelAccept: (start: number, end: number) => ledger.charge(CostEvent.tdcall, (end - start) / (2 * MiB)),
  });
  const lockups = new LockupDetector(cpuCount);
  lockups.interruptsOn = true;
  lockups.watching = true;
  const kernelAccept = new KernelAccept(new AcceptMeter(platform, clock, {}), clock, lockups, rules);
  const table = new UnacceptedTable(4 * GiB, 16);
  table.setRange(0, 128);
  const memory = new AcceptMemory(table, kernelAccept, kernelAccept);
  const accept = (cpu: number, first: number, blocks = 1): number => {
    clock.begin(cpu);
    memory.acceptMemory(asPhys(4 * GiB + first * BLOCK), blocks * BLOCK);
    clock.settle(cpu);
    return clock.cpus.timeNs[cpu]!;
  };
  return { clock, lockups, kernelAccept, accept };
}

const [v6_5, v6_6, v6_12] = [kernelRules("6.5"), kernelRules("6.6"), kernelRules("6.12")];

test("6.12: blocks far from each other are accepted side by side", () => {
  const { accept, kernelAccept } = machine(v6_12.acceptMemory, 3);
  assert.is(accept(0, 0), 3);
  assert.is(accept(1, 4), 3);
  assert.is(accept(2, 8), 3);
  assert.is(kernelAccept.spinNs, 0);
});

test("6.12: a neighbour waits, for the guard unit is part of both, then accepts what is left", () => {
  const { accept, kernelAccept } = machine(v6_12.acceptMemory, 2);
  assert.is(accept(0, 0), 3);
  assert.is(accept(1, 1), 3 + 2);
  assert.is(kernelAccept.spinNs, 3);
});

test("6.12: a request that finds its bits clear but the range in flight waits, too", () => {
  const { accept, kernelAccept } = machine(v6_12.acceptMemory, 2);
  accept(0, 0);
  assert.is(accept(1, 0), 3);
  assert.is(kernelAccept.spinNs, 3);
});

test("6.12: a request that comes after the end does not wait", () => {
  const { accept, clock, kernelAccept } = machine(v6_12.acceptMemory, 2);
  accept(0, 0);
  clock.cpus.waitUntil(1, 3);
  assert.is(accept(1, 1), 5);
  assert.is(kernelAccept.spinNs, 0);
});

test("6.5: one lock for all requests, first come first served", () => {
  const { accept, kernelAccept } = machine(v6_5.acceptMemory, 3);
  assert.is(accept(0, 0), 3);
  assert.is(accept(1, 4), 6);
  assert.is(accept(2, 8), 9);
  assert.is(kernelAccept.spinNs, 3 + 6);
});

test("6.5: a look at the bitmap waits for whoever accepts; 6.6 has the lock free by then", () => {
  for (const [rules, endNs] of [
    [v6_5, 3],
    [v6_6, 0],
  ] as const) {
    const { accept, clock, kernelAccept } = machine(rules.acceptMemory, 2);
    accept(0, 0);
    clock.begin(1);
    kernelAccept.read();
    clock.settle(1);
    assert.is(clock.cpus.timeNs[1], endNs);
  }
});

test("6.6: a range waits for one that ends where it begins; 6.12 does not", () => {
  for (const [rules, endNs] of [
    [v6_6, 1 + 2],
    [v6_12, 2],
  ] as const) {
    const { clock, kernelAccept } = machine(rules.acceptMemory, 2);
    const request = (cpu: number, first: number, end: number): void => {
      clock.begin(cpu);
      kernelAccept.enter(first, end);
      kernelAccept.acceptMemory(asPhys(first * 2 * MiB), asPhys(end * 2 * MiB));
      kernelAccept.leave(first, end);
      clock.settle(cpu);
    };
    request(0, 0, 1);
    request(1, 1, 3);
    assert.is(clock.cpus.timeNs[1], endNs);
  }
});

test("interrupts are off while it accepts, with the single lock also while it spins", () => {
  const list = machine(v6_12.acceptMemory, 2);
  list.accept(0, 0);
  list.accept(1, 1);
  assert.is(list.lockups.longestIrqOffNs, 3);
  const single = machine(v6_5.acceptMemory, 2);
  single.accept(0, 0);
  single.accept(1, 1);
  assert.is(single.lockups.longestIrqOffNs, 3 + 2);
});

test("6.6: a request of more than 20 s is a soft lockup; since 6.9 it is excused", () => {
  for (const [rules, lockups] of [
    [v6_6, 1],
    [v6_12, 0],
  ] as const) {
    const guest = machine(rules.acceptMemory, 1, 3e9);
    assert.is(guest.accept(0, 0, 3), 21e9);
    assert.is(guest.lockups.softLockups, lockups);
  }
});

test("6.12: spinning for others is not excused", () => {
  const guest = machine(v6_12.acceptMemory, 2, 3e9);
  guest.accept(0, 0, 3);
  guest.accept(1, 3);
  assert.is(guest.lockups.softLockups, 1);
});

test("6.6: requests of one step that add up to more than 20 s are a soft lockup unless it reschedules", () => {
  for (const reschedules of [false, true]) {
    const { clock, kernelAccept, lockups } = machine(v6_6.acceptMemory, 1, 1e9);
    clock.begin(0);
    for (let block = 0; block < 7; block++) {
      if (reschedules) clock.reschedule();
      kernelAccept.enter(block * 10, block * 10 + 3);
      kernelAccept.acceptMemory(asPhys(0), asPhys(6 * MiB));
      kernelAccept.leave(block * 10, block * 10 + 3);
    }
    assert.is(lockups.softLockups, reschedules ? 0 : 1);
  }
});

test.run();
