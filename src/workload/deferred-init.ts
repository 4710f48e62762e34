import { MAX_PAGE_ORDER } from "../units.js";
import { PageEventKind, type PageEvents } from "./events.js";
import type { Recording } from "./recording.js";

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
