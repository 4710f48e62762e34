import { suite } from "uvu";
import * as assert from "uvu/assert";
import { addFreeRun } from "../../src/page-alloc/buddy.js";
import { PageAllocator } from "../../src/page-alloc/index.js";
import { Follower } from "../../src/verify/follower.js";
import { labSteps } from "../../src/verify/lab-steps.js";
import { LabKind, LabMark } from "../../src/workload/lab-log.js";
import { LINUX_7_3 } from "../linux/releases.js";
import { GFP_HIGHUSER_MOVABLE } from "../page-alloc/machine.js";
import { logOf } from "./lab-log-of.js";

const test = suite("verify: drains of the vmstat worker");

/** DMA32 and Normal of one node, each with eight pages on the list of its CPU and two held back from its counter. */
function twoZones(): PageAllocator {
  const allocator = new PageAllocator({
    zones: ([1, 2] as const).map((type) => ({
      nodeId: 0,
      type,
      name: type === 1 ? "DMA32" : "Normal",
      startPfn: (type - 1) * 4096,
      endPfn: type * 4096,
      presentPages: 4096,
    })),
    zonelists: [[1, 0]],
    nodeZonelists: [[1, 0]],
    cpus: 1,
    rules: LINUX_7_3,
    acceptor: { acceptMemory: () => undefined },
    pageblockTypes: { typeAt: () => 1 },
  });
  for (const [index, zone] of allocator.zones.entries()) {
    addFreeRun(zone, index * 4, 4, 0);
    Object.assign(zone.pcp[0]!, { batch: 8, high: 100, highMin: 8, highMax: 100 });
    // Both zones serve: highest of DMA32, then of Normal.
    const gfp = zone.type === 1 ? 4 : GFP_HIGHUSER_MOVABLE;
    const page = allocator.allocPages(gfp, 0, 0, 0);
    allocator.freePages(page as never, 0, 0);
    zone.statThreshold = 100;
    zone.addFreePages(2, 0);
  }
  return allocator;
}

const decay = (type: number, high: number): readonly [number, { [name: string]: number }] => [
  LabKind.MARK,
  { order: LabMark.PCP_DECAY, type, a: high },
];

/** What the CPU holds back of the two counters after a log. */
function heldBack(...records: Parameters<typeof logOf>): number[] {
  const a = twoZones();
  assert.equal(
    a.zones.map(({ freePagesDiff }) => freePagesDiff[0]),
    [2, 2],
  );
  const follower = new Follower(labSteps(logOf(...records), LINUX_7_3), a, [0]);
  follower.run();
  assert.not(follower.stopped);
  return a.zones.map(({ freePagesDiff }) => freePagesDiff[0]!);
}

test("a pass folds a zone's counter before the zone decays, and what that gives back stays with the CPU", () => {
  assert.equal(heldBack(decay(1, 100)), [0, 0]);
  assert.equal(heldBack(decay(1, 4)), [4, 0]);
  assert.equal(heldBack(decay(1, 4), [LabKind.DRAIN, { pfn: 1, type: 1 }], decay(2, 4)), [4, 4]);
});

test("the next pass folds it: one that comes to a zone again, or after other records", () => {
  assert.equal(heldBack(decay(2, 4), decay(1, 4)), [4, 0]);
  assert.equal(heldBack(decay(1, 4), [LabKind.SPLIT, {}], decay(2, 4)), [0, 4]);
});

test.run();
