// Takes 1 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelRules } from "../../src/linux/kernel-rules.js";
import { setupPerCpuPageset } from "../../src/page-alloc/boot-stages.js";
import { addFreeRun } from "../../src/page-alloc/buddy.js";
import { verifyInvariants } from "../../src/page-alloc/invariants.js";
import { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { NO_PAGE } from "../../src/page-alloc/page-frames.js";
import { acceptOldest, freeUnaccepted } from "../../src/page-alloc/unaccepted-list.js";
import { asPfn } from "../../src/units.js";
import { compareFinalLists } from "../../src/verify/final-lists.js";
import { adoptSnapshot, allocatorOf } from "../../src/verify/snapshot-state.js";
import { LINUX_6_12 } from "../linux/releases.js";
import { snapshotOf } from "./snapshot-of.js";

const test = suite("verify: adopting a snapshot");

const FREE_BLOCKS = 12;
const PARKED_BLOCKS = 3;
const GFP = [0xcc0, 0x100cca, 0xcd0] as const;

/** A zone that ends inside a pageblock, with CPU lists, and blocks that wait for acceptance. */
function machine(): PageAllocator {
  const endPfn = (FREE_BLOCKS + PARKED_BLOCKS) * 1024 + 256;
  const allocator = new PageAllocator({
    zones: [{ nodeId: 0, type: 1, name: "DMA32", startPfn: 0, endPfn, presentPages: endPfn }],
    zonelists: [[0]],
    nodeZonelists: [[0]],
    cpus: 2,
    rules: LINUX_6_12,
    acceptor: { acceptMemory: () => {} },
    pageblockTypes: { typeAt: () => 1 },
  });
  const zone = allocator.zones[0]!;
  zone.managedPages = FREE_BLOCKS * 1024 + PARKED_BLOCKS * 1024;
  zone.watermark.set([32, 40, 48, 56]);
  setupPerCpuPageset(allocator, [0, 0]);
  addFreeRun(zone, 0, FREE_BLOCKS, 0);
  freeUnaccepted(zone, FREE_BLOCKS, PARKED_BLOCKS, 0);
  return allocator;
}

interface Held {
  readonly pfn: number;
  readonly order: number;
}

/** Does what a list of numbers says: each an allocation, or the free of something held. */
function run(allocator: PageAllocator, held: Held[], numbers: readonly number[]): void {
  for (const number of numbers) {
    const cpu = number % 2;
    if (number % 3 === 0 && held.length > 0) {
      const [{ pfn, order }] = held.splice(number % held.length, 1) as [Held];
      allocator.freePages(allocator.pageAt(asPfn(pfn)), order, cpu);
      continue;
    }
    const order = number % 7 === 0 ? number % 10 : 0;
    const page = allocator.allocPages(GFP[number % GFP.length]!, order, 0, cpu);
    if (page !== NO_PAGE) held.push({ pfn: allocator.frames.pfnOf(page), order });
  }
}

const requests = fc.array(fc.nat(10_000), { maxLength: 400 });

test("the lists, counters and page states of any later state", () => {
  fc.assert(
    fc.property(requests, requests, (before, gap) => {
      const [carried, real] = [machine(), machine()];
      const held: Held[] = [];
      run(carried, [], before);
      run(real, held, before);
      run(real, held, gap);
      const snapshot = snapshotOf(real);
      const report = adoptSnapshot(carried, snapshot);
      verifyInvariants(carried);
      assert.equal(snapshotOf(carried), snapshot);
      assert.is(report.unaccepted.equal, report.unaccepted.compared);
      const inUse = (allocator: PageAllocator, pfn: number): boolean => {
        const page = allocator.frames.pageOf(asPfn(pfn));
        return page !== NO_PAGE && allocator.frames.isAllocated(page);
      };
      for (let pfn = 0; pfn < FREE_BLOCKS * 1024; pfn++)
        if (inUse(carried, pfn) !== inUse(real, pfn)) assert.unreachable(`pfn ${pfn}`);
    }),
    { numRuns: 60 },
  );
});

test("from then on both hand out the same pages", () => {
  fc.assert(
    fc.property(requests, requests, requests, (before, gap, later) => {
      const [carried, real] = [machine(), machine()];
      const held: Held[] = [];
      run(carried, [], before);
      run(real, held, before);
      run(real, held, gap);
      adoptSnapshot(carried, snapshotOf(real));
      const alike = [...held];
      // Claims look at what pages were allocated for, which a snapshot does not show: movable requests only.
      const movable = later.filter((number) => number % 3 === 0 || number % 3 === 1);
      run(real, held, movable);
      run(carried, alike, movable);
      assert.equal(alike, held);
    }),
    { numRuns: 60 },
  );
});

test("an unchanged state: nothing is adopted", () => {
  const [carried, real] = [machine(), machine()];
  run(carried, [], [1, 2, 7, 14, 22]);
  run(real, [], [1, 2, 7, 14, 22]);
  const report = adoptSnapshot(carried, snapshotOf(real));
  assert.is(report.before.equal, report.before.compared);
  assert.equal([report.lists, report.pages, report.pageblocks, report.acceptedBlocks], [0, 0, 0, 0]);
});

test("one page allocated in the gap: it, and the rest of what its refill moved, are counted", () => {
  const [carried, real] = [machine(), machine()];
  real.allocPages(0x100cca, 0, 0, 0);
  const { pages, lists } = adoptSnapshot(carried, snapshotOf(real));
  // The page itself and all on its CPU's list; that list, and those of the orders the block was cut into.
  assert.is(pages, 1 + real.zones[0]!.pcp[0]!.count);
  assert.ok(lists > 2, String(lists));
  assert.is(carried.touchedPages, 1);
});

test("two pages of a list in another order: adopted, but no page changed its state", () => {
  const [carried, real] = [machine(), machine()];
  for (const allocator of [carried, real]) allocator.allocPages(0x100cca, 0, 0, 0);
  const list = real.zones[0]!.pcp[0]!.lists[1]!;
  const first = list.popHead();
  const second = list.popHead();
  list.pushHead(first);
  list.pushHead(second);
  const { pages, lists } = adoptSnapshot(carried, snapshotOf(real));
  assert.equal([lists, pages], [1, 0]);
  assert.is(carried.frames.pfnOf(carried.zones[0]!.pcp[0]!.lists[1]!.at(0)), real.frames.pfnOf(second));
});

test("a pageblock of another type", () => {
  const [carried, real] = [machine(), machine()];
  // The first unmovable request claims a whole block of movable memory.
  real.allocPages(0xcc0, 0, 0, 0);
  const { pageblocks } = adoptSnapshot(carried, snapshotOf(real));
  assert.is(pageblocks, 2);
  verifyInvariants(carried);
});

test("blocks accepted in the gap, from the head of the list: accepted here, too", () => {
  const accepted: string[] = [];
  const [carried, real] = [machine(), machine()];
  carried.acceptor.acceptMemory = (start, sizeBytes) => accepted.push(`${start}+${sizeBytes}`);
  acceptOldest(real.zones[0]!, real.acceptor, 0);
  const report = adoptSnapshot(carried, snapshotOf(real));
  assert.is(report.acceptedBlocks, 1);
  assert.is(report.unaccepted.equal, 1);
  assert.equal(accepted, [`${FREE_BLOCKS * 4194304}+4194304`]);
  verifyInvariants(carried);
});

test("any other difference of the unaccepted lists is one, and nothing is adopted", () => {
  const [carried, real] = [machine(), machine()];
  real.allocPages(0x100cca, 0, 0, 0);
  const snapshot = snapshotOf(real).map((zone) => ({ ...zone, unaccepted: zone.unaccepted.slice(0, -1) }));
  const report = adoptSnapshot(carried, snapshot);
  assert.equal([report.unaccepted.compared, report.unaccepted.equal], [1, 0]);
  assert.match(report.unaccepted.firstDivergence!.expected, "3072 pages in 2 blocks");
  assert.equal([report.lists, report.pages, report.acceptedBlocks], [0, 0, 0]);
  assert.is(carried.zones[0]!.pcp[0]!.count, 0);
});

test("a page reserved since early boot that was given up in the gap becomes managed", () => {
  const [carried, real] = [machine(), machine()];
  const reserved = (FREE_BLOCKS + PARKED_BLOCKS) * 1024 + 7;
  real.freeReservedPage(asPfn(reserved), 0);
  adoptSnapshot(carried, snapshotOf(real));
  assert.is(carried.zones[0]!.managedPages, real.zones[0]!.managedPages);
  verifyInvariants(carried);
});

test("a fresh allocator from a snapshot of a zone that ends inside a pageblock", () => {
  fc.assert(
    fc.property(requests, (before) => {
      const real = machine();
      run(real, [], before);
      const snapshot = snapshotOf(real);
      const loaded = allocatorOf(snapshot, kernelRules("6.12").pageAlloc, { acceptMemory: () => {} });
      verifyInvariants(loaded);
      const lists = compareFinalLists(loaded, snapshot, 0);
      assert.is(lists.equal, lists.compared);
    }),
    { numRuns: 30 },
  );
});

test.run();
