import type { ArchAccept } from "../efistub/unaccepted-table.js";
import type { AcceptRules } from "../linux/rules.js";
import { FifoLock } from "../sim/fifo-lock.js";
import type { GuestClock } from "../sim/guest-clock.js";
import { asPhys, type PhysAddr } from "../units.js";
import type { AcceptLock } from "./accept-memory.js";
import { type AcceptMeter, type AcceptRow, restOf } from "./accept-meter.js";

/** Fewer pieces in a row are accepted each by itself. */
const ALIKE_MIN = 4;

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
  /** Told of each accept; addresses in bytes. */
  onAccepted: ((start: number, end: number) => void) | undefined = undefined;
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
    this.onAccepted?.(start, end);
  }

  acceptAlike(row: AcceptRow, reschedules: boolean): number {
    if (row.pieces < ALIKE_MIN || this.onAccepted !== undefined || this.#meter.isWatched) return 0;
    // Requests of others would meet each piece for itself, and so would the detector.
    if (this.#single === undefined && this.#clock.idle.online > 1) return 0;
    if (this.#lockups.watching && !reschedules && !this.#touchesWatchdog) return 0;
    const start = row.downwards ? row.start + (row.pieces - 1) * row.pieceBytes : row.start;
    if (!this.#meter.isPlain(start, row.pieceBytes)) return 0;
    const before = this.#clock.ledger.counts.slice();
    if (reschedules) this.#clock.reschedule();
    // With a lock for all, or on one CPU, it does not matter where the units are.
    this.enter(0, 0);
    this.acceptMemory(asPhys(start), asPhys(start + row.pieceBytes));
    this.leave(0, 0);
    const more = this.#meter.kernelAcceptAlike(restOf(row), before, SOFT_LOCKUP_NS);
    const { nowNs } = this.#clock;
    if (more.pieces > 0) this.#letGo(nowNs - more.longestNs, nowNs);
    return 1 + more.pieces;
  }

  /** Whoever has accepted has had interrupts off since a time. */
  #letGo(irqOffNs: number, nowNs: number): void {
    this.#single?.release(nowNs);
    if (this.#touchesWatchdog) this.#lockups.touch(this.#clock.running, nowNs);
    this.#lockups.irqsOff(irqOffNs, nowNs);
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
    // Before other CPUs are online nobody can overlap.
    if (this.#single === undefined && nowNs > this.#startNs && idle.online > 1)
      this.#list.add(first, end, this.#startNs, nowNs);
    this.#letGo(this.#irqOffNs, nowNs);
    this.#lockups.look(running, rescheduledNs, nowNs);
  }

  /** Up to 6.5 a look at the bitmap waits while another CPU accepts; later the lock is free again at once. */
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
    if (!(ns > 0)) return false;
    const { observer, running, nowNs } = this.#clock;
    observer?.span({ what: "spins while others accept", cpu: running, startNs: nowNs - ns, endNs: nowNs });
    return true;
  }
}

/** How long a CPU may go without rescheduling: twice watchdog_thresh, which is 10 s (kernel/watchdog.c, 6.12). */
const SOFT_LOCKUP_NS = 20e9;

/**
 * Effects of acceptance on the other duties of a CPU: how long it keeps interrupts off, and whether
 * the soft lockup detector complains (kernel/watchdog.c: watchdog_timer_fn). The detector's timer
 * runs when interrupts are on; it looks how long ago the CPU last rescheduled, or was excused.
 */
export class LockupDetector {
  longestIrqOffNs = 0;
  /** Complaints. After one the count of time starts again. */
  softLockups = 0;
  /** Off in early boot, when no CPU can take interrupts anyway (init/main.c: start_kernel). */
  interruptsOn = false;
  /** From lockup_detector_init() on, before the other CPUs come up (init/main.c: kernel_init_freeable). */
  watching = false;
  onLockup: (cpu: number, atNs: number) => void = () => {};
  /** By CPU: when it was last excused or complained about. */
  readonly #resetNs: Float64Array;

  constructor(cpus: number) {
    this.#resetNs = new Float64Array(cpus);
  }

  irqsOff(fromNs: number, toNs: number): void {
    if (this.interruptsOn && toNs - fromNs > this.longestIrqOffNs) this.longestIrqOffNs = toNs - fromNs;
  }

  /** The detector looks at a CPU that last rescheduled at a given time. */
  look(cpu: number, rescheduledNs: number, atNs: number): void {
    if (!this.watching) return;
    if (atNs - Math.max(rescheduledNs, this.#resetNs[cpu]!) <= SOFT_LOCKUP_NS) return;
    this.softLockups++;
    this.onLockup(cpu, atNs);
    this.#resetNs[cpu] = atNs;
  }

  /** The CPU is excused up to now (touch_softlockup_watchdog). */
  touch(cpu: number, atNs: number): void {
    this.#resetNs[cpu] = atNs;
  }
}

/**
 * The ranges that are being accepted (drivers/firmware/efi/unaccepted_memory.c: accepting_list,
 * Linux 6.6, commit 50e782a86c98). A request whose units overlap one of them spins until that one
 * is done and looks again; others go on alongside it. A request that spins is not in the list, so a
 * later one may overtake it.
 *
 * Here each request is told when it starts as soon as it asks. One that asks later, but for an
 * earlier time, does not see it before it has started; and does not put it off.
 */
export class AcceptingList {
  /** Units by which ranges may lie apart and still count as overlapping. */
  readonly #reach: number;
  /** Kept by rising end, so that a CPU which accepts one range after the other looks at few. */
  #count = 0;
  #first: Float64Array = new Float64Array(64);
  #end: Float64Array = new Float64Array(64);
  #startNs: Float64Array = new Float64Array(64);
  #endNs: Float64Array = new Float64Array(64);

  /**
   * @param touchingWait whether ranges that only touch wait for each other, as up to 6.6 by an off-by-one
   *   (Michael Roth, "efi/unaccepted: Fix off-by-one when checking for overlapping ranges", 2023-11-03, 6.7)
   */
  constructor(touchingWait: boolean) {
    this.#reach = touchingWait ? 1 : 0;
  }

  get size(): number {
    return this.#count;
  }

  /** The time, `atNs` or later, at which no range in flight overlaps units [first, end). */
  freeAt(first: number, end: number, atNs: number): number {
    for (let at = atNs; ; ) {
      let until = at;
      // What is over by then is in nobody's way, and so is all before it.
      for (let i = this.#count - 1; i >= 0 && this.#endNs[i]! > until; i--) {
        if (this.#first[i]! >= end || this.#end[i]! + this.#reach <= first) continue;
        if (this.#startNs[i]! <= at) until = this.#endNs[i]!;
      }
      if (until === at) return at;
      at = until;
    }
  }

  add(first: number, end: number, startNs: number, endNs: number): void {
    if (this.#count === this.#first.length) this.#grow();
    let at = this.#count++;
    for (; at > 0 && this.#endNs[at - 1]! > endNs; at--) this.#copy(at - 1, at);
    this.#first[at] = first;
    this.#end[at] = end;
    this.#startNs[at] = startNs;
    this.#endNs[at] = endNs;
  }

  /** Drops ranges that ended by then: no later look may ask for an earlier time. */
  forget(beforeNs: number): void {
    let over = 0;
    while (over < this.#count && this.#endNs[over]! <= beforeNs) over++;
    if (over === 0) return;
    for (let i = over; i < this.#count; i++) this.#copy(i, i - over);
    this.#count -= over;
  }

  #copy(from: number, to: number): void {
    this.#first[to] = this.#first[from]!;
    this.#end[to] = this.#end[from]!;
    this.#startNs[to] = this.#startNs[from]!;
    this.#endNs[to] = this.#endNs[from]!;
  }

  #grow(): void {
    this.#first = doubled(this.#first);
    this.#end = doubled(this.#end);
    this.#startNs = doubled(this.#startNs);
    this.#endNs = doubled(this.#endNs);
  }
}

function doubled(array: Float64Array): Float64Array {
  const larger = new Float64Array(array.length * 2);
  larger.set(array);
  return larger;
}
