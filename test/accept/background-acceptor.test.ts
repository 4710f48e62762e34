import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BackgroundAcceptor, upToTarget } from "../../src/accept/background-acceptor.js";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { ZoneType } from "../../src/mm/zones.js";
import { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { parkUnaccepted } from "../../src/page-alloc/unaccepted-list.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestClock } from "../../src/sim/guest-clock.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";
import { MiB } from "../../src/units.js";

const test = suite("guest: background acceptor");

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
    parkUnaccepted(allocator.frames, zone, at * 64, 64, 0);
  }
  return { allocator, accepted };
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
    () => false,
  );
  while (acceptor.runBefore(10 * SECOND_NS)) {
    // Until nobody is due any more.
  }
  return accepted.length;
}

test("a rate is that of all threads together", () => {
  for (const threads of [1, 2, 4]) assert.is(acceptedByThreads(threads), 20, `${threads} threads`);
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
    () => false,
  );
  while (acceptor.runBefore(1)) {
    // Until both zones have what they should.
  }
  assert.equal(accepted, [64, 65, 0, 1]);
});

test.run();
