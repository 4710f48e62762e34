import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Follower } from "../../src/verify/follower.js";
import { Resync } from "../../src/verify/resync.js";
import { stockSteps } from "../../src/verify/stock-steps.js";
import { TracefsReader } from "../../src/workload/tracefs.js";
import { allocPfn, GFP_KERNEL, oneZone } from "../page-alloc/machine.js";

const test = suite("verify: refills of several CPUs at one time");

/**
 * Follows a trace of two CPUs whose lists are empty; frame 0 is allocated, 1 is the next.
 *
 * @param lines such as `0+2 .5`: CPU 0 refills its list with frame 2 and takes it, at 1.000005 s
 */
function follow(...lines: string[]): { exact: number; interleaved: number } {
  const a = oneZone(1, { cpus: 2 });
  for (const pcp of a.zones[0]!.pcp) Object.assign(pcp, { batch: 1, high: 0, highMin: 0, highMax: 0 });
  assert.is(allocPfn(a, GFP_KERNEL, 0), 0);
  const reader = new TracefsReader("trace");
  const text = lines.map((line) => {
    const [, cpu, frame, time] = /^([01])\+(\d+) \.(\d)$/.exec(line)!;
    const head = `            sh-1${cpu}       [00${cpu}] ..... 1.00000${time}: mm_page_alloc`;
    const page = `page=0 pfn=0x${Number(frame).toString(16)} order=0 migratetype=0`;
    return `${head}_zone_locked: ${page} percpu_refill=1\n${head}: ${page} gfp_flags=GFP_KERNEL\n`;
  });
  reader.feed(new TextEncoder().encode(text.join("")));
  const events = reader.end();
  const steps = stockSteps(events, () => 0);
  const resync = new Resync(steps, events, a, { preempts: false });
  const follower = new Follower(steps, a, [0, 0], { resync });
  follower.run();
  return { exact: follower.allocations.equal, interleaved: follower.outside.interleavedSteps };
}

test("lines of one time are in the order of their CPUs: the blocks tell which refill was first", () => {
  assert.equal(follow("0+2 .1", "1+1 .1"), { exact: 2, interleaved: 1 });
  assert.equal(follow("0+3 .1", "1+1 .1", "1+2 .1", "0+4 .2"), { exact: 4, interleaved: 2 });
});

test("where the blocks come in the order of the lines, so did the refills", () => {
  assert.equal(follow("0+1 .1", "1+2 .1"), { exact: 2, interleaved: 0 });
});

test("a later time is a later refill", () => {
  assert.equal(follow("0+2 .1", "1+1 .2").interleaved, 0);
});

test("a CPU's own refills are in order", () => {
  assert.equal(follow("0+2 .1", "0+1 .1").interleaved, 0);
});

test.run();
