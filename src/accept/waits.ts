import { type WaitDistribution, waitDistribution } from "./wait-distribution.js";

/** How long the allocations of one phase of a run waited for memory to be accepted; nanoseconds. */
export interface WaitSummary {
  /** Allocations of the phase; a call that fills many pages is one. */
  readonly allocations: number;
  /** Of these, those that waited. */
  readonly count: number;
  readonly totalNs: number;
  /** Percentiles over all allocations: those that did not wait count, as 0. */
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly p999Ns: number;
  readonly p9999Ns: number;
  readonly maxNs: number;
  /** Of all allocations; only where it was asked for. */
  readonly distribution?: WaitDistribution;
}

/** Counts the allocations of a phase and keeps every wait; percentiles are exact, by the nearest-rank rule. */
export class WaitRecorder {
  #ns: Float64Array = new Float64Array(256);
  #count = 0;
  #allocations = 0;

  /** @param ns how long the allocation waited, 0 or more */
  record(ns: number): void {
    this.#allocations++;
    if (!(ns > 0)) return;
    if (this.#count === this.#ns.length) {
      const grown = new Float64Array(this.#count * 2);
      grown.set(this.#ns);
      this.#ns = grown;
    }
    this.#ns[this.#count++] = ns;
  }

  /** Times are whole nanoseconds. */
  summary(): WaitSummary {
    const sorted = this.#sorted();
    const withoutWait = this.#allocations - this.#count;
    const rank = (share: number): number =>
      Math.round(sorted[Math.ceil(share * this.#allocations) - 1 - withoutWait] ?? 0);
    return {
      allocations: this.#allocations,
      count: this.#count,
      totalNs: Math.round(sorted.reduce((sum, ns) => sum + ns, 0)),
      p50Ns: rank(0.5),
      p99Ns: rank(0.99),
      p999Ns: rank(0.999),
      p9999Ns: rank(0.9999),
      maxNs: rank(1),
    };
  }

  /** Of all allocations. Waits count as whole nanoseconds, and as 1 at least. */
  distribution(): WaitDistribution {
    const whole = this.#sorted().map((ns) => Math.max(1, Math.round(ns)));
    return waitDistribution(whole, this.#allocations - this.#count);
  }

  #sorted(): Float64Array {
    return this.#ns.slice(0, this.#count).sort();
  }
}

/** The waits of a run: of the boot until init runs, and of all that comes after. */
export class AllocationWaits {
  readonly boot: WaitRecorder = new WaitRecorder();
  readonly workload: WaitRecorder = new WaitRecorder();
  onWait: (ns: number) => void = () => {};
  #now = this.boot;

  initRuns(): void {
    this.#now = this.workload;
  }

  record(ns: number): void {
    this.#now.record(ns);
    if (ns > 0) this.onWait(ns);
  }
}
