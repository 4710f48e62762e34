import type { ArchAccept } from "../efistub/unaccepted-table.js";
import type { AcceptRules } from "../linux/rules.js";
import { FifoLock } from "../sim/fifo-lock.js";
import type { GuestClock } from "../sim/guest-clock.js";
import type { PhysAddr } from "../units.js";
import type { AcceptLock } from "./accept-memory.js";
import type { AcceptMeter } from "./accept-meter.js";
import { AcceptingList } from "./accepting-list.js";
import type { LockupDetector } from "./lockups.js";

/**
 * The running kernel's acceptance in virtual time (drivers/firmware/efi/unaccepted_memory.c): what
 * a request waits for, how long its CPU keeps interrupts off, and what the soft lockup detector
 * makes of it.
 *
 * With the single lock interrupts are off from the moment of asking for it. With the list they are
 * on between two looks at it, and off from the last look to the end.
 */
export class KernelAccept implements ArchAccept, AcceptLock {
  /** Time that all CPUs together have spun for the lock or for ranges of others. */
  spinNs = 0;
  /** Told of what has been accepted. */
  onAccepted: (start: number, end: number) => void = () => {};
  readonly #meter: AcceptMeter;
  readonly #clock: GuestClock;
  readonly #lockups: LockupDetector;
  readonly #single: FifoLock | undefined;
  readonly #list: AcceptingList;
  readonly #touchesWatchdog: boolean;
  /** When the request that runs turned interrupts off, and when it began to accept. */
  #irqOffNs = 0;
  #startNs = 0;

  constructor(meter: AcceptMeter, clock: GuestClock, lockups: LockupDetector, rules: AcceptRules) {
    this.#meter = meter;
    this.#clock = clock;
    this.#lockups = lockups;
    this.#single = rules.lock === "single" ? new FifoLock() : undefined;
    this.#list = new AcceptingList(rules.lock === "list-touching");
    this.#touchesWatchdog = rules.touchesWatchdog;
  }

  acceptMemory(start: PhysAddr, end: PhysAddr): void {
    this.#meter.kernelAccept(start, end);
    this.onAccepted(start, end);
  }

  enter(first: number, end: number): void {
    const clock = this.#clock;
    this.#irqOffNs = clock.nowNs;
    if (this.#single !== undefined) {
      this.#spinUntil(this.#single.acquire(this.#irqOffNs));
    } else {
      this.#list.forget(clock.stepStartNs);
      if (this.#spinUntil(this.#list.freeAt(first, end, this.#irqOffNs))) {
        this.#irqOffNs = clock.nowNs;
        this.#lockups.look(clock.running, clock.rescheduledNs, clock.nowNs);
      }
    }
    this.#startNs = clock.nowNs;
  }

  leave(first: number, end: number): void {
    const { nowNs, running, rescheduledNs, idle } = this.#clock;
    if (this.#single !== undefined) this.#single.release(nowNs);
    // Before other CPUs are online nobody can overlap.
    else if (nowNs > this.#startNs && idle.online > 1) this.#list.add(first, end, this.#startNs, nowNs);
    if (this.#touchesWatchdog) this.#lockups.touch(running, nowNs);
    this.#lockups.irqsOff(this.#irqOffNs, nowNs);
    this.#lockups.look(running, rescheduledNs, nowNs);
  }

  /** Up to 6.5 a look at the bitmap waits for whoever accepts; later the lock is free again at once. */
  read(): void {
    if (this.#single === undefined) return;
    const askedNs = this.#clock.nowNs;
    if (!this.#spinUntil(this.#single.acquire(askedNs))) return;
    const { nowNs, running, rescheduledNs } = this.#clock;
    this.#lockups.irqsOff(askedNs, nowNs);
    this.#lockups.look(running, rescheduledNs, nowNs);
  }

  /** Waits for others to accept, which takes their time; whether there was anything to wait for. */
  #spinUntil(timeNs: number): boolean {
    const ns = this.#clock.waitUntil(timeNs, this.#meter.assumedPart);
    this.spinNs += ns;
    return ns > 0;
  }
}
