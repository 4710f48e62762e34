import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Gfp, GfpMask } from "../../src/page-alloc/gfp.js";
import {
  allocText,
  batchedText,
  drainText,
  extfragText,
  freeText,
  type LineStart,
  line,
  read,
  zoneLockedText,
} from "./lines.js";
import { RECORDING, requestsOf } from "./machine.js";

const test = suite("workload: pairing");

/** Events a microsecond apart on CPU 0. */
function trace(...texts: readonly (string | readonly [string, LineStart])[]): ReturnType<typeof read> {
  const lines = texts.map((entry, i) => {
    const [text, start] = typeof entry === "string" ? [entry, {}] : entry;
    return line(text, { cpu: 0, timeNs: 1000 * (i + 1), ...start });
  });
  return read(lines.join(""));
}

test("a free belongs to the last allocation of its page", () => {
  const { list, counts } = requestsOf(
    trace(allocText(16), allocText(18, 1), freeText(16), allocText(16), freeText(16), freeText(18, 1)),
  );
  assert.equal(list, ["alloc 0 #0", "alloc 1 #1", "free 0 #0", "alloc 0 #2", "free 0 #2", "free 1 #1"]);
  assert.equal(counts, { allocations: 3, frees: 3 });
});

test("flags and CPU come from the allocation", () => {
  const { requests } = requestsOf(
    trace([allocText(16, 0, 1, "GFP_HIGHUSER_MOVABLE|__GFP_COMP"), { cpu: 1 }], [freeText(16), { cpu: 7 }]),
  );
  assert.equal([...requests.gfp], [GfpMask.HIGHUSER_MOVABLE | Gfp.COMP, 0]);
  assert.equal([...requests.cpu], [1, 7]);
});

test("a page of a batch is freed once", () => {
  const { list, counts } = requestsOf(
    trace(allocText(16), allocText(17), freeText(16), freeText(17), batchedText(16), batchedText(17)),
  );
  assert.equal(list, ["alloc 0 #0", "alloc 0 #1", "free 0 #0", "free 0 #1"]);
  assert.equal(counts, { allocations: 2, frees: 2, batchedFrees: 2 });
});

test("a page of a batch is freed once where its own event comes behind or is missing", () => {
  const list = ["alloc 0 #0", "free 0 #0", "alloc 0 #1", "free 0 #1"];
  const behind = [allocText(16), batchedText(16), freeText(16)];
  const alone = [allocText(16), batchedText(16)];
  const before = [allocText(16), freeText(16), batchedText(16)];
  const pairs = [behind, alone, before].flatMap((first) =>
    [behind, alone, before].map((next) => [first, next]),
  );
  for (const [first, next] of pairs) {
    const found = requestsOf(trace(...first!, ...next!));
    assert.equal(found.list, list);
    assert.equal(found.counts, { allocations: 2, frees: 2, batchedFrees: 2 });
  }
  assert.equal(requestsOf(trace(...alone, allocText(16), freeText(16))).list, list);
});

test("of a batch a compound page is freed as a whole, a part of another block alone", () => {
  const compound = allocText(16, 2, 0, "GFP_KERNEL|__GFP_COMP");
  assert.equal(requestsOf(trace(compound, batchedText(16))).list, ["alloc 2 #0", "free 2 #0"]);
  assert.equal(requestsOf(trace(compound, batchedText(16), freeText(16, 2))).list, [
    "alloc 2 #0",
    "free 2 #0",
  ]);
  assert.equal(requestsOf(trace(allocText(16, 2), batchedText(17))).list, ["alloc 2 #0", "free 0@1 #0"]);
});

test("a block above order 10 becomes requests of order 10, and counts once", () => {
  const { list, counts, requests } = requestsOf(
    trace(allocText(2 ** 13, 13), freeText(2 ** 13, 13), allocText(0, 13)),
  );
  const parts = Array.from({ length: 8 }, (_, part) => part);
  assert.equal(list, [
    ...parts.map((part) => `alloc 10 #${part}`),
    ...parts.map((part) => `free 10 #${part}`),
    "allocFailed 10 #-1",
  ]);
  assert.equal(
    [...requests.offsetBytes],
    parts.concat(parts, 0).map(() => 0),
  );
  assert.equal(counts, { allocations: 1, frees: 1, failed: 1 });
});

test("a refill of a page that was not found takes nothing", () => {
  const { list, counts } = requestsOf(
    trace(zoneLockedText(0), allocText(16), zoneLockedText(0), allocText(17)),
  );
  assert.equal(list, ["alloc 0 #0", "alloc 0 #1"]);
  assert.equal(counts, { allocations: 2, innerEvents: 2, stillAllocatedPages: 2 });
});

test("a failed allocation is a request without a handle", () => {
  const { list, counts } = requestsOf(trace(allocText(0, 9), allocText(16), freeText(16)));
  assert.equal(list, ["allocFailed 9 #-1", "alloc 0 #0", "free 0 #0"]);
  assert.equal(counts, { allocations: 1, failed: 1, frees: 1 });
});

test("parts of an allocation are freed by their place in it", () => {
  const { list, counts } = requestsOf(
    trace(allocText(32, 3), freeText(36, 1), freeText(32, 2), freeText(38), freeText(39)),
  );
  assert.equal(list, ["alloc 3 #0", "free 1@4 #0", "free 2 #0", "free 0@6 #0", "free 0@7 #0"]);
  assert.equal(counts, { allocations: 1, frees: 4, partialFrees: 4 });
});

test("a page of a split allocation may be allocated anew while the rest stays", () => {
  const { list, counts } = requestsOf(
    trace(allocText(32, 2), freeText(32), allocText(32), freeText(33), freeText(32)),
  );
  assert.equal(list, ["alloc 2 #0", "free 0 #0", "alloc 0 #1", "free 0@1 #0", "free 0 #1"]);
  assert.equal(counts, { allocations: 2, frees: 3, partialFrees: 2, stillAllocatedPages: 2 });
});

test("a free of a block that several allocations have is split", () => {
  const { list } = requestsOf(trace(allocText(32, 1), allocText(34), allocText(35), freeText(32, 2)));
  assert.equal(list.slice(3), ["free 1 #0", "free 0 #1", "free 0 #2"]);
});

test("what was allocated before the trace comes first", () => {
  const { list, counts, requests } = requestsOf(
    trace(allocText(16), [freeText(64, 2), { cpu: 5 }], freeText(16), freeText(80)),
  );
  assert.equal(list, ["alloc 2 #0", "alloc 0 #1", "alloc 0 #2", "free 2 #0", "free 0 #2", "free 0 #1"]);
  assert.equal(counts, { allocations: 1, beforeTracing: 2, frees: 3 });
  assert.equal([requests.gfp[0], requests.gfp[1]], [GfpMask.KERNEL, GfpMask.KERNEL]);
});

test("memory reserved at boot is freed by its place in the range", () => {
  const { list, counts } = requestsOf(
    trace(freeText(0x2000), freeText(0x2004, 2), freeText(0x3000), freeText(0x3003)),
  );
  assert.equal(list, [
    "freeReserved 0 #0",
    "freeReserved 2@4 #0",
    "freeReserved 0 #1",
    "freeReserved 0@3 #1",
  ]);
  assert.equal(counts, { freeReserved: 4 });
});

test("a block across the end of a reserved range is split there", () => {
  const recording = { ...RECORDING, reserved: [{ name: "initrd", start: 0x2000000, end: 0x2003000 }] };
  const { list, counts } = requestsOf(trace(freeText(0x2000, 2)), recording);
  assert.equal(list, ["alloc 0 #0", "freeReserved 1 #0", "freeReserved 0@2 #0", "free 0 #0"]);
  assert.equal(counts, { freeReserved: 2, beforeTracing: 1, frees: 1 });
});

test("reserved memory is the allocator's after its free", () => {
  const { list, counts } = requestsOf(trace(freeText(0x2000), allocText(0x2000), freeText(0x2000)));
  assert.equal(list, ["freeReserved 0 #0", "alloc 0 #0", "free 0 #0"]);
  assert.equal(counts, { freeReserved: 1, allocations: 1, frees: 1 });
});

test("reserved memory that is freed again was taken by a bulk request", () => {
  const { list } = requestsOf(trace(freeText(0x2000), freeText(0x2000)));
  assert.equal(list, ["freeReserved 0 #0", "allocBulk 0 #0", "free 0 #0"]);
});

test("frees of deferred initialisation are the recorded machine's own", () => {
  const init = { comm: "pgdatinit0", pid: 24 };
  const { list, counts, requests } = requestsOf(
    trace(
      allocText(16),
      [freeText(0x100400, 10), init],
      [freeText(0x100800), init],
      [freeText(0x100c00, 10), { comm: "kworker/u4:1", pid: 30 }],
      [freeText(0x100801), init],
      freeText(16),
    ),
  );
  assert.equal(list, ["alloc 0 #0", "free 0 #0"]);
  assert.equal(counts, { allocations: 1, frees: 1, deferredInitFrees: 4 });
  assert.equal(requests.marks.deferredInit, { request: 1, startNs: 2000, endNs: 5000 });
});

test("the thread of deferred initialisation may free what it allocated", () => {
  const init = { comm: "pgdatinit0", pid: 24 };
  const { list, counts } = requestsOf(
    trace(allocText(16), [freeText(0x100400, 10), init], [freeText(16), init]),
  );
  assert.equal(list, ["alloc 0 #0", "free 0 #0"]);
  assert.equal(counts, { allocations: 1, frees: 1, deferredInitFrees: 1 });
});

test("a comm that only resembles the thread of deferred initialisation is the workload", () => {
  const { counts } = requestsOf(
    trace([freeText(16), { comm: "pgdatinit" }], [freeText(17), { comm: "xpgdatinit0" }]),
  );
  assert.equal(counts, { beforeTracing: 2, frees: 2 });
});

test("a helper has nothing to free before deferred initialisation", () => {
  const helper = { comm: "kworker/u4:1", pid: 30 };
  const { counts } = requestsOf(
    trace([freeText(0x90000), helper], [freeText(0x100400, 10), { comm: "pgdatinit0" }]),
  );
  assert.equal(counts, { deferredInitFrees: 1, beforeTracing: 1, frees: 1 });
});

test("a helper frees until page_alloc_init_late ends", () => {
  const recording = { ...RECORDING, milestones: { pageAllocInitLate: 3000 } };
  const helper = { comm: "kworker/u4:1", pid: 30 };
  const { counts } = requestsOf(
    trace(
      [freeText(0x100400, 10), { comm: "pgdatinit0" }],
      [freeText(0x100500), helper],
      [freeText(0x100501), helper],
      [freeText(0x100502), helper],
    ),
    recording,
  );
  assert.equal(counts, { deferredInitFrees: 3, beforeTracing: 1, frees: 1 });
});

test("blocks grown before deferred initialisation and blocks accepted after it are no requests", () => {
  const { list, counts } = requestsOf(
    trace(freeText(0x108000, 10), [freeText(0x110000, 10), { comm: "pgdatinit0" }], freeText(0x118000, 10)),
  );
  assert.equal(list, []);
  assert.equal(counts, { grownBlocks: 1, deferredInitFrees: 1, acceptedBlocks: 1 });
});

test("a page of a refill that is freed was taken by a bulk request after the refill", () => {
  const { list, counts, requests } = requestsOf(
    trace(zoneLockedText(16, 0, 2), zoneLockedText(17, 0, 2), freeText(17)),
  );
  assert.equal(list, ["allocBulk 0 #0", "allocBulk 0 #1", "free 0 #1"]);
  assert.equal(counts, { innerEvents: 2, inferredBulk: 2, frees: 1, stillAllocatedPages: 1 });
  assert.is(requests.gfp[0], GfpMask.KERNEL | Gfp.RECLAIMABLE);
});

test("a bulk request comes after the whole refill that it takes from", () => {
  const { list, requests } = requestsOf(
    trace(allocText(98), allocText(99), zoneLockedText(16), zoneLockedText(17), allocText(97), freeText(16)),
  );
  assert.equal(list, ["alloc 0 #0", "alloc 0 #1", "allocBulk 0 #2", "alloc 0 #3", "free 0 #2"]);
  assert.equal([...requests.thinkNs], [0, 1000, 2000, 1000, 1000]);
});

test("a bulk request is one of the CPU whose list it takes from", () => {
  const { list, requests } = requestsOf(
    trace(
      zoneLockedText(16),
      zoneLockedText(17),
      zoneLockedText(18),
      [allocText(16), { cpu: 1 }],
      allocText(18),
    ),
  );
  assert.equal(list, ["alloc 0 #0", "allocBulk 0 #1", "alloc 0 #2"]);
  assert.equal([...requests.cpu], [1, 0, 0]);
});

test("pages of a refill that are freed as one block were taken one by one", () => {
  const { list } = requestsOf(trace(zoneLockedText(16), zoneLockedText(17), freeText(16, 1)));
  assert.equal(list, ["allocBulk 0 #0", "allocBulk 0 #1", "free 0 #0", "free 0 #1"]);
});

test("pages of the highatomic reserve come straight from the buddy lists", () => {
  const { counts } = requestsOf(trace(zoneLockedText(16, 0, 3), allocText(99), zoneLockedText(17, 0, 3)));
  assert.equal(counts, { innerEvents: 2, allocations: 1, stillAllocatedPages: 1 });
});

test("a page of a refill that was passed over was taken after the page before it", () => {
  const { list, counts, requests } = requestsOf(
    trace(
      zoneLockedText(16),
      zoneLockedText(17),
      zoneLockedText(18),
      allocText(16),
      allocText(99),
      allocText(18),
      freeText(17),
    ),
  );
  assert.equal(list, ["alloc 0 #0", "allocBulk 0 #1", "alloc 0 #2", "alloc 0 #3", "free 0 #1"]);
  assert.equal(counts, {
    innerEvents: 3,
    allocations: 3,
    inferredBulk: 1,
    frees: 1,
    stillAllocatedPages: 3,
  });
  assert.equal([...requests.thinkNs], [3000, 0, 1000, 1000, 1000]);
});

test("what is left of a refill at the next one was taken", () => {
  const { list, counts } = requestsOf(
    trace(zoneLockedText(16), zoneLockedText(17), allocText(16), zoneLockedText(32), allocText(32)),
  );
  assert.equal(list, ["alloc 0 #0", "allocBulk 0 #1", "alloc 0 #2"]);
  assert.equal(counts, { innerEvents: 3, allocations: 2, inferredBulk: 1, stillAllocatedPages: 3 });
});

test("what is left of the last refill is still on the list", () => {
  const { counts } = requestsOf(trace(zoneLockedText(16), zoneLockedText(17), allocText(16)));
  assert.equal(counts, { innerEvents: 2, allocations: 1, stillAllocatedPages: 1 });
});

test("each CPU, zone and migrate type has a list of its own", () => {
  const { counts } = requestsOf(
    trace(
      zoneLockedText(16),
      [zoneLockedText(17), { cpu: 1 }],
      zoneLockedText(18, 0, 1),
      zoneLockedText(0x100010),
      allocText(0x100010),
      zoneLockedText(19, 0, 2),
    ),
  );
  assert.equal(counts, { innerEvents: 5, allocations: 1, stillAllocatedPages: 1 });
});

test("refills of two CPUs at the same time do not end each other", () => {
  const { counts } = requestsOf(
    trace(
      [zoneLockedText(16), { cpu: 0 }],
      [zoneLockedText(32), { cpu: 1 }],
      [zoneLockedText(17), { cpu: 0 }],
      [zoneLockedText(33), { cpu: 1 }],
      [allocText(16), { cpu: 0 }],
      [allocText(32), { cpu: 1 }],
    ),
  );
  assert.equal(counts, { innerEvents: 4, allocations: 2, stillAllocatedPages: 2 });
});

test("a drained page was not taken", () => {
  const { counts } = requestsOf(
    trace(
      zoneLockedText(16),
      zoneLockedText(17),
      zoneLockedText(18),
      allocText(16),
      drainText(18),
      drainText(17),
      zoneLockedText(17),
      allocText(17),
    ),
  );
  assert.equal(counts, { innerEvents: 6, allocations: 2, stillAllocatedPages: 2 });
});

test("a block claimed from another type is one refill though it shows twice", () => {
  const { list, counts } = requestsOf(
    trace(zoneLockedText(16), extfragText(16), zoneLockedText(17), allocText(16), allocText(17)),
  );
  assert.equal(list, ["alloc 0 #0", "alloc 0 #1"]);
  assert.equal(counts, { innerEvents: 3, allocations: 2, stillAllocatedPages: 2 });
});

test("a block stolen from another type is part of a refill", () => {
  const { list } = requestsOf(trace(zoneLockedText(16), extfragText(64), allocText(64)));
  assert.equal(list, ["allocBulk 0 #0", "alloc 0 #1"]);
});

test("larger blocks that leave the buddy lists tell nothing", () => {
  const { counts } = requestsOf(trace(zoneLockedText(32, 2), zoneLockedText(64, 2), allocText(64, 2)));
  assert.equal(counts, { innerEvents: 2, allocations: 1, stillAllocatedPages: 4 });
});

test("an allocation whose event comes late was no bulk request", () => {
  const { list, counts } = requestsOf(
    trace(zoneLockedText(16), zoneLockedText(17), allocText(17), allocText(16), freeText(16)),
  );
  assert.equal(list, ["alloc 0 #0", "alloc 0 #1", "free 0 #1"]);
  assert.equal(counts, { innerEvents: 2, allocations: 2, frees: 1, stillAllocatedPages: 1 });
});

test("a page freed twice was taken by a bulk request after the first free", () => {
  const { list, counts } = requestsOf(trace(allocText(16), freeText(16), allocText(17), freeText(16)));
  assert.equal(list, ["alloc 0 #0", "free 0 #0", "allocBulk 0 #1", "alloc 0 #2", "free 0 #1"]);
  assert.equal(counts, { allocations: 2, inferredBulk: 1, frees: 2, stillAllocatedPages: 1 });
});

test("a larger block freed twice lacks an event", () => {
  const { list, counts } = requestsOf(trace(allocText(16, 2), freeText(16, 2), freeText(16, 2)));
  assert.equal(list, ["alloc 2 #0", "free 2 #0", "alloc 2 #1", "free 2 #1"]);
  assert.equal(counts, { allocations: 1, inferredOther: 1, frees: 2 });
});

test("a block freed in parts and then as a whole was allocated after its last part", () => {
  const { list } = requestsOf(
    trace(allocText(16, 2), freeText(18, 1), freeText(16, 1), allocText(99), freeText(16, 2)),
  );
  assert.equal(list, ["alloc 2 #0", "free 1@2 #0", "free 1 #0", "alloc 2 #1", "alloc 0 #2", "free 2 #1"]);
});

test("an allocation that turns up elsewhere was freed before", () => {
  for (const elsewhere of [allocText(16), drainText(16), zoneLockedText(16)]) {
    const { list, counts } = requestsOf(trace(allocText(16), elsewhere));
    assert.equal(list.slice(0, 2), ["alloc 0 #0", "free 0 #0"], elsewhere);
    assert.is(counts.reallocations, 1, elsewhere);
  }
});

test("only the part of an allocation that is allocated anew is taken from it", () => {
  const { list, counts } = requestsOf(trace(allocText(16, 2), allocText(18, 1), freeText(16, 1)));
  assert.equal(list, ["alloc 2 #0", "free 1@2 #0", "alloc 1 #1", "free 1 #0"]);
  assert.equal(counts, {
    allocations: 2,
    reallocations: 1,
    frees: 2,
    partialFrees: 2,
    stillAllocatedPages: 2,
  });
});

test("lost events are reported", () => {
  const { counts } = requestsOf(read(`CPU:0 [LOST 12 EVENTS]\n${line(allocText(16))}${line("other: x")}`));
  assert.equal(counts, { lostEvents: 12, otherEvents: 1, allocations: 1, stillAllocatedPages: 1 });
});

test("an empty trace has no requests", () => {
  const { list, counts, requests } = requestsOf(read(""));
  assert.equal([list.length, Object.keys(counts).length, requests.startNs], [0, 0, 0]);
});

test("think time is the time between the requests of a CPU", () => {
  const { requests } = requestsOf(
    trace(
      [allocText(16), { timeNs: 10_000 }],
      [allocText(17), { cpu: 1, timeNs: 14_000 }],
      [batchedText(99), { timeNs: 15_000 }],
      [freeText(16), { timeNs: 17_000 }],
      [freeText(17), { cpu: 1, timeNs: 30_000 }],
    ),
  );
  assert.is(requests.startNs, 10_000);
  assert.equal([...requests.thinkNs], [0, 4_000, 7_000, 16_000]);
});

test("modelled time is no think time, before the trace and within", () => {
  const modelled = [
    { name: "late", startNs: 12_000, endNs: 16_000 },
    { name: "early", startNs: 1_000, endNs: 4_000 },
  ];
  const { requests } = requestsOf(
    trace(
      [allocText(16), { timeNs: 10_000 }],
      [allocText(17), { timeNs: 15_000 }],
      [freeText(16), { timeNs: 20_000 }],
    ),
    { ...RECORDING, modelled },
  );
  assert.is(requests.thinkBeforeNs, 7_000);
  assert.equal([...requests.thinkNs], [0, 2_000, 4_000]);
});

test("milestones stand before the first request at or after them", () => {
  const milestones = { setupPerCpuPageset: 0, watermarks: 2000, ready: 2001, kswapd: 9000 };
  const { requests } = requestsOf(trace(allocText(16), allocText(17), allocText(18)), {
    ...RECORDING,
    milestones,
  });
  const at = Object.fromEntries(Object.entries(requests.marks).map(([name, mark]) => [name, mark.request]));
  assert.equal(at, { setupPerCpuPageset: 0, watermarks: 1, ready: 2, kswapd: 3 });
});

test.run();
