/** Requests of a recorded kernel to its page allocator, apart from the machine it ran on. */

import type { Columns } from "../columns.js";
import type { Milestone } from "./recording.js";

export const RequestKind = {
  alloc: 0,
  /** A page that alloc_pages_bulk() took; told from what the per-CPU lists lost. */
  allocBulk: 1,
  allocFailed: 2,
  /** A free of an allocation or of an aligned part of it. */
  free: 3,
  /** A free of memory that was reserved at boot: initrd, init sections. */
  freeReserved: 4,
  /** The guest's own work alone. An `allocBulk` after it belongs to another call than one before it. */
  work: 5,
  /** The CPU sleeps, so that others may have it. Recordings do not tell that from work. */
  sleep: 6,
} as const;
export type RequestKind = (typeof RequestKind)[keyof typeof RequestKind];

/** A moment or a stretch of the recording, by the requests around it. */
export interface RequestMark {
  /** The first request at or after the start; the number of requests if there is none. */
  readonly request: number;
  readonly startNs: number;
  /** The same as `startNs` for a moment. */
  readonly endNs: number;
}

export const REQUEST_COLUMNS = {
  /** RequestKind. */
  kind: "u8",
  order: "u8",
  /** Flags of an allocation as the kernel used them, without those not allowed yet; else 0. */
  gfp: "u32",
  cpu: "u16",
  /**
   * alloc, allocBulk: the handle, counted from 0 in the order of the requests. free: the handle of
   * the allocation. freeReserved: index in `recording.reserved`. allocFailed, work, sleep: -1.
   */
  handle: "i32",
  /**
   * free: bytes from the start of the allocation. freeReserved: bytes from the start of the page
   * that the reserved range starts in. allocBulk: bytes of each area of vmalloc() that the pages are for; 0 if
   * they are all for one. Else 0.
   */
  offsetBytes: "f64",
  /**
   * The guest's own recorded work before the request: time since the one before it on that CPU, or
   * since `startNs`, without what the recording lists as modelled. sleep: how long it sleeps.
   */
  thinkNs: "f64",
} as const;

/** Requests in the order in which they were made. Row i of every column belongs to request i. */
export interface Requests extends Columns<typeof REQUEST_COLUMNS> {
  readonly count: number;
  readonly handleCount: number;
  /** Time of the first event on the clock of the trace. */
  readonly startNs: number;
  /** The guest's own work before `startNs`. */
  readonly thinkBeforeNs: number;
  /** Milestones of the recording, and its own deferred struct-page initialisation if it shows. */
  readonly marks: { readonly [name in Milestone | "deferredInit"]?: RequestMark };
}

/** The counts of an ImportReport, all 0. */
export const NOTHING_IMPORTED = {
  events: 0,
  /** Events that the kernel dropped. */
  lostEvents: 0,
  /** Events overwritten in the ring buffer before it was read. */
  overwrittenEvents: 0,
  /** Lines of other tracepoints. */
  otherEvents: 0,
  /** Movements inside the allocator: zone_locked, pcpu_drain, extfrag. */
  innerEvents: 0,
  /** mm_page_free_batched, whose page mostly has a mm_page_free too; it is freed once. */
  batchedFrees: 0,
  /** Allocations that the trace shows, without those that failed. */
  allocations: 0,
  /** Allocations that found no page. */
  failed: 0,
  /** Pages that left a per-CPU list without an event, as those of alloc_pages_bulk() do. */
  inferredBulk: 0,
  /** Blocks above order 0 freed twice with no allocation between: an event is missing. */
  inferredOther: 0,
  /** Blocks freed that were allocated before the first event. */
  beforeTracing: 0,
  /** Frees of allocations. */
  frees: 0,
  /** Those of `frees` that gave back only a part. */
  partialFrees: 0,
  /** Frees of memory that was reserved at boot. */
  freeReserved: 0,
  /** Blocks freed by deferred struct-page initialisation; no request. */
  deferredInitFrees: 0,
  /** Blocks initialised ahead of that because an allocation ran short (deferred_grow_zone); no request. */
  grownBlocks: 0,
  /** Blocks of order 10 that nobody had, freed later: accepted by the kernel; no request. */
  acceptedBlocks: 0,
  /** Allocations handed out, refilled or drained again without a free, which was put in. */
  reallocations: 0,
  /** Pages still allocated at the end. */
  stillAllocatedPages: 0,
};

/** Counts of the events of a trace by their use; nothing is left out without being counted. */
export type ImportReport = Readonly<typeof NOTHING_IMPORTED>;

export function makesHandle(kind: number): boolean {
  return kind === RequestKind.alloc || kind === RequestKind.allocBulk;
}
