/**
 * The clocks of all virtual CPUs; nothing else in the simulator owns time. A CPU's clock
 * moves when the CPU works or waits, and never goes back.
 */
export class VirtualCpus {
  /** How many CPUs there are; their numbers run from 0. */
  readonly count: number;
  /** Virtual time of each CPU in nanoseconds. */
  readonly timeNs: Float64Array;

  /** @param count 1 or more */
  constructor(count: number) {
    if (!Number.isSafeInteger(count) || count < 1) throw new Error(`sim: ${count} is no number of CPUs.`);
    this.count = count;
    this.timeNs = new Float64Array(count);
  }

  /** The CPU works for `ns`, 0 or more. */
  advance(cpu: number, ns: number): void {
    if (!(ns >= 0)) throw new Error(`sim: CPU ${cpu} cannot work for ${ns} ns.`);
    this.timeNs[cpu]! += ns;
  }

  /** The CPU idles until `timeNs`, or not at all if it is past that already. */
  waitUntil(cpu: number, timeNs: number): void {
    if (timeNs > this.timeNs[cpu]!) this.timeNs[cpu] = timeNs;
  }

  /**
   * The CPU that is furthest behind, the lowest number of equals: it runs next.
   *
   * @param runnable by CPU, 0 for those that must not run; absent: all may
   * @returns the CPU, or -1 if none may run
   */
  earliest(runnable?: Uint8Array): number {
    let earliest = -1;
    for (let cpu = 0; cpu < this.count; cpu++) {
      if (runnable !== undefined && runnable[cpu] === 0) continue;
      if (earliest === -1 || this.timeNs[cpu]! < this.timeNs[earliest]!) earliest = cpu;
    }
    return earliest;
  }
}
