/** Where model and kernel first disagree. */
export interface Divergence {
  /** Index of the record in the log. */
  readonly event: number;
  readonly expected: string;
  readonly found: string;
  readonly context: string;
}

/** How many of a kind were compared, and how many were the same. */
export interface Comparison {
  readonly compared: number;
  readonly equal: number;
  readonly firstDivergence?: Divergence;
}

export class Tally implements Comparison {
  compared = 0;
  equal = 0;
  declare firstDivergence?: Divergence;

  /**
   * Counts one thing that must be the same.
   *
   * @param tell puts the difference into words, of which only the first is kept
   */
  expect(isSame: boolean, tell: () => Divergence): void {
    this.compared++;
    if (isSame) this.equal++;
    else this.firstDivergence ??= tell();
  }

  same(expected: string, found: string, context: string, event = 0): void {
    this.expect(expected === found, () => ({ event, expected, found, context }));
  }

  /** Counts so many things that could not be compared as different, one at least. */
  cannotCompare(count: number, problem: Divergence): void {
    this.compared += Math.max(count, 1);
    this.firstDivergence ??= problem;
  }
}

/** Two comparisons of one kind as one. */
export function added(a: Comparison, b: Comparison): Comparison {
  const firstDivergence = a.firstDivergence ?? b.firstDivergence;
  return {
    compared: a.compared + b.compared,
    equal: a.equal + b.equal,
    ...(firstDivergence === undefined ? {} : { firstDivergence }),
  };
}

/** Of a run that the model could not follow to its end: what comes after it counts as different. */
export const NOT_FOLLOWED: Comparison & { readonly firstDivergence: Divergence } = {
  compared: 1,
  equal: 0,
  firstDivergence: {
    event: 0,
    expected: "the state at the end",
    found: "none: the model could not follow the run",
    context: "not compared",
  },
};

/** How two sequences are held against each other. */
export interface InOrder<T> {
  readonly isSame: (expected: T, found: T) => boolean;
  readonly text: (value: T) => string;
  /** Record of what stands at a place; behind the end, where the recording ends. */
  readonly eventAt: (at: number) => number;
  readonly context: (at: number) => string;
}

/** Compares what was recorded with what the model did, in order. What one side has too much counts as different. */
export function compareInOrder<T>(
  expected: readonly T[],
  found: readonly T[],
  { isSame, text, eventAt, context }: InOrder<T>,
): Tally {
  const tally = new Tally();
  for (let at = 0; at < Math.max(expected.length, found.length); at++) {
    const both = at < expected.length && at < found.length;
    tally.expect(both && isSame(expected[at]!, found[at]!), () => ({
      event: eventAt(at),
      expected: at < expected.length ? text(expected[at]!) : "nothing more",
      found: at < found.length ? text(found[at]!) : "nothing",
      context: context(at),
    }));
  }
  return tally;
}
