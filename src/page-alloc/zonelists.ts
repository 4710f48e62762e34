import type { ZonelistIndices } from "../mm/zonelists.js";
import { ZoneType } from "../mm/zones.js";
import { AllocFlag, cmaFlag } from "./alloc-flags.js";
import { Gfp, gfpMigrateType, gfpZone } from "./gfp.js";
import { MigrateType } from "./migratetype.js";
import { ALLOCATED, ALLOCATED_MOVABLE } from "./page-frames.js";
import type { Zone } from "./zone.js";

/** Where a request looks for memory and of which type (struct alloc_context, prepare_alloc_pages). */
export interface AllocContext {
  /** Zones in the order of preference, also those above `highestType`, which it may not use. */
  readonly zonelist: readonly Zone[];
  /** Place of the zone to prefer; the length of the list where there is none. */
  readonly first: number;
  /** The same zone, where a visit to it does nothing as long as it has plenty. */
  readonly plainZone: Zone | undefined;
  /** Nodes of the machine. */
  readonly nodes: number;
  readonly highestType: number;
  /** Migrate type. */
  readonly type: number;
  /** What is noted of a block that it gets (see PageFrames). */
  readonly marks: number;
  /** Flags of the first attempt that follow from the above (alloc_flags_nofragment, gfp_to_alloc_flags_cma). */
  readonly allocFlags: number;
}

/** Bits of a gfp that choose zones and type: those of gfp_zone and gfp_migratetype. THISNODE comes after them. */
const ZONE_AND_TYPE = 0x1f;
const CONTEXTS_OF_NODE = 0x40;
const { THISNODE } = Gfp;

/** The zones that requests try, in order, for each node they may prefer (build_all_zonelists). */
export class Zonelists {
  readonly #nodes: number;
  /** Numbers of the nodes with memory, ascending, in the order of the lists; there may be gaps between them. */
  readonly #nodeIds: readonly number[];
  /** Zones that have a lower one to fall back to first. */
  readonly #mayAvoidFragments: readonly boolean[];
  readonly #all: readonly (readonly Zone[])[];
  readonly #ofNode: readonly (readonly Zone[])[];
  /** By node and those bits; made when first asked for. */
  readonly #contexts: (AllocContext | undefined)[];

  constructor(zones: readonly Zone[], { zonelists, nodeZonelists }: ZonelistIndices) {
    const resolve = (lists: readonly (readonly number[])[]): (readonly Zone[])[] =>
      lists.map((list) => list.map((index) => zones[index]!));
    this.#nodes = zonelists.length;
    this.#nodeIds = [...new Set(zones.map((zone) => zone.nodeId))].toSorted((a, b) => a - b);
    this.#all = resolve(zonelists);
    this.#ofNode = resolve(nodeZonelists);
    this.#contexts = Array.from({ length: this.#nodes * CONTEXTS_OF_NODE }, () => undefined);
    const populatedBelow = (zone: Zone): boolean =>
      zones.some((z) => z.nodeId === zone.nodeId && z.type === ZoneType.DMA32 && z.presentPages > 0);
    this.#mayAvoidFragments = zones.map(
      (zone) => zone.type === ZoneType.NORMAL && (zonelists.length === 1 || populatedBelow(zone)),
    );
  }

  context(gfp: number, nodeId: number): AllocContext {
    const key = (nodeId << 6) | ((gfp & THISNODE) >> 16) | (gfp & ZONE_AND_TYPE);
    const known = this.#contexts[key];
    if (known !== undefined) return known;
    const context = this.#makeContext(gfp, nodeId);
    this.#contexts[key] = context;
    return context;
  }

  #makeContext(gfp: number, nodeId: number): AllocContext {
    const zonelist = this.#zonelist(nodeId, (gfp & THISNODE) !== 0);
    const highestType = gfpZone(gfp);
    const type = gfpMigrateType(gfp);
    const place = zonelist.findIndex((zone) => zone.type <= highestType);
    const first = place < 0 ? zonelist.length : place;
    const avoidsFragments = place >= 0 && this.#mayAvoidFragments[zonelist[place]!.index]!;
    const allocFlags = (avoidsFragments ? AllocFlag.NOFRAGMENT : 0) | cmaFlag(type);
    const preferred = zonelist[first];
    const plainZone = preferred !== undefined && this.#isPlain(preferred) ? preferred : undefined;
    const marks = type === MigrateType.MOVABLE ? ALLOCATED | ALLOCATED_MOVABLE : ALLOCATED;
    return { zonelist, first, plainZone, nodes: this.#nodes, highestType, type, marks, allocFlags };
  }

  /** A node without memory begins with the next one that has some, as lower ones cost more (find_next_best_node). */
  #zonelist(nodeId: number, thisNodeOnly: boolean): readonly Zone[] {
    const place = this.#nodeIds.indexOf(nodeId);
    if (thisNodeOnly) return this.#ofNode[place] ?? [];
    if (place >= 0) return this.#all[place]!;
    const next = this.#nodeIds.findIndex((id) => id > nodeId);
    return this.#all[Math.max(next, 0)]!;
  }

  #isPlain({ rules }: Zone): boolean {
    return (
      !(this.#nodes > 1 && rules.skipsNodesOfAwakeKswapd) && !(rules.acceptOnVisit && rules.acceptAtLeastOne)
    );
  }
}
