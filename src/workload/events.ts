/** The page events of a trace, as columns. */

import { grown, trimmed } from "./typed-array.js";

/** The tracepoints of include/trace/events/kmem.h that tell about pages. */
export const PageEventKind = {
  /** mm_page_alloc: a request was served, or failed (pfn 0). */
  alloc: 0,
  /** mm_page_free: a block is about to be freed. */
  free: 1,
  /** mm_page_free_batched: emitted besides mm_page_free for the pages of a batch. */
  freeBatched: 2,
  /** mm_page_alloc_zone_locked: a block left the buddy lists. */
  zoneLocked: 3,
  /** mm_page_pcpu_drain: a block went from a per-CPU list to the buddy lists. */
  pcpuDrain: 4,
  /** mm_page_alloc_extfrag: a block was taken from the lists of another migrate type. */
  extfrag: 5,
} as const;
export type PageEventKind = (typeof PageEventKind)[keyof typeof PageEventKind];

/** A process or thread as the trace names it. */
export interface Task {
  /** Up to 15 bytes that may hold anything; `<...>` where the kernel no longer knew. */
  readonly comm: string;
  readonly pid: number;
}

/** Events in the order of the trace. Row i of every column belongs to event i. */
export interface PageEvents {
  readonly count: number;
  /** PageEventKind. */
  readonly kind: Uint8Array;
  /** Order of the block; for extfrag the order that was asked for. */
  readonly order: Uint8Array;
  /** Migrate type as printed; for extfrag the type that was asked for; 0 where the event has none. */
  readonly migrateType: Uint8Array;
  readonly cpu: Uint16Array;
  /** Index in `tasks`. */
  readonly task: Uint32Array;
  /** Nanoseconds on the clock of the trace; ftrace prints whole microseconds. */
  readonly timeNs: Float64Array;
  /** Frame number of the first page; 0 for an allocation that failed. */
  readonly pfn: Float64Array;
  /**
   * What only one kind has: alloc the gfp flags, zoneLocked percpu_refill (0 or 1), extfrag
   * fallback order + fallback type * 256 + change_ownership * 65536.
   */
  readonly detail: Uint32Array;
  readonly tasks: readonly Task[];
  /** Events that the kernel says it dropped (`[LOST n EVENTS]`). */
  readonly lostEvents: number;
  /** Events that were overwritten in the ring buffer before the trace was read (from the header). */
  readonly overwrittenEvents: number;
  /** Lines of events that are none of PageEventKind. */
  readonly otherEvents: number;
}

const FIRST_CAPACITY = 4096;

/** Collects events; the columns double when they are full. */
export class PageEventColumns {
  #count = 0;
  #kind: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  #order: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  #migrateType: Uint8Array = new Uint8Array(FIRST_CAPACITY);
  #cpu: Uint16Array = new Uint16Array(FIRST_CAPACITY);
  #task: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  #timeNs: Float64Array = new Float64Array(FIRST_CAPACITY);
  #pfn: Float64Array = new Float64Array(FIRST_CAPACITY);
  #detail: Uint32Array = new Uint32Array(FIRST_CAPACITY);

  append(
    kind: number,
    order: number,
    migrateType: number,
    cpu: number,
    task: number,
    timeNs: number,
    pfn: number,
    detail: number,
  ): void {
    const index = this.#count;
    if (index === this.#kind.length) this.#grow();
    this.#kind[index] = kind;
    this.#order[index] = order;
    this.#migrateType[index] = migrateType;
    this.#cpu[index] = cpu;
    this.#task[index] = task;
    this.#timeNs[index] = timeNs;
    this.#pfn[index] = pfn;
    this.#detail[index] = detail;
    this.#count = index + 1;
  }

  /** What was collected, in columns of just that length. */
  finish(
    tasks: readonly Task[],
    counts: Pick<PageEvents, "lostEvents" | "overwrittenEvents" | "otherEvents">,
  ): PageEvents {
    const count = this.#count;
    return {
      count,
      kind: trimmed(this.#kind, count),
      order: trimmed(this.#order, count),
      migrateType: trimmed(this.#migrateType, count),
      cpu: trimmed(this.#cpu, count),
      task: trimmed(this.#task, count),
      timeNs: trimmed(this.#timeNs, count),
      pfn: trimmed(this.#pfn, count),
      detail: trimmed(this.#detail, count),
      tasks,
      ...counts,
    };
  }

  #grow(): void {
    const capacity = this.#count * 2;
    this.#kind = grown(this.#kind, capacity);
    this.#order = grown(this.#order, capacity);
    this.#migrateType = grown(this.#migrateType, capacity);
    this.#cpu = grown(this.#cpu, capacity);
    this.#task = grown(this.#task, capacity);
    this.#timeNs = grown(this.#timeNs, capacity);
    this.#pfn = grown(this.#pfn, capacity);
    this.#detail = grown(this.#detail, capacity);
  }
}
