/** Something that was so at a time; whole nanoseconds. */
export interface Sample {
  readonly timeNs: number;
}

/** The time up to the latest sample is cut into at most so many pieces of one length. */
const PIECES_MAX = 256;

/** Most samples that are given: the first and the last of each piece, and the greatest. */
export const SAMPLES_MAX: number = 2 * PIECES_MAX + 1;

const FIRST_PIECE_NS = 1000;

/**
 * Samples of a run of any length, at most `SAMPLES_MAX` of them. Where there are more, the first and the last of each
 * piece of time stay: a stop between two samples and what leads to it are as they were, however short. Pieces
 * double as the run goes on, so the same samples always leave the same ones.
 */
export class BoundedSamples<One extends Sample> {
  readonly #amountOf: (one: One) => number;
  #kept: One[] = [];
  #peak: One | undefined = undefined;
  #pieceNs = FIRST_PIECE_NS;

  /** @param amountOf that of which the greatest sample stays, the first of several */
  constructor(amountOf: (one: One) => number) {
    this.#amountOf = amountOf;
  }

  /** Where the piece of the latest sample ends: for those who only need to sample once a piece. */
  get pieceEndNs(): number {
    const last = this.#kept.at(-1);
    return last === undefined ? 0 : (this.#pieceOf(last) + 1) * this.#pieceNs;
  }

  /** One older than the latest counts at the latest one's time: CPUs that lag run after those ahead. */
  add(one: One): void {
    const last = this.#kept.at(-1);
    const sample = last !== undefined && one.timeNs < last.timeNs ? { ...one, timeNs: last.timeNs } : one;
    if (this.#peak === undefined || this.#amountOf(sample) > this.#amountOf(this.#peak)) this.#peak = sample;
    if (sample.timeNs >= PIECES_MAX * this.#pieceNs) this.#lengthen(sample.timeNs);
    const isLast = this.#kept.length > 0 && this.#isWithin(this.#kept, sample);
    if (isLast) this.#kept.pop();
    this.#kept.push(sample);
  }

  get points(): readonly One[] {
    const peak = this.#peak;
    if (peak === undefined || this.#kept.includes(peak)) return this.#kept;
    // A sample of the same time is a later one.
    const at = this.#kept.findIndex(({ timeNs }) => timeNs >= peak.timeNs);
    return this.#kept.toSpliced(at, 0, peak);
  }

  #pieceOf({ timeNs }: Sample): number {
    return Math.floor(timeNs / this.#pieceNs);
  }

  /** Whether the next sample takes the place of the last of those: at its time, or third of a piece. */
  #isWithin(kept: readonly One[], next: One): boolean {
    const last = kept.at(-1)!;
    const before = kept.at(-2);
    if (last.timeNs === next.timeNs) return true;
    const piece = this.#pieceOf(next);
    return before !== undefined && this.#pieceOf(before) === piece && this.#pieceOf(last) === piece;
  }

  #lengthen(timeNs: number): void {
    while (timeNs >= PIECES_MAX * this.#pieceNs) this.#pieceNs *= 2;
    const kept: One[] = [];
    for (const one of this.#kept) {
      if (kept.length > 0 && this.#isWithin(kept, one)) kept.pop();
      kept.push(one);
    }
    this.#kept = kept;
  }
}
