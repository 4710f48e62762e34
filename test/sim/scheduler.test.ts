import * as fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type BackgroundThreads, RunQueue, Scheduler } from "../../src/sim/scheduler.js";
import { VirtualCpus } from "../../src/sim/virtual-cpus.js";

const test = suite("sim: scheduler");

function machine(...timesNs: number[]): { cpus: VirtualCpus; scheduler: Scheduler } {
  const cpus = new VirtualCpus(timesNs.length);
  for (const [cpu, ns] of timesNs.entries()) cpus.advance(cpu, ns);
  return { cpus, scheduler: new Scheduler(cpus) };
}

/** Threads that each take so long for a step on a CPU, and whose turns are noted. */
class Threads implements BackgroundThreads {
  readonly dueNs: Float64Array;
  readonly queue: RunQueue;
  readonly turns: string[] = [];
  /** What the scheduler has told them, with the CPUs that idle then. */
  readonly told: string[] = [];
  idleCpus: () => readonly number[] = () => [];
  readonly #step: (thread: number, dueNs: number) => number | undefined;

  /** @param step when a thread is due again, or undefined if it is to wait no more */
  constructor(dueNs: readonly number[], step: (thread: number, dueNs: number) => number | undefined) {
    this.dueNs = Float64Array.from(dueNs);
    this.queue = new RunQueue(this.dueNs);
    for (const thread of dueNs.keys()) this.queue.add(thread);
    this.#step = step;
  }

  turn(thread: number): void {
    this.turns.push(`${thread} at ${this.dueNs[thread]}`);
    const nextNs = this.#step(thread, this.dueNs[thread]!);
    if (nextNs === undefined) this.queue.takeFirst();
    else this.dueNs[thread] = nextNs;
  }

  look(): void {
    this.told.push("look");
  }

  cpuIdles(): void {
    this.told.push(`idle: ${this.idleCpus().join()}`);
  }
}

test("the earliest CPU runs next", () => {
  const { scheduler } = machine(5, 3, 4);
  for (const cpu of [0, 1, 2]) scheduler.add(cpu);
  assert.equal([scheduler.next(), scheduler.next(), scheduler.next(), scheduler.next()], [1, 2, 0, -1]);
});

test("of CPUs at the same time the lowest number runs next, however they came", () => {
  const { scheduler } = machine(1, 0, 0, 0);
  for (const cpu of [3, 0, 2, 1]) scheduler.add(cpu);
  assert.equal([scheduler.next(), scheduler.next(), scheduler.next(), scheduler.next()], [1, 2, 3, 0]);
});

test("a CPU that was not added does not run", () => {
  const { scheduler } = machine(0, 0, 1);
  assert.is(scheduler.next(), -1);
  scheduler.add(2);
  assert.is(scheduler.next(), 2);
});

test("a CPU that is not added again after its step has ended", () => {
  const { cpus, scheduler } = machine(0, 10);
  scheduler.add(0);
  scheduler.add(1);
  assert.is(scheduler.next(), 0);
  cpus.advance(0, 1);
  assert.is(scheduler.next(), 1);
  assert.is(scheduler.next(), -1);
});

test("a CPU goes on while it is furthest behind", () => {
  const { cpus, scheduler } = machine(0, 10);
  scheduler.add(0);
  scheduler.add(1);
  const order: number[] = [];
  for (let step = 0; step < 6; step++) {
    const cpu = scheduler.next();
    order.push(cpu);
    cpus.advance(cpu, 4);
    scheduler.add(cpu);
  }
  assert.equal(order, [0, 0, 0, 1, 0, 1]);
});

test("what a CPU works before its step counts, and what it worked before the last one no more", () => {
  const { scheduler } = machine(0, 5);
  scheduler.add(0, 7);
  scheduler.add(1);
  assert.is(scheduler.next(), 1);
  scheduler.add(1, 1);
  assert.is(scheduler.next(), 1);
  scheduler.add(1, 2);
  assert.is(scheduler.next(), 0);
  scheduler.add(0);
  assert.is(scheduler.next(), 0);
});

test("a CPU that is woken in the step of another one runs in its turn, also before that one", () => {
  const { cpus, scheduler } = machine(0, 0, 20);
  scheduler.add(1);
  scheduler.add(2);
  assert.is(scheduler.next(), 1);
  cpus.waitUntil(0, cpus.timeNs[1]!);
  scheduler.add(0);
  scheduler.add(1);
  assert.equal([scheduler.next(), scheduler.next(), scheduler.next()], [0, 1, 2]);
});

test("a CPU whose clock moves while it waits runs in its new turn", () => {
  const { cpus, scheduler } = machine(1, 2, 3);
  for (const cpu of [0, 1, 2]) scheduler.add(cpu);
  cpus.waitUntil(0, 3);
  cpus.waitUntil(1, 4);
  assert.equal([scheduler.next(), scheduler.next(), scheduler.next()], [0, 2, 1]);
});

test("a queue that is cleared in the midst of a step is empty", () => {
  const { scheduler } = machine(1, 2, 3);
  for (const cpu of [0, 1, 2]) scheduler.add(cpu);
  scheduler.next();
  scheduler.clear();
  assert.is(scheduler.next(), -1);
  scheduler.add(2);
  scheduler.add(1);
  assert.equal([scheduler.next(), scheduler.next()], [1, 2]);
});

test("a thread goes before CPUs that begin when it is due, or later", () => {
  const { cpus, scheduler } = machine(0, 0);
  const threads = new Threads([3], (_thread, dueNs) => dueNs + 4);
  scheduler.background = threads;
  scheduler.add(0);
  for (let step = 0; step < 4; step++) {
    const cpu = scheduler.next();
    threads.turns.push(`CPU ${cpu} at ${cpus.timeNs[cpu]}`);
    cpus.advance(cpu, 3);
    scheduler.add(cpu);
  }
  assert.equal(threads.turns, ["CPU 0 at 0", "0 at 3", "CPU 0 at 3", "CPU 0 at 6", "0 at 7", "CPU 0 at 9"]);
});

test("of threads due at the same time the lowest number goes first", () => {
  const { scheduler } = machine(10);
  const threads = new Threads([4, 2, 2], () => 100);
  scheduler.background = threads;
  scheduler.add(0);
  assert.is(scheduler.next(), 0);
  assert.equal(threads.turns, ["1 at 2", "2 at 2", "0 at 4"]);
});

test("a thread that waits no more has no turn until it is added again", () => {
  const { cpus, scheduler } = machine(10);
  const threads = new Threads([1, 2], () => undefined);
  scheduler.background = threads;
  scheduler.add(0);
  assert.is(scheduler.next(), 0);
  cpus.advance(0, 5);
  scheduler.add(0);
  threads.dueNs[1] = 12;
  threads.queue.add(1);
  assert.is(scheduler.next(), 0);
  assert.equal(threads.turns, ["0 at 1", "1 at 2", "1 at 12"]);
});

test("a thread that is due earlier after all has its turn then", () => {
  const { scheduler } = machine(50);
  const threads = new Threads([40, 20, 30, 60, 45], () => 100);
  scheduler.background = threads;
  for (const [thread, dueNs] of [
    [3, 25],
    [4, 1],
    [2, 29],
  ] as const) {
    threads.dueNs[thread] = dueNs;
    threads.queue.hasten(thread);
  }
  scheduler.add(0);
  scheduler.next();
  assert.equal(threads.turns, ["4 at 1", "1 at 20", "3 at 25", "2 at 29", "0 at 40"]);
});

test("threads are told of each step that is over, and of CPUs that have nothing to do behind it", () => {
  const { cpus, scheduler } = machine(0, 0, 0);
  const threads = new Threads([], () => undefined);
  threads.idleCpus = () => [0, 1, 2].filter((cpu) => scheduler.idleFromNs(cpu) < Number.POSITIVE_INFINITY);
  scheduler.background = threads;
  for (const cpu of [0, 1]) scheduler.add(cpu, 10);
  scheduler.next();
  cpus.advance(0, 12);
  scheduler.add(0, 10);
  scheduler.next();
  cpus.advance(1, 20);
  // It sleeps, so another may have it.
  scheduler.addSleeping(1, 50);
  scheduler.next();
  cpus.advance(0, 20);
  scheduler.next();
  cpus.advance(1, 50);
  assert.is(scheduler.next(), -1);
  scheduler.add(0);
  scheduler.next();
  assert.is(
    threads.told.join("; "),
    "look; idle: 2; look; look; idle: 1,2; look; idle: 0,1,2; look; idle: 0,1,2; look; idle: 1,2",
  );
});

test("a CPU idles from when it is done with its work, at once where it sleeps, and never while it waits", () => {
  const { cpus, scheduler } = machine(5, 5, 5);
  scheduler.add(0, 7);
  scheduler.addSleeping(1, 7);
  scheduler.setAhead(2, 7);
  assert.equal(
    [0, 1, 2].map((cpu) => scheduler.idleFromNs(cpu)),
    [Number.POSITIVE_INFINITY, 5, 12],
  );
  assert.equal([scheduler.next(), scheduler.next()], [0, 1]);
  cpus.advance(1, 9);
  assert.equal(
    [0, 1, 2].map((cpu) => scheduler.idleFromNs(cpu)),
    [5, 14, 12],
  );
  scheduler.add(1, 7);
  assert.is(scheduler.idleFromNs(1), Number.POSITIVE_INFINITY, "it does not sleep the next time");
  scheduler.addSleeping(0, 1);
  scheduler.setAhead(0, 0);
  assert.is(scheduler.idleFromNs(0), Number.POSITIVE_INFINITY, "it has slept enough");
  scheduler.clear();
  assert.equal(
    [0, 1, 2].map((cpu) => scheduler.idleFromNs(cpu)),
    [5, 14, 5],
  );
});

test("a thread that takes the time of the CPU whose turn it would be puts it off", () => {
  const { cpus, scheduler } = machine(5, 8);
  scheduler.background = new Threads([4], () => {
    cpus.advance(0, 10);
    return 100;
  });
  scheduler.add(0);
  scheduler.add(1);
  assert.equal([scheduler.next(), scheduler.next()], [1, 0]);
});

test("threads do not run without a CPU that has something to do", () => {
  const { scheduler } = machine(0);
  const threads = new Threads([0], () => 1);
  scheduler.background = threads;
  assert.is(scheduler.next(), -1);
  assert.equal(threads.turns, []);
});

test("whoever watches is told of each turn before it is taken", () => {
  const { cpus, scheduler } = machine(0, 4);
  scheduler.background = new Threads([2], (_thread, dueNs) => dueNs + 4);
  const turns: string[] = [];
  scheduler.onTurn = (actor, beginNs) => turns.push(`${actor} at ${beginNs}, CPU 0 at ${cpus.timeNs[0]}`);
  scheduler.add(0, 1);
  scheduler.add(1, 3);
  cpus.advance(scheduler.next(), 1);
  scheduler.next();
  assert.equal(turns, [
    "0 at 1, CPU 0 at 0",
    "2 at 2, CPU 0 at 1",
    "2 at 6, CPU 0 at 1",
    "1 at 7, CPU 0 at 1",
  ]);
});

test("any steps: the order is that of a search among all CPUs that wait", () => {
  const move = fc.record({
    /** Work before the next step; -1: the CPU ends. */
    aheadNs: fc.integer({ min: -1, max: 4 }),
    stepNs: fc.integer({ min: 0, max: 3 }),
    /** A CPU that is woken if it sleeps, or else has its clock moved. */
    other: fc.nat(20),
    otherNs: fc.integer({ min: 0, max: 5 }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 12 }),
      fc.array(move, { maxLength: 80 }),
      (timesNs, moves) => {
        const { cpus, scheduler } = machine(...timesNs);
        const aheadNs = new Map<number, number>();
        const add = (cpu: number, ns: number): void => {
          aheadNs.set(cpu, ns);
          scheduler.add(cpu, ns);
        };
        for (const cpu of timesNs.keys()) add(cpu, 0);
        for (const { aheadNs: ahead, stepNs, other, otherNs } of moves) {
          const waiting = [...aheadNs.keys()].toSorted((a, b) => {
            const ns = cpus.timeNs[a]! + aheadNs.get(a)! - (cpus.timeNs[b]! + aheadNs.get(b)!);
            return ns === 0 ? a - b : ns;
          });
          const cpu = scheduler.next();
          assert.is(cpu, waiting[0] ?? -1);
          const another = other % timesNs.length;
          if (cpu >= 0) {
            cpus.advance(cpu, aheadNs.get(cpu)! + stepNs);
            aheadNs.delete(cpu);
            if (another !== cpu && !aheadNs.has(another)) add(another, otherNs);
            if (ahead >= 0) add(cpu, ahead);
          } else add(another, otherNs);
          cpus.advance(another, otherNs);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test.run();
