import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BandwidthChannel } from "../../src/sim/bandwidth.js";
import { Scheduler } from "../../src/sim/scheduler.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";

const test = suite("sim: bandwidth");

/** CPUs that put pieces of work into a channel, one after another, the one furthest behind first. */
function finishTimes(cpuCount: number, pieces: number, aloneNs: number, sharedNs: number): Float64Array {
  const channel = new BandwidthChannel();
  const cpus = new VirtualCpus(cpuCount);
  const scheduler = new Scheduler(cpus);
  for (let cpu = 0; cpu < cpuCount; cpu++) scheduler.add(cpu);
  for (let piece = 0; piece < pieces; piece++) {
    const cpu = scheduler.next();
    const startNs = cpus.timeNs[cpu]!;
    cpus.waitUntil(cpu, channel.finish(startNs, startNs + aloneNs, sharedNs));
    scheduler.add(cpu);
  }
  return cpus.timeNs;
}

test("work of one CPU takes its own time", () => {
  const channel = new BandwidthChannel();
  assert.is(channel.finish(0, 10, 3), 10);
  assert.is(channel.finish(10, 20, 3), 20);
});

test("work that comes together goes through the channel one piece behind the other", () => {
  const channel = new BandwidthChannel();
  const ends = Array.from({ length: 6 }, () => channel.finish(0, 10, 3));
  assert.equal(ends, [10, 10, 10, 12, 15, 18]);
});

test("a channel that was idle does not make up for it", () => {
  const channel = new BandwidthChannel();
  channel.finish(0, 10, 3);
  const ends = Array.from({ length: 4 }, () => channel.finish(1000, 1010, 3));
  assert.equal(ends, [1010, 1010, 1010, 1012]);
});

test("a step of many pieces does not keep the channel from others while it works alone", () => {
  const channel = new BandwidthChannel();
  for (let piece = 1; piece <= 20; piece++) assert.is(channel.finish(0, piece * 10, 1), piece * 10);
  assert.is(channel.finish(1, 11, 1), 21);
});

test("any number of CPUs: the rate is theirs together, up to that of the channel", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 1000 }),
      fc.integer({ min: 1, max: 1000 }),
      (cpuCount, a, b) => {
        const aloneNs = Math.max(a, b);
        const sharedNs = Math.min(a, b);
        const rounds = 200;
        const pieces = rounds * cpuCount;
        const endNs = Math.max(...finishTimes(cpuCount, pieces, aloneNs, sharedNs));
        const rate = pieces / endNs;
        const expected = Math.min(cpuCount / aloneNs, 1 / sharedNs);
        assert.ok(rate <= expected * (1 + 1e-9), `${rate} is more than ${expected}`);
        assert.ok(rate >= expected * (1 - 2 / rounds), `${rate} is less than ${expected}`);
      },
    ),
    { numRuns: 50 },
  );
});

test("any work: it ends neither before it would alone nor before work that came first has passed", () => {
  const piece = fc.record({ gapNs: fc.nat(50), sharedNs: fc.nat(30), moreNs: fc.nat(50) });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const channel = new BandwidthChannel();
      let startNs = 0;
      let passedNs = 0;
      for (const { gapNs, sharedNs, moreNs } of pieces) {
        startNs += gapNs;
        const aloneEndNs = startNs + sharedNs + moreNs;
        passedNs = Math.max(passedNs, startNs) + sharedNs;
        assert.is(channel.finish(startNs, aloneEndNs, sharedNs), Math.max(aloneEndNs, passedNs));
      }
    }),
    { numRuns: 200 },
  );
});

test.run();
