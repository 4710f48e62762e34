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

/** CPUs besides the one that works, by what they do. */
export interface OtherCpus {
  /** Inside the guest: with work of their own, or not online yet, which CPUs of TDX wait for in a loop of the firmware's. */
  readonly running: number;
  /** Idle, and back in the guest at each timer tick. */
  readonly ticking: number;
  /** Idle without a tick: halted, outside the guest. */
  readonly halted: number;
}

/** Idle CPUs beside which `idleCpuDelayNs` was measured. */
const MEASURED_BESIDE = 247;

/**
 * How often an exit is held up by an idle CPU. Assumption: in proportion to the square of how many there are, as if
 * each one's exits were held up by those of all others. It is the simplest law through two published points, which
 * are of two machines: 8 to 10 us beside 31 CPUs, 153 us beside 247 (`idleCpuDelayNs` of TDX).
 *
 * @param ticking CPUs that idle and take their timer tick
 * @returns in delays of one CPU out of 247, not always whole
 */
export function idleCpuDelays(ticking: number): number {
  return ticking * (ticking / MEASURED_BESIDE);
}

export const NO_OTHER_CPUS: OtherCpus = { running: 0, ticking: 0, halted: 0 };

/** Which CPUs of the guest are online and have nothing to do, and whether they still take their timer tick. */
export class IdleCpus {
  /** CPUs that are online: those with numbers below this. */
  online = 1;
  /**
   * Whether idle CPUs take their tick: until timers have high resolution (6.12 kernel/time/tick-sched.c:
   * tick_nohz_switch_to_nohz), which is when the final clock source is chosen (kernel/time/clocksource.c:
   * clocksource_done_booting, an fs_initcall).
   */
  ticking = true;
  /** By CPU: 1 while it has work that it has not begun yet. */
  readonly busy: Uint8Array;
  readonly #cpus: VirtualCpus;

  constructor(cpus: VirtualCpus) {
    this.#cpus = cpus;
    this.busy = new Uint8Array(cpus.count);
  }

  /** What the others do while a CPU works at a time: those that idle did nothing since, and have no more to do. */
  othersAt(working: number, atNs: number): OtherCpus {
    const { count, timeNs } = this.#cpus;
    if (count === 1) return NO_OTHER_CPUS;
    let idle = 0;
    for (let cpu = 0; cpu < this.online; cpu++) {
      if (cpu !== working && this.busy[cpu] === 0 && timeNs[cpu]! <= atNs) idle++;
    }
    const [ticking, halted] = this.ticking ? [idle, 0] : [0, idle];
    return { running: count - 1 - idle, ticking, halted };
  }
}
