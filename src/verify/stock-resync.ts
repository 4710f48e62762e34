import { drainPcp, moveFreePagesBlock } from "../page-alloc/buddy.js";
import { isMergeable } from "../page-alloc/migratetype.js";
import type { PageAllocator } from "../page-alloc/page-allocator.js";
import { NO_PAGE } from "../page-alloc/page-frames.js";
import { type PerCpuPages, pcpAllowedOrder, pcpIndex } from "../page-alloc/pcp.js";
import type { Zone } from "../page-alloc/zone.js";
import { asPfn, PAGEBLOCK_ORDER, type Page } from "../units.js";
import { PageEventKind, type PageEvents } from "../workload/events.js";
import { PageHistory } from "./page-history.js";
import { StockPages } from "./stock-pages.js";
import type { StockStages } from "./stock-stages.js";
import type { Section } from "./stock-steps.js";
import type { PerCpuListState } from "./stock-zoneinfo.js";

/** What a trace did not see, and how often it showed. */
export interface UntracedCauses {
  /** Pages that the kernel had taken before tracing began. */
  beforeTracing: number;
  /** Pages of alloc_pages_bulk(), which has no event. */
  bulkPages: number;
  /** Pages that must have been allocated without an event, since the kernel has no such free block. */
  unseenAllocations: number;
  /** Times the model's lists were corrected after the first event. */
  resyncs: number;
  /** Pageblocks that had been claimed for another type between two traces. */
  pageblocks: number;
  /** The limit of a per-CPU list was corrected: the vmstat worker lowers it without a trace. */
  pcpLimits: number;
  /** Per-CPU lists that the vmstat worker drained. */
  pcpDecays: number;
}

/** Pages that vmalloc asks for in one call (mm/vmalloc.c:vm_area_alloc_pages, 6.12). */
const BULK_PAGES_MAX = 100;

/**
 * Resynchronisation: puts the model's lists where a trace shows that the kernel's are, because of
 * something that the trace did not see. Everything is counted.
 */
export class StockResync {
  readonly outside: UntracedCauses = {
    beforeTracing: 0,
    bulkPages: 0,
    unseenAllocations: 0,
    resyncs: 0,
    pageblocks: 0,
    pcpLimits: 0,
    pcpDecays: 0,
  };
  /** Frames that were put on a per-CPU list: an allocation that gets one is no hit. */
  readonly given: Set<number> = new Set();
  readonly pages: StockPages;
  readonly history: PageHistory;
  readonly #events: PageEvents;
  readonly #allocator: PageAllocator;
  readonly #stages: StockStages | undefined;

  constructor(events: PageEvents, allocator: PageAllocator, stages: StockStages | undefined) {
    this.#events = events;
    this.#allocator = allocator;
    this.#stages = stages;
    this.pages = new StockPages(allocator);
    this.history = new PageHistory(events);
  }

  /** Pages of a per-CPU list, head first. */
  listed(pcp: PerCpuPages, index: number): Page[] {
    const list = pcp.lists[index]!;
    return Array.from({ length: list.size }, (_, at) => list.at(at));
  }

  /**
   * Pages at the head of a list that leave it without an event: alloc_pages_bulk() took them. Those
   * are freed later without an allocation between, or never named again; of the latter no more than
   * one call can take.
   *
   * @param until frame that is allocated next from this list; -1 when the list is refilled, so empty
   */
  takeBulk(pcp: PerCpuPages, index: number, event: number, until: number): void {
    const { frames } = this.#allocator;
    const listed = this.listed(pcp, index).map((page) => frames.pfnOf(page));
    const end = until < 0 ? listed.length : listed.indexOf(asPfn(until));
    let unnamed = 0;
    for (let at = 0; at < end; at++) {
      const next = this.history.nextKind(listed[at]!, event);
      if (next === undefined) unnamed++;
      else if (next !== PageEventKind.free) return;
    }
    if (this.#stages === undefined && unnamed > BULK_PAGES_MAX) return;
    for (let at = 0; at < end; at++) {
      this.given.delete(listed[at]!);
      this.pages.takeHead(pcp, index);
      this.outside.bulkPages++;
    }
  }

  /**
   * What the kernel took before tracing is taken off the lists; pages it does not have are put back.
   *
   * @returns blocks that the model takes, where it had to be led; else 0, and it refills by itself
   */
  prepareRefill(zone: Zone, pcp: PerCpuPages, index: number, section: Section, event: number): number {
    const { cpu } = this.#events;
    const listed = this.listed(pcp, index);
    if (listed.length > 0) {
      this.outside.resyncs++;
      this.pages.setList(pcp, index, []);
      for (const page of listed) this.pages.giveBack(page, section.order, cpu[event]!);
    }
    this.#stages?.refill(zone, cpu[event]!, section.order, section.pfns.length);
    this.skipBeforeTracing(zone, section.order, section.type, section.pfns[0]!, event);
    this.#skipWithin(zone, section, event);
    if (!this.#differs(zone, section)) return 0;
    const taken = pcp.refillBlocks(section.order, zone.belowHigh);
    this.#lead(zone, section, event);
    this.pages.setList(
      pcp,
      index,
      section.pfns.map((pfn) => this.pages.pageAt(asPfn(pfn))),
    );
    return taken;
  }

  /** Whether the model's own lists would give other blocks than the kernel took. */
  #differs(zone: Zone, { order, type, pfns }: Section): boolean {
    let matched = 0;
    for (const pfn of this.pages.supply(zone, order, type)) {
      if (pfn !== pfns[matched++]) return true;
      if (matched === pfns.length) break;
    }
    return false;
  }

  /** Takes the blocks of a refill one by one: the kernel's where the model would take another one. */
  #lead(zone: Zone, { order, type, pfns }: Section, event: number): void {
    const cpu = this.#events.cpu[event]!;
    const wanted = new Set(pfns);
    for (const pfn of pfns) {
      const from = this.pages.freeOrder(asPfn(pfn));
      let next = this.#nextFrame(zone, order, type);
      // The kernel splits a larger block only when it has no smaller one: what the model has is taken.
      while (next !== undefined && !wanted.has(next) && this.pages.freeOrder(asPfn(next)) < from) {
        this.pages.takeNext(zone, order, type, cpu);
        this.outside.unseenAllocations += 2 ** order;
        this.given.add(pfn);
        next = this.#nextFrame(zone, order, type);
      }
      if (next === pfn) {
        this.pages.takeNext(zone, order, type, cpu);
        continue;
      }
      this.outside.resyncs++;
      this.pages.acquire(asPfn(pfn), order, false, cpu);
      this.given.add(pfn);
    }
  }

  #nextFrame(zone: Zone, order: number, type: number): number | undefined {
    const next = this.pages.next(zone, order, type);
    return next === NO_PAGE ? undefined : this.#allocator.frames.pfnOf(next);
  }

  skipBeforeTracing(zone: Zone, order: number, type: number, frame: number, event: number): void {
    if (!this.pages.isReachable(asPfn(frame), type)) return;
    for (;;) {
      const next = this.pages.next(zone, order, type);
      if (next === NO_PAGE) {
        if (this.#allocator.growZone?.(zone, order) === true) continue;
        return;
      }
      const pfn = this.#allocator.frames.pfnOf(next);
      if (pfn === frame) return;
      if (!this.#isBeforeTracing(pfn, order, event)) return;
      this.given.add(frame);
      if (this.#giveToOwner(pfn, type, event)) continue;
      this.pages.takeNext(zone, order, type, this.#events.cpu[event]!);
      this.outside.beforeTracing += 2 ** order;
    }
  }

  /**
   * A free block of whole pageblocks that the kernel passed by, and later takes for another type: it had
   * been claimed for that one.
   */
  #giveToOwner(pfn: number, type: number, event: number): boolean {
    const order = this.pages.freeOrder(asPfn(pfn));
    if (order < PAGEBLOCK_ORDER) return false;
    const start = pfn - (pfn % 2 ** order);
    let first = start;
    while (first < start + 2 ** order && !this.#leavesList(first, event)) first++;
    const next = first < start + 2 ** order ? this.history.next(first, event) : undefined;
    if (first === start || next === undefined) return false;
    const { kind, migrateType, cpu } = this.#events;
    if (kind[next] !== PageEventKind.zoneLocked || migrateType[next] === type) return false;
    this.pages.retype(asPfn(start), migrateType[next]!, cpu[event]!);
    this.outside.pageblocks += 2 ** (order - PAGEBLOCK_ORDER);
    for (let taken = start; taken < first; taken++) this.pages.acquire(asPfn(taken), 0, false, cpu[event]!);
    this.outside.beforeTracing += first - start;
    this.given.add(first);
    return true;
  }

  /** Between the blocks of a refill, too, there may be some that the kernel took before tracing. */
  #skipWithin(zone: Zone, { order, type, pfns }: Section, event: number): void {
    const skipped: number[] = [];
    let matched = 0;
    let lastSkip = 0;
    for (const pfn of this.pages.supply(zone, order, type)) {
      if (pfn === pfns[matched]) {
        if (skipped.length > lastSkip) this.given.add(pfn);
        matched++;
        lastSkip = skipped.length;
        if (matched === pfns.length) break;
      } else if (this.#isBeforeTracing(pfn, order, event)) skipped.push(pfn);
      else break;
    }
    for (const pfn of skipped.slice(0, lastSkip)) {
      this.pages.acquire(asPfn(pfn), order, false, this.#events.cpu[event]!);
      this.outside.beforeTracing += 2 ** order;
    }
  }

  /** Whether a frame leaves a list without having been freed, so is on one. */
  #leavesList(pfn: number, event: number): boolean {
    const kind = this.history.nextKind(pfn, event);
    return kind !== undefined && kind !== PageEventKind.free;
  }

  /** Whether the kernel may have taken a block before tracing began. */
  #isBeforeTracing(first: number, order: number, event: number): boolean {
    if (this.#stages?.isEarly(first) !== true) return false;
    for (let pfn = first; pfn < first + 2 ** order; pfn++) if (this.history.isSeen(pfn, event)) return false;
    return true;
  }

  /**
   * A page that lay on a list of a type when the trace began is from a pageblock of that type: it was
   * claimed between two traces if the model has another.
   */
  adoptType(frame: number, type: number, event: number): void {
    const { frames } = this.#allocator;
    const page = this.pages.pageAt(asPfn(frame));
    const known = frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
    if (known === type || !isMergeable(known)) return;
    const zone = this.#allocator.zoneOf(page);
    if (moveFreePagesBlock(frames, zone, page, known, type, this.#events.cpu[event]!))
      this.outside.pageblocks++;
  }

  /** After a refill the list holds the blocks that the trace names. */
  correctRefill(pcp: PerCpuPages, index: number, expected: readonly number[], event: number): void {
    const { order, cpu } = this.#events;
    const { frames } = this.#allocator;
    const listed = this.listed(pcp, index);
    const found = listed.map((page) => frames.pfnOf(page));
    if (found.length === expected.length && found.every((pfn, at) => pfn === expected[at])) return;
    this.outside.resyncs++;
    const wanted = new Set(expected);
    const had = new Set(found);
    this.pages.setList(pcp, index, []);
    for (const [at, page] of listed.entries()) {
      if (!wanted.has(found[at]!)) this.pages.giveBack(page, order[event]!, cpu[event]!);
    }
    for (const [at, pfn] of expected.entries()) {
      if (!had.has(asPfn(pfn))) this.pages.acquire(asPfn(pfn), order[event]!, false, cpu[event]!);
      if (pfn !== found[at]) this.given.add(pfn);
    }
    this.pages.setList(
      pcp,
      index,
      expected.map((pfn) => this.pages.pageAt(asPfn(pfn))),
    );
  }

  /** A page that the kernel did not hand out goes back to where the model took it from. */
  putBack(page: Page, order: number, type: number, event: number): void {
    const { cpu } = this.#events;
    if (!pcpAllowedOrder(order)) {
      this.pages.giveBack(page, order, cpu[event]!);
      return;
    }
    const zone = this.#allocator.zoneOf(page);
    const pcp = zone.pcp[cpu[event]!]!;
    const index = pcpIndex(order, type);
    const listed = this.listed(pcp, index);
    // What lies above the kernel's page on the list was put elsewhere: it goes to the tail.
    const depth = listed.findIndex(
      (other) => this.#allocator.frames.pfnOf(other) === this.#events.pfn[event],
    );
    this.pages.setList(pcp, index, [...listed.slice(depth + 1), page, ...listed.slice(0, depth + 1)]);
    if (depth < 0) this.pages.setList(pcp, index, [page, ...listed]);
  }

  /**
   * Takes what happened to the per-CPU lists between two traces from /proc/zoneinfo: the vmstat
   * worker drained lists and lowered their limits.
   */
  adoptGap(lists: readonly PerCpuListState[]): void {
    for (const { nodeId, zone: name, cpu, count, high } of lists) {
      const zone = this.#allocator.zones.find((z) => z.nodeId === nodeId && z.name === name);
      const pcp = zone?.pcp[cpu];
      if (zone === undefined || pcp === undefined) continue;
      pcp.high = high;
      if (pcp.count <= count) continue;
      this.outside.pcpDecays++;
      drainPcp(this.#allocator.frames, zone, pcp, pcp.count - count, 0, cpu);
    }
  }

  /** The vmstat worker lowers limits without an event; that shows when a free drains or does not. */
  correctLimit(pcp: PerCpuPages, order: number, drained: number): void {
    if (pcp.high === 0) return;
    if (order > 0) {
      // Allocations that were not seen have halved the count of frees in a row.
      const wasCopy = pcp.withoutPages();
      if (drained > 0 || !wasCopy.noteFree(order)) return;
      pcp.freeCount = 0;
      this.outside.pcpLimits++;
      return;
    }
    const count = pcp.count + 2 ** order;
    const drains = count >= pcp.high;
    if (drains === drained > 0) return;
    this.outside.pcpLimits++;
    pcp.high = drains ? count + 1 : count;
  }
}
