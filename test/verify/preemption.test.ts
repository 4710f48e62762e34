import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { PageAllocator } from "../../src/page-alloc/page-allocator.js";
import { Follower } from "../../src/verify/follower.js";
import { Resync } from "../../src/verify/resync.js";
import { stockSteps } from "../../src/verify/stock-steps.js";
import { TracefsReader } from "../../src/workload/tracefs.js";
import { allocPfn, freePfn, GFP_KERNEL, oneZone } from "../page-alloc/machine.js";

const test = suite("verify: lines that do not stand where a page changed hands");

/** Frames 1 to 8 on the list of the CPU, 1 at its head; 0 and 9 to 11 are allocated. */
function allocator(): PageAllocator {
  const a = oneZone(8);
  Object.assign(a.zones[0]!.pcp[0]!, { batch: 63, high: 1000, highMin: 1000, highMax: 1000 });
  const pfns = Array.from({ length: 12 }, () => allocPfn(a, GFP_KERNEL, 0));
  assert.equal(pfns, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  for (let pfn = 8; pfn >= 1; pfn--) freePfn(a, pfn, 0);
  return a;
}

/** @param lines such as `A+3`: task A gets frame 3, and `B-8`: B frees frame 8 */
function follow(...lines: string[]): { exact: number; preempted: number; late: number } {
  const reader = new TracefsReader("trace");
  const text = lines.map((line, at) => {
    const [, task, sign, frame] = /^([A-C])([+-])(\d+)$/.exec(line)!;
    const pid = 10 + task!.charCodeAt(0);
    const pfn = `page=0 pfn=0x${Number(frame).toString(16)} order=0`;
    const event = sign === "+" ? `alloc: ${pfn} migratetype=0 gfp_flags=GFP_KERNEL` : `free: ${pfn}`;
    return `            sh-${pid}       [000] ..... 1.00000${at}: mm_page_${event}\n`;
  });
  reader.feed(new TextEncoder().encode(text.join("")));
  const events = reader.end();
  const a = allocator();
  const steps = stockSteps(events, () => 0);
  const follower = new Follower(steps, a, [0], { resync: new Resync(steps, events, a, { preempts: true }) });
  follower.run();
  return {
    exact: follower.allocations.equal,
    preempted: follower.outside.preemptedAllocations,
    late: follower.outside.preemptedFrees,
  };
}

test("every task gets the head of the list when its turn comes", () => {
  assert.equal(follow("A+1", "B+2", "A+3"), { exact: 3, preempted: 0, late: 0 });
});

test("another task gets the page behind: the head was taken", () => {
  assert.equal(follow("A+1", "B+3", "A+2"), { exact: 3, preempted: 1, late: 0 });
  assert.equal(follow("A+1", "B+2", "C+5", "B+3", "A+4"), { exact: 5, preempted: 2, late: 0 });
});

test("another task's free would bury the head that is gone", () => {
  assert.equal(follow("A+1", "B-9", "A+2", "B+9"), { exact: 3, preempted: 1, late: 0 });
  assert.equal(follow("A+1", "B-9", "B+9", "A+2"), { exact: 3, preempted: 0, late: 0 });
});

test("a task that runs again frees what the one before it left", () => {
  assert.equal(follow("A+1", "B+3", "A-9", "A+2", "A+9"), { exact: 4, preempted: 1, late: 0 });
  // Had it taken the page before it was preempted, its next line would be that.
  assert.equal(follow("A+1", "B-9", "A+10", "A+2").preempted, 0);
});

test("a task that is preempted in a free puts its page on the list when it runs again", () => {
  assert.equal(follow("A-9", "B+1", "B+2", "A-10", "B+10", "B+9"), { exact: 4, preempted: 0, late: 1 });
  assert.equal(follow("A-9", "B+9", "B+1", "A-10", "B+10"), { exact: 3, preempted: 0, late: 0 });
  // Two frees on the way: the first is on the list, the second is not.
  const two = follow("A-9", "A-10", "B+9", "B+1", "A-11", "B+11", "B+10");
  assert.equal(two, { exact: 4, preempted: 0, late: 1 });
});

test("an interrupt in a free frees pages that lie below", () => {
  assert.equal(follow("A-9", "A-10", "A-11", "B+9", "B+11", "B+10"), { exact: 3, preempted: 0, late: 1 });
  assert.equal(follow("A-9", "A-10", "A-11", "B+11", "B+10", "B+9"), { exact: 3, preempted: 0, late: 0 });
});

test("a page that is freed twice was taken in bulk, with what lay on it", () => {
  const lines = ["A-9", "A-10", "A-11", "B-9", "B+9", "B+1", "A-2"];
  assert.is(follow(...lines).late, 0);
});

test.run();
