/**
 * The clocks of all virtual CPUs; nothing else in the simulator owns time. A CPU's clock
 * moves when the CPU works or waits, and never goes back.
 */
export class VirtualCpus {
  readonly count: number;
  readonly timeNs: Float64Array;
  /** By CPU: time in which no work of its own ran, because it idled or had been lent. */
  readonly otherNs: Float64Array;
  /** By CPU: when its own work had ended before it was lent, and when it was given back last. */
  readonly #ownEndNs: Float64Array;
  readonly #lentEndNs: Float64Array;

  constructor(count: number) {
    if (!Number.isSafeInteger(count) || count < 1) throw new Error(`sim: ${count} is not a number of CPUs.`);
    this.count = count;
    this.timeNs = new Float64Array(count);
    this.otherNs = new Float64Array(count);
    this.#ownEndNs = new Float64Array(count);
    this.#lentEndNs = new Float64Array(count).fill(-1);
  }

  advance(cpu: number, ns: number): void {
    if (!(ns >= 0)) throw new Error(`sim: CPU ${cpu} cannot work for ${ns} ns.`);
    this.timeNs[cpu]! += ns;
  }

  /** The CPU idles until `timeNs`, or not at all if it is past that already. */
  waitUntil(cpu: number, timeNs: number): void {
    const ns = timeNs - this.timeNs[cpu]!;
    if (!(ns > 0)) return;
    this.otherNs[cpu]! += ns;
    this.timeNs[cpu] = timeNs;
  }

  /** The CPU idles until `timeNs`, and is then lent to a thread in the background. */
  lend(cpu: number, timeNs: number): void {
    if (this.#lentEndNs[cpu] !== this.timeNs[cpu]) this.#ownEndNs[cpu] = this.timeNs[cpu]!;
    this.waitUntil(cpu, timeNs);
  }

  /** The thread gives back the CPU, which it has had since `fromNs`. */
  giveBack(cpu: number, fromNs: number): void {
    this.otherNs[cpu]! += this.timeNs[cpu]! - fromNs;
    this.#lentEndNs[cpu] = this.timeNs[cpu]!;
  }

  /** A CPU that may have been lent goes on with work of its own, be it one that takes no time. */
  goOn(cpu: number): void {
    this.#lentEndNs[cpu] = -1;
  }

  /** How much of its own work a CPU has done by a time at which it works, or is lent in spite of its work. */
  ownWorkNs(cpu: number, atNs: number): number {
    const isLent = this.#lentEndNs[cpu] === this.timeNs[cpu];
    return (isLent ? Math.max(atNs, this.timeNs[cpu]!) : atNs) - this.otherNs[cpu]!;
  }

  /** When the CPU's own work has ended: now, unless it has been lent since and had nothing else to do. */
  ownEndNs(cpu: number): number {
    return this.#lentEndNs[cpu] === this.timeNs[cpu] ? this.#ownEndNs[cpu]! : this.timeNs[cpu]!;
  }
}

/** Which CPUs of the guest are online and have nothing to do, but still take their timer tick. */
export class IdleCpus {
  /** CPUs that are online: those with numbers below this. */
  online = 1;
  /**
   * Whether idle CPUs take their tick: while the kernel boots. They stop it when timers have high
   * resolution (kernel/time/tick-sched.c: tick_nohz_switch_to_nohz); here, when init runs.
   */
  ticking = true;
  /** By CPU: 1 while it has work that it has not begun yet. */
  readonly busy: Uint8Array;
  readonly #cpus: VirtualCpus;

  constructor(cpus: VirtualCpus) {
    this.#cpus = cpus;
    this.busy = new Uint8Array(cpus.count);
  }

  /** How many others idle and tick while a CPU works at a time: what they did ends before that, and they have no more. */
  countAt(working: number, atNs: number): number {
    if (!this.ticking) return 0;
    const { timeNs } = this.#cpus;
    let idle = 0;
    for (let cpu = 0; cpu < this.online; cpu++) {
      if (cpu !== working && this.busy[cpu] === 0 && timeNs[cpu]! <= atNs) idle++;
    }
    return idle;
  }
}
