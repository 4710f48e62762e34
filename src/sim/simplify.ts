/** Of columns over time, the points that matter. */

/** Parts of the picture of a column, its time by its greatest value: what nobody would see in one of 600 by 300 dots. */
const UNSEEN = 5e-6;

/**
 * Drops points until at most `most` are left and each of these can be seen: always the one without which straight lines
 * between its neighbours change least (Visvalingam and Whyatt, "Line generalisation by repeated elimination of
 * points", The Cartographic Journal 30, 1993). What is left is as it was.
 *
 * @param times of the points; never fall
 * @param columns values at these times
 * @param kept points that stay, besides the first and the last
 * @returns which points, by their places
 */
export function simplified(
  times: readonly number[],
  columns: readonly (readonly number[])[],
  most: number,
  kept: ReadonlySet<number>,
): number[] {
  const span = times.at(-1)! - times[0]!;
  const greatest = columns.map((values) => Math.max(...values.map(Math.abs)));
  /** Of the triangle of three points, the largest of all columns, as a part of the picture. */
  const area = (a: number, b: number, c: number): number => {
    let largest = 0;
    for (const [column, values] of columns.entries()) {
      const twice =
        (times[b]! - times[a]!) * (values[c]! - values[a]!) -
        (times[c]! - times[a]!) * (values[b]! - values[a]!);
      if (twice !== 0) largest = Math.max(largest, Math.abs(twice) / (2 * span * greatest[column]!));
    }
    return largest;
  };
  const left = times.map((_ns, at) => at);
  const areas = left.map((at) => (isFixed(at) ? Number.POSITIVE_INFINITY : area(at - 1, at, at + 1)));
  while (left.length > 2) {
    const least = Math.min(...areas);
    if (least === Number.POSITIVE_INFINITY || (left.length <= most && least >= UNSEEN)) break;
    const gone = areas.indexOf(least);
    left.splice(gone, 1);
    areas.splice(gone, 1);
    for (const at of [gone - 1, gone]) {
      // What was in the shadow of a smaller one is no smaller than that.
      if (!isFixed(left[at]!)) areas[at] = Math.max(least, area(left[at - 1]!, left[at]!, left[at + 1]!));
    }
  }
  return left;

  function isFixed(at: number): boolean {
    return at === 0 || at === times.length - 1 || kept.has(at);
  }
}
