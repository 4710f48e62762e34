import type { CoreAmount, CoreMemory } from "../command-line/core-memory.js";
import type { NodePfnRange } from "../memblock/iterate.js";
import { MAX_ORDER_PAGES, roundUp } from "../units.js";
import type { PfnRange } from "./pfn-range.js";

/**
 * Where ZONE_MOVABLE begins on each node (mm/mm_init.c:find_zone_movable_pfns_for_nodes, 6.12,
 * without mirrored memory and without `movable_node`, which simulated machines do not have).
 * The kernel's own part is spread over the nodes as evenly as they have memory for it.
 *
 * @param ranges memory, ascending and disjoint
 * @param usableStartPfn lowest page frame of the highest zone that the machine has
 * @returns by node; no entry for a node without the zone
 */
export function zoneMovablePfns(
  ranges: readonly NodePfnRange[],
  usableStartPfn: number,
  { kernelcore, movablecore, mirror }: CoreMemory,
): Map<number, number> {
  const nodeIds = [...new Set(ranges.map(({ nid }) => nid))].sort((a, b) => a - b);
  const totalPages = ranges.reduce((sum, { startPfn, endPfn }) => sum + endPfn - startPfn, 0);
  const kernelPages = requiredKernelcore(totalPages, kernelcore, movablecore);
  if (mirror || kernelPages === 0 || kernelPages >= totalPages) return new Map();
  const startPfns = spread(ranges, nodeIds, usableStartPfn, kernelPages);
  const aligned = nodeIds.map((nid) => [nid, roundUp(startPfns.get(nid) ?? 0, MAX_ORDER_PAGES)] as const);
  return new Map(aligned.filter(([nid, startPfn]) => startPfn > 0 && startPfn < endOfNode(ranges, nid)));
}

/** Pages for the kernel's own zones; 0 where nothing is asked for. */
function requiredKernelcore(totalPages: number, kernelcore: CoreAmount, movablecore: CoreAmount): number {
  const own = pagesOf(kernelcore, totalPages);
  const movable = pagesOf(movablecore, totalPages);
  if (movable === 0) return own;
  return Math.max(own, totalPages - Math.min(totalPages, roundUp(movable, MAX_ORDER_PAGES)));
}

function pagesOf({ pages, percent }: CoreAmount, totalPages: number): number {
  return percent === 0 ? pages : Math.floor((totalPages * percent) / 100);
}

function spread(
  ranges: readonly NodePfnRange[],
  nodeIds: readonly number[],
  usableStartPfn: number,
  kernelPages: number,
): Map<number, number> {
  const startPfns = new Map<number, number>();
  let required = kernelPages;
  // With what a pass leaves over, the next one has a node less in the count.
  for (let usableNodes = nodeIds.length; usableNodes > 0; usableNodes--) {
    let share = Math.floor(required / usableNodes);
    for (const nid of nodeIds) {
      if (required < share) share = Math.floor(required / usableNodes);
      let remaining = share;
      for (const piece of ranges) {
        if (piece.nid !== nid) continue;
        const { endPfn } = piece;
        let startPfn = Math.max(piece.startPfn, startPfns.get(nid) ?? 0);
        if (startPfn >= endPfn) continue;
        if (startPfn < usableStartPfn) {
          const low = Math.min(endPfn, usableStartPfn) - startPfn;
          remaining -= Math.min(low, remaining);
          required -= Math.min(low, required);
          if (endPfn <= usableStartPfn) {
            startPfns.set(nid, endPfn);
            continue;
          }
          startPfn = usableStartPfn;
        }
        const taken = Math.min(endPfn - startPfn, remaining);
        startPfns.set(nid, startPfn + taken);
        required -= Math.min(required, taken);
        remaining -= taken;
        if (remaining === 0) break;
      }
    }
    if (required <= usableNodes - 1) break;
  }
  return startPfns;
}

function endOfNode(ranges: readonly NodePfnRange[], nid: number): number {
  return ranges.reduce((end, range) => (range.nid === nid ? Math.max(end, range.endPfn) : end), 0);
}

/** What a zone's limit becomes beside ZONE_MOVABLE (adjust_zone_range_for_zone_movable). */
export function besideMovable(span: PfnRange, movableStartPfn: number | undefined): PfnRange {
  if (movableStartPfn === undefined) return span;
  if (span.startPfn >= movableStartPfn) return { startPfn: span.endPfn, endPfn: span.endPfn };
  return { startPfn: span.startPfn, endPfn: Math.min(span.endPfn, movableStartPfn) };
}
