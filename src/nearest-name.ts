/** Suggestions for misspelt names. */

/**
 * Finds the name that somebody meant to write. Upper and lower case count as equal, and a
 * name may be off by one edit (a letter missing, added, changed, or swapped with its
 * neighbour) for every three letters, but by one at least.
 *
 * @param name as written
 * @param names what it could have been
 * @returns the nearest of `names`, the first of equals; undefined if none is near
 */
export function nearestName(name: string, names: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let allowed = Math.max(1, Math.floor(name.length / 3));
  for (const candidate of names) {
    if (Math.abs(name.length - candidate.length) > allowed) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance > allowed) continue;
    nearest = candidate;
    // Only a strictly nearer one may take its place.
    allowed = distance - 1;
  }
  return nearest;
}

/** The end of a message about an unknown name: `, did you mean X?`, or nothing where no name is near. */
export function didYouMean(name: string, names: readonly string[]): string {
  const nearest = nearestName(name, names);
  return nearest === undefined ? "" : `, did you mean ${nearest}?`;
}

/** Edits that turn one text into the other; a swap of neighbours is one edit. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const changed = from[row - 1] === to[column - 1] ? 0 : 1;
      let best = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + changed);
      const swapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (row > 1 && column > 1 && swapped) best = Math.min(best, beforeLast[column - 2]! + 1);
      current.push(best);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length]!;
}
