/**
 * The clocks of all virtual CPUs; nothing else in the simulator owns time. A CPU's clock
 * moves when the CPU works or waits, and never goes back.
 */
export class VirtualCpus {
  readonly count: number;
  readonly timeNs: Float64Array;

  constructor(count: number) {
    if (!Number.isSafeInteger(count) || count < 1) throw new Error(`sim: ${count} is not a number of CPUs.`);
    this.count = count;
    this.timeNs = new Float64Array(count);
  }

  advance(cpu: number, ns: number): void {
    if (!(ns >= 0)) throw new Error(`sim: CPU ${cpu} cannot work for ${ns} ns.`);
    this.timeNs[cpu]! += ns;
  }

  /** The CPU idles until `timeNs`, or not at all if it is past that already. */
  waitUntil(cpu: number, timeNs: number): void {
    if (timeNs > this.timeNs[cpu]!) this.timeNs[cpu] = timeNs;
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
