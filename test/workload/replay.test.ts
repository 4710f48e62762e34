import { suite } from "uvu";
import * as assert from "uvu/assert";
import { freeUnaccepted } from "../../src/page-alloc/unaccepted-list.js";
import { CostEvent } from "../../src/sim/cost-events.js";
import { GuestEnded } from "../../src/sim/guest-ended.js";
import { RunQueue } from "../../src/sim/scheduler.js";
import { asPage, asPfn } from "../../src/units.js";
import { RequestKind } from "../../src/workload/requests.js";
import { GFP_KERNEL, oneZone } from "../page-alloc/machine.js";
import { pricedLedger, setUp } from "./replays.js";

const test = suite("workload: replay");

test("work between requests is time of their CPU", () => {
  const { replay, clock } = setUp(
    [
      { kind: RequestKind.alloc, handle: 0, cpu: 0, thinkNs: 10 },
      { kind: RequestKind.alloc, handle: 1, cpu: 1, thinkNs: 3 },
      { kind: RequestKind.alloc, handle: 2, cpu: 1, thinkNs: 4 },
    ],
    { cpus: 2 },
  );
  replay.runUntil(3);
  assert.equal([...clock.cpus.timeNs], [10, 7]);
});

test("work that something else cuts in pieces takes no longer, and is done once", () => {
  const due = [45, 60, 105, 200];
  const dueNs = Float64Array.of(40);
  const queue = new RunQueue(dueNs);
  queue.add(0);
  const interrupted: number[] = [];
  const { replay, clock } = setUp([
    { kind: RequestKind.alloc, handle: 0, thinkNs: 100 },
    { kind: RequestKind.alloc, handle: 1, thinkNs: 30 },
  ]);
  clock.scheduler.background = {
    queue,
    turn() {
      replay.workUntil(0, dueNs[0]!);
      interrupted.push(clock.bootCpuNs);
      clock.cpus.advance(0, 7);
      dueNs[0] = due.shift()!;
    },
    look() {},
    cpuIdles() {},
  };
  replay.runUntil(2);
  // The second comes when the first has not ended; all other work goes on where it was.
  assert.equal(interrupted, [40, 47, 60, 105]);
  assert.is(clock.bootCpuNs, 100 + 30 + 4 * 7);
  assert.is(clock.ledger.counts[CostEvent.guestWork], 130);
  replay.workUntil(0, 500);
  assert.is(clock.bootCpuNs, 158, "a CPU without requests has no work");
});

test("a CPU that sleeps has nothing to do, and goes on sleeping while something else has it", () => {
  const { replay, clock } = setUp([
    { kind: RequestKind.work, handle: -1, thinkNs: 10 },
    { kind: RequestKind.sleep, handle: -1, thinkNs: 100 },
    { kind: RequestKind.work, handle: -1, thinkNs: 20 },
  ]);
  const due = [60, 95, 300];
  const dueNs = Float64Array.of(40);
  const queue = new RunQueue(dueNs);
  queue.add(0);
  const found: string[] = [];
  clock.scheduler.background = {
    queue,
    turn() {
      const fromNs = clock.bootCpuNs;
      found.push(`${fromNs}, idle ${clock.scheduler.idleFromNs(0) < Number.POSITIVE_INFINITY}`);
      replay.workUntil(0, dueNs[0]!);
      clock.cpus.lend(0, dueNs[0]!);
      clock.cpus.advance(0, 20);
      replay.sleptSince(0, fromNs);
      dueNs[0] = due.shift()!;
    },
    look() {},
    cpuIdles() {},
  };
  replay.runUntil(3);
  // The last one comes when it sleeps, and has the CPU until 115, which is later than it wakes.
  assert.equal(found, ["10, idle true", "60, idle true", "80, idle true"]);
  assert.is(clock.bootCpuNs, 115 + 20);
  assert.is(clock.ledger.counts[CostEvent.guestWork], 30);
  replay.sleptSince(0, 0);
});

test("sleep is time of its CPU, scaled as work is, and no work", () => {
  const { replay, clock } = setUp([{ kind: RequestKind.sleep, handle: -1, thinkNs: 100 }], { timeScale: 3 });
  replay.runUntil(1);
  assert.is(clock.bootCpuNs, 300);
  assert.is(clock.ledger.counts[CostEvent.guestWork], 0);
});

test("the CPU that is furthest behind goes first", () => {
  const { replay, allocator } = setUp(
    [
      { kind: RequestKind.alloc, handle: 0, cpu: 0, thinkNs: 10 },
      { kind: RequestKind.alloc, handle: 1, cpu: 1, thinkNs: 3 },
    ],
    { cpus: 2 },
  );
  replay.runUntil(1);
  assert.is(allocator.frames.pageOf(asPfn(0)) >= 0, true);
  assert.is(replay.counts.allocations, 1);
  replay.runUntil(2);
  assert.is(replay.counts.allocations, 2);
});

test("of CPUs that are equally early the lowest goes first", () => {
  const order: number[] = [];
  const allocator = oneZone(8, {
    cpus: 3,
    free: false,
    acceptor: { acceptMemory: () => order.push(clock.running) },
  });
  freeUnaccepted(allocator.zones[0]!, 0, 8, 0);
  const { replay, clock } = setUp(
    [2, 0, 1, 1, 2, 0].map((cpu, handle) => ({ kind: RequestKind.alloc, handle, cpu, thinkNs: 10 })),
    { allocator, cpus: 3 },
  );
  replay.runUntil(6);
  assert.equal(order, [0, 1, 2, 0, 1, 2]);
});

test("a page is not freed before another CPU has allocated it", () => {
  const { replay, clock, allocator } = setUp(
    [
      { kind: RequestKind.alloc, handle: 0, cpu: 0, thinkNs: 100 },
      { kind: RequestKind.free, handle: 0, cpu: 1, thinkNs: 1 },
    ],
    { cpus: 2 },
  );
  replay.runUntil(2);
  assert.is(replay.counts.frees, 1);
  assert.is(allocator.zones[0]!.exactFreePages(), 4096);
  assert.is(clock.cpus.timeNs[1]! >= 1, true);
});

test("several CPUs wait for parts of one page, and go on in the order of their numbers when it is there", () => {
  const { replay, clock, allocator } = setUp(
    [
      { kind: RequestKind.alloc, handle: 0, order: 2, cpu: 0, thinkNs: 100 },
      { kind: RequestKind.free, handle: 0, order: 0, cpu: 2, thinkNs: 1 },
      { kind: RequestKind.free, handle: 0, order: 0, offsetBytes: 4096, cpu: 1, thinkNs: 30 },
      { kind: RequestKind.free, handle: 0, order: 1, offsetBytes: 8192, cpu: 3, thinkNs: 200 },
    ],
    { cpus: 4 },
  );
  const turns: string[] = [];
  clock.scheduler.onTurn = (cpu, beginNs) => turns.push(`${cpu} at ${beginNs}`);
  replay.runUntil(4);
  assert.equal(turns, ["0 at 100", "1 at 100", "2 at 100", "3 at 200"]);
  assert.equal([...clock.cpus.timeNs], [100, 100, 100, 200]);
  assert.is(allocator.zones[0]!.exactFreePages(), 4096);
});

test("part of an allocation can be freed", () => {
  const { replay, allocator } = setUp([
    { kind: RequestKind.alloc, handle: 0, order: 4 },
    { kind: RequestKind.free, handle: 0, order: 2, offsetBytes: 4 * 4096 },
  ]);
  replay.runUntil(2);
  assert.is(allocator.zones[0]!.exactFreePages(), 4096 - 12);
});

test("waiting for acceptance is a wait, work is not", () => {
  const ledger = pricedLedger();
  const allocator = oneZone(8, {
    free: false,
    acceptor: { acceptMemory: () => ledger.charge(CostEvent.tdcall, 2) },
  });
  freeUnaccepted(allocator.zones[0]!, 0, 8, 0);
  const { replay, waits, clock } = setUp(
    [
      { kind: RequestKind.alloc, handle: 0, thinkNs: 50 },
      { kind: RequestKind.alloc, handle: 1, thinkNs: 50 },
    ],
    { allocator, ledger },
  );
  replay.runUntil(2);
  const { allocations, count, totalNs, maxNs } = waits.boot.summary();
  assert.equal([allocations, count, totalNs, maxNs], [2, 2, 4000, 2000]);
  assert.is(clock.bootCpuNs, 4100);
});

test("pages taken in bulk visit the zone once for a hundred", () => {
  for (const length of [1, 99, 100, 101, 200, 201, 250]) {
    const ledger = pricedLedger();
    let accepted = 0;
    const allocator = oneZone(32, { free: false, acceptor: { acceptMemory: () => accepted++ } });
    freeUnaccepted(allocator.zones[0]!, 0, 32, 0);
    const rows = Array.from({ length }, (_, handle) => ({
      kind: RequestKind.allocBulk,
      handle,
      gfp: GFP_KERNEL,
    }));
    const { replay } = setUp(rows, { allocator, ledger });
    replay.runUntil(length);
    assert.is(replay.counts.allocations, length);
    assert.is(accepted, Math.ceil(length / 100), `${length} pages`);
  }
});

test("init sections and initrd are freed where this machine has them", () => {
  const { replay, allocator } = setUp(
    [
      { kind: RequestKind.freeReserved, handle: 0, offsetBytes: 0 },
      { kind: RequestKind.freeReserved, handle: 1, offsetBytes: 4096 },
      { kind: RequestKind.freeReserved, handle: 1, offsetBytes: 8192 },
    ],
    { allocator: oneZone(4, { free: false }) },
  );
  replay.runUntil(3);
  assert.is(replay.counts.reservedFrees, 1);
  assert.is(allocator.zones[0]!.exactFreePages(), 1);
  assert.is(allocator.frames.pfnOf(asPage(allocator.frames.pageOf(asPfn(0x301)))), 0x301);
});

test("a request that must not fail ends the replay and says what it asked for", () => {
  const { replay } = setUp([{ kind: RequestKind.alloc, handle: 0, order: 3, gfp: GFP_KERNEL }], {
    allocator: oneZone(4, { free: false }),
  });
  assert.throws(
    () => replay.runUntil(1),
    (error: Error) =>
      error instanceof GuestEnded &&
      error.outcome === "oom" &&
      error.message.startsWith("request 0 of order 3 (32 KiB), GFP_KERNEL, found no page"),
  );
});

test("a request that may fail is counted, and what it would have freed is left out", () => {
  const GFP_ATOMIC = 0x820;
  const { replay } = setUp(
    [
      { kind: RequestKind.alloc, handle: 0, gfp: GFP_ATOMIC },
      { kind: RequestKind.free, handle: 0 },
    ],
    { allocator: oneZone(4, { free: false }) },
  );
  replay.runUntil(2);
  assert.equal(replay.counts, { allocations: 1, frees: 0, failed: 1, reservedFrees: 0 });
});

test("a free that had to wait for an allocation on another CPU begins when that ends", () => {
  const { replay, clock } = setUp(
    [
      { kind: RequestKind.alloc, handle: 0, cpu: 1, thinkNs: 50 },
      { kind: RequestKind.free, handle: 0, cpu: 0, thinkNs: 10 },
      { kind: RequestKind.alloc, handle: 1, cpu: 0, thinkNs: 5 },
    ],
    { cpus: 2 },
  );
  replay.runUntil(3);
  assert.equal([...clock.cpus.timeNs], [55, 50]);
});

test("a free with more work in front of it than the wait does not wait", () => {
  const { replay, clock } = setUp(
    [
      { kind: RequestKind.alloc, handle: 0, cpu: 1, thinkNs: 50 },
      { kind: RequestKind.free, handle: 0, cpu: 0, thinkNs: 70 },
    ],
    { cpus: 2 },
  );
  replay.runUntil(2);
  assert.equal([...clock.cpus.timeNs], [70, 50]);
});

test.run();
