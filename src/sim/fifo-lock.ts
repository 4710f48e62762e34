/**
 * A spinlock that is granted in the order of asking, as the kernel's queued ones are
 * (kernel/locking/qspinlock.c). CPUs ask in the order in which the simulator runs their steps,
 * which is that of their virtual time.
 */
export class FifoLock {
  #freeNs = 0;

  /** A CPU asks for the lock. @returns when it has it: `atNs`, or when the one before lets go */
  acquire(atNs: number): number {
    return Math.max(atNs, this.#freeNs);
  }

  release(atNs: number): void {
    this.#freeNs = atNs;
  }
}
