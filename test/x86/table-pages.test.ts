// Takes 1 s.
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Memblock } from "../../src/memblock/memblock.js";
import { GuestEnded } from "../../src/sim/guest-ended.js";
import { GiB, MiB, PAGE_SIZE } from "../../src/units.js";
import { type SplitTables, TablePages } from "../../src/x86/table-pages.js";
import { run } from "./run.js";

const test = suite("early-map: pages for tables");

function pages(splitTables: SplitTables): { tables: TablePages; accepted: number[] } {
  const accepted: number[] = [];
  const memblock = new Memblock({ accept: (_start, sizeBytes) => accepted.push(sizeBytes) });
  memblock.add(MiB, GiB);
  memblock.currentLimit = GiB;
  return { tables: new TablePages(memblock, splitTables), accepted };
}

test("head64 has 64 tables inside the kernel image and panics at the next", () => {
  const { tables, accepted } = pages("memblock");
  for (let table = 0; table < 64; table++) tables.allocateForSplit();
  assert.equal([tables.sources.head64, tables.total, accepted.length], [64, 0, 0]);
  assert.throws(
    () => tables.allocate(),
    (error: unknown) =>
      error instanceof GuestEnded && error.outcome === "oom" && /head64/.test(error.message),
  );
});

test("memblock accepts a page before it gives it away", () => {
  const { tables, accepted } = pages("memblock");
  tables.leaveHead64({ start: 0, end: 16 * PAGE_SIZE });
  tables.allocateForSplit();
  assert.equal([tables.sources.memblock, tables.sources.brk, accepted], [1, 0, [PAGE_SIZE]]);
});

test("asked when the page allocator runs, memblock passes the request on and warns", () => {
  const { tables, accepted } = pages("memblock");
  tables.leaveHead64({ start: 0, end: 0 });
  tables.fromBuddy = () => true;
  tables.allocateForSplit();
  assert.equal([tables.sources.buddy, tables.lateMemblockCalls, accepted], [1, 1, []]);
});

test("asked when init memory is freed, it is not there any more", () => {
  const { tables } = pages("memblock");
  tables.leaveHead64({ start: 0, end: 0 });
  tables.fromBuddy = () => true;
  tables.initFreed = true;
  assert.throws(
    () => tables.allocateForSplit(),
    (error: unknown) =>
      error instanceof GuestEnded && error.outcome === "terminated" && /free_initmem/.test(error.message),
  );
});

test("a kernel that asks whoever can give takes no notice of either", () => {
  const { tables } = pages("by-phase");
  tables.leaveHead64({ start: 0, end: 0 });
  tables.fromBuddy = () => true;
  tables.initFreed = true;
  tables.allocateForSplit();
  assert.equal([tables.sources.buddy, tables.lateMemblockCalls], [1, 0]);
});

test("before there was support for early splits, nobody gave a table until the page allocator ran", () => {
  const { tables } = pages("slab");
  tables.leaveHead64({ start: 0, end: 16 * PAGE_SIZE });
  assert.throws(
    () => tables.allocateForSplit(),
    (error: unknown) =>
      error instanceof GuestEnded &&
      error.outcome === "oom" &&
      /nobody else may give one/.test(error.message),
  );
  tables.allocate();
  assert.is(tables.sources.brk, 1);
  tables.fromBuddy = () => true;
  tables.initFreed = true;
  tables.allocateForSplit();
  assert.is(tables.sources.buddy, 1);
});

test("a table that is left over goes back to the page allocator, or to memblock while that is there", () => {
  for (const by of ["by-phase", "slab", "memblock", "memblock-free"] as const) {
    const { tables } = pages(by);
    tables.leaveHead64({ start: 0, end: 0 });
    tables.fromBuddy = () => true;
    let free = 0;
    tables.toBuddy = () => free++;
    tables.allocateForSplit();
    tables.loseRace();
    assert.equal([tables.sources.buddy, free], [0, 1]);
    tables.initFreed = true;
    if (by === "memblock-free") {
      assert.throws(
        () => tables.loseRace(),
        (error: unknown) =>
          error instanceof GuestEnded && error.outcome === "terminated" && /free_initmem/.test(error.message),
      );
    }
  }
});

for (const platform of ["tdx", "snp"]) {
  test(`${platform}: a driver's first DMA buffer ends a kernel that takes page tables from memblock`, () => {
    const dies = run(platform, { guest: { splitTables: "memblock", dmaBuffers: 1 } });
    assert.is(dies.outcome, "terminated");
    assert.match(dies.reason!, /memblock_alloc\(\).*after free_initmem\(\)/);
    assert.is(run(platform, { guest: { splitTables: "memblock" } }).outcome, "ready");
    assert.is(run(platform, { guest: { dmaBuffers: 1 } }).outcome, "ready");
  });

  test(`${platform}: buffers that lie side by side split one leaf, and each flushes all CPUs`, () => {
    const none = run(platform, { vcpus: 4 }).earlyMap!;
    const some = run(platform, { vcpus: 4, guest: { dmaBuffers: 64 } }).earlyMap!;
    const splits = some.splits - none.splits;
    assert.ok(splits >= 1 && splits < 64, String(splits));
    assert.is(some.tables.buddy - none.tables.buddy, splits);
    assert.is(some.globalFlushes - none.globalFlushes, 2 * 64 + splits);
    assert.is(some.sharedBytes - none.sharedBytes, 64 * PAGE_SIZE);
    assert.is(some.wastedAcceptBytes - none.wastedAcceptBytes, 64 * PAGE_SIZE);
  });
}

test("tables of the first mappings: two for each of two, three where there are five levels", () => {
  assert.is(run("tdx", {}).earlyMap!.tables.head64, 4);
  assert.is(run("tdx", { memory: "65TiB" }, false).earlyMap!.tables.head64, 6);
});

test.run();
