import type { VirtualCpus } from "./virtual-cpus.js";

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
