import { MAX_NUMNODES } from "../memblock/regions.js";
import { isPopulated, type NodeSpan, type ZoneSpan } from "./zones.js";

/** How far one node is from another, as ACPI SLIT states it: 10 is itself. */
export type NodeDistance = (from: number, to: number) => number;

/** Distances without a SLIT table (include/linux/topology.h: LOCAL_DISTANCE, REMOTE_DISTANCE). */
export function defaultDistance(from: number, to: number): number {
  return from === to ? 10 : 20;
}

export interface Zonelists {
  readonly nid: number;
  /** Zones of every node (ZONELIST_FALLBACK). */
  readonly fallback: readonly ZoneSpan[];
  /** Zones of this node only, for __GFP_THISNODE (ZONELIST_NOFALLBACK). */
  readonly noFallback: readonly ZoneSpan[];
}

/**
 * The order in which each node falls back to others (mm/page_alloc.c:build_zonelists and
 * find_next_best_node, 6.12). Nodes at equal distance take turns at being somebody's first
 * choice. When the lists are built no CPU is in its node's mask yet, so the kernel's
 * preference for nodes without CPUs never decides.
 *
 * @param nodeIds nodes with memory, ascending
 * @returns for each of them its order, itself first
 */
export function nodeFallbackOrders(nodeIds: readonly number[], distance: NodeDistance): number[][] {
  const load = new Map<number, number>(nodeIds.map((nid) => [nid, 0]));
  return nodeIds.map((local) => {
    const order = [local];
    const rest = new Set(nodeIds);
    rest.delete(local);
    let previous = local;
    while (rest.size > 0) {
      const best = nearest(local, rest, distance, load);
      // Only the first node of a group at one distance is charged: the next node then starts elsewhere.
      if (distance(local, best) !== distance(local, previous)) load.set(best, load.get(best)! + 1);
      order.push(best);
      rest.delete(best);
      previous = best;
    }
    return order;
  });
}

function nearest(
  local: number,
  candidates: ReadonlySet<number>,
  distance: NodeDistance,
  load: ReadonlyMap<number, number>,
): number {
  let best = -1;
  let bestCost = Number.POSITIVE_INFINITY;
  for (const nid of candidates) {
    const cost = (distance(local, nid) + (nid < local ? 1 : 0)) * MAX_NUMNODES + load.get(nid)!;
    if (cost < bestCost) {
      best = nid;
      bestCost = cost;
    }
  }
  return best;
}

export interface ZonelistIndices {
  /** For each node the zones to try, nearest node and highest zone first (ZONELIST_FALLBACK). */
  readonly zonelists: readonly (readonly number[])[];
  /** The same without other nodes (ZONELIST_NOFALLBACK, __GFP_THISNODE). */
  readonly nodeZonelists: readonly (readonly number[])[];
}

/** The zone lists of every node over the zones of an allocator, by node number. */
export function zonelistIndices(nodes: readonly NodeSpan[], zones: readonly ZoneSpan[]): ZonelistIndices {
  const indices = (list: readonly ZoneSpan[]): number[] => list.map((zone) => zones.indexOf(zone));
  const lists = buildZonelists(nodes, defaultDistance);
  return {
    zonelists: lists.map(({ fallback }) => indices(fallback)),
    nodeZonelists: lists.map(({ noFallback }) => indices(noFallback)),
  };
}

/** The zone lists of every node (mm/page_alloc.c:build_zonelists, 6.12): within a node the highest zone comes first. */
export function buildZonelists(nodes: readonly NodeSpan[], distance: NodeDistance): Zonelists[] {
  const populated = new Map(nodes.map((node) => [node.nid, node.zones.filter(isPopulated).reverse()]));
  const orders = nodeFallbackOrders(
    nodes.map((node) => node.nid),
    distance,
  );
  return nodes.map(({ nid }, index) => ({
    nid,
    fallback: orders[index]!.flatMap((other) => populated.get(other)!),
    noFallback: populated.get(nid)!,
  }));
}
