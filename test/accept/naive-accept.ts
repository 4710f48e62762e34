const PAGE = 4096;
const UNIT = 2 ** 21;

/**
 * accept_memory() and range_contains_unaccepted_memory() (drivers/firmware/efi/unaccepted_memory.c)
 * over an array of booleans, step by step as the kernel does it. Addresses and sizes in bytes.
 */
export class NaiveAccept {
  readonly unaccepted: boolean[];
  readonly #physBase: number;
  readonly #roundsToPages: boolean;

  /** @param roundsToPages both ends are rounded to whole pages before anything else (7.0) */
  constructor(physBase: number, unaccepted: readonly boolean[], roundsToPages: boolean) {
    this.#physBase = physBase;
    this.unaccepted = [...unaccepted];
    this.#roundsToPages = roundsToPages;
  }

  /** Start and end of the range relative to the table, the guard unit included; undefined: it ends below. */
  #clip(start: number, sizeBytes: number): { from: number; to: number } | undefined {
    let from = start;
    let to = start + sizeBytes;
    if (this.#roundsToPages) {
      to = Math.ceil(to / PAGE) * PAGE;
      from = Math.floor(from / PAGE) * PAGE;
    }
    if (from < this.#physBase) from = this.#physBase;
    if (to < this.#physBase) return undefined;
    from -= this.#physBase;
    to -= this.#physBase;
    if (to % UNIT === 0) to += UNIT;
    return { from, to: Math.min(to, this.unaccepted.length * UNIT) };
  }

  /** Addresses of the units that are accepted, ascending. */
  accept(start: number, sizeBytes: number): number[] {
    const clipped = this.#clip(start, sizeBytes);
    const accepted: number[] = [];
    if (clipped === undefined) return accepted;
    for (let unit = Math.floor(clipped.from / UNIT); unit * UNIT < clipped.to; unit++) {
      if (this.unaccepted[unit]) accepted.push(this.#physBase + unit * UNIT);
      this.unaccepted[unit] = false;
    }
    return accepted;
  }

  /** Looks at one place in each unit, as far from the last one as a unit is large. */
  contains(start: number, sizeBytes: number): boolean {
    const clipped = this.#clip(start, sizeBytes);
    if (clipped === undefined) return false;
    for (let at = clipped.from; at < clipped.to; at += UNIT) {
      if (this.unaccepted[Math.floor(at / UNIT)]) return true;
    }
    return false;
  }
}
