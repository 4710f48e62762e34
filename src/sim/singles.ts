/** After so many things that were done one by one it is worth a look whether the next ones can be done as one. */
export const SINGLES = 16;

/**
 * How many to do one by one before the next look: the first after a row may differ from the others; after each look in
 * vain, twice as many as before, so that looking takes no more time than doing.
 *
 * @param asOne how many the last look has done as one
 * @param singles that were done one by one before it
 */
export function singlesAfter(asOne: number, singles: number): number {
  return asOne > 0 ? 1 : Math.max(SINGLES, 2 * singles);
}
