import { MIGRATE_PCPTYPES } from "../page-alloc/index.js";
import { type PageMap, PageState } from "./page-map.js";

/** The single pages of a CPU, zone and migrate type that came by refills, in the order in which they leave. */
export interface RefillList {
  readonly cpu: number;
  readonly migrateType: number;
  /** State of its pages in the map. */
  readonly state: number;
  pfns: number[];
  next: number;
  /** The last event known to have come before the next page left. */
  lastEvent: number;
}

/** More zones than a machine has; one of them stands for pages outside of all. */
const MAX_ZONES = 4096;
/** State of the pages of the first list; those of the others go down from here. */
const FIRST_STATE: number = PageState.FREE - 1;

/**
 * Pages put on the per-CPU lists by refills, to find those that left without an event
 * (mm/page_alloc.c: rmqueue_bulk appends at the tail, allocations take the head, a list is
 * refilled only when it is empty). Pages that were freed to these lists are not followed: the
 * events do not say on which list they went.
 */
export class RefillLists {
  readonly #pages: PageMap;
  readonly #onUnseenTake: (pfn: number, list: RefillList) => void;
  readonly #lists: RefillList[] = [];
  readonly #listOfKey = new Map<number, RefillList>();
  /** The list that each CPU refills at the moment. */
  readonly #refilling = new Map<number, RefillList>();

  /** @param onUnseenTake called for each page that left without an event, in their order */
  constructor(pages: PageMap, onUnseenTake: (pfn: number, list: RefillList) => void) {
    this.#pages = pages;
    this.#onUnseenTake = onUnseenTake;
  }

  /** A page is put on a list; `zone` is any number from -1 to 4094 that is the same for all pages of a zone. */
  refill(event: number, cpu: number, zone: number, migrateType: number, pfn: number): void {
    const list = this.#list(cpu, zone, migrateType);
    if (this.#refilling.get(cpu) !== list) {
      while (list.next < list.pfns.length) this.#leave(list);
      list.pfns = [];
      list.next = 0;
      this.#refilling.set(cpu, list);
    }
    list.lastEvent = event;
    // A page claimed from another type comes twice, by zone_locked and by extfrag; it leaves only once.
    list.pfns.push(pfn);
    this.#pages.set(pfn, 0, list.state, event);
  }

  /** Something else happens on a CPU: the next refill there is a new one. */
  interrupted(cpu: number): void {
    this.#refilling.delete(cpu);
  }

  taken(pfn: number, event: number): void {
    const list = this.#listOf(pfn);
    if (list === undefined) return;
    while (list.pfns[list.next] !== pfn) this.#leave(list);
    list.next++;
    list.lastEvent = event;
  }

  /** A page must have left its list, if it is on one, without an event. */
  takenUnseen(pfn: number): void {
    const list = this.#listOf(pfn);
    if (list === undefined) return;
    while (this.#leave(list) !== pfn);
  }

  /** The next page leaves without an event, unless it was drained before. */
  #leave(list: RefillList): number {
    const pfn = list.pfns[list.next++]!;
    if (this.#pages.state(pfn) === list.state) this.#onUnseenTake(pfn, list);
    return pfn;
  }

  #listOf(pfn: number): RefillList | undefined {
    const number = FIRST_STATE - this.#pages.state(pfn);
    // Most pages are on no list, and V8 looks a negative index up as a name.
    return number < 0 ? undefined : this.#lists[number];
  }

  #list(cpu: number, zone: number, migrateType: number): RefillList {
    const key = (cpu * MAX_ZONES + zone + 1) * MIGRATE_PCPTYPES + migrateType;
    let list = this.#listOfKey.get(key);
    if (list === undefined) {
      const state = FIRST_STATE - this.#lists.length;
      list = { cpu, migrateType, state, pfns: [], next: 0, lastEvent: 0 };
      this.#lists.push(list);
      this.#listOfKey.set(key, list);
    }
    return list;
  }
}
