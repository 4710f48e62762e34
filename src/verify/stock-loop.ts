import { drainPcp, pcpType } from "../page-alloc/buddy.js";
import { formatGfp, gfpMigrateType } from "../page-alloc/gfp.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { NO_PAGE } from "../page-alloc/page-frames.js";
import { pcpAllowedOrder, pcpIndex } from "../page-alloc/pcp.js";
import { asPfn, PAGEBLOCK_ORDER, type Page, pageArray } from "../units.js";
import { PageEventKind, type PageEvents } from "../workload/events.js";
import type { Comparison, Divergence } from "./comparison.js";
import { placeOf } from "./page-place.js";
import { KnownLists } from "./stock-known.js";
import type { StockPages } from "./stock-pages.js";
import { StockResync, type UntracedCauses } from "./stock-resync.js";
import type { StockStages } from "./stock-stages.js";
import { StockStep, type StockSteps, stockSteps } from "./stock-steps.js";
import type { PerCpuListState } from "./stock-zoneinfo.js";

/** Replays the requests of a trace of an unmodified kernel on an allocator, and compares frames. */
export class StockLoop {
  readonly allocations: {
    compared: number;
    pfnExact: number;
    readonly beforeResync: { compared: number; pfnExact: number };
    firstDivergence?: Divergence;
  } = { compared: 0, pfnExact: 0, beforeResync: { compared: 0, pfnExact: 0 } };
  readonly refills: Comparison = { compared: 0, equal: 0 };
  readonly drains: Comparison = { compared: 0, equal: 0 };
  interruptedAllocations = 0;
  otherNodeRequests = 0;
  readonly #resync: StockResync;
  readonly #events: PageEvents;
  readonly #allocator: PageAllocator;
  readonly #cpuNodes: readonly number[];
  readonly #stages: StockStages | undefined;
  readonly #steps: StockSteps;
  readonly #pages: StockPages;
  readonly #done: Uint8Array;
  readonly #known: KnownLists;
  #stopped = false;

  constructor(
    events: PageEvents,
    allocator: PageAllocator,
    cpuNodes: readonly number[],
    stages?: StockStages,
  ) {
    this.#events = events;
    this.#allocator = allocator;
    this.#cpuNodes = cpuNodes;
    this.#stages = stages;
    this.#steps = stockSteps(events, (pfn) => allocator.zoneOfPfn(asPfn(pfn)).index);
    this.#resync = new StockResync(events, allocator, stages);
    this.#pages = this.#resync.pages;
    this.#done = new Uint8Array(events.count);
    this.#known = new KnownLists(stages !== undefined);
  }

  get outside(): UntracedCauses {
    return this.#resync.outside;
  }

  /** Takes what happened to the per-CPU lists since the trace before from /proc/zoneinfo. */
  adoptGap(lists: readonly PerCpuListState[]): void {
    this.#resync.adoptGap(lists);
  }

  /** Whether the model could not follow an event; it is in no state to compare then. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** A model that has gone astray cannot follow every event: it stops, and the rest counts as different. */
  run(): void {
    for (const event of this.#steps.sequence) {
      if (this.#stopped) {
        if (this.#steps.step[event] === StockStep.ALLOC) this.allocations.compared++;
        continue;
      }
      try {
        this.#step(event);
      } catch (error) {
        this.#stopped = true;
        const { kind, pfn, order, cpu } = this.#events;
        this.allocations.compared++;
        this.allocations.firstDivergence = {
          event,
          expected: `an event of kind ${kind[event]}, pfn ${hex(pfn[event]!)}`,
          found: error instanceof Error ? error.message : String(error),
          context: `order ${order[event]}, CPU ${cpu[event]}; the model stops here`,
        };
      }
    }
  }

  #step(event: number): void {
    this.#stages?.before(event);
    switch (this.#steps.step[event]) {
      case StockStep.ALLOC:
        if (this.#done[event] === 0) this.#allocate(event);
        break;
      case StockStep.BULK_REFILL:
        this.#bulkRefill(event);
        break;
      case StockStep.FREE:
        this.#free(event);
        break;
      case StockStep.FREE_REST:
        this.#freeRest(event);
        break;
      default:
        this.#drain(event);
    }
  }

  #freeRest(event: number): void {
    const { pfn, cpu } = this.#events;
    const place = placeOf(this.#allocator, pfn[event]!);
    if (place !== "allocated")
      throw new Error(`pfn ${hex(pfn[event]!)} is left over, but ${place} in the model`);
    this.#pages.giveBack(this.#allocator.pageAt(asPfn(pfn[event]!)), 0, cpu[event]!, true);
  }

  #allocate(event: number): void {
    const { pfn, order, cpu, detail } = this.#events;
    this.#done[event] = 1;
    const frame = pfn[event]!;
    const gfp = detail[event]!;
    const own = this.#cpuNodes[cpu[event]!]!;
    if (frame === 0) {
      this.#compare(event, this.#allocator.allocPages(gfp, order[event]!, own, cpu[event]!), true);
      return;
    }
    const zone = this.#allocator.zoneOfPfn(asPfn(frame));
    if (zone.nodeId !== own) this.otherNodeRequests++;
    const section = this.#steps.sections.get(event);
    if (!pcpAllowedOrder(order[event]!)) {
      this.#resync.skipBeforeTracing(zone, order[event]!, gfpMigrateType(gfp), frame, event);
      const isKnown = section === undefined || this.#known.taken(section)[0]!;
      this.#compare(event, this.#allocator.allocPages(gfp, order[event]!, zone.nodeId, cpu[event]!), isKnown);
      return;
    }
    const index = pcpIndex(order[event]!, gfpMigrateType(gfp));
    const pcp = zone.pcp[cpu[event]!]!;
    const isKnown =
      section === undefined
        ? this.#known.allocated(zone.index, cpu[event]!, index, frame)
        : this.#known.refilled(cpu[event]!, section);
    if (order[event] === 0) this.#resync.takeBulk(pcp, index, event, section === undefined ? frame : -1);
    let taken = section === undefined ? 0 : this.#resync.prepareRefill(zone, pcp, index, section, event);
    const held = pcp.lists[index]!.size;
    const { high, allocFactor } = pcp;
    const page = this.#allocator.allocPages(gfp, order[event]!, zone.nodeId, cpu[event]!);
    if (held === 0 && page !== NO_PAGE) taken = pcp.lists[index]!.size + 1;
    this.#compareCount(this.refills, event, section?.pfns.length ?? 0, taken, "blocks taken");
    if (section === undefined && held === 0) {
      // The kernel had pages on its list: what the model refilled goes back.
      Object.assign(pcp, { high, allocFactor });
      const listed = this.#resync.listed(pcp, index);
      this.#pages.setList(pcp, index, []);
      for (const left of listed.reverse()) this.#pages.giveBack(left, order[event]!, cpu[event]!);
    }
    this.#compare(event, page, isKnown);
    if (!isKnown) this.#resync.adoptType(frame, gfpMigrateType(gfp), event);
    if (section !== undefined) this.#resync.correctRefill(pcp, index, section.pfns.slice(1), event);
  }

  /** Compares what the model handed out; where it is another page, the model gets the kernel's. */
  #compare(event: number, page: Page | typeof NO_PAGE, isKnown: boolean): void {
    const { pfn, order, cpu, detail } = this.#events;
    const frame = pfn[event]!;
    const found = page === NO_PAGE ? 0 : this.#allocator.frames.pfnOf(page);
    const isGiven = this.#resync.given.delete(frame);
    const isExact = !isGiven && found === frame;
    for (const counts of isKnown ? [this.allocations] : [this.allocations, this.allocations.beforeResync]) {
      counts.compared++;
      if (isExact) counts.pfnExact++;
    }
    if (isExact) return;
    this.allocations.firstDivergence ??= {
      event,
      expected: hex(frame),
      found: isGiven ? "another page, taken off its list because it was found to be used" : hex(found),
      context: `order ${order[event]}, gfp ${formatGfp(detail[event]!)}, CPU ${cpu[event]}`,
    };
    if (found === frame) return;
    this.#resync.outside.resyncs++;
    const type = gfpMigrateType(detail[event]!);
    if (page !== NO_PAGE) this.#resync.putBack(page, order[event]!, type, event);
    if (frame !== 0) this.#pages.acquire(asPfn(frame), order[event]!, type === 1, cpu[event]!);
  }

  /** alloc_pages_bulk() finds its list empty, or empties it first. */
  #bulkRefill(event: number): void {
    const { cpu, order } = this.#events;
    const section = this.#steps.sections.get(event)!;
    const zone = this.#allocator.zoneOfPfn(asPfn(section.pfns[0]!));
    const pcp = zone.pcp[cpu[event]!]!;
    if (order[event]! > 0) return;
    const index = pcpIndex(0, section.type);
    this.#known.refilled(cpu[event]!, section);
    this.#resync.takeBulk(pcp, index, event, -1);
    for (let at = 0; at < section.pfns.length; ) {
      const rest = section.pfns.slice(at);
      const led = this.#resync.prepareRefill(zone, pcp, index, { ...section, pfns: rest }, event);
      if (led === 0) {
        const pages = pageArray(2);
        const got = this.#allocator.allocPagesBulk(0xcc0 + section.type * 8, pages, zone.nodeId, cpu[event]!);
        this.#pages.setList(pcp, index, [
          ...Array.from({ length: got }, (_, i) => pages[i]!),
          ...this.#resync.listed(pcp, index),
        ]);
      }
      const size = Math.min(pcp.lists[index]!.size, rest.length);
      if (size === 0)
        throw new Error(`pfn ${hex(rest[0]!)} is asked for in bulk, and the model has no page left`);
      const last = at + size === section.pfns.length;
      this.#resync.correctRefill(pcp, index, last ? rest : rest.slice(0, size), event);
      at = last ? section.pfns.length : at + size;
      for (let left = last ? 1 : size; left > 0; left--) {
        this.#resync.given.delete(this.#allocator.frames.pfnOf(pcp.lists[index]!.at(0)));
        this.#pages.takeHead(pcp, index);
        this.#resync.outside.bulkPages++;
      }
    }
  }

  #free(event: number): void {
    const { pfn, cpu } = this.#events;
    const order = this.#steps.freeOrder[event]!;
    const frame = pfn[event]!;
    const page = this.#pages.pageAt(asPfn(frame));
    const place = placeOf(this.#allocator, frame);
    if (this.#stages?.deferredFree(event, place === "allocated") === true) return;
    if (pcpAllowedOrder(order)) this.#allocateBuried(event, page, order);
    if (place === "reserved") {
      for (let at = frame; at < frame + 2 ** order; at++) {
        const other = placeOf(this.#allocator, at);
        if (other !== "reserved")
          throw new Error(`pfn ${hex(at)} is freed with reserved pages, but ${other} in the model`);
        this.#allocator.freeReservedPage(asPfn(at), cpu[event]!);
      }
      return;
    }
    if (place !== "allocated") {
      if (order === 0 && place === "per-CPU list") this.#resync.outside.bulkPages++;
      else this.#resync.outside.resyncs++;
      this.#pages.acquire(asPfn(frame), order, false, cpu[event]!);
    }
    const zone = this.#allocator.zoneOf(page);
    const pcp = zone.pcp[cpu[event]!]!;
    const before = pcp.count + 2 ** order;
    if (pcpAllowedOrder(order)) this.#resync.correctLimit(pcp, order, this.#steps.drained[event]!);
    this.#allocator.freePages(page, order, cpu[event]!);
    if (pcpAllowedOrder(order)) {
      const type = pcpType(this.#allocator.frames.pageblockType[page >> PAGEBLOCK_ORDER]!);
      this.#known.freed(zone.index, cpu[event]!, pcpIndex(order, type), frame);
      this.#noteDrains(event);
      this.#compareCount(
        this.drains,
        event,
        this.#steps.drained[event]!,
        before - pcp.count,
        "pages drained",
      );
    }
  }

  /** As in OpenLoop: a free that would bury the page of the next allocation came in an interrupt. */
  #allocateBuried(event: number, page: Page | typeof NO_PAGE, order: number): void {
    const { kind, cpu, pfn, detail, order: orders, count } = this.#events;
    let next = event + 1;
    while (
      next < count &&
      next < event + 64 &&
      !(cpu[next] === cpu[event] && kind[next] === PageEventKind.alloc)
    )
      next++;
    if (next >= count || kind[next] !== PageEventKind.alloc || cpu[next] !== cpu[event]) return;
    if (this.#done[next] === 1 || orders[next] !== order || this.#steps.sections.has(next)) return;
    const type = gfpMigrateType(detail[next]!);
    if (this.#allocator.frames.pageblockType[page >> 9] !== type || pfn[next] === 0) return;
    const zone = this.#allocator.zoneOfPfn(asPfn(pfn[next]!));
    const list = zone.pcp[cpu[event]!]!.lists[pcpIndex(order, type)]!;
    if (list.size === 0 || this.#allocator.frames.pfnOf(list.at(0)) !== pfn[next]) return;
    this.interruptedAllocations++;
    this.#allocate(next);
  }

  #noteDrains(event: number): void {
    const { pfn, order, cpu } = this.#events;
    for (const drain of this.#steps.drainEvents.get(event) ?? []) {
      const zone = this.#allocator.zoneOfPfn(asPfn(pfn[drain]!)).index;
      this.#known.drained(zone, cpu[drain]!, order[drain]!, pfn[drain]!);
    }
  }

  #drain(event: number): void {
    const { cpu, pfn } = this.#events;
    this.#noteDrains(event);
    const zone = this.#allocator.zoneOfPfn(asPfn(pfn[event]!));
    const pcp = zone.pcp[cpu[event]!]!;
    this.#resync.outside.pcpDecays++;
    const pages = Math.min(this.#steps.drained[event]!, pcp.count);
    pcp.high = Math.max(pcp.count - pages, pcp.highMin);
    for (let left = pages; left > 0; left -= pcp.batch) {
      drainPcp(this.#allocator.frames, zone, pcp, Math.min(left, pcp.batch), 0, cpu[event]!);
    }
  }

  #compareCount(compared: Comparison, event: number, expected: number, found: number, what: string): void {
    if (expected === 0 && found === 0) return;
    compared.compared++;
    if (expected === found) {
      compared.equal++;
      return;
    }
    const { order, cpu } = this.#events;
    compared.firstDivergence ??= {
      event,
      expected: `${expected} ${what}`,
      found: `${found}`,
      context: `order ${order[event]}, CPU ${cpu[event]}`,
    };
  }
}

function hex(value: number): string {
  return value === 0 ? "none" : `0x${value.toString(16)}`;
}
