import { drainPcp } from "../page-alloc/buddy.js";
import { formatGfp, gfpMigrateType } from "../page-alloc/gfp.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { NO_PAGE } from "../page-alloc/page-frames.js";
import { pcpAllowedOrder, pcpIndex } from "../page-alloc/pcp.js";
import type { Zone } from "../page-alloc/zone.js";
import { asPage, asPfn, type Page, pageArray } from "../units.js";
import { LabKind, type LabLog } from "../workload/lab-log.js";
import type { Comparison, Divergence, OutsideCauses } from "./comparison.js";
import { type LabSteps, labSteps, Step } from "./lab-steps.js";
import { placeOf } from "./page-place.js";
import { Retypings } from "./retypings.js";

export interface OpenLoopResult {
  readonly allocations: { compared: number; pfnExact: number; firstDivergence?: Divergence };
  /** Allocations that took blocks from the buddy lists: how many blocks. */
  readonly refills: Comparison;
  /** Frees that made the per-CPU list drain: how many pages. */
  readonly drains: Comparison;
  /** Pageblocks that changed their type: whether they did in the model. */
  readonly retypings: Comparison;
  readonly outside: OutsideCauses;
  /** Pages of early reservations that were freed: init sections, initrd. */
  readonly reservedFrees: number;
}

/**
 * Replays the requests of a lab log on an allocator and compares the frames it hands out.
 * The log never says what to hand out: a frame number is only ever compared, or names what is freed.
 */
export class OpenLoop {
  readonly steps: LabSteps;
  readonly #log: LabLog;
  readonly #allocator: PageAllocator;
  readonly #cpuNodes: readonly number[];
  /** For each record: 1 = an allocation already replayed, ahead of a free that would have hidden its page. */
  readonly #done: Uint8Array;
  /** Where the model put an allocation that the kernel put elsewhere, by the kernel's frame number. */
  readonly #elsewhere = new Map<number, Page | typeof NO_PAGE>();
  readonly #retypings: Retypings;
  readonly #result: { -readonly [Key in keyof OpenLoopResult]: OpenLoopResult[Key] };
  /** Place in `steps.order` of the next step. */
  #next = 0;
  #stopped = false;

  /** @param cpuNodes node of each CPU */
  constructor(log: LabLog, allocator: PageAllocator, cpuNodes: readonly number[]) {
    this.#log = log;
    this.#cpuNodes = cpuNodes;
    this.#allocator = allocator;
    this.steps = labSteps(log);
    this.#retypings = new Retypings(log, allocator);
    this.#done = new Uint8Array(log.length);
    this.#result = {
      allocations: { compared: 0, pfnExact: 0 },
      refills: { compared: 0, equal: 0 },
      drains: { compared: 0, equal: 0 },
      retypings: this.#retypings.result,
      reservedFrees: 0,
      outside: {
        pcpDecays: 0,
        timerDrains: 0,
        interruptedAllocations: this.steps.interruptedAllocations,
        lockedFrees: this.steps.lockedFrees,
        interleavedSteps: this.steps.interleavedSteps,
        deferredInterleavings: 0,
        counterDrifts: 0,
        otherNodeRequests: 0,
      },
    };
  }

  /** Whether the model could not follow a request; it is in no state to compare then. */
  get stopped(): boolean {
    return this.#stopped;
  }

  get result(): OpenLoopResult {
    return this.#result;
  }

  /** Replays the steps that took effect before a record; those of earlier calls are done. */
  runUntil(end: number): void {
    const { order, effect } = this.steps;
    for (; this.#next < order.length; this.#next++) {
      const i = order[this.#next]!;
      if (effect[i]! >= end) break;
      this.#retypings.compareBefore(effect[i]!);
      this.#run(i);
    }
    this.#retypings.compareBefore(end);
  }

  /** A model that has gone astray cannot follow every request: it stops, and the rest counts as different. */
  #run(i: number): void {
    if (this.#stopped) {
      if (this.steps.step[i] === Step.ALLOC) this.#result.allocations.compared++;
      return;
    }
    try {
      this.#step(i);
    } catch (error) {
      this.#stopped = true;
      const { kind, order, cpu, pfn } = this.#log;
      this.#result.allocations.firstDivergence ??= {
        event: i,
        expected: `a record of kind ${kind[i]}, pfn ${hex(pfn[i]!)}`,
        found: error instanceof Error ? error.message : String(error),
        context: `order ${order[i]}, CPU ${cpu[i]}; the model stops here`,
      };
    }
  }

  #step(i: number): void {
    switch (this.steps.step[i]) {
      case Step.ALLOC:
        if (this.#done[i] === 0) this.#allocate(i);
        break;
      case Step.FREE:
        this.#free(i, false);
        break;
      case Step.FREE_LOCKED:
        this.#free(i, true);
        break;
      case Step.DECAY:
        this.#decay(i);
        break;
      case Step.TIMER_DRAIN:
        this.#timerDrain(i);
        break;
      default:
    }
  }

  #allocate(i: number): void {
    const { kind, a, order, cpu } = this.#log;
    const allocator = this.#allocator;
    this.#done[i] = 1;
    const node = this.#preferredNode(i);
    if (kind[i] === LabKind.BULK) {
      this.#allocateBulk(i, node);
      return;
    }
    const before = this.#pcpPages(cpu[i]!);
    this.#compare(i, allocator.allocPages(a[i]!, order[i]!, node, cpu[i]!));
    if (!pcpAllowedOrder(order[i]!)) return;
    const taken = (this.#pcpPages(cpu[i]!) - before) / 2 ** order[i]! + 1;
    this.#compareMoves(this.#result.refills, i, taken, "blocks taken");
  }

  /** Pages on all lists of a CPU: how they change shows what a step moved. */
  #pcpPages(cpu: number): number {
    let pages = 0;
    for (const zone of this.#allocator.zones) pages += zone.pcp[cpu]!.count;
    return pages;
  }

  #compareMoves(compared: Comparison, i: number, found: number, what: string): void {
    const expected = this.steps.moved[i]!;
    if (expected === 0 && found === 0) return;
    compared.compared++;
    if (expected === found) {
      compared.equal++;
      return;
    }
    compared.firstDivergence ??= {
      event: i,
      expected: `${expected} ${what}`,
      found: `${found}`,
      context: `order ${this.#log.order[i]}, CPU ${this.#log.cpu[i]}`,
    };
  }

  /**
   * One alloc_pages_bulk() has a line for each page; the next call begins after any other line of
   * its CPU, or with a page of another node: while Linux boots, it asks its nodes in turn.
   */
  #allocateBulk(i: number, node: number): void {
    const { kind, a, cpu, pfn } = this.#log;
    const group = [i];
    for (
      let next = this.steps.nextOnCpu[i]!;
      next >= 0 && kind[next] === LabKind.BULK;
      next = this.steps.nextOnCpu[next]!
    ) {
      if (this.#allocator.zoneOfPfn(asPfn(pfn[next]!)).nodeId !== node) break;
      group.push(next);
    }
    for (let at = 0; at < group.length; ) {
      const pages = pageArray(group.length - at);
      const got = this.#allocator.allocPagesBulk(a[i]!, pages, node, cpu[i]!);
      if (got === 0) break;
      for (let page = 0; page < got; page++, at++) {
        this.#done[group[at]!] = 1;
        this.#compare(group[at]!, pages[page]!);
      }
    }
  }

  #compare(i: number, page: Page | typeof NO_PAGE): void {
    const { a, order, cpu, pfn } = this.#log;
    const found = page === NO_PAGE ? -1 : this.#allocator.frames.pfnOf(page);
    const { allocations } = this.#result;
    allocations.compared++;
    if (found === pfn[i]) {
      allocations.pfnExact++;
      this.#elsewhere.delete(found);
      return;
    }
    this.#elsewhere.set(pfn[i]!, page);
    allocations.firstDivergence ??= {
      event: i,
      expected: hex(pfn[i]!),
      found: hex(found),
      context: `order ${order[i]}, gfp ${formatGfp(a[i]!)}, CPU ${cpu[i]}`,
    };
  }

  /**
   * The node a request prefers is not in the log. It is the CPU's own, except where the kernel
   * asked for memory of another node, which shows only in what it got.
   */
  #preferredNode(i: number): number {
    const { pfn, cpu } = this.#log;
    const own = this.#cpuNodes[cpu[i]!]!;
    if (pfn[i]! < 0) return own;
    const { nodeId } = this.#allocator.zoneOfPfn(asPfn(pfn[i]!));
    if (nodeId !== own) this.#result.outside.otherNodeRequests++;
    return nodeId;
  }

  #free(i: number, locked: boolean): void {
    const { pfn, order, cpu } = this.#log;
    if (!locked) this.#allocateBuried(i);
    const elsewhere = this.#elsewhere.get(pfn[i]!);
    this.#elsewhere.delete(pfn[i]!);
    const before = this.#pcpPages(cpu[i]!);
    const place = placeOf(this.#allocator, pfn[i]!);
    if (elsewhere === NO_PAGE)
      throw new Error(`pfn ${hex(pfn[i]!)} is freed, for which the model had no page`);
    if (elsewhere !== undefined || place === "allocated") {
      const page = elsewhere ?? this.#allocator.pageAt(asPfn(pfn[i]!));
      if (locked) this.#allocator.freePagesPastPcp(page, order[i]!, cpu[i]!);
      else this.#allocator.freePages(page, order[i]!, cpu[i]!);
    } else if (place !== "reserved" || order[i]! > 0) {
      throw new Error(
        `pfn ${hex(pfn[i]!)} is freed, but ${place}${place === "reserved" ? "" : ", not allocated"} in the model`,
      );
    } else {
      // Never handed out: memory reserved since early boot that the kernel gives up.
      this.#allocator.freeReservedPage(asPfn(pfn[i]!), cpu[i]!);
      this.#result.reservedFrees++;
    }
    if (locked || !pcpAllowedOrder(order[i]!)) return;
    const drained = before + 2 ** order[i]! - this.#pcpPages(cpu[i]!);
    this.#compareMoves(this.#result.drains, i, drained, "pages drained");
  }

  /** The page that the model handed out for the kernel's, or NO_PAGE while nothing is known of that. */
  #pageOf(pfn: number): Page | typeof NO_PAGE {
    return this.#elsewhere.get(pfn) ?? this.#allocator.frames.pageOf(asPfn(pfn));
  }

  /** The next allocation on this CPU, or -1 when it is done already. */
  #nextAllocation(i: number): number {
    const next = this.steps.nextAllocation[i]!;
    return next < 0 || this.#done[next] === 1 ? -1 : next;
  }

  /**
   * The frame that the next allocation got lies at the head of its per-CPU list, and this
   * free would bury it: so the allocation came before the free, and an interrupt between.
   */
  #allocateBuried(i: number): void {
    const { a, order, cpu, pfn } = this.#log;
    if (!pcpAllowedOrder(order[i]!)) return;
    const freed = this.#pageOf(pfn[i]!);
    if (freed === NO_PAGE) return;
    const zone = this.#allocator.zoneOf(freed);
    const next = this.#nextAllocation(i);
    if (next < 0 || order[next] !== order[i] || this.steps.effect[next] !== next) return;
    const type = gfpMigrateType(a[next]!);
    if (this.#allocator.frames.pageblockType[freed >> 9] !== type) return;
    const head = headOf(zone, cpu[i]!, order[i]!, type);
    if (head === NO_PAGE || this.#allocator.frames.pfnOf(asPage(head)) !== pfn[next]) return;
    this.#result.outside.interruptedAllocations++;
    this.#allocate(next);
  }

  #decay(i: number): void {
    const { type, a, cpu } = this.#log;
    const { zones, frames } = this.#allocator;
    for (const zone of zones) zone.foldFreePages(cpu[i]!);
    const zone = zones.find((z) => z.type === (type[i]! & 15) && z.nodeId === type[i]! >> 4)!;
    const pcp = zone.pcp[cpu[i]!]!;
    pcp.high = a[i]!;
    this.#result.outside.pcpDecays++;
    const batch = Math.max(pcp.batch, 1);
    for (let left = pcp.count - pcp.high; left > 0; left -= batch) {
      drainPcp(frames, zone, pcp, Math.min(left, batch), 0, cpu[i]!);
    }
  }

  /** The log names the zone by the first page drained. */
  #timerDrain(i: number): void {
    const { a, cpu, pfn } = this.#log;
    const drained = this.steps.nextDrain[i]!;
    if (drained < 0) return;
    this.#result.outside.timerDrains++;
    const { frames } = this.#allocator;
    const zone = this.#allocator.zoneOfPfn(asPfn(pfn[drained]!));
    drainPcp(frames, zone, zone.pcp[cpu[i]!]!, a[i]!, pfn[i]!, cpu[i]!);
  }
}

function headOf(zone: Zone, cpu: number, order: number, type: number): Page | typeof NO_PAGE {
  const list = zone.pcp[cpu]!.lists[pcpIndex(order, type)]!;
  return list.size === 0 ? NO_PAGE : list.at(0);
}

function hex(value: number): string {
  return value < 0 ? "none" : `0x${value.toString(16)}`;
}
