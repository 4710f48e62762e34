import { type Nice, niceWeight } from "./nice.js";
import type { Scheduler } from "./scheduler.js";
import type { VirtualCpus } from "./virtual-cpus.js";

/** The weight of a CPU's own work: one task of nice 0, whatever it was recorded from. */
const OWN_WEIGHT: number = niceWeight(0);

export interface SharingThreads {
  readonly threads: number;
  /** The CPUs there are: those with numbers below this. */
  readonly cpus: number;
  readonly nice: Nice;
  /** Whether each thread stays on one CPU (kernel/kthread.c: kthread_bind). */
  readonly bound: boolean;
  /** For threads that run on idle CPUs alone: those that they leave alone even so. */
  readonly leavesAlone?: ((cpu: number) => boolean) | undefined;
}

/**
 * Which CPU a thread in the background gets, and when, as the kernel's fair class does it (kernel/sched/fair.c,
 * 6.17). A thread that wakes goes to a CPU that idles, its own first (select_idle_sibling); a CPU that begins
 * to idle takes one that waits elsewhere (sched_balance_newidle); and on a CPU with work of its own both get
 * shares by weight.
 *
 * Such shares are what EEVDF comes to: after each nanosecond of a thread, the CPU's own work is to have as
 * many more as its weight is larger, until the thread has made up for its lag and is eligible again.
 * So over any time that its own work takes, a thread has no more than its share and one step besides.
 *
 * Simplified: slices are not simulated, so that a thread which is eligible runs at once. Its step is never
 * cut short. Lag does not decay, which the kernel bounds to two slices: a thread owes what it has had also
 * after it, or the CPU's own work, has slept. On a CPU that idles a thread runs whatever it owes, and owes
 * its last step there when the CPU's own work goes on.
 */
export class CpuShares {
  readonly #plan: SharingThreads;
  readonly #cpus: VirtualCpus;
  readonly #scheduler: Scheduler;
  /** CPUs that each thread may run on. */
  readonly #reach: number;
  /** Own work of a CPU that goes before each nanosecond of a thread. */
  readonly #ownForEach: number;
  /** By thread: the CPU on which it runs or waits. */
  readonly #cpu: Int32Array;
  /** By thread: how much of its own work that CPU is to have done when the thread may run beside it again. */
  readonly #eligible: Float64Array;
  /** By thread: how much it had done when the thread began to wait for it. */
  readonly #asked: Float64Array;

  constructor(plan: SharingThreads, cpus: VirtualCpus, scheduler: Scheduler) {
    this.#plan = plan;
    this.#cpus = cpus;
    this.#scheduler = scheduler;
    this.#reach = plan.bound ? 1 : plan.cpus;
    this.#ownForEach = OWN_WEIGHT / niceWeight(plan.nice);
    // Spread from the last CPU down, because work comes to the first ones first.
    this.#cpu = Int32Array.from({ length: plan.threads }, (_, at) => plan.cpus - 1 - (at % plan.cpus));
    this.#eligible = new Float64Array(plan.threads);
    this.#asked = new Float64Array(plan.threads);
  }

  /** A thread begins to wait for a CPU. */
  ask(thread: number, atNs: number): void {
    this.#asked[thread] = this.#cpus.ownWorkNs(this.#cpu[thread]!, atNs);
  }

  /** The CPU on which a thread that has asked can run now: its own, or the next lower one that idles; -1 if none. */
  cpuFor(thread: number, atNs: number): number {
    for (let step = 0; step < this.#reach; step++) {
      const cpu = this.#below(thread, step);
      if (this.#freeFromNs(cpu) <= atNs) return cpu;
    }
    return this.#turnNs(thread) <= atNs ? this.#cpu[thread]! : -1;
  }

  /** When a thread that has found no CPU can have one, unless another one begins to idle before. */
  nextNs(thread: number): number {
    let nextNs = this.#turnNs(thread);
    for (let step = 0; step < this.#reach; step++) {
      nextNs = Math.min(nextNs, this.#freeFromNs(this.#below(thread, step)));
    }
    return nextNs;
  }

  /** A thread gets a CPU, whose own work has come as far as it can. */
  begin(thread: number, cpu: number, atNs: number): void {
    this.#cpus.lend(cpu, atNs);
    if (cpu === this.#cpu[thread]) return;
    this.#cpu[thread] = cpu;
    // What it owes elsewhere stays there; here it will owe this step.
    this.#eligible[thread] = 0;
  }

  /** It has had that CPU since `fromNs`. */
  end(thread: number, cpu: number, fromNs: number): void {
    const ownWork = fromNs - this.#cpus.otherNs[cpu]!;
    const more = (this.#cpus.timeNs[cpu]! - fromNs) * this.#ownForEach;
    this.#cpus.giveBack(cpu, fromNs);
    const eligible = this.#eligible[thread]!;
    // Beside other work it counts from when it was its turn, which a long step of that may have put off.
    this.#eligible[thread] =
      this.#scheduler.idleFromNs(cpu) < Number.POSITIVE_INFINITY
        ? Math.max(eligible, ownWork + more)
        : Math.max(eligible, Math.min(this.#asked[thread]!, ownWork)) + more;
  }

  /** The CPU so many steps below that of a thread, round from the first to the last. */
  #below(thread: number, step: number): number {
    const { cpus } = this.#plan;
    return (this.#cpu[thread]! - step + cpus) % cpus;
  }

  /** From when on a thread may have a CPU because that idles. */
  #freeFromNs(cpu: number): number {
    if (this.#plan.leavesAlone?.(cpu) === true) return Number.POSITIVE_INFINITY;
    return this.#scheduler.idleFromNs(cpu);
  }

  /** When a thread may run beside the own work of its CPU, if nothing else runs there until then. */
  #turnNs(thread: number): number {
    if (this.#plan.leavesAlone !== undefined) return Number.POSITIVE_INFINITY;
    const cpu = this.#cpu[thread]!;
    return Math.max(this.#cpus.timeNs[cpu]!, this.#eligible[thread]! + this.#cpus.otherNs[cpu]!);
  }
}
