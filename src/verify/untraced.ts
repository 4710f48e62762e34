import { NO_PAGE, type PageAllocator, type Zone } from "../page-alloc/index.js";
import type { PerCpuPages } from "../page-alloc/inside.js";
import { asPfn, PAGEBLOCK_ORDER, type Pfn, roundDown } from "../units.js";
import { PageEventKind } from "../workload/events.js";
import { PageHistory } from "./known-lists.js";
import { noneOf, UNTRACED_CAUSES, type UntracedCauses } from "./outside.js";
import { listed, PagePlacer } from "./page-place.js";
import type { Records, Section } from "./steps.js";
import type { StockStages } from "./stock-stages.js";

/** Pages that vmalloc asks for in one call (mm/vmalloc.c:vm_area_alloc_pages, 6.12). */
const BULK_PAGES_MAX = 100;

/**
 * Takes from the model's lists what the kernel took without an event: before tracing began, or by
 * alloc_pages_bulk(). Where that shows, the model is led to the kernel's blocks. Everything is counted.
 */
export class Untraced {
  readonly outside: UntracedCauses = noneOf(UNTRACED_CAUSES);
  /** Frames that were put on a per-CPU list: an allocation that gets one is no hit. */
  readonly given: Set<number> = new Set();
  readonly pages: PagePlacer;
  readonly history: PageHistory;
  readonly #events: Records;
  readonly #allocator: PageAllocator;
  readonly #stages: StockStages | undefined;

  constructor(events: Records, allocator: PageAllocator, stages: StockStages | undefined) {
    this.#events = events;
    this.#allocator = allocator;
    this.#stages = stages;
    this.pages = new PagePlacer(allocator);
    this.history = new PageHistory(events);
  }

  /**
   * Pages at the head of a list that leave it without an event: alloc_pages_bulk() took them. Those
   * are freed later without an allocation between, or never named again; of the latter no more than
   * one call can take.
   *
   * @param until frame that is allocated next from this list; -1 when the list is refilled, so empty
   */
  takeBulk(pcp: PerCpuPages, index: number, event: number, until: Pfn | -1): void {
    const { frames } = this.#allocator;
    const held = listed(pcp.lists[index]!).map((page) => frames.pfnOf(page));
    const end = until === -1 ? held.length : held.indexOf(until);
    let unnamed = 0;
    for (let at = 0; at < end; at++) {
      const next = this.history.nextKind(held[at]!, event);
      if (next === undefined) unnamed++;
      else if (next !== PageEventKind.free) return;
    }
    if (this.#stages === undefined && unnamed > BULK_PAGES_MAX) return;
    for (let at = 0; at < end; at++) {
      this.given.delete(held[at]!);
      this.pages.takeHead(pcp, index);
      this.outside.bulkPages++;
    }
  }

  /**
   * Takes what the kernel took before tracing off the lists; pages it does not have are put back. Returns how
   * many blocks the model takes where it had to be led; else 0, and it refills by itself.
   */
  prepareRefill(zone: Zone, pcp: PerCpuPages, index: number, section: Section, event: number): number {
    const { cpu } = this.#events;
    if (pcp.lists[index]!.size > 0) {
      this.outside.resyncs++;
      for (const page of this.pages.emptyList(pcp, index))
        this.pages.giveBack(page, section.order, cpu[event]!);
    }
    this.#stages?.refill(zone, cpu[event]!, section.order, section.pfns.length);
    this.skipBeforeTracing(zone, section.order, section.type, section.pfns[0]!, event);
    this.#skipWithin(zone, section, event);
    if (!this.#differs(zone, section)) return 0;
    const taken = pcp.refillBlocks(section.order, zone.belowHigh);
    this.#lead(zone, section, event);
    this.pages.setFrames(pcp, index, section.pfns);
    return taken;
  }

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
      const from = this.pages.freeOrder(pfn);
      let next = this.#nextFrame(zone, order, type);
      // The kernel splits a larger block only when it has no smaller one: what the model has is taken.
      while (next !== undefined && !wanted.has(next) && this.pages.freeOrder(next) < from) {
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
      this.pages.acquire(pfn, order, false, cpu);
      this.given.add(pfn);
    }
  }

  #nextFrame(zone: Zone, order: number, type: number): Pfn | undefined {
    const next = this.pages.next(zone, order, type);
    return next === NO_PAGE ? undefined : this.#allocator.frames.pfnOf(next);
  }

  skipBeforeTracing(zone: Zone, order: number, type: number, frame: Pfn, event: number): void {
    if (!this.pages.isReachable(frame, type)) return;
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
  #giveToOwner(pfn: Pfn, type: number, event: number): boolean {
    const order = this.pages.freeOrder(pfn);
    if (order < PAGEBLOCK_ORDER) return false;
    const start = roundDown(pfn, 2 ** order);
    let first = start;
    while (first < start + 2 ** order && !this.#leavesList(first, event)) first = asPfn(first + 1);
    if (first === start || first === start + 2 ** order) return false;
    const next = this.history.next(first, event)!;
    const { kind, migrateType, cpu } = this.#events;
    if (kind[next] !== PageEventKind.zoneLocked || migrateType[next] === type) return false;
    this.pages.retype(start, migrateType[next]!, cpu[event]!);
    this.outside.pageblocks += 2 ** (order - PAGEBLOCK_ORDER);
    for (let taken: number = start; taken < first; taken++)
      this.pages.acquire(asPfn(taken), 0, false, cpu[event]!);
    this.outside.beforeTracing += first - start;
    this.given.add(first);
    return true;
  }

  /** Between the blocks of a refill, too, there may be some that the kernel took before tracing. */
  #skipWithin(zone: Zone, { order, type, pfns }: Section, event: number): void {
    const skipped: Pfn[] = [];
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
      this.pages.acquire(pfn, order, false, this.#events.cpu[event]!);
      this.outside.beforeTracing += 2 ** order;
    }
  }

  /** Whether a frame leaves a list without having been freed, so is on one. */
  #leavesList(pfn: Pfn, event: number): boolean {
    const kind = this.history.nextKind(pfn, event);
    return kind !== undefined && kind !== PageEventKind.free;
  }

  /** Whether the kernel may have taken a block before tracing began. */
  #isBeforeTracing(first: number, order: number, event: number): boolean {
    if (this.#stages?.isEarly(first) !== true) return false;
    for (let pfn = first; pfn < first + 2 ** order; pfn++) if (this.history.isSeen(pfn, event)) return false;
    return true;
  }
}
