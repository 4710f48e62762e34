import { NO_PAGE, type PageAllocator } from "../page-alloc/index.js";
import type { PageEvents } from "../workload/events.js";
import type { PagePlacer } from "./page-place.js";
import { Step, type Steps } from "./steps.js";

/**
 * Refills of several CPUs at one time. The clock of a trace that all CPUs share never goes back
 * (kernel/trace/trace_clock.c: trace_clock_global()), so a CPU whose clock is behind repeats the last time, and
 * lines of one time are in the order of their CPUs, not in that of the events. Which came first, the blocks tell:
 * one that a refill passes by had been taken.
 */
export class TiedRefills {
  readonly #steps: Steps;
  readonly #events: PageEvents;
  readonly #allocator: PageAllocator;
  readonly #pages: PagePlacer;

  constructor(steps: Steps, events: PageEvents, allocator: PageAllocator, pages: PagePlacer) {
    this.#steps = steps;
    this.#events = events;
    this.#allocator = allocator;
    this.#pages = pages;
  }

  /** The next allocation of another CPU that must have come before the one of an event, with the same time; or -1. */
  before(event: number, isDone: (event: number) => boolean): number {
    const { sections, step } = this.#steps;
    const { timeNs, cpu, count } = this.#events;
    const own = sections.get(event);
    if (own === undefined || step[event] !== Step.ALLOC) return -1;
    const zone = this.#allocator.zoneOfPfn(own.pfns[0]!);
    const next = this.#pages.next(zone, own.order, own.type);
    if (next === NO_PAGE) return -1;
    const passed = this.#allocator.frames.pfnOf(next);
    if (passed === own.pfns[0]) return -1;
    const first = new Map<number, number>();
    for (let at = event + 1; at < count && timeNs[at] === timeNs[event]; at++) {
      if (step[at] === Step.NONE || cpu[at] === cpu[event] || isDone(at)) continue;
      // Only what needs no other event of that CPU before it.
      if (step[at] !== Step.ALLOC) return -1;
      if (!first.has(cpu[at]!)) first.set(cpu[at]!, at);
      if (sections.get(at)?.pfns.includes(passed)) return first.get(cpu[at]!)!;
    }
    return -1;
  }
}
