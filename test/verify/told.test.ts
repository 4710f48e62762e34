import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type PageAllocator, verifyInvariants } from "../../src/page-alloc/index.js";
import { Follower } from "../../src/verify/follower.js";
import { labSteps } from "../../src/verify/lab-steps.js";
import { LabKind } from "../../src/workload/lab-log.js";
import { LINUX_7_3 } from "../linux/releases.js";
import { allocPfn, freePfn, GFP_HIGHUSER_MOVABLE, listed, oneZone } from "../page-alloc/machine.js";
import { logOf } from "./lab-log-of.js";

const test = suite("verify: what a log tells of the kernel around its allocator");

const ZONE = { type: 2 };
const MOVABLE = 1;

function follow(a: PageAllocator, ...records: Parameters<typeof logOf>): Follower {
  a.kswapdTold = true;
  const follower = new Follower(labSteps(logOf(...records), LINUX_7_3), a, [0, 0]);
  follower.run();
  return follower;
}

/** A zone of which every other block of order 2 is free, on the list of that order from the last freed on. */
function everyOther(): PageAllocator {
  const a = oneZone(1, { rules: LINUX_7_3, cpus: 2 });
  const pfns = Array.from({ length: 256 }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE, 2));
  for (const pfn of pfns) if (pfn % 8 === 0) freePfn(a, pfn, 2);
  return a;
}

test("compaction takes a free block off its list, and a free gives it back", () => {
  const a = everyOther();
  const before = listed(a, 2, MOVABLE);
  const free = a.zones[0]!.exactFreePages();
  const taken = follow(a, [LabKind.ISOLATE, { pfn: before[5]!, order: 2, type: MOVABLE }]);
  assert.not(taken.stopped);
  assert.is(taken.outside.isolatedPages, 4);
  assert.equal(listed(a, 2, MOVABLE), [...before.slice(0, 5), ...before.slice(6)]);
  assert.is(a.zones[0]!.exactFreePages(), free - 4);
  verifyInvariants(a);
  follow(a, [LabKind.FREE, { pfn: before[5]! + 1 }]);
  assert.equal(listed(a, 0, MOVABLE), [before[5]! + 1]);
});

test("a block that is not free, or of another order, cannot be taken", () => {
  for (const [pfn, order] of [
    [4, 2],
    [0, 1],
  ] as const) {
    const follower = follow(everyOther(), [LabKind.ISOLATE, { pfn, order, type: MOVABLE }]);
    assert.ok(follower.stopped);
    assert.match(follower.exactness.firstDivergence!.found, "is taken as free, but");
  }
});

test("a list of another type than movable is not cut", () => {
  const a = oneZone(1, { rules: LINUX_7_3 });
  const pfns = [0, 1, 2, 3].map(() => allocPfn(a, 0xcc0, 8));
  freePfn(a, pfns[1]!, 8);
  const follower = follow(a, [LabKind.LIST_CUT, { pfn: pfns[1]!, order: 8 }]);
  assert.match(follower.exactness.firstDivergence!.found, "but not movable in the model");
  verifyInvariants(a);
});

test("half a pageblock that compaction takes makes the rest of it movable", () => {
  const a = oneZone(1, { rules: LINUX_7_3 });
  const pfns = [0, 1, 2, 3].map(() => allocPfn(a, 0xcc0, 8));
  freePfn(a, pfns[0]!, 8);
  follow(a, [LabKind.ISOLATE, { pfn: pfns[0]!, order: 8 }]);
  assert.equal([...a.frames.pageblockType.subarray(a.pageAt(0 as never) >> 9)].slice(0, 2), [MOVABLE, 0]);
});

test("a cut puts the blocks in front of one, or that one too, behind all others", () => {
  for (const [a, rotation] of [
    [0, 5],
    [1, 6],
  ] as const) {
    const machine = everyOther();
    const before = listed(machine, 2, MOVABLE);
    follow(machine, [LabKind.LIST_CUT, { pfn: before[5]!, order: 2, type: MOVABLE, a }]);
    assert.equal(listed(machine, 2, MOVABLE), [...before.slice(rotation), ...before.slice(0, rotation)]);
  }
});

test("the first block in front of which nothing lies, and the last with all others, change nothing", () => {
  const a = everyOther();
  const before = listed(a, 2, MOVABLE);
  follow(
    a,
    [LabKind.LIST_CUT, { pfn: before[0]!, order: 2, a: 0 }],
    [LabKind.LIST_CUT, { pfn: before.at(-1)!, order: 2, a: 1 }],
  );
  assert.equal(listed(a, 2, MOVABLE), before);
});

test("kswapd takes a boost away when the log says so, and works on a zone in between", () => {
  const a = oneZone(1, { rules: LINUX_7_3 });
  const zone = a.zones[0]!;
  zone.watermarkBoost = 512;
  follow(a, [LabKind.RECLAIM_ACTIVE, { ...ZONE, a: 1 }]);
  assert.equal([zone.reclaimActive, zone.watermarkBoost], [true, 512]);
  follow(a, [LabKind.RECLAIM_ACTIVE, { ...ZONE, a: 0 }], [LabKind.BOOST, { ...ZONE, a: 100, b: 1 }]);
  assert.equal([zone.reclaimActive, zone.watermarkBoost], [false, 100]);
});

test("flags follow from the share of the caches, and are compared", () => {
  const a = oneZone(1, { rules: LINUX_7_3 });
  const pcp = a.zones[0]!.pcp[0]!;
  pcp.batch = 63;
  const flags = (b: number, expected: number): boolean => {
    const { counters } = follow(a, [LabKind.PCP_FLAGS, { ...ZONE, b, a: expected }]).told;
    return counters.compared === 1 && counters.equal === 1;
  };
  // More than three batches.
  assert.ok(flags(190 * 4096, 2));
  assert.is(pcp.flags, 2);
  assert.ok(flags(189 * 4096 + 4095, 0));
  assert.not(flags(189 * 4096, 2));
  assert.ok(a.kswapdRunning);
});

test("the lists of another CPU drain", () => {
  const a = oneZone(1, { rules: LINUX_7_3, cpus: 2 });
  const pcp = a.zones[0]!.pcp[1]!;
  Object.assign(pcp, { batch: 4, highMin: 64, highMax: 64 });
  const pfn = allocPfn(a, GFP_HIGHUSER_MOVABLE, 0, 1);
  const drain = (held: number): readonly [number, number] => {
    const { told } = follow(a, [LabKind.DRAIN_CPU, { ...ZONE, a: 1, pfn: held }]);
    return [told.counters.equal, pcp.count];
  };
  assert.is(pcp.count, 3);
  assert.equal(drain(3), [1, 0]);
  freePfn(a, pfn, 0, 1);
  assert.equal(drain(3), [0, 0], "it held one");
  verifyInvariants(a);
});

/** A movable pageblock of which 256 pages are free in one block, for a kernel that has no other memory. */
function claimable(): PageAllocator {
  const a = oneZone(1, { rules: LINUX_7_3 });
  const halves = [0, 1, 2, 3].map(() => allocPfn(a, GFP_HIGHUSER_MOVABLE, 8));
  freePfn(a, halves[0]!, 8);
  a.zones[0]!.watermark.fill(0);
  return a;
}

/** Whether a kernel that counts so many movable pages among those in use claims the pageblock for itself. */
function claims(movable: number, free: number): [isClaimed: boolean, equal: number, compared: number] {
  const a = claimable();
  const [pfn] = listed(a, 8, MOVABLE);
  const { told } = follow(
    a,
    [LabKind.CLAIM_TRY, { pfn: pfn!, order: 8, type: 0, a: free | (movable << 16), b: MOVABLE | (4 << 8) }],
    [LabKind.ALLOC, { pfn: pfn!, order: 4, a: 0xcc0 }],
  );
  const { equal, compared } = told.counters;
  return [a.frames.pageblockType[a.pageAt(pfn as never) >> 9] === 0, equal, compared];
}

test("a claim takes the number of movable pages from the log, and compares that of free ones", () => {
  // 256 of 512 are free: enough by themselves.
  assert.equal(claims(256, 256), [true, 1, 1]);
  assert.equal(claims(0, 200), [true, 0, 1]);
  // More than half is movable, and stays so.
  assert.equal(claims(300, 212), [false, 0, 1]);
});

test("a claim that the model does not try, or that the log has not, is a difference", () => {
  const a = oneZone(1, { rules: LINUX_7_3 });
  const { told } = follow(
    a,
    [LabKind.CLAIM_TRY, { pfn: 256, order: 8, type: 0, a: 256, b: MOVABLE }],
    [LabKind.ALLOC, { pfn: 0, a: GFP_HIGHUSER_MOVABLE }],
  );
  assert.equal([told.counters.equal, told.counters.compared], [0, 1]);
});

test("boosts and reserves are compared behind the allocation that changes them", () => {
  const a = oneZone(1, { rules: LINUX_7_3 });
  a.zones[0]!.watermarkBoost = 300;
  const { counters } = follow(
    a,
    [LabKind.BOOST, { ...ZONE, a: 300 }],
    [LabKind.HIGHATOMIC, { ...ZONE, a: 512 }],
    [LabKind.ALLOC, { pfn: 0, a: GFP_HIGHUSER_MOVABLE }],
  ).told;
  assert.equal([counters.equal, counters.compared], [1, 2]);
  assert.is(counters.firstDivergence?.expected, "512");
});

test("a free that is put off comes in front of the next one that reaches the buddy lists", () => {
  const a = oneZone(1, { rules: LINUX_7_3 });
  const pfns = Array.from({ length: 6 }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE, 4));
  const free = (pfn: number, flags: number): Parameters<typeof logOf>[0] => [
    LabKind.FREE,
    { pfn, order: 4, a: flags },
  ];
  const putOff = (pfn: number): Parameters<typeof logOf>[0] => [LabKind.PUT_OFF, { ...ZONE, pfn, order: 4 }];
  follow(a, free(pfns[0]!, 4), putOff(pfns[0]!), free(pfns[2]!, 4), putOff(pfns[2]!));
  assert.equal(listed(a, 4, MOVABLE), []);
  follow(a, free(pfns[4]!, 0), [LabKind.FREE_BUDDY, { pfn: pfns[4]!, order: 4 }]);
  // The latest that was put off comes first; what follows the ordinary one is free, so that it goes to the tail.
  assert.equal(listed(a, 4, MOVABLE), [pfns[0], pfns[2], pfns[4]]);
  verifyInvariants(a);
});

test("a page that is caught when it is freed goes to who asks for it", () => {
  const a = oneZone(1, { rules: LINUX_7_3 });
  const pfns = Array.from({ length: 4 }, () => allocPfn(a, GFP_HIGHUSER_MOVABLE, 4));
  const follower = follow(
    a,
    [LabKind.FREE, { pfn: pfns[2]!, order: 4 }],
    [LabKind.CAPTURE, { pfn: pfns[2]!, order: 4 }],
    [LabKind.FREE_BUDDY, { pfn: pfns[2]!, order: 4 }],
    [LabKind.ALLOC, { pfn: pfns[2]!, order: 4, a: GFP_HIGHUSER_MOVABLE }],
  );
  assert.equal([follower.allocations.equal, follower.allocations.compared], [1, 1]);
  assert.equal(listed(a, 4, MOVABLE), []);
  verifyInvariants(a);
});

test.run();
