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
  /** By actor: 1 while it waits. */
  readonly #waits: Uint8Array;
  #count = 0;

  constructor(timeNs: Float64Array) {
    this.#timeNs = timeNs;
    this.#aheadNs = new Float64Array(timeNs.length);
    this.#beginNs = new Float64Array(timeNs.length);
    this.#heap = new Int32Array(timeNs.length);
    this.#waits = new Uint8Array(timeNs.length);
  }

  /** Nobody waits any more; for work that ends before all have done theirs. */
  clear(): void {
    this.#count = 0;
    this.#waits.fill(0);
    this.#aheadNs.fill(0);
  }

  /** An actor that does not wait yet has a step to do, before which it works for `aheadNs`. */
  add(actor: number, aheadNs = 0): void {
    this.#aheadNs[actor] = aheadNs;
    this.#waits[actor] = 1;
    this.#rise(actor, this.#count++);
  }

  /**
   * An actor has so much work left before its next step: one that waits has done some of it already, one
   * that does not is not to be added before something else has happened.
   */
  setAhead(actor: number, aheadNs: number): void {
    this.#aheadNs[actor] = aheadNs;
  }

  /** The clock of an actor that waits has been set back: it is to do its step earlier. */
  hasten(actor: number): void {
    this.#rise(actor, this.#heap.indexOf(actor));
  }

  waits(actor: number): boolean {
    return this.#waits[actor] === 1;
  }

  /** When an actor is done with what it does before its next step, as far as it knows of one. */
  aheadUntilNs(actor: number): number {
    return this.#timeNs[actor]! + this.#aheadNs[actor]!;
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
    const actor = this.#heap[0]!;
    this.#waits[actor] = 0;
    this.#aheadNs[actor] = 0;
    this.#count--;
    if (this.#count > 0) this.#sink(this.#heap[this.#count]!);
  }

  #isBefore(actor: number, other: number): boolean {
    const ns = this.#beginNs[actor]!;
    const otherNs = this.#beginNs[other]!;
    return ns < otherNs || (ns === otherNs && actor < other);
  }

  /** Puts an actor at a free place, or as far above as it belongs. */
  #rise(actor: number, place: number): void {
    this.#beginNs[actor] = this.#timeNs[actor]! + this.#aheadNs[actor]!;
    const heap = this.#heap;
    let at = place;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(actor, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = actor;
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
  /** Those that are due some time, by when. */
  readonly queue: RunQueue;
  /** The first of them does a step, which takes time of a CPU; or is due later, or waits there no more. */
  turn(thread: number): void;
  /** A CPU has done its step: threads may have something to do. */
  look(): void;
  /** A CPU has nothing to do from now on, or before long. */
  cpuIdles(): void;
}

/**
 * Decides who runs next: CPUs that have something to do, and threads in the background. The earliest step
 * in virtual time goes first; at the same time a thread goes before a CPU, and the lowest number before others.
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
  readonly #cpus: VirtualCpus;
  /** By CPU: 1 while it waits and idles before its next step. */
  readonly #sleeps: Uint8Array;
  /** The CPU that did the last step; -1 when all had done theirs. */
  #last = -1;

  constructor(cpus: VirtualCpus) {
    super(cpus.timeNs);
    this.#cpus = cpus;
    this.#sleeps = new Uint8Array(cpus.count);
  }

  /** A CPU that does not wait yet has a step to do, before which it idles for `sleepNs`. */
  addSleeping(cpu: number, sleepNs: number): void {
    this.#sleeps[cpu] = 1;
    this.add(cpu, sleepNs);
  }

  /** From when on nothing runs on a CPU, as it is now; Infinity while it has something to do. */
  idleFromNs(cpu: number): number {
    if (!this.waits(cpu)) return this.aheadUntilNs(cpu);
    const timeNs = this.#cpus.timeNs[cpu]!;
    return this.#sleeps[cpu] === 1 && this.aheadUntilNs(cpu) > timeNs ? timeNs : Number.POSITIVE_INFINITY;
  }

  override clear(): void {
    super.clear();
    this.#sleeps.fill(0);
  }

  /** The CPU whose turn it is, or -1 when none has anything to do. */
  next(): number {
    const threads = this.background;
    if (threads !== undefined) {
      threads.look();
      if (this.#last < 0 || this.idleFromNs(this.#last) < Number.POSITIVE_INFINITY) threads.cpuIdles();
    }
    for (let cpu = this.first(); cpu >= 0; cpu = this.first()) {
      if (threads !== undefined && this.#runBackground(threads, this.beginNs(cpu))) continue;
      this.onTurn?.(cpu, this.beginNs(cpu));
      this.takeFirst();
      this.#sleeps[cpu] = 0;
      this.#cpus.goOn(cpu);
      this.#last = cpu;
      return cpu;
    }
    this.#last = -1;
    return -1;
  }

  /** @returns whether a thread had its turn; the CPUs' times may have changed then */
  #runBackground(threads: BackgroundThreads, untilNs: number): boolean {
    const thread = threads.queue.first();
    if (thread < 0) return false;
    const dueNs = threads.queue.beginNs(thread);
    if (dueNs > untilNs) return false;
    this.onTurn?.(this.#cpus.count + thread, dueNs);
    threads.turn(thread);
    return true;
  }
}
