import type { PageAllocRules } from "../linux/rules.js";
import type { Page } from "../units.js";
import { AllocFlag } from "./alloc-flags.js";
import { removeSmallest, removeSmallestRun } from "./buddy.js";
import { claim, fallback6120, RmqueueMode, steal } from "./fallback.js";
import { MigrateType } from "./migratetype.js";
import { NO_PAGE } from "./page-frames.js";
import { type PcpList, type PerCpuPages, pcpIndex } from "./pcp.js";
import { mostFreeIsCma } from "./watermark.js";
import type { Zone } from "./zone.js";

/**
 * Takes blocks off a zone's lists: the per-CPU lists with their refills, the buddy lists, and
 * the lists of other types when there is nothing left of the wanted one (mm/page_alloc.c:
 * rmqueue_pcplist, rmqueue_buddy, __rmqueue, 6.12). Whether the zone may serve at all has been
 * decided before.
 */
export class Rmqueue {
  readonly #rules: PageAllocRules;
  /** How far the refill in progress has had to go for a block (enum rmqueue_mode). */
  #mode: number = RmqueueMode.NORMAL;

  constructor(rules: PageAllocRules) {
    this.#rules = rules;
  }

  /** A block from a CPU's lists, which are refilled when empty. Returns its first page or NO_PAGE. */
  fromPcp(
    zone: Zone,
    pcp: PerCpuPages,
    order: number,
    type: number,
    allocFlags: number,
    cpu: number,
  ): Page | typeof NO_PAGE {
    const list = pcp.lists[pcpIndex(order, type)]!;
    if (list.size === 0) {
      const wanted = pcp.refillBlocks(order, zone.belowHigh);
      // A refill would leave the reserve for such requests alone.
      if (!this.#rules.highatomicRefills && (allocFlags & AllocFlag.HIGHATOMIC) !== 0) return NO_PAGE;
      this.#refill(list, wanted, zone, order, type, allocFlags, cpu);
      pcp.count += list.size << order;
      if (list.size === 0) return NO_PAGE;
    }
    pcp.count -= 1 << order;
    return list.popHead();
  }

  /** Puts up to so many blocks on a list (rmqueue_bulk). */
  #refill(
    list: PcpList,
    wanted: number,
    zone: Zone,
    order: number,
    type: number,
    allocFlags: number,
    cpu: number,
  ): void {
    this.#mode = RmqueueMode.NORMAL;
    // What is free decides before each block whether it comes from a CMA area.
    const mayUseCma = zone.cmaPages !== 0 && (allocFlags & AllocFlag.CMA) !== 0;
    while (list.size < wanted) {
      const ownFirst = !mayUseCma && this.#mode === RmqueueMode.NORMAL;
      if (ownFirst && removeSmallestRun(zone, order, type, wanted - list.size, list, cpu) > 0) continue;
      const page = this.#any(zone, order, type, allocFlags, cpu);
      if (page === NO_PAGE) return;
      list.pushTail(page);
    }
  }

  /** A block from the buddy lists. Returns its first page or NO_PAGE. */
  fromBuddy(zone: Zone, order: number, type: number, allocFlags: number, cpu: number): Page | typeof NO_PAGE {
    if ((allocFlags & AllocFlag.HIGHATOMIC) !== 0) {
      const reserved = removeSmallest(zone, order, MigrateType.HIGHATOMIC, cpu);
      if (reserved !== NO_PAGE) return reserved;
    }
    this.#mode = RmqueueMode.NORMAL;
    const page = this.#any(zone, order, type, allocFlags, cpu);
    if (page !== NO_PAGE || (allocFlags & (AllocFlag.OOM | AllocFlag.NON_BLOCK)) === 0) return page;
    // An emergency may use what is reserved for atomic requests.
    return removeSmallest(zone, order, MigrateType.HIGHATOMIC, cpu);
  }

  /** One block of a type, or of another type if there is none (__rmqueue). */
  #any(zone: Zone, order: number, type: number, allocFlags: number, cpu: number): Page | typeof NO_PAGE {
    const mayUseCma = zone.cmaPages !== 0 && (allocFlags & AllocFlag.CMA) !== 0;
    if (mayUseCma && mostFreeIsCma(zone)) {
      const page = removeSmallest(zone, order, MigrateType.CMA, cpu);
      if (page !== NO_PAGE) return page;
    }
    if (this.#rules.fallback === "6.12.0") {
      let page = removeSmallest(zone, order, type, cpu);
      if (page === NO_PAGE && mayUseCma) page = removeSmallest(zone, order, MigrateType.CMA, cpu);
      return page !== NO_PAGE ? page : fallback6120(zone, order, type, allocFlags, cpu);
    }
    if (this.#mode === RmqueueMode.NORMAL) {
      const page = removeSmallest(zone, order, type, cpu);
      if (page !== NO_PAGE) return page;
    }
    if (this.#mode !== RmqueueMode.STEAL) {
      if (mayUseCma) {
        // The kernel notes this as a mode of its own, which spares it the list it has seen empty.
        const page = removeSmallest(zone, order, MigrateType.CMA, cpu);
        if (page !== NO_PAGE) return page;
      }
      const page = claim(zone, order, type, allocFlags, cpu);
      if (page !== NO_PAGE) {
        this.#mode = RmqueueMode.NORMAL;
        return page;
      }
    }
    if ((allocFlags & AllocFlag.NOFRAGMENT) !== 0) return NO_PAGE;
    const page = steal(zone, order, type, cpu);
    if (page !== NO_PAGE) this.#mode = RmqueueMode.STEAL;
    return page;
  }
}
