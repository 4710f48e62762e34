import { drainPcp } from "../../page-alloc/buddy.js";
import { formatGfp, gfpMigrateType } from "../../page-alloc/gfp.js";
import type { PageAllocator } from "../../page-alloc/page-allocator.js";
import { NO_PAGE } from "../../page-alloc/page-frames.js";
import { type PerCpuPages, pcpAllowedOrder, pcpIndex } from "../../page-alloc/pcp.js";
import type { Zone } from "../../page-alloc/zone.js";
import { PageEventKind, type PageEvents } from "../../workload/events.js";
import type { Comparison, Divergence } from "./comparison.js";
import { PageHistory } from "./page-history.js";
import { StockPages } from "./stock-pages.js";
import { type Section, StockStep, type StockSteps, stockSteps } from "./stock-steps.js";

/** What a trace did not see, and how often it showed. */
export interface StockCauses {
  /** Pages that the kernel had taken before tracing began. */
  beforeTracing: number;
  /** Pages of alloc_pages_bulk(), which has no event. */
  bulkPages: number;
  /** Pages that must have been allocated without an event, since the kernel has no such free block. */
  unseenAllocations: number;
  /** Times the model's lists were corrected after the first event. */
  resyncs: number;
  pcpDecays: number;
  /** The limit of a per-CPU list was corrected: the vmstat worker lowers it without a trace. */
  pcpLimits: number;
  interruptedAllocations: number;
  otherNodeRequests: number;
}

/** Follows a boot as its stages come. */
export interface StageFollower {
  isEarly(pfn: number): boolean;
  before(event: number): void;
  deferredFree(event: number, owned: boolean): boolean;
  refill(zone: Zone, cpu: number, order: number, blocks: number): void;
}

/** Pages that vmalloc asks for in one call (mm/vmalloc.c:vm_area_alloc_pages, 6.12). */
const BULK_PAGES_MAX = 100;

/** Replays the requests of a trace of an unmodified kernel on an allocator, and compares frames. */
export class StockLoop {
  readonly allocations: { compared: number; pfnExact: number; firstDivergence?: Divergence } = {
    compared: 0,
    pfnExact: 0,
  };
  readonly refills: Comparison = { compared: 0, equal: 0 };
  readonly drains: Comparison = { compared: 0, equal: 0 };
  readonly outside: StockCauses = {
    beforeTracing: 0,
    bulkPages: 0,
    resyncs: 0,
    unseenAllocations: 0,
    pcpDecays: 0,
    pcpLimits: 0,
    interruptedAllocations: 0,
    otherNodeRequests: 0,
  };
  reservedFrees = 0;
  readonly misses: number[] = [];
  readonly #events: PageEvents;
  readonly #allocator: PageAllocator;
  readonly #cpuNodes: readonly number[];
  readonly #stages: StageFollower | undefined;
  readonly #steps: StockSteps;
  readonly #history: PageHistory;
  readonly #pages: StockPages;
  /** Frames that a resynchronisation put on a per-CPU list: an allocation that gets one is no hit. */
  readonly #given = new Set<number>();
  readonly #done: Uint8Array;

  constructor(
    events: PageEvents,
    allocator: PageAllocator,
    cpuNodes: readonly number[],
    stages?: StageFollower,
  ) {
    this.#events = events;
    this.#allocator = allocator;
    this.#cpuNodes = cpuNodes;
    this.#stages = stages;
    this.#steps = stockSteps(events, (pfn) => allocator.zoneOfPfn(pfn).index);
    this.#history = new PageHistory(events);
    this.#pages = new StockPages(allocator);
    this.#done = new Uint8Array(events.count);
  }

  run(): void {
    for (const event of this.#steps.sequence) {
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
          this.#pages.giveBack(
            this.#pages.pageAt(this.#events.pfn[event]!),
            0,
            this.#events.cpu[event]!,
            true,
          );
          break;
        default:
          this.#drain(event);
      }
    }
  }

  #allocate(event: number): void {
    const { pfn, order, cpu, detail } = this.#events;
    this.#done[event] = 1;
    const frame = pfn[event]!;
    const gfp = detail[event]!;
    const own = this.#cpuNodes[cpu[event]!]!;
    if (frame === 0) {
      this.#compare(event, this.#allocator.allocPages(gfp, order[event]!, own, cpu[event]!));
      return;
    }
    const zone = this.#allocator.zoneOfPfn(frame);
    if (zone.nodeId !== own) this.outside.otherNodeRequests++;
    const section = this.#steps.sections.get(event);
    if (!pcpAllowedOrder(order[event]!)) {
      this.#skipBeforeTracing(zone, order[event]!, gfpMigrateType(gfp), frame, event);
      this.#compare(event, this.#allocator.allocPages(gfp, order[event]!, zone.nodeId, cpu[event]!));
      return;
    }
    const index = pcpIndex(order[event]!, gfpMigrateType(gfp));
    const pcp = zone.pcp[cpu[event]!]!;
    if (order[event] === 0) this.#takeBulk(pcp, index, event, section === undefined ? frame : -1);
    let taken = section === undefined ? 0 : this.#prepareRefill(zone, pcp, index, section, event);
    const held = pcp.lists[index]!.size;
    const { high, allocFactor } = pcp;
    const page = this.#allocator.allocPages(gfp, order[event]!, zone.nodeId, cpu[event]!);
    if (held === 0 && page !== NO_PAGE) taken = pcp.lists[index]!.size + 1;
    this.#compareCount(this.refills, event, section?.pfns.length ?? 0, taken, "blocks taken");
    if (section === undefined && held === 0) {
      // The kernel had pages on its list: what the model refilled goes back.
      Object.assign(pcp, { high, allocFactor });
      const listed = this.#listed(pcp, index);
      this.#pages.setList(pcp, index, []);
      for (const left of listed.reverse()) this.#pages.giveBack(left, order[event]!, cpu[event]!);
    }
    this.#compare(event, page);
    if (section !== undefined) this.#correctRefill(pcp, index, section.pfns.slice(1), event, 0);
  }

  #listed(pcp: PerCpuPages, index: number): number[] {
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
  #takeBulk(pcp: PerCpuPages, index: number, event: number, until: number): void {
    const { frames } = this.#allocator;
    const listed = this.#listed(pcp, index).map((page) => frames.pfnOf(page));
    const end = until < 0 ? listed.length : listed.indexOf(until);
    let unnamed = 0;
    for (let at = 0; at < end; at++) {
      const next = this.#history.nextKind(listed[at]!, event);
      if (next === undefined) unnamed++;
      else if (next !== PageEventKind.free) return;
    }
    if (this.#stages === undefined && unnamed > BULK_PAGES_MAX) return;
    for (let at = 0; at < end; at++) {
      this.#given.delete(listed[at]!);
      this.#pages.takeHead(pcp, index);
      this.outside.bulkPages++;
    }
  }

  /**
   * What the kernel took before tracing is taken off the lists; pages it does not have are put back.
   *
   * @returns blocks that the model takes, where it had to be led; else 0, and it refills by itself
   */
  #prepareRefill(zone: Zone, pcp: PerCpuPages, index: number, section: Section, event: number): number {
    const { cpu } = this.#events;
    const listed = this.#listed(pcp, index);
    if (listed.length > 0) {
      this.outside.resyncs++;
      this.#pages.setList(pcp, index, []);
      for (const page of listed) this.#pages.giveBack(page, section.order, cpu[event]!);
    }
    this.#stages?.refill(zone, cpu[event]!, section.order, section.pfns.length);
    this.#skipBeforeTracing(zone, section.order, section.type, section.pfns[0]!, event);
    this.#skipWithin(zone, section, event);
    if (!this.#differs(zone, section)) return 0;
    const taken = pcp.refillBlocks(section.order, zone.belowHigh);
    this.#lead(zone, section, event);
    this.#pages.setList(
      pcp,
      index,
      section.pfns.map((pfn) => this.#pages.pageAt(pfn)),
    );
    return taken;
  }

  /** Whether the model's own lists would give other blocks than the kernel took. */
  #differs(zone: Zone, { order, type, pfns }: Section): boolean {
    let matched = 0;
    for (const pfn of this.#pages.supply(zone, order, type)) {
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
      const from = this.#pages.freeOrder(pfn);
      let next = this.#nextFrame(zone, order, type);
      // The kernel splits a larger block only when it has no smaller one: what the model has is taken.
      while (next !== undefined && !wanted.has(next) && this.#pages.freeOrder(next) < from) {
        this.#pages.takeNext(zone, order, type, cpu);
        this.outside.unseenAllocations += 2 ** order;
        next = this.#nextFrame(zone, order, type);
      }
      if (next === pfn) {
        this.#pages.takeNext(zone, order, type, cpu);
        continue;
      }
      this.outside.resyncs++;
      this.#pages.acquire(pfn, order, false, cpu);
      this.#given.add(pfn);
    }
  }

  #nextFrame(zone: Zone, order: number, type: number): number | undefined {
    const next = this.#pages.next(zone, order, type);
    return next === NO_PAGE ? undefined : this.#allocator.frames.pfnOf(next);
  }

  /** Between the blocks of a refill, too, there may be some that the kernel took before tracing. */
  #skipWithin(zone: Zone, { order, type, pfns }: Section, event: number): void {
    const skipped: number[] = [];
    let matched = 0;
    let lastSkip = 0;
    for (const pfn of this.#pages.supply(zone, order, type)) {
      if (pfn === pfns[matched]) {
        matched++;
        lastSkip = skipped.length;
        if (matched === pfns.length) break;
      } else if (this.#isBeforeTracing(pfn, order, event)) skipped.push(pfn);
      else break;
    }
    for (const pfn of skipped.slice(0, lastSkip)) {
      this.#pages.acquire(pfn, order, false, this.#events.cpu[event]!);
      this.outside.beforeTracing += 2 ** order;
    }
  }

  /** Whether the kernel may have taken a block before tracing began. */
  #isBeforeTracing(first: number, order: number, event: number): boolean {
    if (this.#stages?.isEarly(first) !== true) return false;
    for (let pfn = first; pfn < first + 2 ** order; pfn++) if (this.#history.isSeen(pfn, event)) return false;
    return true;
  }

  #skipBeforeTracing(zone: Zone, order: number, type: number, frame: number, event: number): void {
    if (!this.#pages.isReachable(frame, type)) return;
    for (;;) {
      const next = this.#pages.next(zone, order, type);
      if (next === NO_PAGE) {
        if (this.#allocator.growZone?.(zone, order) === true) continue;
        return;
      }
      const pfn = this.#allocator.frames.pfnOf(next);
      if (pfn === frame) return;
      if (!this.#isBeforeTracing(pfn, order, event)) return;
      this.#pages.takeNext(zone, order, type, this.#events.cpu[event]!);
      this.outside.beforeTracing += 2 ** order;
      if (process.env.DBG) console.log("carve", event, hex(pfn), order, type, hex(frame));
    }
  }

  /** After a refill the list holds the blocks that the trace names. */
  #correctRefill(
    pcp: PerCpuPages,
    index: number,
    expected: readonly number[],
    event: number,
    node: number,
  ): void {
    const { order, cpu } = this.#events;
    const { frames } = this.#allocator;
    const listed = this.#listed(pcp, index);
    const found = listed.map((page) => frames.pfnOf(page));
    if (found.length === expected.length && found.every((pfn, at) => pfn === expected[at])) return;
    void node;
    this.outside.resyncs++;
    const wanted = new Set(expected);
    const had = new Set(found);
    this.#pages.setList(pcp, index, []);
    for (const [at, page] of listed.entries()) {
      if (!wanted.has(found[at]!)) this.#pages.giveBack(page, order[event]!, cpu[event]!);
    }
    for (const [at, pfn] of expected.entries()) {
      if (!had.has(pfn)) this.#pages.acquire(pfn, order[event]!, false, cpu[event]!);
      if (pfn !== found[at]) this.#given.add(pfn);
    }
    this.#pages.setList(
      pcp,
      index,
      expected.map((pfn) => frames.pageOf(pfn)),
    );
  }

  /** Compares what the model handed out; where it is another page, the model gets the kernel's. */
  #compare(event: number, page: number): void {
    const { pfn, order, cpu, detail } = this.#events;
    const frame = pfn[event]!;
    const found = page === NO_PAGE ? 0 : this.#allocator.frames.pfnOf(page);
    this.allocations.compared++;
    if (found === frame && !this.#given.delete(frame)) {
      this.allocations.pfnExact++;
      return;
    }
    this.#given.delete(frame);
    this.misses.push(event);
    this.allocations.firstDivergence ??= {
      event,
      expected: hex(frame),
      found: hex(found),
      context: `order ${order[event]}, gfp ${formatGfp(detail[event]!)}, CPU ${cpu[event]}`,
    };
    if (found === frame) return;
    this.outside.resyncs++;
    const type = gfpMigrateType(detail[event]!);
    if (page !== NO_PAGE) this.#putBack(page, order[event]!, type, event);
    if (frame !== 0) this.#pages.acquire(frame, order[event]!, type === 1, cpu[event]!);
  }

  /** A page that the kernel did not hand out goes back to where the model took it from. */
  #putBack(page: number, order: number, type: number, event: number): void {
    const { cpu } = this.#events;
    if (!pcpAllowedOrder(order)) {
      this.#pages.giveBack(page, order, cpu[event]!);
      return;
    }
    const zone = this.#allocator.zoneOf(page);
    const pcp = zone.pcp[cpu[event]!]!;
    const index = pcpIndex(order, type);
    const listed = this.#listed(pcp, index);
    // What lies above the kernel's page on the list was put elsewhere: it goes to the tail.
    const depth = listed.findIndex(
      (other) => this.#allocator.frames.pfnOf(other) === this.#events.pfn[event],
    );
    this.#pages.setList(pcp, index, [...listed.slice(depth + 1), page, ...listed.slice(0, depth + 1)]);
    if (depth < 0) this.#pages.setList(pcp, index, [page, ...listed]);
  }

  /**
   * Takes what happened to the per-CPU lists between two traces from /proc/zoneinfo: the vmstat
   * worker drained lists and lowered their limits.
   */
  adoptGap(
    zoneinfo: readonly {
      readonly node: number;
      readonly zone: string;
      readonly cpu: number;
      readonly count: number;
      readonly high: number;
    }[],
  ): void {
    for (const { node, zone: name, cpu, count, high } of zoneinfo) {
      const zone = this.#allocator.zones.find((z) => z.nodeId === node && z.name === name);
      const pcp = zone?.pcp[cpu];
      if (zone === undefined || pcp === undefined) continue;
      pcp.high = high;
      if (pcp.count <= count) continue;
      this.outside.pcpDecays++;
      drainPcp(this.#allocator.frames, zone, pcp, pcp.count - count, 0, cpu);
    }
  }

  /** alloc_pages_bulk() finds its list empty, or empties it first. */
  #bulkRefill(event: number): void {
    const { cpu, order } = this.#events;
    const section = this.#steps.sections.get(event)!;
    const zone = this.#allocator.zoneOfPfn(section.pfns[0]!);
    const pcp = zone.pcp[cpu[event]!]!;
    if (order[event]! > 0) return;
    const index = pcpIndex(0, section.type);
    this.#takeBulk(pcp, index, event, -1);
    for (let at = 0; at < section.pfns.length; ) {
      const rest = section.pfns.slice(at);
      const led = this.#prepareRefill(zone, pcp, index, { ...section, pfns: rest }, event);
      if (led === 0) {
        const pages = new Int32Array(2);
        const got = this.#allocator.allocPagesBulk(0xcc0 + section.type * 8, pages, zone.nodeId, cpu[event]!);
        this.#pages.setList(pcp, index, [...pages.subarray(0, got), ...this.#listed(pcp, index)]);
      }
      const size = Math.min(pcp.lists[index]!.size, rest.length);
      const last = at + size === section.pfns.length;
      this.#correctRefill(pcp, index, last ? rest : rest.slice(0, size), event, zone.nodeId);
      at = last ? section.pfns.length : at + size;
      for (let left = last ? 1 : size; left > 0; left--) {
        this.#given.delete(this.#allocator.frames.pfnOf(pcp.lists[index]!.at(0)));
        this.#pages.takeHead(pcp, index);
        this.outside.bulkPages++;
      }
    }
  }

  #free(event: number): void {
    const { pfn, cpu } = this.#events;
    const order = this.#steps.freeOrder[event]!;
    const frame = pfn[event]!;
    const page = this.#pages.pageAt(frame);
    const place = this.#pages.placeOf(frame);
    if (this.#stages?.deferredFree(event, place === "allocated") === true) return;
    if (pcpAllowedOrder(order)) this.#allocateBuried(event, page, order);
    if (place === "reserved") {
      for (let at = frame; at < frame + 2 ** order; at++) this.#allocator.freeReservedPage(at, cpu[event]!);
      this.reservedFrees += 2 ** order;
      return;
    }
    if (place !== "allocated") {
      if (order === 0 && place === "per-CPU list") this.outside.bulkPages++;
      else this.outside.resyncs++;
      this.#pages.acquire(frame, order, false, cpu[event]!);
    }
    const zone = this.#allocator.zoneOf(page);
    const pcp = zone.pcp[cpu[event]!]!;
    const before = pcp.count + 2 ** order;
    if (pcpAllowedOrder(order)) this.#correctLimit(pcp, order, this.#steps.drained[event]!);
    this.#allocator.freePages(page, order, cpu[event]!);
    if (pcpAllowedOrder(order)) {
      this.#compareCount(
        this.drains,
        event,
        this.#steps.drained[event]!,
        before - pcp.count,
        "pages drained",
      );
    }
  }

  /** The vmstat worker lowers limits without an event; that shows when a free drains or does not. */
  #correctLimit(pcp: PerCpuPages, order: number, drained: number): void {
    if (pcp.high === 0 || order > 0) return;
    const count = pcp.count + 2 ** order;
    const drains = count >= pcp.high;
    if (drains === drained > 0) return;
    this.outside.pcpLimits++;
    pcp.high = drains ? count + 1 : count;
  }

  /** As in OpenLoop: a free that would bury the page of the next allocation came in an interrupt. */
  #allocateBuried(event: number, page: number, order: number): void {
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
    const zone = this.#allocator.zoneOfPfn(pfn[next]!);
    const list = zone.pcp[cpu[event]!]!.lists[pcpIndex(order, type)]!;
    if (list.size === 0 || this.#allocator.frames.pfnOf(list.at(0)) !== pfn[next]) return;
    this.outside.interruptedAllocations++;
    this.#allocate(next);
  }

  #drain(event: number): void {
    const { cpu, pfn } = this.#events;
    const zone = this.#allocator.zoneOfPfn(pfn[event]!);
    const pcp = zone.pcp[cpu[event]!]!;
    this.outside.pcpDecays++;
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
