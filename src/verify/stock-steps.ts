import { Gfp } from "../page-alloc/gfp.js";
import { pcpAllowedOrder } from "../page-alloc/pcp.js";
import { PageEventKind, type PageEvents } from "../workload/events.js";

/** What an event of a trace asks of the allocator, or shows that something not traced asked of it. */
export const StockStep = {
  NONE: 0,
  ALLOC: 1,
  FREE: 2,
  /** A refill that no traced allocation owns: alloc_pages_bulk() has no event. */
  BULK_REFILL: 3,
  /** Drains that no free owns: the vmstat worker. */
  DRAIN: 4,
  /** The rest of a block that alloc_pages_exact() does not need: to the tail of the buddy lists (make_alloc_exact). */
  FREE_REST: 5,
} as const;

/** A run of events in which blocks leave the buddy lists for one request. */
export interface Section {
  readonly start: number;
  readonly order: number;
  readonly type: number;
  /** As the caller numbers zones. */
  readonly zone: number;
  /** First frames of the blocks, in the order in which they were taken. */
  readonly pfns: number[];
}

/** What to do, and when. */
export interface StockSteps {
  /** StockStep of each event. */
  readonly step: Uint8Array;
  /** Events with a step, in the order in which they took effect. */
  readonly sequence: Uint32Array;
  /** Order of the block that a step frees: mm_page_free_batched does not say it. */
  readonly freeOrder: Uint8Array;
  /** Blocks taken for an allocation or a bulk refill, by event. */
  readonly sections: ReadonlyMap<number, Section>;
  /** Pages drained by a free or by itself, by event. */
  readonly drained: Int32Array;
  /** Events of the blocks that these are, by the same event. */
  readonly drainEvents: ReadonlyMap<number, readonly number[]>;
}

/** The state of one CPU while its events are read in turn. */
interface CpuReader {
  /** Blocks are being taken. */
  open: Section | undefined;
  /** Sections that no allocation has claimed yet. */
  pending: Section[];
  /** The event that a drain that comes next belongs to, or -1. */
  drainOwner: number;
  previous: number;
}

/** A free and its drains follow each other at once; the vmstat worker comes after a pause. */
const DRAIN_PAUSE_NS = 20_000;

/**
 * Works out what each event asks for and when it took effect.
 *
 * @param zoneOf number of the zone of a frame
 */
export function stockSteps(events: PageEvents, zoneOf: (pfn: number) => number): StockSteps {
  return new StepReader(events, zoneOf).read();
}

class StepReader {
  readonly #events: PageEvents;
  readonly #zoneOf: (pfn: number) => number;
  readonly #step: Uint8Array;
  readonly #effect: Int32Array;
  readonly #freeOrder: Uint8Array;
  readonly #drained: Int32Array;
  readonly #drainEvents = new Map<number, number[]>();
  readonly #sections = new Map<number, Section>();
  readonly #cpus = new Map<number, CpuReader>();
  /** Event of the free of a frame that is not committed yet. */
  readonly #prepared = new Map<number, number>();

  constructor(events: PageEvents, zoneOf: (pfn: number) => number) {
    this.#events = events;
    this.#zoneOf = zoneOf;
    this.#step = new Uint8Array(events.count);
    this.#effect = Int32Array.from({ length: events.count }, (_, event) => event);
    this.#freeOrder = new Uint8Array(events.count);
    this.#drained = new Int32Array(events.count);
  }

  read(): StockSteps {
    for (let event = 0; event < this.#events.count; event++) this.#event(event);
    for (const { pending } of this.#cpus.values()) for (const section of pending) this.#bulk(section);
    return {
      step: this.#step,
      sequence: this.#sequence(),
      freeOrder: this.#freeOrder,
      sections: this.#sections,
      drained: this.#drained,
      drainEvents: this.#drainEvents,
    };
  }

  #event(event: number): void {
    const { kind, pfn, order, cpu: cpus } = this.#events;
    let cpu = this.#cpus.get(cpus[event]!);
    if (cpu === undefined) {
      cpu = { open: undefined, pending: [], drainOwner: -1, previous: event };
      this.#cpus.set(cpus[event]!, cpu);
    }
    switch (kind[event]) {
      case PageEventKind.zoneLocked:
      case PageEventKind.extfrag:
        this.#taken(event, cpu);
        break;
      case PageEventKind.pcpuDrain:
        this.#drain(event, cpu);
        break;
      case PageEventKind.alloc:
        this.#allocation(event, cpu);
        break;
      case PageEventKind.free:
        if (this.#step[event] === StockStep.FREE_REST) break;
        this.#step[event] = StockStep.FREE;
        this.#freeOrder[event] = order[event]!;
        this.#prepared.set(pfn[event]!, event);
        this.#freed(event, cpu);
        break;
      default:
        this.#committed(event, cpu);
    }
    cpu.previous = event;
  }

  #taken(event: number, cpu: CpuReader): void {
    const { pfn, order, migrateType } = this.#events;
    cpu.drainOwner = -1;
    const { open } = cpu;
    const zone = this.#zoneOf(pfn[event]!);
    if (open?.order === order[event] && open?.type === migrateType[event] && open?.zone === zone) {
      // A block claimed below pageblock size comes twice, by zone_locked and by extfrag.
      if (open.pfns.at(-1) !== pfn[event]) open.pfns.push(pfn[event]!);
      return;
    }
    cpu.open = { start: event, order: order[event]!, type: migrateType[event]!, zone, pfns: [pfn[event]!] };
    cpu.pending.push(cpu.open);
  }

  /** An allocation owns the section whose first block it got. */
  #allocation(event: number, cpu: CpuReader): void {
    const { pfn, order } = this.#events;
    this.#step[event] = StockStep.ALLOC;
    this.#prepared.delete(pfn[event]!);
    cpu.drainOwner = -1;
    cpu.open = undefined;
    this.#markRest(event);
    const at = cpu.pending.findIndex((s) => s.order === order[event] && s.pfns[0] === pfn[event]);
    if (at < 0) return;
    const section = cpu.pending.splice(at, 1)[0]!;
    this.#sections.set(event, section);
    this.#effect[event] = section.start;
  }

  /** What is left over of a block goes back at once, page by page, from the last that is needed to the end. */
  #markRest(event: number): void {
    const { kind, pfn, order, cpu, count, detail } = this.#events;
    if (order[event] === 0 || (detail[event]! & Gfp.COMP) !== 0) return;
    const end = pfn[event]! + 2 ** order[event]!;
    const rest: number[] = [];
    for (let next = event + 1; next < count; next++) {
      if (cpu[next] !== cpu[event]) continue;
      const from = rest.length === 0 ? pfn[next]! : pfn[rest.at(-1)!]! + 1;
      const isRest = kind[next] === PageEventKind.free && order[next] === 0 && pfn[next] === from;
      if (!isRest || from <= pfn[event]! || from >= end) return;
      rest.push(next);
      if (from === end - 1) break;
    }
    for (const free of rest) this.#step[free] = StockStep.FREE_REST;
  }

  /** Whoever frees the first block of a section had it without an event. */
  #freed(event: number, cpu: CpuReader): void {
    cpu.open = undefined;
    cpu.drainOwner = event;
    const pfn = this.#events.pfn[event]!;
    for (const { pending } of this.#cpus.values()) {
      const at = pending.findIndex((section) => section.pfns[0] === pfn);
      if (at >= 0) this.#bulk(pending.splice(at, 1)[0]!);
    }
  }

  #bulk(section: Section): void {
    this.#step[section.start] = StockStep.BULK_REFILL;
    this.#sections.set(section.start, section);
  }

  /** A page of a batch reaches its list only here. */
  #committed(event: number, cpu: CpuReader): void {
    const pfn = this.#events.pfn[event]!;
    const free = this.#prepared.get(pfn);
    cpu.open = undefined;
    if (free === undefined || !pcpAllowedOrder(this.#freeOrder[free]!)) return;
    this.#prepared.delete(pfn);
    this.#step[free] = StockStep.NONE;
    this.#step[event] = StockStep.FREE;
    this.#freeOrder[event] = this.#freeOrder[free]!;
    cpu.drainOwner = event;
  }

  #drain(event: number, cpu: CpuReader): void {
    const { order, task, timeNs } = this.#events;
    cpu.open = undefined;
    const { previous } = cpu;
    const apart = task[previous] !== task[event] || timeNs[event]! - timeNs[previous]! > DRAIN_PAUSE_NS;
    if (cpu.drainOwner < 0 || apart) {
      this.#step[event] = StockStep.DRAIN;
      cpu.drainOwner = event;
    }
    const owner = cpu.drainOwner;
    // Other CPUs may have been at the lists since the free's own event.
    if (this.#drained[owner] === 0) {
      this.#effect[owner] = event;
      this.#drainEvents.set(owner, []);
    }
    this.#drainEvents.get(owner)!.push(event);
    this.#drained[owner]! += 2 ** order[event]!;
  }

  #sequence(): Uint32Array {
    const keys: number[] = [];
    for (let event = 0; event < this.#step.length; event++) {
      if (this.#step[event] !== StockStep.NONE) keys.push(this.#effect[event]! * 2 ** 26 + event);
    }
    return Uint32Array.from(Float64Array.from(keys).sort(), (key) => key % 2 ** 26);
  }
}
