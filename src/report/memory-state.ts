/** What memory looks like after an accept, for people. */

import type { ByteRange, FreeList, MemoryState } from "../memory-map/memory-map.js";
import { formatBytes, formatDuration, MAX_PAGE_ORDER } from "../units.js";
import { left, type Paint, plainPaint, right, tableText, textOf, wrapText } from "./table.js";

/** Ranges of a list that are shown. */
const SHOWN_RANGES = 12;

/** @param paint also says how wide a line may be */
export function formatMemoryState(state: MemoryState, paint: Paint = plainPaint): string {
  const { n, atNs, freeLists, unaccepted, bitmap, host } = state;
  const when = n === 0 ? "before the first accept" : `after accept ${n}`;
  const lead = [
    `memory ${when}, as the next one begins or the run ends, at ${formatDuration(atNs)}`,
    ...rangesText("waiting to be accepted, on the lists of the page allocator", unaccepted),
    ...rangesText("unaccepted by the kernel's record", bitmap),
    ...rangesText("private memory that the host has given", host),
  ];
  if (freeLists.length === 0) {
    const lines = [...lead, "", "no page allocator has memory yet"];
    return textOf(lines.flatMap((line) => wrapText(line, paint)));
  }
  return tableText<FreeList>(
    {
      lead,
      title: "free blocks by order, as /proc/pagetypeinfo counts them",
      columns: [
        right("node", ({ node }) => String(node)),
        left("zone", ({ zone }) => zone),
        left("type", ({ migratetype }) => migratetype),
        ...Array.from({ length: MAX_PAGE_ORDER + 1 }, (_none, order) =>
          right<FreeList>(String(order), ({ blocks }) => String(blocks[order])),
        ),
      ],
      groups: [{ rows: freeLists }],
      notes: [],
    },
    paint,
  );
}

function rangesText(what: string, ranges: readonly ByteRange[]): string[] {
  const bytes = ranges.reduce((sum, [start, end]) => sum + end - start, 0);
  const shown = ranges
    .slice(0, SHOWN_RANGES)
    .map(([start, end]) => `  0x${start.toString(16)} to 0x${end.toString(16)}, ${formatBytes(end - start)}`);
  const more = ranges.length - shown.length;
  const rest = more === 0 ? [] : [`  and ${more} ranges more, which JSON has`];
  return [`${what}: ${formatBytes(bytes)}`, ...shown, ...rest];
}
