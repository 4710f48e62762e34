/**
 * What the naive model does as which release does it. Written down from the kernels' sources alone, so
 * that a date or a rule that the allocator has wrong shows as a difference.
 */
export interface OracleRules {
  /** Where a page of another type comes from (__rmqueue_fallback, or __rmqueue_claim and __rmqueue_steal). */
  readonly fallback: "6.12.0" | "claim-then-steal";
  /** Blocks are accepted one by one while watermarks are zero (800f1059c99e). */
  readonly acceptsBeforeWatermarks: boolean;
  /** There are requests and frees that must not wait for a lock (alloc_pages_nolock, free_pages_nolock). */
  readonly knowsNolock: boolean;
  /** Whoever changes the number of managed pages computes lowmem_reserve[] again (adjust_managed_page_count). */
  readonly reservesFollowManaged: boolean;
  /** A flush of orders 1 to 3 waits until a batch and half of high_min have been freed (free_frozen_page_commit). */
  readonly flushWaitsForHalfOfHighMin: boolean;
  /** With several nodes, those whose kswapd is awake come second (get_page_from_freelist). */
  readonly passesBusyNodes: boolean;
  /** A drain is a row of calls of a batch each, every one of which begins with the list of the freed page. */
  readonly drainsByBatches: boolean;
  /**
   * A request that the slow path's first walk fails walks again only where it may use more by then, and after
   * compaction where that comes before reclaim (__alloc_pages_slowpath). Before, every one walked twice.
   */
  readonly walksAgainOnlyForReserves: boolean;
  /** An atomic request of more than a page never fills a per-CPU list, and reserves only what the buddy lists gave. */
  readonly atomicPassesEmptyPcp: boolean;
  /** Such a request uses the reserve from its first attempt on, and adds to it only at the min watermark. */
  readonly atomicFromFirstAttempt: boolean;
  /** Ranges of single pages are freed as the largest aligned blocks (free_prepared_contig_range). */
  readonly rangesAsBlocks: boolean;
}

const LINUX_6_12: OracleRules = {
  fallback: "claim-then-steal",
  acceptsBeforeWatermarks: true,
  knowsNolock: false,
  reservesFollowManaged: false,
  flushWaitsForHalfOfHighMin: false,
  passesBusyNodes: false,
  drainsByBatches: false,
  walksAgainOnlyForReserves: false,
  atomicPassesEmptyPcp: false,
  atomicFromFirstAttempt: false,
  rangesAsBlocks: false,
};

const LINUX_6_18: OracleRules = {
  ...LINUX_6_12,
  knowsNolock: true,
  reservesFollowManaged: true,
  flushWaitsForHalfOfHighMin: true,
  passesBusyNodes: true,
};

const LINUX_7_2: OracleRules = {
  ...LINUX_6_18,
  drainsByBatches: true,
  walksAgainOnlyForReserves: true,
  atomicPassesEmptyPcp: true,
  rangesAsBlocks: true,
};

export type OracleKernel = "6.12.0" | "6.12" | "6.18" | "7.2" | "7.3";

export const ORACLE_RULES: Readonly<Record<OracleKernel, OracleRules>> = {
  "6.12.0": { ...LINUX_6_12, fallback: "6.12.0", acceptsBeforeWatermarks: false },
  "6.12": LINUX_6_12,
  "6.18": LINUX_6_18,
  "7.2": LINUX_7_2,
  "7.3": { ...LINUX_7_2, atomicFromFirstAttempt: true },
};
