import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  aheadOfWatermark,
  BackgroundAcceptor,
  type CpuWork,
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

/** Nobody has anything to do. */
const IDLE: CpuWork = { isBusy: () => false, workUntil: () => {} };
const BLOCK_PAGES = 1024;
const BLOCK_BYTES = 4 * MiB;
const SECOND_NS = 1e9;

/** Zones of 64 blocks each behind one another, all unaccepted, and blocks in the order of acceptance, which takes no time. */
function machine(types: readonly ZoneType[]): { allocator: PageAllocator; accepted: number[] } {
  const accepted: number[] = [];
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
    cpus: 4,
    rules: kernelRules("6.12").pageAlloc,
    acceptor: { acceptMemory: (start) => accepted.push(start / BLOCK_BYTES) },
    pageblockTypes: { typeAt: () => 1 },
  });
  for (const [at, zone] of allocator.zones.entries()) {
    zone.managedPages = pages;
    freeUnaccepted(zone, at * 64, 64, 0);
  }
  return { allocator, accepted };
}

/** The turn of the thread that is first, if it is due before a time: as a CPU takes it that goes on then. */
function runBefore(acceptor: BackgroundAcceptor, timeNs: number): boolean {
  const thread = acceptor.queue.first();
  const ran = acceptor.queue.beginNs(thread) < timeNs && acceptor.turn(thread, timeNs);
  acceptor.verifyRate();
  return ran;
}

/** CPUs that accept the first blocks, where so many threads have four CPUs and some of those are busy. */
function cpusOf(threads: number, blocks: number, idleOnly: boolean, busy: readonly number[]): number[] {
  const { allocator } = machine([ZoneType.NORMAL]);
  const clock = new GuestClock(new VirtualCpus(4), new CostLedger());
  const cpus: number[] = [];
  allocator.acceptor = { acceptMemory: () => cpus.push(clock.running) };
  const acceptor = new BackgroundAcceptor(
    {
      threads,
      cpus: 4,
      bytesPerSecond: BLOCK_BYTES,
      idleOnly,
      wantedPages: upToTarget(allocator, Number.POSITIVE_INFINITY),
    },
    allocator,
    clock,
    { ...IDLE, isBusy: (cpu) => busy.includes(cpu) },
  );
  for (let block = 0; block < blocks; block++) runBefore(acceptor, 100 * SECOND_NS);
  return cpus;
}

/** Blocks that so many threads accept in ten seconds at two blocks a second. */
function acceptedByThreads(threads: number): number {
  const { allocator, accepted } = machine([ZoneType.NORMAL]);
  const clock = new GuestClock(new VirtualCpus(4), new CostLedger());
  const acceptor = new BackgroundAcceptor(
    {
      threads,
      cpus: 4,
      bytesPerSecond: 2 * BLOCK_BYTES,
      idleOnly: false,
      wantedPages: upToTarget(allocator, Number.POSITIVE_INFINITY),
    },
    allocator,
    clock,
    IDLE,
  );
  while (runBefore(acceptor, 10 * SECOND_NS)) {
    // Until nobody is due any more.
  }
  return accepted.length;
}

test("a rate is that of all threads together", () => {
  for (const threads of [1, 2, 4]) assert.is(acceptedByThreads(threads), 20, `${threads} threads`);
});

test("threads are spread from the last CPU down, and each stays on its own", () => {
  assert.equal(cpusOf(1, 3, false, []), [3, 3, 3]);
  assert.equal(cpusOf(3, 6, false, []), [3, 2, 1, 3, 2, 1]);
  assert.equal(cpusOf(6, 6, false, []), [3, 2, 1, 0, 3, 2]);
  assert.equal(cpusOf(2, 4, false, [3, 2]), [3, 2, 3, 2], "a busy CPU is shared");
});

test("a thread for idle CPUs takes the next lower one that has nothing to do, or none", () => {
  assert.equal(cpusOf(2, 4, true, []), [3, 2, 3, 2]);
  assert.equal(cpusOf(1, 2, true, [3]), [2, 2]);
  assert.equal(cpusOf(2, 4, true, [3, 1, 0]), [2, 2, 2, 2]);
  assert.equal(cpusOf(2, 2, true, [2, 1, 0]), [3, 3], "round from the lowest to the highest");
  assert.equal(cpusOf(2, 4, true, [0, 1, 2, 3]), []);
});

test("a busy CPU works until its thread is due, and is then that thread's", () => {
  const { allocator } = machine([ZoneType.NORMAL]);
  const clock = new GuestClock(new VirtualCpus(1), new CostLedger());
  const asked: number[] = [];
  const acceptor = new BackgroundAcceptor(
    {
      threads: 1,
      cpus: 1,
      bytesPerSecond: BLOCK_BYTES,
      idleOnly: false,
      wantedPages: upToTarget(allocator, Number.POSITIVE_INFINITY),
    },
    allocator,
    clock,
    { isBusy: () => true, workUntil: (_cpu, timeNs) => asked.push(timeNs) },
  );
  for (let block = 0; block < 3; block++) runBefore(acceptor, 100 * SECOND_NS);
  assert.equal(asked, [0, SECOND_NS, 2 * SECOND_NS]);
  assert.is(clock.bootCpuNs, 2 * SECOND_NS);
});

test("what is wanted of a zone: its share of a target, or that beyond its promo watermark and its boost", () => {
  const { allocator } = machine([ZoneType.DMA32, ZoneType.NORMAL]);
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
  const { allocator, accepted } = machine([ZoneType.DMA32, ZoneType.NORMAL]);
  const acceptor = new BackgroundAcceptor(
    {
      threads: 1,
      cpus: 4,
      bytesPerSecond: Number.POSITIVE_INFINITY,
      idleOnly: false,
      wantedPages: () => 2 * BLOCK_PAGES,
    },
    allocator,
    new GuestClock(new VirtualCpus(4), new CostLedger()),
    IDLE,
  );
  while (runBefore(acceptor, 1)) {
    // Until both zones have what they should.
  }
  assert.equal(accepted, [64, 65, 0, 1]);
});

test.run();
