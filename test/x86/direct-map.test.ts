// Takes 1 s.
import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Memblock } from "../../src/memblock/memblock.js";
import { CostLedger } from "../../src/sim/cost-ledger.js";
import { GuestEnded } from "../../src/sim/guest-ended.js";
import { asPhys, GiB, KiB, MiB, PAGE_SIZE, physRange } from "../../src/units.js";
import { DirectMap } from "../../src/x86/direct-map.js";
import { EarlyMap } from "../../src/x86/early-map.js";
import { TablePages } from "../../src/x86/table-pages.js";
import { counts } from "../coco/counts.js";

const test = suite("early-map: direct map");

function mapped(bytes: number, pageSize: number): DirectMap {
  const map = new DirectMap();
  map.map({ start: 0, end: bytes, pageSize });
  return map;
}

/** A map of 2 MiB leaves over the memory of a memblock that says what it accepts. */
function earlyMap(bytes: number): { early: EarlyMap; accepted: number[]; memblock: Memblock } {
  const accepted: number[] = [];
  const memblock = new Memblock({ accept: (_start, sizeBytes) => accepted.push(sizeBytes) });
  memblock.add(MiB, bytes - MiB);
  memblock.currentLimit = bytes;
  const early = new EarlyMap(new TablePages(memblock));
  early.tables.leaveHead64({ start: 16 * MiB, end: 16 * MiB + PAGE_SIZE });
  early.map.map({ start: 0, end: bytes, pageSize: 2 * MiB });
  early.tables.minMapped = MiB;
  early.tables.maxMapped = bytes;
  return { early, accepted, memblock };
}

test("4 KiB shared inside a leaf of 1 GiB: two splits, one 1G less, 511 2M and 512 4K more", () => {
  const map = mapped(2 * GiB, GiB);
  assert.equal(map.setShared(5 * MiB, 5 * MiB + PAGE_SIZE, true), { splits: 2, changedLeaves: 1 });
  assert.equal(map.leaves, { leaves1g: 1, leaves2m: 511, leaves4k: 512 });
});

test("64 MiB on a border of 2 MiB: no split, 32 entries", () => {
  const map = mapped(GiB, 2 * MiB);
  assert.equal(map.setShared(64 * MiB, 128 * MiB, true), { splits: 0, changedLeaves: 32 });
});

test("64 MiB a page higher: a split at head and tail", () => {
  const map = mapped(GiB, 2 * MiB);
  const { splits, changedLeaves } = map.setShared(64 * MiB + PAGE_SIZE, 128 * MiB + PAGE_SIZE, true);
  assert.equal([splits, changedLeaves], [2, 511 + 31 + 1]);
});

test("what is shared already stays whole", () => {
  const map = mapped(GiB, 2 * MiB);
  map.setShared(64 * MiB, 66 * MiB, true);
  assert.equal(map.setShared(64 * MiB + PAGE_SIZE, 65 * MiB, true), { splits: 0, changedLeaves: 0 });
});

test("nothing puts split leaves together again", () => {
  const map = mapped(GiB, GiB);
  map.setShared(0, PAGE_SIZE, true);
  const { leaves } = map;
  map.setShared(0, PAGE_SIZE, false);
  assert.equal([map.leaves, map.sharedBytes], [leaves, 0]);
});

test("256 GHCBs in leaves of their own: 256 splits and 1 MiB of page tables", () => {
  const { early } = earlyMap(2 * GiB);
  for (let cpu = 0; cpu < 256; cpu++) {
    const start = GiB + cpu * 2 * MiB;
    early.shareEarly(physRange(asPhys(start), PAGE_SIZE));
  }
  const { splits, tables, localFlushes } = early.result;
  assert.equal([splits, (tables.brk + tables.memblock) * PAGE_SIZE, localFlushes], [256, MiB, 256]);
});

test("one section for all that is shared: one entry, no split", () => {
  const { early } = earlyMap(2 * GiB);
  early.shareEarly(physRange(asPhys(GiB), 2 * MiB));
  assert.equal([early.result.splits, early.result.tables], [0, { head64: 0, brk: 0, memblock: 0, buddy: 0 }]);
});

test("before the page allocator, tables come from the brk area, then from memblock, which accepts them", () => {
  const { early, accepted } = earlyMap(GiB);
  for (const start of [64 * MiB, 128 * MiB, 192 * MiB]) early.shareEarly(physRange(asPhys(start), PAGE_SIZE));
  assert.equal(early.result.tables, { head64: 0, brk: 1, memblock: 2, buddy: 0 });
  assert.equal(accepted, [PAGE_SIZE, PAGE_SIZE]);
});

test("from the page allocator on, they come from there alone", () => {
  const { early, accepted } = earlyMap(GiB);
  early.tables.fromBuddy = () => true;
  early.convert(physRange(asPhys(64 * MiB), PAGE_SIZE), 4);
  assert.equal([early.result.tables, accepted], [{ head64: 0, brk: 0, memblock: 0, buddy: 1 }, []]);
});

test("a split without a page for its table is an error", () => {
  const { early } = earlyMap(GiB);
  early.tables.fromBuddy = () => false;
  assert.throws(
    () => early.convert(physRange(asPhys(64 * MiB), 4 * KiB), 1),
    (error: unknown) =>
      error instanceof GuestEnded && error.outcome === "oom" && /no page is left/.test(error.message),
  );
});

test("each split flushes all CPUs, and so does the change, before it and after it", () => {
  const { early } = earlyMap(GiB);
  early.tables.fromBuddy = () => true;
  early.convert(physRange(asPhys(64 * MiB + PAGE_SIZE), 64 * MiB), 8);
  const ledger = new CostLedger();
  early.charge(ledger);
  assert.equal(counts(ledger), { leafSplit: 2, leafChange: 543, tlbFlush: 4, tlbFlushCpu: 32 });
  early.charge(ledger);
  assert.is(counts(ledger).tlbFlush, 4);
});

test("shared leaves are told one by one, by their size", () => {
  const map = mapped(4 * GiB, GiB);
  map.setShared(GiB, 2 * GiB, true);
  map.setShared(3 * GiB - 2 * MiB - PAGE_SIZE, 3 * GiB, true);
  const split = 3 * GiB - 2 * MiB;
  assert.equal(map.sharedLeaves(), [
    { start: GiB, end: 2 * GiB },
    { start: split - PAGE_SIZE, end: split },
    { start: split, end: 3 * GiB },
  ]);
});

test("whole leaves are never split, whatever their size", () => {
  const size = fc.constantFrom(4 * KiB, 2 * MiB, GiB);
  fc.assert(
    fc.property(size, fc.nat(3), fc.integer({ min: 1, max: 4 }), (leaf, first, count) => {
      const map = mapped(8 * GiB, leaf);
      assert.equal(map.setShared(first * leaf, (first + count) * leaf, true), {
        splits: 0,
        changedLeaves: count,
      });
      assert.is(map.sharedLeaves().length, count);
    }),
    { numRuns: 50 },
  );
});

/** Leaf by leaf in an array of page sizes and attributes, 4 KiB an element. */
test("splits, leaves and shared bytes agree with a map of single pages", () => {
  const pages = (16 * MiB) / PAGE_SIZE;
  const change = fc.tuple(fc.nat(pages - 1), fc.integer({ min: 1, max: 1500 }), fc.boolean());
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const map = mapped(16 * MiB, 2 * MiB);
      const shared = new Uint8Array(pages);
      const split = new Set<number>();
      for (const [first, length, value] of changes) {
        const end = Math.min(first + length, pages);
        const before = split.size;
        for (let leaf = 0; leaf < 8; leaf++) {
          const covered = [...Array(512).keys()].filter(
            (i) => leaf * 512 + i >= first && leaf * 512 + i < end,
          );
          const differs = covered.some((i) => (shared[leaf * 512 + i] === 1) !== value);
          if (covered.length > 0 && covered.length < 512 && differs) split.add(leaf);
        }
        shared.fill(value ? 1 : 0, first, end);
        const { splits } = map.setShared(first * PAGE_SIZE, end * PAGE_SIZE, value);
        assert.is(splits, split.size - before);
      }
      assert.equal(map.leaves, { leaves1g: 0, leaves2m: 8 - split.size, leaves4k: split.size * 512 });
      assert.is(map.sharedBytes, shared.reduce((sum, bit) => sum + bit, 0) * PAGE_SIZE);
    }),
    { numRuns: 100 },
  );
});

test.run();
