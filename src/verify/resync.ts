import {
  Gfp,
  GfpMask,
  MigrateType,
  NO_PAGE,
  type PageAllocator,
  pcpAllowedOrder,
  pcpIndex,
  type Zone,
} from "../page-alloc/index.js";
import {
  drainPcp,
  isMergeable,
  moveFreePagesBlock,
  type PerCpuPages,
  pcpType,
} from "../page-alloc/inside.js";
import { asPage, PAGEBLOCK_ORDER, type Page, type Pfn, pageArray } from "../units.js";
import type { PageEvents } from "../workload/events.js";
import { KnownLists } from "./known-lists.js";
import type { UntracedCauses } from "./outside.js";
import { drainInBatches, listed, type PagePlace, type PagePlacer, placeOf } from "./page-place.js";
import { Preemption } from "./preemption.js";
import { numberOf, type ProcFields, zoneKey } from "./proc-fields.js";
import type { Records, Steps } from "./steps.js";
import type { StockStages } from "./stock-stages.js";
import { TiedRefills } from "./tied-refills.js";
import type { TracedWatermarks } from "./traced-watermarks.js";
import { Untraced } from "./untraced.js";

export interface Led {
  /** The trace tells what was on the list that it comes from. */
  readonly isListKnown: boolean;
  /** And why it was this page. */
  readonly isKnown: boolean;
  /** Blocks that the model takes for it, where it had to be led. */
  readonly blocks?: number;
  /** The per-CPU list it comes from, as it was before. */
  readonly list?: {
    readonly pcp: PerCpuPages;
    readonly index: number;
    readonly high: number;
    readonly allocFactor: number;
    readonly wasEmpty: boolean;
  };
}

/** Puts the model's lists where a trace with gaps shows that the kernel's are. Everything is counted. */
export class Resync {
  readonly #steps: Steps;
  readonly #events: Records;
  readonly #allocator: PageAllocator;
  readonly #stages: StockStages | undefined;
  readonly #watermarks: TracedWatermarks | undefined;
  readonly #known: KnownLists;
  readonly #untraced: Untraced;
  readonly preemption: Preemption | undefined;
  readonly #tied: TiedRefills;
  readonly #pages: PagePlacer;
  /** Frames that were put on a per-CPU list: an allocation that gets one is no hit. */
  readonly given: Set<number>;
  readonly outside: UntracedCauses;

  /**
   * @param preempts whether tasks give way to others inside the kernel
   * @param watermarks what the trace tells of them
   */
  constructor(
    steps: Steps,
    events: PageEvents,
    allocator: PageAllocator,
    {
      stages,
      preempts,
      watermarks,
    }: {
      readonly stages?: StockStages | undefined;
      readonly preempts: boolean;
      readonly watermarks?: TracedWatermarks | undefined;
    },
  ) {
    this.#watermarks = watermarks;
    this.#steps = steps;
    this.#events = steps.records;
    this.#allocator = allocator;
    this.#stages = stages;
    this.#untraced = new Untraced(steps.records, allocator, stages);
    const { history, pages } = this.#untraced;
    this.preemption = preempts ? new Preemption(steps, events, allocator, history) : undefined;
    this.#tied = new TiedRefills(steps, events, allocator, pages);
    this.#pages = this.#untraced.pages;
    this.given = this.#untraced.given;
    this.outside = this.#untraced.outside;
    this.#known = new KnownLists(stages !== undefined);
  }

  before(event: number): void {
    this.#watermarks?.compareBefore(this.#steps.effect[event]!, this.#allocator);
    this.#stages?.before(event);
  }

  /** Whether an event is a free of deferred initialisation, which has then been repeated. */
  isBootFree(event: number): boolean {
    return this.#stages?.deferredFree(event) === true;
  }

  /** An allocation whose line comes later, but which must have taken its page before an event; and why. */
  takenBefore(
    event: number,
    isDone: (line: number) => boolean,
  ): { readonly line: number; readonly cause: "interleavedSteps" | "preemptedAllocations" } | undefined {
    const tied = this.#tied.before(event, isDone);
    if (tied >= 0) return { line: tied, cause: "interleavedSteps" };
    const line = this.preemption?.takenBefore(event) ?? -1;
    return line < 0 || isDone(line) ? undefined : { line, cause: "preemptedAllocations" };
  }

  /** Makes the lists those that the kernel's request has found, as far as the trace tells. */
  beforeAllocation(event: number, zone: Zone): Led {
    const { pfn, order, type, cpu } = this.#steps.at(event);
    const section = this.#steps.sections.get(event);
    const untold = this.outside.beforeTracing;
    if (!pcpAllowedOrder(order)) {
      this.#untraced.skipBeforeTracing(zone, order, type, pfn, event);
      const isListKnown = section === undefined || this.#known.taken(section)[0]!;
      return { isListKnown, isKnown: isListKnown && this.outside.beforeTracing === untold };
    }
    const index = pcpIndex(order, type);
    const pcp = zone.pcp[cpu]!;
    const isListKnown =
      section === undefined
        ? this.#known.allocated(zone.index, cpu, index, pfn)
        : this.#known.refilled(cpu, section);
    if (order === 0) this.#untraced.takeBulk(pcp, index, event, section === undefined ? pfn : -1);
    const blocks = section === undefined ? 0 : this.#untraced.prepareRefill(zone, pcp, index, section, event);
    const { high, allocFactor } = pcp;
    const wasEmpty = pcp.lists[index]!.size === 0;
    // How far the kernel had come on the list before tracing, only the page itself tells.
    const isKnown = isListKnown && this.outside.beforeTracing === untold;
    return {
      isListKnown,
      isKnown,
      ...(blocks > 0 ? { blocks } : {}),
      list: { pcp, index, high, allocFactor, wasEmpty },
    };
  }

  /** A list that the model had to refill, and the kernel had not: what it refilled goes back. */
  afterRefill(event: number, { list }: Led): void {
    const { order, cpu } = this.#steps.at(event);
    if (list === undefined || !list.wasEmpty || this.#steps.sections.has(event)) return;
    const { pcp, index, high, allocFactor } = list;
    Object.assign(pcp, { high, allocFactor });
    for (const page of this.#pages.emptyList(pcp, index).reverse()) this.#pages.giveBack(page, order, cpu);
  }

  afterAllocation(event: number, { isListKnown, list }: Led): void {
    if (list === undefined) return;
    const { pfn, type } = this.#steps.at(event);
    if (!isListKnown) this.#adoptType(pfn, type, event);
    const section = this.#steps.sections.get(event);
    if (section !== undefined) this.#correctRefill(list.pcp, list.index, section.pfns.slice(1), event);
  }

  /** The model handed out another page: it gets the kernel's. */
  correct(event: number, page: Page | typeof NO_PAGE): void {
    const { pfn, order, type, cpu } = this.#steps.at(event);
    this.outside.resyncs++;
    if (page !== NO_PAGE) this.#putBack(page, order, type, event);
    if (pfn > 0) this.#pages.acquire(pfn, order, type === MigrateType.MOVABLE, cpu);
  }

  /** The kernel frees what the model has not handed out: the page was allocated without an event. */
  takeBack(event: number, place: PagePlace): void {
    const { pfn, order, cpu } = this.#steps.at(event);
    if (order === 0 && place === "per-CPU list") this.outside.bulkPages++;
    else this.outside.resyncs++;
    this.#pages.acquire(pfn, order, false, cpu);
  }

  beforeFree(event: number, page: Page): void {
    const { order, cpu } = this.#steps.at(event);
    const pcp = this.#allocator.zoneOf(page).pcp[cpu]!;
    if (pcpAllowedOrder(order)) this.#correctLimit(pcp, order, this.#steps.moved[event]!);
  }

  afterFree(event: number): void {
    const { pfn, order, cpu } = this.#steps.at(event);
    const page = this.#allocator.pageAt(pfn);
    const type = pcpType(this.#allocator.frames.pageblockType[page >> PAGEBLOCK_ORDER]!);
    const index = pcpIndex(order, type);
    this.#known.freed(this.#allocator.zoneOf(page).index, cpu, index, pfn);
    this.#noteDrains(event);
  }

  freeRest(event: number): void {
    const { pfn, cpu } = this.#steps.at(event);
    const place = placeOf(this.#allocator, pfn);
    if (place !== "allocated")
      throw new Error(`pfn 0x${pfn.toString(16)} is left over, but ${place} in the model`);
    this.#pages.giveBack(this.#allocator.pageAt(pfn), 0, cpu, true);
  }

  /** The vmstat worker drains a list; to which limit, the event does not say. */
  decay(event: number): void {
    const { pfn, cpu } = this.#steps.at(event);
    this.#noteDrains(event);
    const zone = this.#allocator.zoneOfPfn(pfn);
    const pcp = zone.pcp[cpu]!;
    const pages = Math.min(this.#steps.moved[event]!, pcp.count);
    pcp.high = Math.max(pcp.count - pages, pcp.highMin);
    drainInBatches(zone, pcp, pages, cpu);
  }

  #noteDrains(event: number): void {
    const { pfn, order, cpu } = this.#events;
    for (const drain of this.#steps.drained.get(event) ?? []) {
      const zone = this.#allocator.zoneOfPfn(pfn[drain]!).index;
      this.#known.drained(zone, cpu[drain]!, order[drain]!, pfn[drain]!);
    }
  }

  /** alloc_pages_bulk() finds its list empty, or empties it first. */
  bulkRefill(event: number): void {
    const { cpu } = this.#steps.at(event);
    const section = this.#steps.sections.get(event)!;
    const zone = this.#allocator.zoneOfPfn(section.pfns[0]!);
    const pcp = zone.pcp[cpu]!;
    if (section.order > 0) return;
    const index = pcpIndex(0, section.type);
    this.#known.refilled(cpu, section);
    this.#untraced.takeBulk(pcp, index, event, -1);
    for (let at = 0; at < section.pfns.length; ) {
      const rest = section.pfns.slice(at);
      const led = this.#untraced.prepareRefill(zone, pcp, index, { ...section, pfns: rest }, event);
      if (led === 0) {
        const pages = pageArray(2);
        const gfp = GfpMask.KERNEL + section.type * Gfp.MOVABLE;
        const got = this.#allocator.allocPagesBulk(gfp, pages, zone.nodeId, cpu);
        this.#pages.setList(pcp, index, [
          ...Array.from(pages.subarray(0, got), asPage),
          ...listed(pcp.lists[index]!),
        ]);
      }
      const size = Math.min(pcp.lists[index]!.size, rest.length);
      if (size === 0)
        throw new Error(
          `pfn 0x${rest[0]!.toString(16)} is asked for in bulk, and the model has no page left`,
        );
      const last = at + size === section.pfns.length;
      this.#correctRefill(pcp, index, last ? rest : rest.slice(0, size), event);
      at = last ? section.pfns.length : at + size;
      for (let left = last ? 1 : size; left > 0; left--) {
        this.given.delete(this.#allocator.frames.pfnOf(pcp.lists[index]!.at(0)));
        this.#pages.takeHead(pcp, index);
        this.outside.bulkPages++;
      }
    }
  }

  /**
   * A page that lay on a list of a type when the trace began is from a pageblock of that type: it was
   * claimed between two traces if the model has another.
   */
  #adoptType(frame: Pfn, type: number, event: number): void {
    const { cpu } = this.#steps.at(event);
    const { frames } = this.#allocator;
    const page = this.#pages.pageAt(frame);
    const known = frames.pageblockType[page >> PAGEBLOCK_ORDER]!;
    if (known === type || !isMergeable(known)) return;
    const zone = this.#allocator.zoneOf(page);
    if (moveFreePagesBlock(zone, page, known, type, cpu)) this.outside.pageblocks++;
  }

  #correctRefill(pcp: PerCpuPages, index: number, expected: readonly Pfn[], event: number): void {
    const { order, cpu } = this.#steps.at(event);
    const { frames } = this.#allocator;
    const held = listed(pcp.lists[index]!);
    const found = held.map((page) => frames.pfnOf(page));
    if (found.length === expected.length && found.every((pfn, at) => pfn === expected[at])) return;
    this.outside.resyncs++;
    const wanted = new Set(expected);
    const had = new Set(found);
    this.#pages.setList(pcp, index, []);
    for (const [at, page] of held.entries()) {
      if (!wanted.has(found[at]!)) this.#pages.giveBack(page, order, cpu);
    }
    for (const [at, pfn] of expected.entries()) {
      if (!had.has(pfn)) this.#pages.acquire(pfn, order, false, cpu);
      if (pfn !== found[at]) this.given.add(pfn);
    }
    this.#pages.setFrames(pcp, index, expected);
  }

  /** A page that the kernel did not hand out goes back to where the model took it from. */
  #putBack(page: Page, order: number, type: number, event: number): void {
    const { pfn, cpu } = this.#steps.at(event);
    if (!pcpAllowedOrder(order)) {
      this.#pages.giveBack(page, order, cpu);
      return;
    }
    const zone = this.#allocator.zoneOf(page);
    const pcp = zone.pcp[cpu]!;
    const index = pcpIndex(order, type);
    const held = listed(pcp.lists[index]!);
    const depth = held.findIndex((other) => this.#allocator.frames.pfnOf(other) === pfn);
    if (depth < 0) {
      this.#pages.setList(pcp, index, [page, ...held]);
      return;
    }
    // What lies above the kernel's page and did not come there since was put elsewhere: it goes to the tail.
    const above = [page, ...held.slice(0, depth)];
    const hasCome = (other: Page): boolean =>
      this.#known.hasCome(zone.index, cpu, index, this.#allocator.frames.pfnOf(other));
    this.#pages.setList(pcp, index, [
      ...above.filter(hasCome),
      ...held.slice(depth + 1),
      ...above.filter((other) => !hasCome(other)),
      held[depth]!,
    ]);
  }

  /**
   * Takes what happened to the per-CPU lists between two traces from /proc/zoneinfo: the vmstat
   * worker drained lists and lowered their limits. Returns how many it drained.
   */
  adoptGap(zoneinfo: ProcFields): number {
    let drained = 0;
    for (const zone of this.#allocator.zones) {
      for (const [cpu, pcp] of zone.pcp.entries()) {
        const count = numberOf(zoneinfo, `${zoneKey(zone)}cpu ${cpu} count`);
        if (count === undefined) continue;
        pcp.high = numberOf(zoneinfo, `${zoneKey(zone)}cpu ${cpu} high`)!;
        if (pcp.count <= count) continue;
        drained++;
        drainPcp(zone, pcp, pcp.count - count, 0, cpu);
      }
    }
    return drained;
  }

  /** The vmstat worker lowers limits without an event; that shows when a free drains or does not. */
  #correctLimit(pcp: PerCpuPages, order: number, drained: number): void {
    if (pcp.high === 0) return;
    if (order > 0 && order < PAGEBLOCK_ORDER) {
      // Allocations that were not seen have halved the count of frees in a row.
      const wasCopy = pcp.withoutPages();
      if (drained > 0 || !wasCopy.noteFree(order, this.#allocator.rules)) return;
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
