/** The trace of an unmodified kernel as steps. */

import { Gfp, pcpAllowedOrder } from "../page-alloc/index.js";
import { asPfn, type Pfn } from "../units.js";
import { PageEventKind, type PageEvents } from "../workload/events.js";
import { RangePage, rangeOrders } from "../workload/freed-ranges.js";
import { PageHistory } from "./known-lists.js";
import { getOrMake, type Section, Step, Steps } from "./steps.js";

interface CpuState {
  open: Section | undefined;
  /** Sections that no allocation has claimed yet. */
  readonly pending: Section[];
  /** The event that a drain that comes next belongs to, or -1. */
  drainOwner: number;
  previous: number;
  /** Events of the pages of the range that is freed last. */
  range: number[];
  /** Events that stand for the blocks of a whole range; which of them a drain belongs to, its first block tells. */
  rangeBlocks: readonly number[];
}

/** A free and its drains follow each other at once; the vmstat worker comes after a pause. */
const DRAIN_PAUSE_NS = 20_000;

/**
 * Works out what each event asks for, or shows that something not traced asked for, and when it took effect.
 *
 * @param ranges for each event what `freedRanges` says of it, where the kernel frees ranges in blocks
 */
export function stockSteps(
  events: PageEvents,
  zoneOf: (pfn: Pfn) => number,
  ranges: Uint8Array = new Uint8Array(events.count),
): Steps {
  const reader = new StockReader(events, zoneOf, ranges);
  for (let event = 0; event < events.count; event++) reader.event(event);
  return reader.end();
}

class StockReader {
  readonly #events: PageEvents;
  readonly #zoneOf: (pfn: Pfn) => number;
  readonly #ranges: Uint8Array;
  readonly #steps: Steps;
  readonly #cpus = new Map<number, CpuState>();
  /** Event of the free of a frame that is not committed yet. */
  readonly #prepared = new Map<number, number>();

  constructor(events: PageEvents, zoneOf: (pfn: Pfn) => number, ranges: Uint8Array) {
    this.#events = events;
    this.#zoneOf = zoneOf;
    this.#ranges = ranges;
    this.#steps = new Steps(events);
  }

  end(): Steps {
    for (const { pending } of this.#cpus.values()) for (const section of pending) this.#bulk(section);
    for (const [event, { pfns }] of this.#steps.sections) this.#steps.moved[event] = pfns.length;
    this.#markLocked();
    return this.#steps;
  }

  /**
   * A page that went to a per-CPU list leaves it for an allocation or in a drain. One that leaves the buddy lists
   * next never was there: an interrupt freed it, and found the list locked.
   */
  #markLocked(): void {
    const { step, order } = this.#steps;
    const { pfn } = this.#events;
    const history = new PageHistory(this.#steps.records);
    for (const [event, kind] of step.entries()) {
      if (kind !== Step.FREE || !pcpAllowedOrder(order[event]!) || this.#steps.drained.has(event)) continue;
      const next = history.nextKind(pfn[event]!, event + 1);
      if (next !== PageEventKind.zoneLocked && next !== PageEventKind.extfrag) continue;
      step[event] = Step.FREE_LOCKED;
      this.#steps.lockedFrees++;
    }
  }

  event(event: number): void {
    const { kind, pfn, cpu: cpus } = this.#events;
    const cpu = getOrMake(
      this.#cpus,
      cpus[event]!,
      (): CpuState => ({
        open: undefined,
        pending: [],
        drainOwner: -1,
        previous: event,
        range: [],
        rangeBlocks: [],
      }),
    );
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
        if (this.#steps.step[event] === Step.FREE_REST) break;
        this.#steps.step[event] = Step.FREE;
        this.#prepared.set(pfn[event]!, event);
        this.#freed(event, cpu);
        if (this.#ranges[event] !== 0) this.#rangePage(event, cpu);
        break;
      default:
        this.#committed(event, cpu);
    }
    cpu.previous = event;
  }

  #taken(event: number, cpu: CpuState): void {
    const { pfn, order, migrateType } = this.#events;
    cpu.drainOwner = -1;
    const { open } = cpu;
    const frame = asPfn(pfn[event]!);
    const zone = this.#zoneOf(frame);
    if (open?.order === order[event] && open?.type === migrateType[event] && open?.zone === zone) {
      // A block claimed below pageblock size comes twice, by zone_locked and by extfrag.
      if (open.pfns.at(-1) !== frame) open.pfns.push(frame);
      return;
    }
    cpu.open = { start: event, order: order[event]!, type: migrateType[event]!, zone, pfns: [frame] };
    cpu.pending.push(cpu.open);
  }

  /** An allocation owns the section whose first block it got. */
  #allocation(event: number, cpu: CpuState): void {
    const { pfn, order } = this.#events;
    this.#steps.step[event] = Step.ALLOC;
    this.#prepared.delete(pfn[event]!);
    cpu.drainOwner = -1;
    cpu.open = undefined;
    this.#markRest(event);
    const at = cpu.pending.findIndex((s) => s.order === order[event] && s.pfns[0] === pfn[event]);
    if (at < 0) return;
    const section = cpu.pending.splice(at, 1)[0]!;
    this.#steps.sections.set(event, section);
    this.#steps.effect[event] = section.start;
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
    for (const free of rest) this.#steps.step[free] = Step.FREE_REST;
  }

  /** Whoever frees the first block of a section had it without an event. */
  #freed(event: number, cpu: CpuState): void {
    cpu.open = undefined;
    cpu.drainOwner = event;
    cpu.rangeBlocks = [];
    const pfn = this.#events.pfn[event]!;
    for (const { pending } of this.#cpus.values()) {
      const at = pending.findIndex((section) => section.pfns[0] === pfn);
      if (at >= 0) this.#bulk(pending.splice(at, 1)[0]!);
    }
  }

  /** A page of a range is only prepared; the whole range goes to the lists after the last one, in blocks. */
  #rangePage(event: number, cpu: CpuState): void {
    const { pfn } = this.#events;
    if (this.#ranges[event] === RangePage.FIRST) cpu.range = [];
    const { range } = cpu;
    range.push(event);
    const blocks: number[] = [];
    for (const page of range) {
      this.#steps.step[page] = Step.NONE;
      this.#prepared.delete(pfn[page]!);
    }
    let at = 0;
    for (const order of rangeOrders(pfn[range[0]!]!, range.length)) {
      const head = range[at]!;
      this.#steps.step[head] = Step.FREE;
      this.#steps.order[head] = order;
      this.#steps.effect[head] = event;
      blocks.push(head);
      at += 2 ** order;
    }
    cpu.rangeBlocks = blocks;
  }

  /** A drain begins with the list of the block that was freed, so of a range that one owns it that has the order of the first. */
  #ownerInRange(event: number, { rangeBlocks, drainOwner, previous }: CpuState): number {
    const { order } = this.#steps;
    const isFirst = previous === drainOwner && rangeBlocks.length > 0;
    if (!isFirst) return drainOwner;
    const at = rangeBlocks.findIndex((head) => order[head] === this.#events.order[event]);
    if (at < 0) return rangeBlocks.at(-1)!;
    for (const later of rangeBlocks.slice(at + 1)) this.#steps.effect[later] = event;
    return rangeBlocks[at]!;
  }

  #bulk(section: Section): void {
    this.#steps.step[section.start] = Step.BULK_REFILL;
    this.#steps.sections.set(section.start, section);
  }

  /** A page of a batch reaches its list only here. */
  #committed(event: number, cpu: CpuState): void {
    const pfn = this.#events.pfn[event]!;
    const free = this.#prepared.get(pfn);
    cpu.open = undefined;
    if (free === undefined || !pcpAllowedOrder(this.#steps.order[free]!)) return;
    this.#prepared.delete(pfn);
    this.#steps.step[free] = Step.NONE;
    this.#steps.step[event] = Step.FREE;
    this.#steps.order[event] = this.#steps.order[free]!;
    cpu.drainOwner = event;
  }

  #drain(event: number, cpu: CpuState): void {
    const { task, timeNs } = this.#events;
    cpu.open = undefined;
    const { previous } = cpu;
    const apart = task[previous] !== task[event] || timeNs[event]! - timeNs[previous]! > DRAIN_PAUSE_NS;
    if (cpu.drainOwner < 0 || apart) {
      this.#steps.step[event] = Step.UNTOLD_DECAY;
      cpu.drainOwner = event;
    } else cpu.drainOwner = this.#ownerInRange(event, cpu);
    this.#steps.drain(cpu.drainOwner, event);
  }
}
