/**
 * Finds out from the events of a trace who had which page when.
 *
 * The tracepoints leave gaps, which are closed like this:
 * - alloc_pages_bulk() has no event. Its pages show in a refill of a per-CPU list and are missing
 *   there later: the pages of a refill leave in their order, and a list is refilled only when it
 *   is empty, so a page that was passed over, or left over at the next refill, was taken. The
 *   request is put as early as that order allows: after the refill, or after the last allocation
 *   that took a page before it.
 * - A page freed twice with no allocation between was taken in the same way; the request is put
 *   right after the first free, because these lists are last in, first out.
 * - Their flags are taken to be GFP_KERNEL, plus the migrate type of the list. At boot nearly all
 *   come from vmalloc (mm/vmalloc.c: vm_area_alloc_pages; thread stacks above all), whose other
 *   flags, __GFP_HIGHMEM, __GFP_NOWARN and __GFP_ZERO, do not change which page a 64-bit kernel finds.
 * - A block freed that no event named before is memory reserved at boot if it lies in such a range,
 *   or comes from deferred struct-page initialisation, or was just accepted, or was allocated
 *   before the trace began. That allocation is put before all others, as GFP_KERNEL too.
 */

import { Gfp, GfpMask, MIGRATE_PCPTYPES } from "../page-alloc/index.js";
import { MAX_ORDER_PAGES, MAX_PAGE_ORDER, PAGE_SIZE, pfnDown, pfnUp } from "../units.js";
import { PageEventKind, type PageEvents } from "./events.js";
import { PageMap, PageState } from "./page-map.js";
import type { Recording } from "./recording.js";
import { type RefillList, RefillLists } from "./refill-lists.js";
import { RequestDrafts } from "./request-drafts.js";
import { type ImportReport, NOTHING_IMPORTED, RequestKind } from "./requests.js";

export interface Pairing {
  readonly drafts: RequestDrafts;
  readonly report: ImportReport;
  readonly deferredInit: DeferredInitFrees;
}

/** Place of allocations from before the trace; event e itself has place 2e, right after it is 2e + 1. */
const PLACE_BEFORE_TRACE = -1;
const NO_TARGET = -1;

export function pairEvents(events: PageEvents, recording: Recording): Pairing {
  const pairing = new EventPairing(events, recording);
  for (let event = 0; event < events.count; event++) pairing.add(event);
  return pairing.finish();
}

class EventPairing {
  readonly #events: PageEvents;
  /** A page in a state above 0 belongs to the allocation of the draft with the number below. */
  readonly #pages = new PageMap();
  readonly #drafts = new RequestDrafts();
  readonly #refills: RefillLists = new RefillLists(this.#pages, (pfn, list) => this.#bulkTake(pfn, list));
  readonly #reserved: PfnRanges;
  readonly #zones: PfnRanges;
  readonly #deferredInit: DeferredInitFrees;
  /** Pages that an event of a batch has freed, and no mm_page_free yet. */
  readonly #freedInBatch = new Set<number>();
  readonly #report: { -readonly [name in keyof ImportReport]: number };

  constructor(events: PageEvents, recording: Recording) {
    this.#events = events;
    this.#reserved = new PfnRanges(recording.reserved);
    this.#zones = new PfnRanges(recording.machine.zones);
    this.#deferredInit = new DeferredInitFrees(events, recording);
    const { lostEvents, overwrittenEvents, otherEvents } = events;
    this.#report = { ...NOTHING_IMPORTED, events: events.count, lostEvents, overwrittenEvents, otherEvents };
  }

  add(event: number): void {
    const kind = this.#events.kind[event]! as PageEventKind;
    const pfn = this.#events.pfn[event]!;
    const order = this.#events.order[event]!;
    if (order <= MAX_PAGE_ORDER) {
      this.#add(event, kind, pfn, order);
      return;
    }
    // Requests are made to a kernel of x86, which has no such blocks; it can give the same pages in parts.
    const before = { ...this.#report };
    const parts = pfn === 0 ? 1 : 2 ** (order - MAX_PAGE_ORDER);
    for (let part = 0; part < parts; part++) {
      this.#add(event, kind, pfn + part * MAX_ORDER_PAGES, MAX_PAGE_ORDER);
    }
    for (const name of ["innerEvents", "batchedFrees", "allocations", "failed", "frees"] as const) {
      this.#report[name] = Math.min(this.#report[name], before[name] + 1);
    }
  }

  #add(event: number, kind: PageEventKind, pfn: number, order: number): void {
    switch (kind) {
      case PageEventKind.zoneLocked:
      case PageEventKind.extfrag:
        this.#report.innerEvents++;
        // Kernels before 3.x trace this for a page that they did not find, too.
        if (pfn === 0) break;
        if (this.#takenFromBuddy(event, pfn, order)) return;
        break;
      case PageEventKind.pcpuDrain:
        this.#report.innerEvents++;
        this.#mustBeFree(event, pfn, order);
        this.#pages.set(pfn, order, PageState.FREE, event);
        break;
      case PageEventKind.alloc:
        this.#allocated(event, pfn, order);
        break;
      case PageEventKind.free:
        if (this.#freedInBatch.delete(pfn)) break;
        this.#freed(event, pfn, order);
        break;
      default:
        this.#report.batchedFrees++;
        this.#batchFreed(event, pfn);
    }
    this.#refills.interrupted(this.#events.cpu[event]!);
  }

  finish(): Pairing {
    return { drafts: this.#drafts, report: this.#report, deferredInit: this.#deferredInit };
  }

  /** A block leaves the buddy lists, for an allocation or for a per-CPU list. @returns whether it is a refill */
  #takenFromBuddy(event: number, pfn: number, order: number): boolean {
    const type = this.#events.migrateType[event]!;
    this.#mustBeFree(event, pfn, order);
    if (order > 0 || type >= MIGRATE_PCPTYPES) {
      this.#pages.set(pfn, order, PageState.FREE, event);
      return false;
    }
    this.#refills.refill(event, this.#events.cpu[event]!, this.#zones.indexOf(pfn), type, pfn);
    return true;
  }

  #allocated(event: number, pfn: number, order: number): void {
    const gfp = this.#events.detail[event]!;
    if (pfn === 0) {
      this.#report.failed++;
      this.#draft(RequestKind.allocFailed, event, 2 * event, pfn, order, gfp, NO_TARGET);
      return;
    }
    if (order === 0) this.#refills.taken(pfn, event);
    this.#freedInBatch.delete(pfn);
    this.#mustBeFree(event, pfn, order);
    this.#report.allocations++;
    this.#hold(this.#draft(RequestKind.alloc, event, 2 * event, pfn, order, gfp, NO_TARGET), event);
  }

  /**
   * A page is freed with others at once. If the trace has its own mm_page_free, that comes right
   * before, and nobody has the page any more, or right after (before 4.15).
   */
  #batchFreed(event: number, pfn: number): void {
    const draft = this.#pages.state(pfn) - 1;
    if (draft < 0) return;
    // The event has no order; a compound page can only be freed as a whole.
    const isHead = this.#drafts.rows.pfn[draft] === pfn && (this.#drafts.rows.gfp[draft]! & Gfp.COMP) !== 0;
    this.#freed(event, pfn, isHead ? this.#drafts.rows.order[draft]! : 0);
    this.#freedInBatch.add(pfn);
  }

  #freed(event: number, pfn: number, order: number): void {
    if (order === 0) this.#refills.takenUnseen(pfn);
    const state = this.#pages.state(pfn);
    if (order > 0 && (state < PageState.FREE || !this.#pages.isUniform(pfn, order))) {
      this.#freed(event, pfn, order - 1);
      this.#freed(event, pfn + 2 ** (order - 1), order - 1);
      return;
    }
    if (state === PageState.UNSEEN) {
      this.#freedUnseen(event, pfn, order);
      return;
    }
    if (state === PageState.FREE) this.#takenAfterFree(pfn, order);
    this.#release(event, pfn, order);
  }

  #freedUnseen(event: number, pfn: number, order: number): void {
    const region = this.#reserved.indexOf(pfn);
    if (region !== this.#reserved.indexOf(pfn + 2 ** order - 1)) {
      this.#freedUnseen(event, pfn, order - 1);
      this.#freedUnseen(event, pfn + 2 ** (order - 1), order - 1);
    } else if (region >= 0) {
      this.#report.freeReserved++;
      this.#draft(RequestKind.freeReserved, event, 2 * event, pfn, order, 0, region);
      this.#pages.set(pfn, order, PageState.FREE, event);
    } else if (this.#deferredInit.isInit(event)) {
      this.#report.deferredInitFrees++;
    } else if (this.#deferredInit.isGrowth(event, order)) {
      this.#report.grownBlocks++;
    } else if (order === MAX_PAGE_ORDER) {
      this.#report.acceptedBlocks++;
    } else {
      this.#report.beforeTracing++;
      const place = PLACE_BEFORE_TRACE;
      this.#hold(this.#draft(RequestKind.alloc, 0, place, pfn, order, GfpMask.KERNEL, NO_TARGET), event);
      this.#release(event, pfn, order);
    }
  }

  #bulkTake(pfn: number, list: RefillList): void {
    this.#report.inferredBulk++;
    const gfp = GfpMask.KERNEL | (list.migrateType << 3);
    const place = 2 * list.lastEvent + 1;
    const draft = this.#draft(RequestKind.allocBulk, list.lastEvent, place, pfn, 0, gfp, NO_TARGET);
    this.#drafts.rows.cpu[draft] = list.cpu;
    this.#hold(draft, list.lastEvent);
  }

  /** A free block must have been allocated again, since it is freed again. */
  #takenAfterFree(pfn: number, order: number): void {
    const kind = order === 0 ? RequestKind.allocBulk : RequestKind.alloc;
    if (order === 0) this.#report.inferredBulk++;
    else this.#report.inferredOther++;
    const event = this.#pages.lastEvent(pfn, order);
    this.#hold(this.#draft(kind, event, 2 * event + 1, pfn, order, GfpMask.KERNEL, NO_TARGET), event);
  }

  /** A block turns up elsewhere: its owner has freed it without an event, or never had it. */
  #mustBeFree(event: number, pfn: number, order: number): void {
    if (!this.#pages.isUniform(pfn, order)) {
      this.#mustBeFree(event, pfn, order - 1);
      this.#mustBeFree(event, pfn + 2 ** (order - 1), order - 1);
      return;
    }
    const state = this.#pages.state(pfn);
    if (state <= PageState.UNSEEN) return;
    if (this.#drafts.rows.kind[state - 1] === RequestKind.allocBulk) {
      this.#drafts.retract(state - 1);
      this.#report.inferredBulk--;
      this.#report.stillAllocatedPages--;
    } else {
      this.#report.reallocations++;
      this.#release(event, pfn, order);
    }
  }

  #release(event: number, pfn: number, order: number): void {
    const allocation = this.#pages.state(pfn) - 1;
    this.#report.frees++;
    if (order < this.#drafts.rows.order[allocation]!) this.#report.partialFrees++;
    this.#report.stillAllocatedPages -= 2 ** order;
    this.#draft(RequestKind.free, event, 2 * event, pfn, order, 0, allocation);
    this.#pages.set(pfn, order, PageState.FREE, event);
  }

  #hold(draft: number, event: number): void {
    const order = this.#drafts.rows.order[draft]!;
    this.#report.stillAllocatedPages += 2 ** order;
    this.#pages.set(this.#drafts.rows.pfn[draft]!, order, draft + 1, event);
  }

  #draft(
    kind: RequestKind,
    event: number,
    place: number,
    pfn: number,
    order: number,
    gfp: number,
    target: number,
  ): number {
    const { cpu, timeNs } = this.#events;
    return this.#drafts.add(kind, order, gfp, cpu[event]!, timeNs[event]!, pfn, target, place);
  }
}

/** A few ranges of page frames that do not overlap. */
export class PfnRanges {
  readonly #first: readonly number[];
  readonly #end: readonly number[];

  /** @param ranges in bytes; a page belongs to a range that has a part of it */
  constructor(ranges: readonly { readonly start: number; readonly end: number }[]) {
    this.#first = ranges.map(({ start }) => pfnDown(start));
    this.#end = ranges.map(({ end }) => pfnUp(end));
  }

  /** Number of the range that a page is in, or -1. */
  indexOf(pfn: number): number {
    for (let i = 0; i < this.#first.length; i++) {
      if (pfn >= this.#first[i]! && pfn < this.#end[i]!) return i;
    }
    return -1;
  }

  /** Bytes from the first page of a range to a page of it. */
  offsetBytes(index: number, pfn: number): number {
    return (pfn - this.#first[index]!) * PAGE_SIZE;
  }
}

/** The thread of a node that initialises struct pages late (mm/mm_init.c: page_alloc_init_late). */
const INIT_COMM = /^pgdatinit\d+$/;
/** Its helpers on other CPUs (kernel/padata.c). */
const HELPER_COMM = /^kworker\//;

/**
 * Tells the frees of deferred struct-page initialisation, which belong to the recorded machine,
 * from those of the workload. Only for blocks that no event named before.
 */
export class DeferredInitFrees {
  readonly #events: PageEvents;
  readonly #isInit: readonly boolean[];
  readonly #isHelper: readonly boolean[];
  #startNs = Number.POSITIVE_INFINITY;
  #endNs = Number.NEGATIVE_INFINITY;

  constructor(events: PageEvents, recording: Recording) {
    this.#events = events;
    this.#isInit = events.tasks.map(({ comm }) => INIT_COMM.test(comm));
    this.#isHelper = events.tasks.map(({ comm }) => HELPER_COMM.test(comm));
    for (let event = 0; event < events.count; event++) {
      if (events.kind[event] !== PageEventKind.free || this.#isInit[events.task[event]!] !== true) continue;
      this.#startNs = Math.min(this.#startNs, events.timeNs[event]!);
      this.#endNs = events.timeNs[event]!;
    }
    // A helper may be the last to finish.
    this.#endNs = Math.max(this.#endNs, recording.milestones.pageAllocInitLate ?? this.#endNs);
  }

  /** From the first free to the end; undefined if there is none in the trace. */
  get span(): { readonly startNs: number; readonly endNs: number } | undefined {
    return this.#startNs <= this.#endNs ? { startNs: this.#startNs, endNs: this.#endNs } : undefined;
  }

  /** Whether a free is one of the initialisation itself. */
  isInit(event: number): boolean {
    const task = this.#events.task[event]!;
    if (this.#isInit[task] === true) return true;
    const timeNs = this.#events.timeNs[event]!;
    return this.#isHelper[task] === true && timeNs >= this.#startNs && timeNs <= this.#endNs;
  }

  /** Whether a free is one that an allocation caused that ran short before it (deferred_grow_zone). */
  isGrowth(event: number, order: number): boolean {
    return order === MAX_PAGE_ORDER && this.#events.timeNs[event]! <= this.#endNs;
  }
}
