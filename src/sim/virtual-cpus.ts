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
}
