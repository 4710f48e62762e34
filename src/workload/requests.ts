/** What a recorded kernel asked of its page allocator, apart from the machine it ran on. */

import type { Milestone } from "./recording.js";

export const RequestKind = {
  /** An allocation. */
  alloc: 0,
  /** A page that alloc_pages_bulk() took; told from what the per-CPU lists lost. */
  allocBulk: 1,
  /** An allocation that found no page. */
  allocFailed: 2,
  /** A free of an allocation or of an aligned part of it. */
  free: 3,
  /** A free of memory that was reserved at boot: initrd, init sections. */
  freeReserved: 4,
  /** The guest's own work alone. An `allocBulk` behind it belongs to another call than one before it. */
  work: 5,
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

/** Requests in the order in which they were made. Row i of every column belongs to request i. */
export interface Requests {
  readonly count: number;
  /** RequestKind. */
  readonly kind: Uint8Array;
  readonly order: Uint8Array;
  /** Flags of an allocation as the kernel used them, without those not allowed yet; else 0. */
  readonly gfp: Uint32Array;
  readonly cpu: Uint16Array;
  /**
   * alloc, allocBulk: the handle, counted from 0 in the order of the requests. free: the handle of
   * the allocation. freeReserved: index in `recording.reserved`. allocFailed, work: -1.
   */
  readonly handle: Int32Array;
  /**
   * free: bytes from the start of the allocation. freeReserved: bytes from the start of the page
   * that the reserved range starts in. Else 0.
   */
  readonly offsetBytes: Float64Array;
  /**
   * The guest's own recorded work before the request: time since the one before it on that CPU, or
   * since `startNs`, without what the recording lists as modelled.
   */
  readonly thinkNs: Float64Array;
  /** Number of handles. */
  readonly handleCount: number;
  /** Time of the first event on the clock of the trace. */
  readonly startNs: number;
  /** The guest's own work before `startNs`. */
  readonly thinkBeforeNs: number;
  /** Milestones of the recording, and its own deferred struct-page initialisation if it shows. */
  readonly marks: { readonly [name in Milestone | "deferredInit"]?: RequestMark };
}

/** What became of the events of a trace; nothing is left out without being counted. */
export interface ImportReport {
  readonly events: number;
  /** Events that the kernel dropped. */
  readonly lostEvents: number;
  /** Events overwritten in the ring buffer before it was read. */
  readonly overwrittenEvents: number;
  /** Lines of other tracepoints. */
  readonly otherEvents: number;
  /** Movements inside the allocator: zone_locked, pcpu_drain, extfrag. */
  readonly innerEvents: number;
  /** mm_page_free_batched, whose page mostly has a mm_page_free too; it is freed once. */
  readonly batchedFrees: number;
  /** Allocations that the trace shows, without those that failed. */
  readonly allocations: number;
  /** Allocations that found no page. */
  readonly failed: number;
  /** Pages that left a per-CPU list without an event, as those of alloc_pages_bulk() do. */
  readonly inferredBulk: number;
  /** Blocks above order 0 freed twice with no allocation between: an event is missing. */
  readonly inferredOther: number;
  /** Blocks freed that were allocated before the first event. */
  readonly beforeTracing: number;
  /** Frees of allocations. */
  readonly frees: number;
  /** Those of `frees` that gave back only a part. */
  readonly partialFrees: number;
  /** Frees of memory that was reserved at boot. */
  readonly freeReserved: number;
  /** Blocks freed by deferred struct-page initialisation; no request. */
  readonly deferredInitFrees: number;
  /** Blocks initialised ahead of that because an allocation ran short (deferred_grow_zone); no request. */
  readonly grownBlocks: number;
  /** Blocks of order 10 that nobody had, freed later: accepted by the kernel; no request. */
  readonly acceptedBlocks: number;
  /** Allocations handed out, refilled or drained again without a free, which was put in. */
  readonly reallocations: number;
  /** Pages still allocated at the end. */
  readonly stillAllocatedPages: number;
}

/** Whether a request makes a handle. */
export function makesHandle(kind: number): boolean {
  return kind === RequestKind.alloc || kind === RequestKind.allocBulk;
}
