/** How long a CPU may go without rescheduling: twice watchdog_thresh, which is 10 s (kernel/watchdog.c, 6.12). */
const SOFT_LOCKUP_NS = 20e9;

/**
 * What acceptance does to the other duties of a CPU: how long it keeps interrupts off, and whether
 * the soft lockup detector complains (kernel/watchdog.c: watchdog_timer_fn). The detector's timer
 * runs when interrupts are on; it looks how long ago the CPU last rescheduled, or was excused.
 */
export class LockupDetector {
  /** The longest time that a CPU had interrupts off to accept memory. */
  longestIrqOffNs = 0;
  /** Complaints. After one the time counts anew. */
  softLockups = 0;
  /** Off in early boot, when no CPU can take interrupts anyway (init/main.c: start_kernel). */
  interruptsOn = false;
  /** From lockup_detector_init() on, before the other CPUs come up (init/main.c: kernel_init_freeable). */
  watching = false;
  /** By CPU: when it was last excused or complained about. */
  readonly #resetNs: Float64Array;

  constructor(cpus: number) {
    this.#resetNs = new Float64Array(cpus);
  }

  /** Interrupts were off. */
  irqsOff(fromNs: number, toNs: number): void {
    if (this.interruptsOn && toNs - fromNs > this.longestIrqOffNs) this.longestIrqOffNs = toNs - fromNs;
  }

  /** The detector looks at a CPU that last rescheduled at a given time. */
  look(cpu: number, rescheduledNs: number, atNs: number): void {
    if (!this.watching) return;
    if (atNs - Math.max(rescheduledNs, this.#resetNs[cpu]!) <= SOFT_LOCKUP_NS) return;
    this.softLockups++;
    this.#resetNs[cpu] = atNs;
  }

  /** The CPU is excused up to now (touch_softlockup_watchdog). */
  touch(cpu: number, atNs: number): void {
    this.#resetNs[cpu] = atNs;
  }
}
