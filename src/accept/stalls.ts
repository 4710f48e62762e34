/** Times that single allocations waited for acceptance, in nanoseconds. All are 0 when nothing waited. */
export interface StallSummary {
  readonly count: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly maxNs: number;
  readonly totalNs: number;
}

/** Collects every stall of a run; quantiles are exact, by the nearest-rank rule. */
export class StallRecorder {
  #ns: Float64Array = new Float64Array(256);
  #count = 0;

  record(ns: number): void {
    if (this.#count === this.#ns.length) {
      const grown = new Float64Array(this.#count * 2);
      grown.set(this.#ns);
      this.#ns = grown;
    }
    this.#ns[this.#count++] = ns;
  }

  summary(): StallSummary {
    const sorted = this.#ns.slice(0, this.#count).sort();
    const rank = (share: number): number =>
      this.#count === 0 ? 0 : sorted[Math.max(0, Math.ceil(share * this.#count) - 1)]!;
    return {
      count: this.#count,
      p50Ns: rank(0.5),
      p99Ns: rank(0.99),
      maxNs: rank(1),
      totalNs: sorted.reduce((sum, ns) => sum + ns, 0),
    };
  }
}
