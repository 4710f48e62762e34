import type { VirtualCpus } from "./virtual-cpus.js";

/**
 * Actors, each with a clock and a next step, ordered by when that step begins, and by number where steps
 * begin at the same time.
 *
 * A clock may move while its actor waits here, and never goes back. The keys of the heap are then too
 * early at worst, and an actor that comes to the top too early sinks to its place.
 */
export class RunQueue {
  /** By actor: its clock, owned by others. */
  readonly #timeNs: Float64Array;
  /** By actor: what it works before its next step begins. */
  readonly #aheadNs: Float64Array;
  /** By actor: when its next step begins, as far as the heap knows. */
  readonly #beginNs: Float64Array;
  readonly #heap: Int32Array;
  #count = 0;

  constructor(timeNs: Float64Array) {
    this.#timeNs = timeNs;
    this.#aheadNs = new Float64Array(timeNs.length);
    this.#beginNs = new Float64Array(timeNs.length);
    this.#heap = new Int32Array(timeNs.length);
  }

  /** Nobody waits any more; for work that ends before all have done theirs. */
  clear(): void {
    this.#count = 0;
  }

  /** An actor that does not wait yet has a step to do, before which it works for `aheadNs`. */
  add(actor: number, aheadNs = 0): void {
    this.#aheadNs[actor] = aheadNs;
    this.#beginNs[actor] = this.#timeNs[actor]! + aheadNs;
    const heap = this.#heap;
    let at = this.#count++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(actor, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = actor;
  }

  /** An actor has done some of the work before its next step already, and has `aheadNs` of it left. */
  setAhead(actor: number, aheadNs: number): void {
    this.#aheadNs[actor] = aheadNs;
  }

  /** The first actor, which goes on waiting; -1 if none waits. */
  first(): number {
    while (this.#count > 0) {
      const actor = this.#heap[0]!;
      const beginNs = this.#timeNs[actor]! + this.#aheadNs[actor]!;
      if (!(beginNs > this.#beginNs[actor]!)) return actor;
      this.#beginNs[actor] = beginNs;
      this.#sink(actor);
    }
    return -1;
  }

  beginNs(actor: number): number {
    return this.#beginNs[actor]!;
  }

  /** The first waits no more, until it is added again. */
  takeFirst(): void {
    this.#count--;
    if (this.#count > 0) this.#sink(this.#heap[this.#count]!);
  }

  #isBefore(actor: number, other: number): boolean {
    const ns = this.#beginNs[actor]!;
    const otherNs = this.#beginNs[other]!;
    return ns < otherNs || (ns === otherNs && actor < other);
  }

  /** Puts an actor on top, or as far below as it belongs. */
  #sink(actor: number): void {
    const heap = this.#heap;
    let at = 0;
    for (let child = 1; child < this.#count; child = 2 * at + 1) {
      if (child + 1 < this.#count && this.#isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#isBefore(heap[child]!, actor)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = actor;
  }
}

/** Threads that do a step now and then, on some CPU's time, while CPUs have work of their own. */
export interface BackgroundThreads {
  /** All of them, by when they are due. */
  readonly queue: RunQueue;
  /** @returns whether it did a step; else it is due at `untilNs`, and the CPU whose time that is goes on */
  turn(thread: number, untilNs: number): boolean;
}

/**
 * Decides who runs next: CPUs that have something to do, and threads in the background. The earliest step
 * in virtual time goes first; at the same time a CPU goes before a thread, and the lowest number before
 * others.
 *
 * A caller with work for CPUs adds those that have some, and asks for the next until there is none. A
 * CPU whose turn it is does one step, and is added again if it goes on.
 */
export class Scheduler extends RunQueue {
  /** Threads that run alongside the CPUs; they alone do not keep a run going. */
  background: BackgroundThreads | undefined = undefined;
  /**
   * Told of each turn before it is taken: the number of a CPU, or the number of CPUs and a thread's
   * number together; and when it begins. The clock then still shows the step before: who did it,
   * when it began, and when it ended.
   */
  onTurn: ((actor: number, beginNs: number) => void) | undefined = undefined;
  readonly #cpuCount: number;

  constructor(cpus: VirtualCpus) {
    super(cpus.timeNs);
    this.#cpuCount = cpus.count;
  }

  /** The CPU whose turn it is, or -1 when none has anything to do. */
  next(): number {
    for (let cpu = this.first(); cpu >= 0; cpu = this.first()) {
      if (this.background !== undefined && this.#runBackground(this.background, this.beginNs(cpu))) continue;
      this.onTurn?.(cpu, this.beginNs(cpu));
      this.takeFirst();
      return cpu;
    }
    return -1;
  }

  /** @returns whether a thread did a step; the CPUs' times may have changed then */
  #runBackground(threads: BackgroundThreads, untilNs: number): boolean {
    const thread = threads.queue.first();
    const dueNs = threads.queue.beginNs(thread);
    if (dueNs >= untilNs) return false;
    this.onTurn?.(this.#cpuCount + thread, dueNs);
    return threads.turn(thread, untilNs);
  }
}
