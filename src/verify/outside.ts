/** What a run takes from its recording because no model of the allocator can derive it: each cause, in words. */

/** Of any recording. */
export const OUTSIDE_CAUSES = {
  pcpDecays: "the vmstat worker lowered a per-CPU limit",
  timerDrains: "the vmstat worker drained another node's list",
  interruptedAllocations: "an interrupt freed pages before an allocation's line was written",
  preemptedAllocations: "a task was preempted between taking a page and its line",
  preemptedFrees: "a task was preempted or interrupted between the line of a free and the list",
  /** In pages. */
  isolatedPages: "compaction took a free page",
  listCuts: "compaction reordered a free list",
  countedClaims: "the movable pages of a pageblock were counted before a claim",
  kswapdSteps: "kswapd took a boost away, began or ended",
  cacheSlices: "the share of the caches of a CPU became known",
  interruptedDrains: "an interrupt came between two batches of a drain",
  lockedFrees: "an interrupt freed pages past a locked per-CPU list",
  interleavedSteps: "another CPU came between a step and its line",
  /** How often a thread was left in the middle of its chunk. */
  deferredInterleavings: "threads of deferred initialisation took turns",
  /** Decisions to accept that read the counter. */
  counterDrifts: "the vmstat worker had updated the counter of free pages",
  /** Taken from the node that served it. */
  otherNodeRequests: "a request asked for another node than its CPU's",
} as const;

/** Of a trace: what it did not see, and how often it showed. Allocations, frees and pageblocks are counted in pages and blocks. */
export const UNTRACED_CAUSES = {
  beforeTracing: "pages were allocated before tracing began",
  bulkPages: "a page was taken by alloc_pages_bulk(), which has no event",
  /** The kernel has no such free block. */
  unseenAllocations: "a page must have been allocated without an event",
  resyncs: "the model's lists were corrected after the first event",
  pageblocks: "a pageblock had been claimed for another type between two traces",
  pcpLimits: "the limit of a per-CPU list had been lowered without an event",
} as const;

/** How often each of the causes was met. */
export type OutsideCauses = Record<keyof typeof OUTSIDE_CAUSES, number>;
export type UntracedCauses = Record<keyof typeof UNTRACED_CAUSES, number>;

export function noneOf<Cause extends string>(causes: Readonly<Record<Cause, string>>): Record<Cause, number> {
  return Object.fromEntries(Object.keys(causes).map((cause) => [cause, 0])) as Record<Cause, number>;
}
