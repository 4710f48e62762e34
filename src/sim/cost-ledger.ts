import { COST_EVENT_NAMES, type CostEvent } from "./cost-events.js";

export interface PriceList {
  /** Nanoseconds for one event. */
  readonly ns: Float64Array;
  /** 1 where the price is an assumption, not measured and not derived from measurements. */
  readonly assumed: Uint8Array;
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
