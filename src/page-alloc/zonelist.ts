import type { ZonelistIndices } from "../mm/zonelists.js";
import { ZoneType } from "../mm/zones.js";
import { AllocFlag } from "./alloc-flags.js";
import { Gfp } from "./gfp.js";
import type { Zone } from "./zone.js";

/** The zones that requests try, in order, for each node they may prefer (build_all_zonelists). */
export class Zonelists {
  readonly nodes: number;
  /** NOFRAGMENT for zones that have a lower one to fall back to first (alloc_flags_nofragment), by zone. */
  readonly noFragment: Int32Array;
  readonly #all: readonly (readonly Zone[])[];
  readonly #ofNode: readonly (readonly Zone[])[];

  constructor(zones: readonly Zone[], { zonelists, nodeZonelists }: ZonelistIndices) {
    const resolve = (lists: readonly (readonly number[])[]): (readonly Zone[])[] =>
      lists.map((list) => list.map((index) => zones[index]!));
    this.nodes = zonelists.length;
    this.#all = resolve(zonelists);
    this.#ofNode = resolve(nodeZonelists);
    const populatedBelow = (zone: Zone): boolean =>
      zones.some((z) => z.nodeId === zone.nodeId && z.type === ZoneType.DMA32 && z.presentPages > 0);
    this.noFragment = Int32Array.from(zones, (zone) =>
      zone.type === ZoneType.NORMAL && (zonelists.length === 1 || populatedBelow(zone))
        ? AllocFlag.NOFRAGMENT
        : 0,
    );
  }

  /** Those of a request that prefers a node. */
  of(gfp: number, nodeId: number): readonly Zone[] {
    return ((gfp & Gfp.THISNODE) !== 0 ? this.#ofNode : this.#all)[nodeId]!;
  }
}

/** First zone of a list that a request may use. */
export function firstAllowed(zonelist: readonly Zone[], highestType: number): number {
  for (let at = 0; at < zonelist.length; at++) if (zonelist[at]!.type <= highestType) return at;
  return zonelist.length;
}
