import {
  acceptOldest,
  type PageAllocator,
  Watermark,
  watermarkPages,
  type Zone,
} from "../page-alloc/index.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { type BackgroundThreads, RunQueue } from "../sim/scheduler.js";
import { MAX_ORDER_BYTES, PAGE_SIZE } from "../units.js";

const SECOND_NS = 1e9;

export interface BackgroundPlan {
  readonly threads: number;
  /** By all threads together; Infinity: as fast as they can. */
  readonly bytesPerSecond: number;
  readonly cpus: number;
  /** Whether threads leave CPUs alone that have work. */
  readonly idleOnly: boolean;
  /** Free accepted pages that a zone is to have; Infinity: until nothing is left. */
  readonly wantedPages: (zone: Zone) => number;
}

export interface CpuWork {
  /** Whether a CPU has work that it has not done yet. */
  isBusy(cpu: number): boolean;
  /** The CPU does what it can of its work before that time, when something else is to run on it. */
  workUntil(cpu: number, timeNs: number): void;
}

/**
 * Kernel threads that accept blocks of 4 MiB from the heads of the zones' lists while the guest
 * works. A thread takes its CPU's time like any other work there; requests on that CPU wait until it
 * is done with a block, and those elsewhere for the locks and the bandwidth it uses.
 */
export class BackgroundAcceptor implements BackgroundThreads {
  readonly queue: RunQueue;
  readonly #plan: BackgroundPlan;
  readonly #allocator: PageAllocator;
  readonly #clock: GuestClock;
  readonly #work: CpuWork;
  /** By thread: when it wants to accept its next block. */
  readonly #dueNs: Float64Array;
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
    this.#startNs = clock.bootCpuNs;
    this.#dueNs = new Float64Array(plan.threads).fill(this.#startNs);
    this.#blocks = new Float64Array(plan.threads);
    this.#lastBeginNs = new Float64Array(plan.threads).fill(Number.NEGATIVE_INFINITY);
    this.#behindNs = new Float64Array(plan.threads);
    this.queue = new RunQueue(this.#dueNs);
    for (let thread = 0; thread < plan.threads; thread++) this.queue.add(thread);
    this.#intervalNs = (MAX_ORDER_BYTES * plan.threads * SECOND_NS) / plan.bytesPerSecond;
  }

  /** Accepts one block, if there is one to accept and a CPU to do it on. */
  turn(thread: number, untilNs: number): boolean {
    const dueNs = this.#dueNs[thread]!;
    const zone = this.#shortZone();
    const cpu = zone === undefined ? -1 : this.#cpuOf(thread);
    if (cpu < 0) {
      // The thread looks again when something else has happened.
      this.#behindNs[thread]! += untilNs - dueNs;
      this.#dueNs[thread] = untilNs;
      return false;
    }
    const { cpus } = this.#clock;
    this.#work.workUntil(cpu, dueNs);
    cpus.waitUntil(cpu, dueNs);
    const startNs = cpus.timeNs[cpu]!;
    this.#clock.begin(cpu);
    const { acceptor } = this.#allocator;
    acceptOldest(zone!, acceptor, cpu);
    this.#clock.settle(cpu);
    const nextNs = startNs + this.#intervalNs;
    this.#dueNs[thread] = Math.max(cpus.timeNs[cpu]!, nextNs);
    this.#note(thread, startNs);
    // Its CPU was busy until it could begin, or was with this block for longer than the rate leaves.
    this.#behindNs[thread]! += startNs - dueNs + (this.#dueNs[thread]! - nextNs);
    return true;
  }

  #note(thread: number, beginNs: number): void {
    // Times are doubles: a rate that does not give whole nanoseconds a block is rounded.
    if (beginNs - this.#lastBeginNs[thread]! < this.#intervalNs - 1) {
      throw new Error(`accept: thread ${thread} begins a block before its rate allows, at ${beginNs} ns`);
    }
    this.#lastBeginNs[thread] = beginNs;
    this.#blocks[thread]!++;
  }

  /** Each thread kept its rate, where it had blocks and a CPU. @throws Error naming the thread */
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

  /** Threads spread from the last CPU down; -1 where one may only use idle CPUs and there is none. */
  #cpuOf(thread: number): number {
    const { cpus: count } = this.#plan;
    const own = count - 1 - (thread % count);
    if (!this.#plan.idleOnly) return own;
    for (let step = 0; step < count; step++) {
      const cpu = (own - step + count) % count;
      if (!this.#work.isBusy(cpu)) return cpu;
    }
    return -1;
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
