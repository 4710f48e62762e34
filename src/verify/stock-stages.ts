import { pcpSizes } from "../mm/watermarks.js";
import type { Zone } from "../page-alloc/index.js";
import { asPfn, MAX_PAGE_ORDER } from "../units.js";
import { PageEventKind, type PageEvents } from "../workload/events.js";
import { type Booted, DeferredReplay } from "./boot-replay.js";
import { placeOf } from "./page-place.js";

/** The thread of a node that initialises struct pages late (mm/mm_init.c: page_alloc_init_late). */
const DEFERRED_COMM = /^pgdatinit\d+$/;
/** Its helpers on other CPUs (kernel/padata.c). */
const HELPER_COMM = /^kworker\//;

/**
 * Stages of boot that tune the zones. Few traces name them; each is found from what it changes, or
 * from the boot log:
 * - setup_per_cpu_pageset: refills were of one block, now they are larger. It comes right before
 *   the first that is.
 * - other CPUs come online: before a zone grows within a request (pages of their trace buffers make
 *   it), before the first event of one, or before deferred initialisation.
 * - deferred initialisation: its threads' frees.
 * - init_per_zone_wmark_min, hugepage_init, kswapd_init: where the trace has their initcalls, there.
 *   If not, the first before the first refill whose size only the new batch explains; the others by
 *   lines of the boot log around them, whose clock runs ahead of the trace by what
 *   "sched_clock: Marking stable" says.
 */
export class StockStages {
  readonly #booted: Booted;
  readonly #events: PageEvents;
  /** Stages to come, in order, by the clock of the trace or by event. */
  readonly #due: { readonly atNs: number; readonly event: number; readonly reach: () => void }[] = [];
  readonly #earlyEnds: readonly { readonly start: number; readonly end: number; readonly deferred: number }[];
  /** First and last event of deferred initialisation; -1 where there is none. */
  readonly #deferredSpan: { readonly first: number; readonly last: number };
  readonly #knowsWatermarks: boolean;
  #deferred: DeferredReplay | undefined = undefined;
  #deferredDone = false;

  /** @param initcalls where the trace says that initcalls end: name and next event; may be empty */
  constructor(booted: Booted, events: PageEvents, bootLog: string, initcalls: ReadonlyMap<string, number>) {
    this.#booted = booted;
    this.#events = events;
    const { kernel, stages } = booted;
    this.#earlyEnds = kernel.deferredAreas.flatMap(({ free, firstDeferredPfn }) =>
      free.map(({ startPfn, endPfn }) => ({ start: startPfn, end: endPfn, deferred: firstDeferredPfn })),
    );
    this.#deferredSpan = deferredSpan(events);
    const aheadNs = Number(/Marking stable \(.*\)->\(\d+, (-?\d+)\)/.exec(bootLog)?.[1] ?? 0);
    const after = (initcall: string, line: RegExp | undefined, reach: () => void): void => {
      const event = initcalls.get(initcall);
      const seconds = line?.exec(bootLog)?.[1];
      if (event !== undefined) this.#due.push({ atNs: Number.NEGATIVE_INFINITY, event, reach });
      else if (seconds !== undefined)
        this.#due.push({ atNs: Number(seconds) * 1e9 - aheadNs, event: 0, reach });
    };
    this.#knowsWatermarks = initcalls.has("init_per_zone_wmark_min");
    after("init_per_zone_wmark_min", undefined, () => stages.setWatermarks());
    after("hugepage_init", /\[ *([\d.]+)\] HugeTLB: \d+ KiB vmemmap can be freed for a 2/, () => {
      if (stages.watermarks === 0) stages.setWatermarks();
      stages.setWatermarks();
    });
    after("kswapd_init", /\[ *([\d.]+)\] workingset: /, () => {
      kernel.allocator.kswapdRunning = true;
    });
  }

  /** Whether a page was there before tracing began: later ones wait for deferred initialisation. */
  isEarly(pfn: number): boolean {
    return this.#earlyEnds.every(({ start, end, deferred }) => pfn < start || pfn >= end || pfn < deferred);
  }

  before(event: number): void {
    const { cpu, timeNs } = this.#events;
    const { stages } = this.#booted;
    if (cpu[event]! > 0 && cpu[event]! >= stages.online) stages.bringUp();
    const { first, last } = this.#deferredSpan;
    if (first >= 0 && event > last && !this.#deferredDone) {
      this.#deferredDone = true;
      this.#deferred?.finish();
    }
    while (this.#due.length > 0 && event >= this.#due[0]!.event && timeNs[event]! > this.#due[0]!.atNs) {
      this.#due.shift()!.reach();
    }
  }

  /** Whether an event is a free of deferred initialisation, which it then repeats. */
  deferredFree(event: number): boolean {
    const { kind, task, tasks, pfn, order } = this.#events;
    const { kernel, stages } = this.#booted;
    const { first, last } = this.#deferredSpan;
    if (event > last || kind[event] !== PageEventKind.free) return false;
    if (placeOf(kernel.allocator, asPfn(pfn[event]!)) === "allocated") return false;
    // A zone that ran empty grows within a request (deferred_grow_zone), in the model as in the kernel.
    if (event < first) {
      const grows = order[event] === MAX_PAGE_ORDER;
      if (grows) stages.bringUp();
      return grows;
    }
    const { comm } = tasks[task[event]!]!;
    if (!DEFERRED_COMM.test(comm) && !HELPER_COMM.test(comm)) return false;
    if (this.#deferred === undefined) {
      stages.bringUp();
      this.#deferred = new DeferredReplay(kernel);
    }
    this.#deferred.step(pfn[event]!);
    return true;
  }

  /** A refill took so many blocks; to be called before the model repeats it. */
  refill(zone: Zone, cpu: number, order: number, blocks: number): void {
    const { stages } = this.#booted;
    if (stages.online === 0) {
      if (blocks >= 2) stages.sizePcp();
      return;
    }
    if (!this.#deferredDone || stages.watermarks > 0 || this.#knowsWatermarks) return;
    const now = zone.pcp[cpu]!;
    const then = Object.assign(now.withoutPages(), pcpSizes(zone.managedPages, 0, 1));
    if (now.withoutPages().refillBlocks(order, true) === blocks) return;
    if (then.refillBlocks(order, true) === blocks) stages.setWatermarks();
  }
}

/**
 * The events between which deferred initialisation frees: from a node's thread first to the last of one
 * or of a helper, which may be the last to finish. The first process waits for all of them
 * (page_alloc_init_late), so its next event ends the search.
 */
function deferredSpan({ kind, task, tasks, count }: PageEvents): { first: number; last: number } {
  const isNode = tasks.map(({ comm }) => DEFERRED_COMM.test(comm));
  const isHelper = tasks.map(({ comm }) => HELPER_COMM.test(comm));
  const byNode = (_kind: number, event: number): boolean => isNode[task[event]!] === true;
  const first = kind.findIndex(byNode);
  let last = kind.findLastIndex(byNode);
  if (first < 0) return { first, last };
  for (let event = last + 1; event < count && tasks[task[event]!]!.pid !== 1; event++) {
    if (isHelper[task[event]!] === true && kind[event] === PageEventKind.free) last = event;
  }
  return { first, last };
}

/** Lines that the reader takes for events of pages. */
export const PAGE_EVENT = "mm_page_(?:alloc|free|free_batched|pcpu_drain|alloc_zone_locked|alloc_extfrag)";
/** These, and ends of initcalls (include/trace/events/initcall.h). */
const LINE = new RegExp(`: (?:(${PAGE_EVENT}): |initcall_finish: func=(\\w+))`, "g");

/**
 * Where initcalls end in a trace that has `initcall:initcall_finish`: names with the number of page events
 * before the line. Its place in the file is what tells the order of CPUs, since clocks repeat.
 *
 * @param trace the text that the events were read from
 * @returns nothing when the text has other page events than these
 */
export function tracedInitcalls(trace: Uint8Array, { count }: PageEvents): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  let events = 0;
  for (const [, page, initcall] of new TextDecoder().decode(trace).matchAll(LINE)) {
    if (page !== undefined) events++;
    else ends.set(initcall!, events);
  }
  return events === count ? ends : new Map();
}
