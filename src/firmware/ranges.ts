/** Arithmetic on short lists of address ranges. Empty ranges are dropped from every result. */

import type { AddressRange } from "../units.js";

/** `ranges` without `holes`; `holes` need not be sorted, the order of `ranges` is kept. */
export function subtractRanges(
  ranges: readonly AddressRange[],
  holes: readonly AddressRange[],
): AddressRange[] {
  const sorted = holes.toSorted((a, b) => a.start - b.start);
  const rest: AddressRange[] = [];
  for (const { start, end } of ranges) {
    let from = start;
    for (const hole of sorted) {
      if (hole.end <= from || hole.start >= end) continue;
      if (hole.start > from) rest.push({ start: from, end: hole.start });
      from = hole.end;
    }
    if (from < end) rest.push({ start: from, end });
  }
  return rest;
}

/** @param keepsBorders whether the borders of a range mean something, so that nothing is joined with it */
export function joinNeighbours<Range extends AddressRange & { readonly type: number }>(
  ranges: readonly Range[],
  keepsBorders: (range: Range) => boolean = () => false,
): Range[] {
  const joined: Range[] = [];
  for (const range of ranges) {
    const last = joined.at(-1);
    const touches = last?.end === range.start && last.type === range.type;
    if (touches && !keepsBorders(last) && !keepsBorders(range))
      joined[joined.length - 1] = { ...last, end: range.end };
    else joined.push(range);
  }
  return joined;
}

export function below(ranges: readonly AddressRange[], limit: number): AddressRange[] {
  return ranges.flatMap(({ start, end }) => (start < limit ? [{ start, end: Math.min(end, limit) }] : []));
}

export function above(ranges: readonly AddressRange[], limit: number): AddressRange[] {
  return ranges.flatMap(({ start, end }) => (end > limit ? [{ start: Math.max(start, limit), end }] : []));
}
