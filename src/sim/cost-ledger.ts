import { COST_EVENT_NAMES, type CostEvent } from "./cost-events.js";

export interface PriceList {
  /** Nanoseconds for one event. */
  readonly ns: Float64Array;
  /** 1 where the price is an assumption, not measured and not derived from measurements. */
  readonly assumed: Uint8Array;
}

/** How often each event happened, all of them at whole prices, and what they cost together. */
export interface WholeCharges {
  readonly counts: Float64Array;
  readonly ns: number;
}

/** What a ledger says at a moment. */
export interface Charged {
  /** How often each event has happened. */
  readonly counts: Float64Array;
  readonly assumedNs: number;
}

/**
 * Counts events and adds up their time. It belongs to the CPU that is running: code that moves
 * virtual time reads `elapsedNs` before and after a step. Never falls.
 */
export class CostLedger {
  readonly counts: Float64Array = new Float64Array(COST_EVENT_NAMES.length);
  elapsedNs = 0;
  /** The part of `elapsedNs` that was charged at assumed prices. */
  assumedNs = 0;
  readonly #ns: Float64Array;
  readonly #assumed: Uint8Array;

  /** @param prices absent: events are counted and cost nothing */
  constructor(prices?: PriceList) {
    this.#ns = prices?.ns ?? new Float64Array(COST_EVENT_NAMES.length);
    this.#assumed = prices?.assumed ?? new Uint8Array(COST_EVENT_NAMES.length);
  }

  get charged(): Charged {
    return { counts: this.counts.slice(), assumedNs: this.assumedNs };
  }

  /**
   * What was charged since `counts` was what it is given as, without some events, in whole nanoseconds.
   *
   * @returns undefined where the ledger, an event's price or how often it happened is not whole: then sums depend on
   *   their order. So they do beyond 2^53 ns, but there the clock ends
   */
  wholeSince(before: Float64Array, without: readonly CostEvent[]): WholeCharges | undefined {
    if (!Number.isInteger(this.elapsedNs) || !Number.isInteger(this.assumedNs)) return undefined;
    if (without.some((event) => !Number.isInteger(this.#ns[event]))) return undefined;
    const counts = this.counts.map((count, event) =>
      without.includes(event as CostEvent) ? 0 : count - before[event]!,
    );
    let ns = 0;
    for (let event = 0; event < counts.length; event++) {
      if (counts[event] === 0) continue;
      if (!Number.isInteger(counts[event]) || !Number.isInteger(this.#ns[event])) return undefined;
      ns += counts[event]! * this.#ns[event]!;
    }
    return { counts, ns };
  }

  /** Charges the same so many times. */
  chargeAlike({ counts }: WholeCharges, times: number): void {
    for (let event = 0; event < counts.length; event++) {
      if (counts[event] !== 0) this.charge(event as CostEvent, counts[event]! * times);
    }
  }

  /** Nanoseconds for one event. */
  priceNs(event: CostEvent): number {
    return this.#ns[event]!;
  }

  /** Charges an event `count` times, 0 or more. On the hot path: one call, nothing allocated. */
  charge(event: CostEvent, count: number): void {
    const ns = count * this.#ns[event]!;
    this.counts[event]! += count;
    this.elapsedNs += ns;
    if (this.#assumed[event] === 1) this.assumedNs += ns;
  }
}
