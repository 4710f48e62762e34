// Takes 3 s.
import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { BackgroundAcceptor, type BackgroundPlan, upToTarget } from "../../src/accept/background-acceptor.js";
import { freeUnaccepted } from "../../src/page-alloc/unaccepted-list.js";
import { type Nice, niceWeight } from "../../src/sim/nice.js";
import { MAX_ORDER_BYTES } from "../../src/units.js";
import { RequestKind } from "../../src/workload/requests.js";
import { oneZone } from "../page-alloc/machine.js";
import { type Row, setUp } from "../workload/replays.js";

/*
 * What holds of any workload and any threads where a block always takes as long, because there is neither a
 * lock nor bandwidth that CPUs share.
 */
const test = suite("accept: fair shares of CPUs");

const BLOCKS = 600;
const BLOCK_NS = 10_000;
const SECOND_NS = 1e9;
/** When work and threads begin; all times are from then on. */
const START_NS = 1e6;

interface Begun {
  readonly cpu: number;
  readonly atNs: number;
}

interface Ran {
  /** By CPU: when it had done its own work. */
  readonly endNs: readonly number[];
  /** What threads accepted, in the order in which they began it. */
  readonly blocks: readonly Begun[];
}

/** Each CPU does its rows, and threads accept beside them. */
function run(rows: readonly Row[], cpus: number, plan?: Partial<BackgroundPlan>): Ran {
  const blocks: Begun[] = [];
  const allocator = oneZone(BLOCKS, { cpus, free: false });
  freeUnaccepted(allocator.zones[0]!, 0, BLOCKS, 0);
  const { replay, clock } = setUp(rows, { allocator, cpus });
  for (let cpu = 0; cpu < cpus; cpu++) clock.cpus.advance(cpu, START_NS);
  let actor = -1;
  clock.scheduler.onTurn = (whose) => {
    actor = whose;
  };
  allocator.acceptor = {
    acceptMemory: () => {
      if (actor >= cpus) blocks.push({ cpu: clock.running, atNs: clock.nowNs - START_NS });
      clock.waitUntil(clock.nowNs + BLOCK_NS, 0);
    },
  };
  if (plan !== undefined) {
    const acceptor = new BackgroundAcceptor(
      {
        threads: 1,
        cpus,
        bytesPerSecond: Number.POSITIVE_INFINITY,
        idleOnly: false,
        nice: 19,
        bound: false,
        wantedPages: upToTarget(allocator, Number.POSITIVE_INFINITY),
        ...plan,
      },
      allocator,
      clock,
      replay,
    );
    clock.scheduler.background = acceptor;
    replay.runUntil(rows.length);
    acceptor.verifyRate();
  } else replay.runUntil(rows.length);
  return { endNs: Array.from({ length: cpus }, (_, cpu) => clock.cpus.ownEndNs(cpu) - START_NS), blocks };
}

const work = (cpu: number, thinkNs: number): Row => ({ kind: RequestKind.work, handle: -1, cpu, thinkNs });
const sleep = (cpu: number, thinkNs: number): Row => ({ kind: RequestKind.sleep, handle: -1, cpu, thinkNs });

const nice: fc.Arbitrary<Nice> = fc.constantFrom<Nice>(-20, -5, 0, 5, 10, 19, "idle");
const planOf = (most: Partial<Record<keyof BackgroundPlan, fc.Arbitrary<unknown>>> = {}) =>
  fc.record({
    threads: fc.integer({ min: 1, max: 6 }),
    nice,
    bound: fc.boolean(),
    idleOnly: fc.constant(false),
    /** Blocks a second: one takes a hundred thousandth of that. */
    bytesPerSecond: fc
      .constantFrom(10, 1000, 50_000, 100_000, 400_000, Number.POSITIVE_INFINITY)
      .map((blocks) => blocks * MAX_ORDER_BYTES),
    ...most,
  }) as fc.Arbitrary<Partial<BackgroundPlan>>;
/** Steps of CPUs: times up to a few blocks, and now and then sleep. */
const stepsOf = (cpus: number, sleeps: boolean): fc.Arbitrary<Row[]> =>
  fc.array(
    fc
      .tuple(fc.nat(cpus - 1), fc.integer({ min: 0, max: 8 * BLOCK_NS }), fc.boolean())
      .map(([cpu, ns, sleeping]) => (sleeping && sleeps ? sleep(cpu, ns) : work(cpu, ns))),
    { maxLength: 60 },
  );
const machines = (sleeps: boolean) =>
  fc
    .integer({ min: 1, max: 5 })
    .chain((cpus) => fc.record({ cpus: fc.constant(cpus), rows: stepsOf(cpus, sleeps) }));

const sumOf = (rows: readonly Row[], cpu: number, kind: RequestKind): number =>
  rows.reduce((sum, row) => sum + (row.cpu === cpu && row.kind === kind ? row.thinkNs! : 0), 0);

/**
 * The latest end of a CPU's own work by fair shares. Each thread that may come takes its weight's part, and a
 * block besides where it begins on the CPU; and there is one block, of whoever had the CPU, whenever its work
 * wakes.
 */
function latestEndNs(rows: readonly Row[], cpus: number, cpu: number, plan: Partial<BackgroundPlan>): number {
  const workNs = sumOf(rows, cpu, RequestKind.work);
  const wakes = rows.filter((row) => row.cpu === cpu && row.kind === RequestKind.sleep).length;
  const threads = plan.threads!;
  const own = Array.from({ length: threads }, (_, thread) => cpus - 1 - (thread % cpus)).filter(
    (home) => home === cpu,
  ).length;
  // Where work never sleeps, nobody comes from elsewhere.
  const sharing = plan.bound! || wakes === 0 ? own : threads;
  const shareNs = (workNs * sharing * niceWeight(plan.nice!)) / niceWeight(0);
  return workNs + sumOf(rows, cpu, RequestKind.sleep) + shareNs + (own + wakes) * BLOCK_NS;
}

test("work is put off by no more than the threads' share of its CPU, and one block each", () => {
  fc.assert(
    fc.property(machines(true), planOf(), ({ cpus, rows }, plan) => {
      const { endNs } = run(rows, cpus, plan);
      for (let cpu = 0; cpu < cpus; cpu++) {
        const latest = latestEndNs(rows, cpus, cpu, plan);
        assert.ok(endNs[cpu]! <= latest + 1, `CPU ${cpu}: ${endNs[cpu]} ns, at the latest ${latest} ns`);
      }
    }),
    { numRuns: 150 },
  );
});

test("a rate is never exceeded, at whatever block one looks", () => {
  fc.assert(
    fc.property(machines(true), planOf(), ({ cpus, rows }, plan) => {
      const { blocks } = run([...rows, work(0, 40 * BLOCK_NS)], cpus, plan);
      const perSecond = plan.bytesPerSecond! / MAX_ORDER_BYTES;
      for (const [first, { atNs }] of blocks.entries()) {
        for (let last = first; last < blocks.length; last++) {
          const most = plan.threads! + ((blocks[last]!.atNs - atNs + 1) / SECOND_NS) * perSecond;
          assert.ok(last - first + 1 <= most, `blocks ${first} to ${last}`);
        }
      }
    }),
    { numRuns: 100 },
  );
});

test("CPUs do one thing at a time, whoever does it", () => {
  fc.assert(
    fc.property(machines(true), planOf(), ({ cpus, rows }, plan) => {
      const { blocks, endNs } = run(rows, cpus, plan);
      for (let cpu = 0; cpu < cpus; cpu++) {
        const own = blocks.filter((block) => block.cpu === cpu);
        for (const [at, { atNs }] of own.slice(1).entries()) assert.ok(atNs - own[at]!.atNs >= BLOCK_NS - 1);
        const before = own.filter(({ atNs }) => atNs < endNs[cpu]!).length;
        const [workNs, sleepNs] = [RequestKind.work, RequestKind.sleep].map((kind) => sumOf(rows, cpu, kind));
        assert.ok(endNs[cpu]! >= workNs! + Math.max(sleepNs!, 0) - 1);
        assert.ok(endNs[cpu]! <= workNs! + sleepNs! + before * BLOCK_NS + 1, "nothing waits for nothing");
      }
    }),
    { numRuns: 100 },
  );
});

test("threads for idle CPUs put nothing off", () => {
  fc.assert(
    fc.property(machines(true), planOf({ idleOnly: fc.constant(true) }), ({ cpus, rows }, plan) => {
      assert.equal(run(rows, cpus, plan).endNs, run(rows, cpus).endNs);
    }),
    { numRuns: 100 },
  );
});

test("a thread gets its share: beside work that never ends, as many blocks as its weight says", () => {
  const workNs = 200 * BLOCK_NS;
  for (const level of [0, 5, 19, "idle"] as const) {
    for (const threads of [1, 2]) {
      const { blocks, endNs } = run([work(0, workNs)], 1, { nice: level, threads });
      const apartNs = (BLOCK_NS * niceWeight(0)) / niceWeight(level);
      assert.is(blocks.length, threads * (Math.floor(workNs / apartNs) + 1));
      assert.ok(Math.abs(endNs[0]! - workNs - blocks.length * BLOCK_NS) < 1);
    }
  }
});

test("a thread whose turn comes in a step of the work begins behind it, and has its share all the same", () => {
  // Each request accepts a block of its own, and nothing interrupts that.
  const rows = Array.from(
    { length: 12 },
    (_, handle): Row => ({ kind: RequestKind.alloc, handle, order: 10 }),
  );
  const beside = (level: Nice): number[] =>
    run(rows, 1, { nice: level }).blocks.map(({ atNs }) => Math.round(atNs / BLOCK_NS));
  assert.equal(beside(0), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22]);
  assert.equal(beside(5), [0, 5, 9, 13], "every 3.06 steps, and so after 4, 7 and 10 of them");
  assert.equal(beside(-3).slice(0, 6), [0, 2, 4, 5, 7, 8], "1.9 for each step");
});

test("a thread leaves a CPU that gets work for one that idles", () => {
  const rows = [sleep(3, 15_000), work(3, 500_000), sleep(2, 500_000), work(1, 500_000), work(0, 500_000)];
  const { blocks } = run(rows, 4, { nice: "idle" });
  // Work on CPU 3 begins when the block there is done.
  assert.equal(
    blocks.slice(0, 4).map(({ cpu, atNs }) => `${cpu} at ${atNs}`),
    ["3 at 0", "3 at 10000", "2 at 20000", "2 at 30000"],
  );
  const bound = run(rows, 4, { nice: "idle", bound: true });
  assert.equal(
    bound.blocks.map(({ atNs }) => atNs),
    [0, 10_000],
  );
});

test("a thread stays on the CPU to which it went", () => {
  const bytesPerSecond = MAX_ORDER_BYTES * (SECOND_NS / 20_000);
  const { blocks } = run([work(3, 15_000), work(0, 70_000)], 4, { bytesPerSecond });
  assert.equal(
    blocks.map(({ cpu, atNs }) => `${cpu} at ${atNs}`),
    ["2 at 0", "2 at 20000", "2 at 40000", "2 at 60000"],
  );
});

test("on a CPU to which it went a thread owes nothing of what it had elsewhere", () => {
  const ms = 1e6;
  const short = [work(0, 0.005 * ms), sleep(0, 0.985 * ms), work(0, 0.02 * ms), sleep(0, 1.49 * ms)];
  const rows = [work(1, 10 * ms), ...short, work(0, 3 * ms)];
  const { blocks } = run(rows, 2, { nice: 0, bytesPerSecond: 1000 * MAX_ORDER_BYTES });
  // The second time CPU 1 has done much of its own work, and the fourth time CPU 0 little.
  assert.equal(
    blocks.slice(0, 4).map(({ cpu, atNs }) => `${cpu} at ${atNs / ms}`),
    ["1 at 0", "1 at 1", "0 at 2", "0 at 3"],
  );
});

test("of what a thread had of a CPU that idled it owes the last block alone", () => {
  const { blocks } = run([sleep(0, 55_000), work(0, 30_000)], 1, { nice: 0 });
  const inBlocks = blocks.map(({ atNs }) => atNs / BLOCK_NS);
  assert.equal(inBlocks, [0, 1, 2, 3, 4, 5, 7, 9, 11]);
});

test("two threads that come to a CPU while the other has it get a share each", () => {
  for (const perSecond of [100_000, 150_000, 190_000]) {
    const plan = { nice: 0, threads: 2, bytesPerSecond: MAX_ORDER_BYTES * perSecond } as const;
    const { blocks } = run([work(0, 100_000)], 1, plan);
    const most = 2 * (100_000 / BLOCK_NS + 1);
    assert.ok(blocks.length <= most && blocks.length > most / 2, `${blocks.length} at ${perSecond}`);
  }
});

test("work that waits for a page of another CPU leaves its own to threads until then", () => {
  const rows: Row[] = [
    { kind: RequestKind.alloc, handle: 0, cpu: 0, thinkNs: 45_000 },
    { kind: RequestKind.free, handle: 0, cpu: 1, thinkNs: 12_000 },
    work(1, 100_000),
    work(0, 100_000),
  ];
  const { blocks, endNs } = run(rows, 2, { nice: "idle" });
  // One beside its work, before which there was none; three while it waits, until 45 us, when the page is accepted.
  assert.equal(blocks.map(({ cpu, atNs }) => `${cpu} at ${atNs}`).slice(0, 4), [
    "1 at 0",
    "1 at 22000",
    "1 at 32000",
    "1 at 42000",
  ]);
  assert.is(endNs[1], 155_000);
});

/** Requests for memory, most of which have to accept some. */
const requestsOf = (busy: number): fc.Arbitrary<Row[]> =>
  fc
    .array(
      fc.record({
        cpu: fc.nat(busy - 1),
        thinkNs: fc.integer({ min: 0, max: 3 * BLOCK_NS }),
        order: fc.constantFrom(0, 9, 10),
      }),
      { minLength: 1, maxLength: 60 },
    )
    .map((made) => made.map((row, handle) => ({ kind: RequestKind.alloc, handle, ...row })));

test("more threads never lose to fewer where each has a CPU to itself: all other CPUs together are done no later", () => {
  const unbound = planOf({ bound: fc.constant(false) });
  // Which of several CPUs has to accept changes with what was accepted; of one there is no doubt.
  for (const busy of [1, 3]) {
    fc.assert(
      fc.property(requestsOf(busy), unbound, (rows, plan) => {
        const sums = [0, 1, 2, 4].map((threads) =>
          run(rows, busy + 4, threads === 0 ? undefined : { ...plan, threads }).endNs.reduce(
            (a, b) => a + b,
            0,
          ),
        );
        for (const [at, more] of sums.slice(1).entries()) assert.ok(more <= sums[at]! + 1, sums.join());
      }),
      { numRuns: 80 },
    );
  }
});

test.run();
