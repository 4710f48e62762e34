import type { PageAllocRules } from "../linux/rules.js";
import type { Page } from "../units.js";
import { ALLOC_WMARK_MASK, AllocFlag, cmaFlag, Watermark } from "./alloc-flags.js";
import { reserveHighatomic } from "./highatomic.js";
import { NO_PAGE } from "./page-frames.js";
import { pcpAllowedOrder } from "./pcp.js";
import { Rmqueue } from "./rmqueue.js";
import { condAcceptMemory, type MemoryAcceptor } from "./unaccepted-list.js";
import { watermarkFast, watermarkPages } from "./watermark.js";
import type { Zone } from "./zone.js";
import type { AllocContext } from "./zonelists.js";

/** What a walk needs of its allocator. */
interface Surroundings {
  readonly rules: PageAllocRules;
  readonly acceptor: MemoryAcceptor;
  readonly growZone: ((zone: Zone, order: number) => boolean) | undefined;
  isKswapdAwake(nodeId: number): boolean;
  wakeKswapd(nodeId: number, highestType: number): void;
}

/** The walk over the zones that may serve a request (mm/page_alloc.c: get_page_from_freelist). */
export class ZoneWalk {
  readonly lists: Rmqueue;
  /** The request comes from an interrupt that finds its CPU's lists locked. */
  pcpLocked = false;
  readonly #allocator: Surroundings;

  constructor(allocator: Surroundings) {
    this.#allocator = allocator;
    this.lists = new Rmqueue(allocator.rules);
  }

  /** A page from the first zone that can spare it, or NO_PAGE. */
  pageFrom(context: AllocContext, order: number, flags: number, cpu: number): Page | typeof NO_PAGE {
    const { zonelist, first, nodes, highestType, type } = context;
    const preferred = zonelist[first];
    const allocator = this.#allocator;
    const { rules } = allocator;
    let allocFlags = flags;
    let skipsBusyNodes = nodes > 1 && rules.skipsNodesOfAwakeKswapd;
    for (;;) {
      const avoidFragments = (allocFlags & AllocFlag.NOFRAGMENT) !== 0;
      let reachesOtherNode = false;
      let skipped = false;
      for (let at = first; at < zonelist.length; at++) {
        const zone = zonelist[at]!;
        if (zone.type > highestType) continue;
        if (avoidFragments && nodes > 1 && zone !== preferred && zone.nodeId !== preferred!.nodeId) {
          reachesOtherNode = true;
          break;
        }
        if (skipsBusyNodes && allocator.isKswapdAwake(zone.nodeId)) {
          skipped = true;
          continue;
        }
        if (rules.acceptOnVisit) this.mayAccept(zone, order, allocFlags, cpu, false);
        if (!this.#mayServe(zone, order, allocFlags, highestType, cpu)) continue;
        for (;;) {
          const page = this.#rmqueue(zone, order, type, allocFlags, cpu);
          if (page !== NO_PAGE) {
            if (rules.highatomicReserves === "any" && (allocFlags & AllocFlag.HIGHATOMIC) !== 0)
              reserveHighatomic(zone, page, order, cpu);
            return page;
          }
          if (this.mayAccept(zone, order, allocFlags, cpu)) continue;
          if (allocator.growZone?.(zone, order)) continue;
          break;
        }
      }
      if (!reachesOtherNode && skipsBusyNodes && skipped) {
        // No idle node can: then any.
        skipsBusyNodes = false;
        continue;
      }
      if (!reachesOtherNode && !avoidFragments) return NO_PAGE;
      // Every zone is fragmented, or the next one is on another node: mixing types is the lesser evil.
      allocFlags &= ~AllocFlag.NOFRAGMENT;
    }
  }

  /**
   * The first zone of the node that would stay above its low watermark with `count` pages less (alloc_pages_bulk).
   * Callers here ask for what they lack; the pages an array already has, which 7.x does not count, are none.
   */
  zoneForBulk(context: AllocContext, count: number, cpu: number): Zone | undefined {
    const { zonelist, first, highestType, type } = context;
    const allocFlags = AllocFlag.WMARK_LOW | cmaFlag(type);
    const preferred = zonelist[first];
    const { bulkAccepts } = this.#allocator.rules;
    for (const zone of zonelist) {
      if (zone.type > highestType) continue;
      if (zone.nodeId !== preferred!.nodeId) return undefined;
      if (bulkAccepts) this.mayAccept(zone, 0, allocFlags, cpu, false);
      do {
        const mark = watermarkPages(zone, Watermark.LOW) + count;
        if (watermarkFast(zone, 0, mark, preferred!.type, allocFlags)) return zone;
      } while (
        bulkAccepts &&
        (this.mayAccept(zone, 0, allocFlags, cpu) || this.#allocator.growZone?.(zone, 0) === true)
      );
    }
    return undefined;
  }

  /**
   * Accepts memory where that is called for, and the request may wait for a lock. Returns whether it did.
   *
   * @param unserved whether the request found nothing in what is accepted
   */
  mayAccept(zone: Zone, order: number, allocFlags: number, cpu: number, unserved = true): boolean {
    if ((allocFlags & AllocFlag.NOLOCK) !== 0) return false;
    return condAcceptMemory(zone, order, this.#allocator.acceptor, this.#allocator.rules, cpu, unserved);
  }

  /** The watermark part of a visit; notes a zone below its high watermark. */
  #mayServe(zone: Zone, order: number, allocFlags: number, highestType: number, cpu: number): boolean {
    if (!zone.belowHigh) {
      if (watermarkFast(zone, order, watermarkPages(zone, Watermark.HIGH), highestType, allocFlags))
        return true;
      zone.belowHigh = true;
    }
    const mark = watermarkPages(zone, allocFlags & ALLOC_WMARK_MASK);
    if (watermarkFast(zone, order, mark, highestType, allocFlags)) return true;
    if (this.mayAccept(zone, order, allocFlags, cpu)) return true;
    if (this.#allocator.growZone?.(zone, order)) return true;
    return (allocFlags & AllocFlag.NO_WATERMARKS) !== 0;
  }

  /** Takes a block from a zone, by way of the per-CPU lists where they hold that order (rmqueue). */
  #rmqueue(zone: Zone, order: number, type: number, allocFlags: number, cpu: number): Page | typeof NO_PAGE {
    let page: Page | typeof NO_PAGE = NO_PAGE;
    if (pcpAllowedOrder(order) && !this.pcpLocked) {
      const pcp = zone.pcp[cpu]!;
      pcp.freeCount >>= 1;
      page = this.lists.fromPcp(zone, pcp, order, type, allocFlags, cpu);
    }
    if (page === NO_PAGE) {
      page = this.lists.fromBuddy(zone, order, type, allocFlags, cpu);
      if (page !== NO_PAGE && this.#reserves(allocFlags)) reserveHighatomic(zone, page, order, cpu);
    }
    if (zone.boosted && (allocFlags & AllocFlag.KSWAPD) !== 0) {
      zone.boosted = false;
      this.#allocator.wakeKswapd(zone.nodeId, zone.type);
    }
    return page;
  }

  /** Whether a block from the buddy lists leads to a reserve for more of its kind (rmqueue_buddy). */
  #reserves(allocFlags: number): boolean {
    if ((allocFlags & AllocFlag.HIGHATOMIC) === 0) return false;
    const { highatomicReserves } = this.#allocator.rules;
    if (highatomicReserves === "buddy-below-low")
      return (allocFlags & ALLOC_WMARK_MASK) === AllocFlag.WMARK_MIN;
    return highatomicReserves === "buddy";
  }
}
