import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  aheadOfWatermark,
  BackgroundAcceptor,
  type BackgroundPlan,
  upToTarget,
} from "../../src/accept/background-acceptor.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { ZoneType } from "../../src/mm/zones.js";
import { Watermark } from "../../src/page-alloc/alloc-flags.js";
import { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { freeUnaccepted } from "../../src/page-alloc/unaccepted-list.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { MiB } from "../../src/units.js";

const test = suite("guest: background acceptor");

const BLOCK_PAGES = 1024;
const BLOCK_BYTES = 4 * MiB;
const SECOND_NS = 1e9;
const CPUS = 4;

/** Zones of 64 blocks each behind one another, all unaccepted. */
function zonesOf(types: readonly ZoneType[]): PageAllocator {
  const pages = 64 * BLOCK_PAGES;
  const allocator = new PageAllocator({
    zones: types.map((type, at) => ({
      nodeId: 0,
      type,
      name: `zone ${at}`,
      startPfn: at * pages,
      endPfn: (at + 1) * pages,
      presentPages: pages,
    })),
    zonelists: [types.map((_type, at) => at).reverse()],
    nodeZonelists: [types.map((_type, at) => at).reverse()],
    cpus: CPUS,
    rules: kernelRules("6.12").pageAlloc,
    acceptor: { acceptMemory: () => {} },
    pageblockTypes: { typeAt: () => 1 },
  });
  for (const [at, zone] of allocator.zones.entries()) {
    zone.managedPages = pages;
    freeUnaccepted(zone, at * 64, 64, 0);
  }
  return allocator;
}

/** A block that a thread has accepted: which, on which CPU, from when on. */
interface Accepted {
  readonly block: number;
  readonly cpu: number;
  readonly atNs: number;
}

/**
 * CPUs that do nothing, and threads that look until a time; a block takes no time unless it is said. Some
 * CPUs have work that lasts, or have some to come.
 */
class Machine {
  readonly allocator: PageAllocator;
  readonly clock = new GuestClock(new VirtualCpus(CPUS), new CostLedger());
  readonly accepted: Accepted[] = [];
  readonly acceptor: BackgroundAcceptor;

  constructor(
    plan: Partial<BackgroundPlan>,
    {
      blockNs = 0,
      busy = [],
      later = [],
      types = [ZoneType.NORMAL],
    }: {
      readonly blockNs?: number;
      readonly busy?: readonly number[];
      readonly later?: readonly number[];
      readonly types?: readonly ZoneType[];
    } = {},
  ) {
    const { clock } = this;
    this.allocator = zonesOf(types);
    this.allocator.acceptor = {
      acceptMemory: (start) => {
        this.accepted.push({ block: start / BLOCK_BYTES, cpu: clock.running, atNs: clock.nowNs });
        clock.waitUntil(clock.nowNs + blockNs, 0);
      },
    };
    for (const cpu of busy) clock.scheduler.add(cpu, 1000 * SECOND_NS);
    this.acceptor = new BackgroundAcceptor(
      {
        threads: 1,
        cpus: CPUS,
        bytesPerSecond: Number.POSITIVE_INFINITY,
        idleOnly: false,
        nice: 0,
        bound: false,
        wantedPages: upToTarget(this.allocator, Number.POSITIVE_INFINITY),
        ...plan,
      },
      this.allocator,
      clock,
      {
        isBusy: (cpu) => busy.includes(cpu) || later.includes(cpu),
        workUntil: (cpu, timeNs) => {
          if (busy.includes(cpu)) clock.cpus.advance(cpu, Math.max(0, timeNs - clock.cpus.timeNs[cpu]!));
        },
        sleptSince: () => {},
      },
    );
  }

  /** All turns that threads have before a time. */
  runBefore(timeNs: number): this {
    const { acceptor } = this;
    acceptor.look();
    for (let thread = acceptor.queue.first(); thread >= 0; thread = acceptor.queue.first()) {
      if (acceptor.queue.beginNs(thread) >= timeNs) break;
      acceptor.turn(thread);
      acceptor.verifyRate();
    }
    return this;
  }

  /** CPUs that accepted the first blocks. */
  get cpus(): number[] {
    return this.accepted.map(({ cpu }) => cpu);
  }
}

test("a rate is that of all threads together", () => {
  for (const threads of [1, 2, 4]) {
    const { accepted } = new Machine({ threads, bytesPerSecond: 2 * BLOCK_BYTES }).runBefore(10 * SECOND_NS);
    const wanted = Array.from(
      { length: 20 },
      (_, at) => (Math.floor(at / threads) * threads * SECOND_NS) / 2,
    );
    assert.equal(
      accepted.map(({ atNs }) => atNs),
      wanted,
      `${threads} threads`,
    );
  }
});

test("a thread that is slower than its rate goes on at once, and does not catch up", () => {
  const machine = new Machine({ bytesPerSecond: BLOCK_BYTES }, { blockNs: 1.5 * SECOND_NS });
  machine.runBefore(4 * SECOND_NS);
  assert.equal(
    machine.accepted.map(({ atNs }) => atNs / SECOND_NS),
    [0, 1.5, 3],
  );
});

test("threads are spread from the last CPU down, and each stays on its own while that idles", () => {
  const cpusOf = (threads: number, blocks: number): number[] =>
    new Machine({ threads, bytesPerSecond: threads * BLOCK_BYTES })
      .runBefore(2 * SECOND_NS)
      .cpus.slice(0, blocks);
  assert.equal(cpusOf(1, 2), [3, 3]);
  assert.equal(cpusOf(3, 6), [3, 2, 1, 3, 2, 1]);
  assert.equal(cpusOf(6, 6), [3, 2, 1, 0, 3, 2]);
});

test("a thread whose CPU has work goes to the next lower one that idles, and stays there", () => {
  const cpusOf = (busy: readonly number[], plan: Partial<BackgroundPlan> = {}): number[] =>
    new Machine({ bytesPerSecond: BLOCK_BYTES, ...plan }, { busy }).runBefore(3 * SECOND_NS).cpus;
  assert.equal(cpusOf([3]), [2, 2, 2]);
  assert.equal(cpusOf([3, 2, 0]), [1, 1, 1]);
  assert.equal(cpusOf([2, 1, 0]), [3, 3, 3]);
  assert.equal(cpusOf([0, 1], { threads: 4, bytesPerSecond: 4 * BLOCK_BYTES }).slice(0, 4), [3, 2, 3, 3]);
  assert.equal(cpusOf([3], { bound: true }), [3, 3, 3], "unless it is bound");
});

test("a thread shares a CPU where none idles: as much for it as for work of the same weight", () => {
  const busy = [0, 1, 2, 3];
  const machine = new Machine({ nice: 0 }, { busy, blockNs: 10 }).runBefore(100);
  assert.equal(
    machine.accepted.map(({ atNs }) => atNs),
    [0, 20, 40, 60, 80],
  );
  assert.equal(new Set(machine.cpus), new Set([3]));
  const nice = new Machine({ nice: 19 }, { busy, blockNs: 15 }).runBefore(3000);
  assert.equal(
    nice.accepted.map(({ atNs }) => atNs),
    [0, 1039, 2078],
  );
  const idle = new Machine({ nice: "idle" }, { busy, blockNs: 3 }).runBefore(3000);
  assert.equal(
    idle.accepted.map(({ atNs }) => atNs),
    [0, 1027, 2054],
  );
});

test("threads for idle CPUs leave alone those that have work, or some to come", () => {
  const cpusOf = (
    plan: Partial<BackgroundPlan>,
    busy: readonly number[],
    later: readonly number[],
  ): number[] =>
    new Machine({ idleOnly: true, bytesPerSecond: BLOCK_BYTES, ...plan }, { busy, later }).runBefore(
      2 * SECOND_NS,
    ).cpus;
  assert.equal(cpusOf({}, [], []), [3, 3]);
  assert.equal(cpusOf({}, [3], [2]), [1, 1]);
  assert.equal(cpusOf({}, [2, 1, 0], []), [3, 3]);
  assert.equal(cpusOf({}, [0, 1], [2, 3]), []);
  assert.equal(cpusOf({ bound: true }, [3], []), []);
});

test("a thread that waits takes a CPU as soon as one begins to idle", () => {
  const machine = new Machine({ nice: "idle" }, { busy: [0, 1, 2, 3], blockNs: 30 });
  const { clock, acceptor } = machine;
  machine.runBefore(100);
  assert.equal(machine.accepted, [{ block: 0, cpu: 3, atNs: 0 }]);
  // CPU 1 is done with everything; nobody says so to a thread but the scheduler.
  clock.scheduler.clear();
  for (const cpu of [0, 2, 3]) clock.scheduler.add(cpu, 1000 * SECOND_NS);
  clock.cpus.advance(1, 120);
  acceptor.cpuIdles();
  machine.runBefore(150);
  assert.equal(machine.accepted.slice(1), [{ block: 1, cpu: 1, atNs: 120 }]);
});

test("where there are more threads than CPUs that idle, a CPU goes from one to the next", () => {
  const machine = new Machine({ threads: 3, nice: "idle" }, { busy: [0, 1, 2], blockNs: 10 }).runBefore(40);
  // The other two have a block on the CPUs where they begin, and then find none that idles.
  assert.equal(
    machine.accepted.map(({ cpu, atNs }) => `${cpu} at ${atNs}`),
    ["3 at 0", "2 at 0", "1 at 0", "3 at 10", "3 at 20", "3 at 30"],
  );
});

test("threads sleep while nothing is wanted, and begin when something is", () => {
  let wanted = BLOCK_PAGES;
  const machine = new Machine({ threads: 2, wantedPages: () => wanted });
  const { acceptor, clock } = machine;
  machine.runBefore(10);
  assert.is(machine.accepted.length, 1);
  assert.is(acceptor.queue.first(), -1);
  wanted = 4 * BLOCK_PAGES;
  clock.cpus.advance(0, 50);
  clock.begin(0);
  machine.runBefore(60);
  assert.equal(
    machine.accepted.map(({ atNs }) => atNs),
    [0, 50, 50, 50],
  );
  assert.is(acceptor.queue.first(), -1);
});

test("threads that have slept have no more than their share of a CPU then", () => {
  let wanted = BLOCK_PAGES;
  const busy = [0, 1, 2, 3];
  const machine = new Machine({ nice: 0, wantedPages: () => wanted }, { busy, blockNs: 10 }).runBefore(100);
  wanted = 4 * BLOCK_PAGES;
  machine.clock.cpus.advance(0, 500);
  machine.clock.begin(0);
  machine.runBefore(1000);
  assert.equal(
    machine.accepted.map(({ atNs }) => atNs),
    [0, 500, 520, 540],
  );
});

test("what is wanted of a zone: its share of a target, or that beyond its promo watermark and its boost", () => {
  const allocator = zonesOf([ZoneType.DMA32, ZoneType.NORMAL]);
  const [low, high] = allocator.zones as [(typeof allocator.zones)[0], (typeof allocator.zones)[0]];
  high.managedPages = 3 * low.managedPages;
  for (const zone of [low, high]) {
    zone.watermark.set([100, 200, 300, 400]);
    zone.watermarkBoost = 7;
  }
  assert.is(high.watermark[Watermark.PROMO], 400);
  assert.equal(allocator.zones.map(upToTarget(allocator, 16 * MiB)), [1024, 3072]);
  assert.equal(allocator.zones.map(aheadOfWatermark(allocator, 16 * MiB)), [1024 + 407, 3072 + 407]);
});

test("the highest zone comes first, as requests go through them", () => {
  const machine = new Machine(
    { wantedPages: () => 2 * BLOCK_PAGES },
    { types: [ZoneType.DMA32, ZoneType.NORMAL] },
  );
  assert.equal(
    machine.runBefore(1).accepted.map(({ block }) => block),
    [64, 65, 0, 1],
  );
});

test.run();
