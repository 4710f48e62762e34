import { pcpAllowedOrder } from "../page-alloc/pcp.js";
import { PAGEBLOCK_ORDER } from "../units.js";
import { PageEventKind, type PageEvents } from "../workload/events.js";

/** Which events name a page, so that one can ask what becomes of it next. */
export class PageHistory {
  readonly #kind: Uint8Array;
  /** Events that name a page, ascending. */
  readonly #ofPage = new Map<number, number[]>();

  constructor(events: PageEvents) {
    this.#kind = events.kind;
    for (let event = 0; event < events.count; event++) {
      const order = events.order[event]!;
      if (events.kind[event] === PageEventKind.freeBatched) continue;
      if (!pcpAllowedOrder(order) || order === PAGEBLOCK_ORDER) continue;
      const first = events.pfn[event]!;
      for (let pfn = first; pfn < first + 2 ** order; pfn++) {
        const known = this.#ofPage.get(pfn);
        if (known === undefined) this.#ofPage.set(pfn, [event]);
        else known.push(event);
      }
    }
  }

  /** The next event that names a page at or after an event; undefined when none does. */
  next(pfn: number, event: number): number | undefined {
    const events = this.#ofPage.get(pfn);
    if (events === undefined) return undefined;
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (events[middle]! < event) low = middle + 1;
      else high = middle;
    }
    return events[low];
  }

  /** Kind of that event. */
  nextKind(pfn: number, event: number): PageEventKind | undefined {
    const next = this.next(pfn, event);
    return next === undefined ? undefined : (this.#kind[next] as PageEventKind);
  }

  /** Whether an event before this one names the page. */
  isSeen(pfn: number, event: number): boolean {
    const first = this.#ofPage.get(pfn)?.[0];
    return first !== undefined && first < event;
  }
}
