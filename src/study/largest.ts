/** The largest guest for which something still holds. */

/** Sizes in bytes. */
export interface Largest {
  /** The largest size tried that holds; absent when not even the smallest does. */
  readonly holds?: number;
  /** The smallest size tried above it that does not; absent when even the largest holds. */
  readonly fails?: number;
  readonly tries: number;
}

/** The most conditions that `largestWith` tries for these sizes. */
export function mostTries(smallestBytes: number, largestBytes: number, stepBytes: number): number {
  const doublings = Math.ceil(Math.log2(largestBytes / smallestBytes));
  // The widest gap is between the last doubling and the end.
  const halvings = Math.max(0, Math.ceil(Math.log2(largestBytes / 2 / stepBytes)));
  return 1 + doublings + halvings;
}

/**
 * Searches sizes for the border below which a condition holds, as one that only gets worse with size
 * does. Doubles from the smallest on, then halves the gap until it is one step.
 *
 * @param stepBytes sizes tried are the smallest and multiples of this
 */
export async function largestWith(
  smallestBytes: number,
  largestBytes: number,
  stepBytes: number,
  test: (sizeBytes: number) => Promise<boolean>,
): Promise<Largest> {
  let tries = 1;
  if (!(await test(smallestBytes))) return { fails: smallestBytes, tries };
  let good = smallestBytes;
  let bad: number | undefined;
  while (bad === undefined && good < largestBytes) {
    const size = Math.min(2 * good, largestBytes);
    tries++;
    if (await test(size)) good = size;
    else bad = size;
  }
  while (bad !== undefined && bad - good > stepBytes) {
    const size = Math.max(Math.round((good + bad) / 2 / stepBytes) * stepBytes, good + 1);
    if (size <= good || size >= bad) break;
    tries++;
    if (await test(size)) good = size;
    else bad = size;
  }
  return { holds: good, ...(bad === undefined ? {} : { fails: bad }), tries };
}
