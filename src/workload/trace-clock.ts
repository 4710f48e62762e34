/**
 * Times of a trace as exact numbers of nanoseconds. A machine that has been up for long prints times
 * that no double holds exactly; those of its trace are counted from a day shortly before.
 */

export interface PrintedTime {
  readonly seconds: number;
  /** Below 10^9. */
  readonly ns: number;
}

/** 104 days, up to which every nanosecond is exact. */
const EXACT_SECONDS: number = Math.floor(Number.MAX_SAFE_INTEGER / 1e9);
const DAY_SECONDS = 86_400;

/** One for all parts of a trace. */
export class TraceClock {
  /** The second of the recorded clock that times are counted from; 0 unless the trace begins late. */
  originSeconds = 0;
  /** Seconds from the origin on up to which nobody need ask `nanoseconds`; none before the first event. */
  usualSeconds = -1;

  /** Nanoseconds from the origin, or undefined for a time before it and for one too late to be exact. */
  nanoseconds({ seconds, ns }: PrintedTime): number | undefined {
    // CPUs write apart, so that the first event need not be the earliest.
    this.begin(isSafe(seconds, ns) ? 0 : (Math.floor(seconds / DAY_SECONDS) - 1) * DAY_SECONDS);
    const since = seconds - this.originSeconds;
    return since >= 0 && isSafe(since, ns) ? since * 1e9 + ns : undefined;
  }

  /** Sets the origin, unless an event has set it before. @returns whether it is the origin now */
  begin(originSeconds: number): boolean {
    if (this.usualSeconds < 0) this.originSeconds = originSeconds;
    this.usualSeconds = EXACT_SECONDS - 1;
    return this.originSeconds === originSeconds;
  }
}

function isSafe(seconds: number, ns: number): boolean {
  return Number.isSafeInteger(seconds * 1e9 + ns);
}
