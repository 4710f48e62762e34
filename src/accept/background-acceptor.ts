import {
  acceptOldest,
  type PageAllocator,
  Watermark,
  watermarkPages,
  type Zone,
} from "../page-alloc/index.js";
import { CpuShares } from "../sim/cpu-shares.js";
import type { GuestClock } from "../sim/guest-clock.js";
import type { Nice } from "../sim/nice.js";
import { type BackgroundThreads, RunQueue } from "../sim/scheduler.js";
import { MAX_ORDER_BYTES, PAGE_SIZE } from "../units.js";

const SECOND_NS = 1e9;

export interface BackgroundPlan {
  readonly threads: number;
  /** By all threads together; Infinity: as fast as they can. */
  readonly bytesPerSecond: number;
  readonly cpus: number;
  /** Whether threads leave CPUs alone that have work, or have some to come. */
  readonly idleOnly: boolean;
  readonly nice: Nice;
  /** Whether each thread stays on one CPU. */
  readonly bound: boolean;
  /** Free accepted pages that a zone is to have; Infinity: until nothing is left. */
  readonly wantedPages: (zone: Zone) => number;
}

export interface CpuWork {
  /** Whether a CPU has work that it has not done yet. */
  isBusy(cpu: number): boolean;
  /** The CPU does what it can of its work before that time, when something else is to run on it. */
  workUntil(cpu: number, timeNs: number): void;
  /** Something else has had the CPU since then: if it sleeps, it has gone on with that. */
  sleptSince(cpu: number, timeNs: number): void;
}

/**
 * Kernel threads that accept blocks of 4 MiB from the heads of the zones' lists while the guest
 * works. A thread takes the time of a CPU that idles, or its share of one that has work; requests there
 * wait until it is done with a block, and those elsewhere for the locks and the bandwidth it uses.
 *
 * Between two blocks a thread lets others run. In a block nothing takes its CPU away, because
 * accept_memory() keeps interrupts off until it has accepted all (drivers/firmware/efi/unaccepted_memory.c,
 * 6.6); so shares hold to within one block.
 */
export class BackgroundAcceptor implements BackgroundThreads {
  /** Threads by when they look for something to do; those that sleep until there is some are not in it. */
  readonly queue: RunQueue;
  /** Whether one of them accepts right now. */
  accepts = false;
  readonly #plan: BackgroundPlan;
  readonly #allocator: PageAllocator;
  readonly #clock: GuestClock;
  readonly #work: CpuWork;
  readonly #shares: CpuShares;
  /** By thread: when it looks next. */
  readonly #lookNs: Float64Array;
  /** By thread: when it wants to accept its next block, by its rate and by when there was one. */
  readonly #dueNs: Float64Array;
  /** By thread: 1 while it waits for a CPU. */
  readonly #waits: Uint8Array;
  /** Threads that wait for a CPU, and those that sleep because there is nothing to accept. */
  #waiting = 0;
  #sleeping = 0;
  readonly #intervalNs: number;
  readonly #startNs: number;
  /** By thread: blocks it has accepted, when it began the last, and how long it was behind its rate for a reason. */
  readonly #blocks: Float64Array;
  readonly #lastBeginNs: Float64Array;
  readonly #behindNs: Float64Array;

  /** The threads start at the boot CPU's time. */
  constructor(plan: BackgroundPlan, allocator: PageAllocator, clock: GuestClock, work: CpuWork) {
    this.#plan = plan;
    this.#allocator = allocator;
    this.#clock = clock;
    this.#work = work;
    const leavesAlone = plan.idleOnly ? (cpu: number): boolean => work.isBusy(cpu) : undefined;
    this.#shares = new CpuShares({ ...plan, leavesAlone }, clock.cpus, clock.scheduler);
    this.#startNs = clock.bootCpuNs;
    this.#lookNs = new Float64Array(plan.threads).fill(this.#startNs);
    this.#dueNs = new Float64Array(plan.threads).fill(this.#startNs);
    this.#waits = new Uint8Array(plan.threads);
    this.#blocks = new Float64Array(plan.threads);
    this.#lastBeginNs = new Float64Array(plan.threads).fill(Number.NEGATIVE_INFINITY);
    this.#behindNs = new Float64Array(plan.threads);
    this.queue = new RunQueue(this.#lookNs);
    for (let thread = 0; thread < plan.threads; thread++) this.queue.add(thread);
    this.#intervalNs = (MAX_ORDER_BYTES * plan.threads * SECOND_NS) / plan.bytesPerSecond;
  }

  /** Accepts one block, if there is one to accept and a CPU to do it on. */
  turn(thread: number): void {
    const zone = this.#shortZone();
    const lookNs = this.#lookNs[thread]!;
    if (zone === undefined) {
      this.#setWaiting(thread, 0);
      this.queue.takeFirst();
      this.#sleeping++;
      return;
    }
    if (this.#waits[thread] === 0) this.#shares.ask(thread, lookNs);
    const cpu = this.#shares.cpuFor(thread, lookNs);
    if (cpu < 0) {
      this.#setWaiting(thread, 1);
      this.#lookNs[thread] = this.#shares.nextNs(thread);
      return;
    }
    this.#accept(zone, thread, cpu, lookNs);
  }

  #accept(zone: Zone, thread: number, cpu: number, atNs: number): void {
    const { cpus } = this.#clock;
    this.#work.workUntil(cpu, atNs);
    const sleptNs = cpus.timeNs[cpu]!;
    this.#shares.begin(thread, cpu, atNs);
    const startNs = cpus.timeNs[cpu]!;
    this.#clock.begin(cpu);
    this.accepts = true;
    acceptOldest(zone, this.#allocator.acceptor, cpu);
    this.accepts = false;
    this.#clock.settle(cpu);
    this.#shares.end(thread, cpu, startNs);
    this.#work.sleptSince(cpu, sleptNs);
    const nextNs = startNs + this.#intervalNs;
    const dueNs = this.#dueNs[thread]!;
    this.#dueNs[thread] = Math.max(cpus.timeNs[cpu]!, nextNs);
    this.#lookNs[thread] = this.#dueNs[thread]!;
    // Without a pause it has not stopped waiting.
    this.#setWaiting(thread, this.#dueNs[thread]! > cpus.timeNs[cpu]! ? 0 : 1);
    this.#note(thread, startNs);
    // It had to wait until it could begin, or was busy with this block for longer than the rate leaves.
    this.#behindNs[thread]! += startNs - dueNs + (this.#dueNs[thread]! - nextNs);
  }

  /** Wakes the threads that sleep, if there is something to accept again. */
  look(): void {
    if (this.#sleeping === 0 || this.#shortZone() === undefined) return;
    const { nowNs } = this.#clock;
    for (let thread = 0; thread < this.#dueNs.length; thread++) {
      if (this.queue.waits(thread)) continue;
      const lateNs = Math.max(0, nowNs - this.#dueNs[thread]!);
      this.#behindNs[thread]! += lateNs;
      this.#dueNs[thread]! += lateNs;
      this.#lookNs[thread] = this.#dueNs[thread]!;
      this.queue.add(thread);
    }
    this.#sleeping = 0;
  }

  /** Threads that wait for a CPU look when there is one, or will be. */
  cpuIdles(): void {
    if (this.#waiting === 0) return;
    const { stepStartNs } = this.#clock;
    for (let thread = 0; thread < this.#waits.length; thread++) {
      if (this.#waits[thread] === 0) continue;
      const nextNs = Math.max(this.#shares.nextNs(thread), this.#dueNs[thread]!, stepStartNs);
      if (nextNs >= this.#lookNs[thread]!) continue;
      this.#lookNs[thread] = nextNs;
      this.queue.hasten(thread);
    }
  }

  #setWaiting(thread: number, waits: 0 | 1): void {
    this.#waiting += waits - this.#waits[thread]!;
    this.#waits[thread] = waits;
  }

  #note(thread: number, beginNs: number): void {
    // Times are doubles: a rate that does not give whole nanoseconds a block is rounded.
    if (beginNs - this.#lastBeginNs[thread]! < this.#intervalNs - 1) {
      throw new Error(`accept: thread ${thread} begins a block before its rate allows, at ${beginNs} ns`);
    }
    this.#lastBeginNs[thread] = beginNs;
    this.#blocks[thread]!++;
  }

  /**
   * Each thread kept its rate, where it had blocks and a CPU, and all together never went beyond it.
   *
   * @throws Error naming the thread
   */
  verifyRate(): void {
    for (let thread = 0; thread < this.#dueNs.length; thread++) {
      const blocks = this.#blocks[thread]!;
      const wantedNs = blocks * this.#intervalNs;
      const tookNs = this.#dueNs[thread]! - this.#startNs - this.#behindNs[thread]!;
      if (Math.abs(tookNs - wantedNs) > blocks + 1) {
        throw new Error(
          `accept: thread ${thread} took ${tookNs} ns for ${blocks} blocks, which its rate makes ${wantedNs} ns`,
        );
      }
    }
    this.#verifySum();
  }

  /** Each thread may have done a block when no time had passed yet; from then on they keep the rate. */
  #verifySum(): void {
    const { threads, bytesPerSecond } = this.#plan;
    let blocks = 0;
    let lastBeginNs = this.#startNs;
    for (let thread = 0; thread < threads; thread++) {
      blocks += this.#blocks[thread]!;
      lastBeginNs = Math.max(lastBeginNs, this.#lastBeginNs[thread]!);
    }
    const seconds = (lastBeginNs - this.#startNs + blocks) / SECOND_NS;
    const mostBlocks = threads + (bytesPerSecond * seconds) / MAX_ORDER_BYTES;
    if (blocks > mostBlocks) {
      throw new Error(
        `accept: ${threads} threads began ${blocks} blocks in ${seconds} s, more than ${bytesPerSecond} bytes a second`,
      );
    }
  }

  /** The first zone, from the highest down as zonelists go, that has less than it should. */
  #shortZone(): Zone | undefined {
    const { zones } = this.#allocator;
    for (let at = zones.length - 1; at >= 0; at--) {
      const zone = zones[at]!;
      if (zone.unacceptedPages === 0) continue;
      if (zone.freePages - zone.unacceptedPages < this.#plan.wantedPages(zone)) return zone;
    }
    return undefined;
  }
}

/** Pages wanted by `watermark-ahead`: the zone's share of the size given, beyond the promo watermark. */
export function aheadOfWatermark(allocator: PageAllocator, aheadBytes: number): (zone: Zone) => number {
  return (zone) => watermarkPages(zone, Watermark.PROMO) + share(allocator, zone, aheadBytes);
}

/** Pages wanted by `background`: the zone's share of its target. */
export function upToTarget(allocator: PageAllocator, targetBytes: number): (zone: Zone) => number {
  return (zone) => share(allocator, zone, targetBytes);
}

/** A zone's share of a size, by what it manages, in pages. */
function share({ zones }: PageAllocator, zone: Zone, bytes: number): number {
  let managed = 0;
  for (let at = 0; at < zones.length; at++) managed += zones[at]!.managedPages;
  return ((bytes / PAGE_SIZE) * zone.managedPages) / managed;
}
