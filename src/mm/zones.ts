import type { CoreAmount, CoreMemory } from "../command-line/core-memory.js";
import type { NodePfnRange } from "../memblock/iterate.js";
import { GiB, MAX_ORDER_PAGES, MiB, PAGE_SIZE, roundUp } from "../units.js";
import { type PfnRange, pagesInside } from "./pfn-range.js";

/** Zone types, low to high (include/linux/mmzone.h: enum zone_type on x86_64, 6.12). */
export const ZoneType = { DMA: 0, DMA32: 1, NORMAL: 2, MOVABLE: 3, DEVICE: 4 } as const;
export type ZoneType = (typeof ZoneType)[keyof typeof ZoneType];

/** Number of zone types (MAX_NR_ZONES with CONFIG_ZONE_DMA, ZONE_DMA32 and ZONE_DEVICE). */
export const MAX_NR_ZONES = 5;

/** Names as the kernel prints them (mm/page_alloc.c: zone_names). */
export const ZONE_NAMES: readonly string[] = ["DMA", "DMA32", "Normal", "Movable", "Device"];

/** Where a zone of a node lies, as free_area_init() leaves it. */
export interface ZoneSpan {
  readonly nodeId: number;
  readonly type: ZoneType;
  readonly name: string;
  /** First page frame; 0 when the zone is empty. The zone spans endPfn - startPfn pages, holes included. */
  readonly startPfn: number;
  readonly endPfn: number;
  /** Pages that are memory. Until memblock hands over, they also count as managed. */
  readonly presentPages: number;
}

export interface NodeSpan extends NodePfnRange {
  /** By zone type: MAX_NR_ZONES entries, empty ones included. */
  readonly zones: readonly ZoneSpan[];
}

/** Whether a zone has memory (include/linux/mmzone.h: populated_zone). */
export function isPopulated(zone: ZoneSpan): boolean {
  return zone.presentPages > 0;
}

const DMA_END_PFN = (16 * MiB) / PAGE_SIZE;
const DMA32_END_PFN = (4 * GiB) / PAGE_SIZE;

/**
 * Which page frames belong to each zone type on this machine (arch/x86/mm/init.c:zone_sizes_init,
 * mm/mm_init.c:free_area_init, 6.12). Types without page frames have startPfn equal to endPfn.
 *
 * @param ranges memory, ascending, not empty
 */
export function zoneLimits(ranges: readonly PfnRange[]): PfnRange[] {
  const maxPfn = endOfMemory(ranges);
  const upper = [Math.min(DMA_END_PFN, maxPfn), Math.min(DMA32_END_PFN, maxPfn), maxPfn];
  let startPfn = ranges[0]!.startPfn;
  const limits = upper.map((limit) => {
    const zone = { startPfn, endPfn: Math.max(limit, startPfn) };
    startPfn = zone.endPfn;
    return zone;
  });
  const none = { startPfn: 0, endPfn: 0 };
  return [...limits, none, none];
}

/**
 * The zones of every node with memory (mm/mm_init.c:free_area_init_node, 6.12). A zone that is not
 * the node's last ends at its limit, not at the last page of memory below it.
 *
 * @param ranges memory, ascending and disjoint; those of one node need not be neighbours
 * @param core what of it the kernel keeps out of ZONE_MOVABLE; absent: everything
 * @returns by node number, ascending
 */
export function nodeSpans(ranges: readonly NodePfnRange[], core?: CoreMemory): NodeSpan[] {
  if (ranges.length === 0) throw new Error("mm: a machine without memory has no zones");
  const limits = zoneLimits(ranges);
  // find_usable_zone_for_movable(): the highest zone with page frames.
  const highest = limits.findLast(({ startPfn, endPfn }) => startPfn < endPfn)!;
  const movable = core === undefined ? undefined : zoneMovablePfns(ranges, highest.startPfn, core);
  const nodeIds = [...new Set(ranges.map((range) => range.nid))].sort((a, b) => a - b);
  return nodeIds.map((nid) => {
    const memory = ranges.filter((range) => range.nid === nid);
    const node = { nid, startPfn: memory[0]!.startPfn, endPfn: endOfMemory(memory) };
    const movablePfn = movable?.get(nid);
    const types = Object.values(ZoneType);
    const limitOf = (type: ZoneType): PfnRange =>
      type === ZoneType.MOVABLE && movablePfn !== undefined
        ? { startPfn: movablePfn, endPfn: highest.endPfn }
        : adjustForMovable(limits[type]!, movablePfn);
    return { ...node, zones: types.map((type) => zoneSpan(node, type, limitOf(type), memory)) };
  });
}

function zoneSpan(
  node: NodePfnRange,
  type: ZoneType,
  limit: PfnRange,
  memory: readonly PfnRange[],
): ZoneSpan {
  const startPfn = Math.max(node.startPfn, limit.startPfn);
  const endPfn = Math.min(node.endPfn, limit.endPfn);
  const span = startPfn < endPfn ? { startPfn, endPfn } : { startPfn: 0, endPfn: 0 };
  return {
    nodeId: node.nid,
    type,
    name: ZONE_NAMES[type]!,
    ...span,
    presentPages: pagesInside(memory, span),
  };
}

function endOfMemory(ranges: readonly PfnRange[]): number {
  return ranges.reduce((end, { endPfn }) => Math.max(end, endPfn), 0);
}

/**
 * Where ZONE_MOVABLE begins on each node (mm/mm_init.c:find_zone_movable_pfns_for_nodes, 6.12,
 * without mirrored memory and without `movable_node`, which simulated machines do not have).
 * The kernel's own part is spread over the nodes as evenly as they have memory for it.
 *
 * @param usableStartPfn lowest page frame of the highest zone that the machine has
 * @returns by node; no entry for a node without the zone
 */
function zoneMovablePfns(
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
  const endOfNode = (node: number): number => endOfMemory(ranges.filter(({ nid }) => nid === node));
  return new Map(aligned.filter(([nid, startPfn]) => startPfn > 0 && startPfn < endOfNode(nid)));
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

/** The limits of a zone, given where ZONE_MOVABLE begins (adjust_zone_range_for_zone_movable). */
function adjustForMovable(span: PfnRange, movableStartPfn: number | undefined): PfnRange {
  if (movableStartPfn === undefined) return span;
  if (span.startPfn >= movableStartPfn) return { startPfn: span.endPfn, endPfn: span.endPfn };
  return { startPfn: span.startPfn, endPfn: Math.min(span.endPfn, movableStartPfn) };
}
