/** A half-open range of page frame numbers. */
export interface PfnRange {
  readonly startPfn: number;
  readonly endPfn: number;
}

/** The parts of ascending ranges that lie inside a span, empty ones left out. */
export function clipRanges(ranges: readonly PfnRange[], span: PfnRange): PfnRange[] {
  const inside: PfnRange[] = [];
  for (let index = firstEndingAfter(ranges, span.startPfn); index < ranges.length; index++) {
    const range = ranges[index]!;
    if (range.startPfn >= span.endPfn) break;
    const startPfn = Math.max(range.startPfn, span.startPfn);
    const endPfn = Math.min(range.endPfn, span.endPfn);
    if (startPfn < endPfn) inside.push({ startPfn, endPfn });
  }
  return inside;
}

/** Index of the first of some ascending, disjoint ranges that ends after a page frame; their number if none does. */
export function firstEndingAfter(ranges: readonly PfnRange[], pfn: number): number {
  let low = 0;
  let high = ranges.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (ranges[middle]!.endPfn <= pfn) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function pagesInside(ranges: readonly PfnRange[], span: PfnRange): number {
  let pages = 0;
  for (const range of ranges) {
    pages += Math.max(0, Math.min(range.endPfn, span.endPfn) - Math.max(range.startPfn, span.startPfn));
  }
  return pages;
}
