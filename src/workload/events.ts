import type { Columns } from "../columns.js";

/**
 * Highest order in a trace of any machine: kernels of other architectures, or of boards that chose it,
 * go above the 10 of x86 (arch/ia64/Kconfig: FORCE_MAX_ZONEORDER up to 17, Linux 2.6.17 to 6.6).
 */
export const TRACED_ORDER_MAX = 16;

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

export interface Task {
  /** Up to 15 bytes that may hold anything; `<...>` where the kernel no longer knew. */
  readonly comm: string;
  readonly pid: number;
}

/** The columns of a block of events, in the order in which a compact trace has them. */
export const BLOCK_COLUMNS = {
  /** Nanoseconds on the clock of the trace; ftrace prints whole microseconds. */
  timeNs: "f64",
  /** Frame number of the first page; 0 for an allocation that failed. */
  pfn: "f64",
  /** Index in `tasks`. */
  task: "u32",
  /**
   * Depends on the kind: alloc the gfp flags, zoneLocked percpu_refill (0 or 1), extfrag
   * fallback order + fallback type * 256 + change_ownership * 65536.
   */
  detail: "u32",
  /** The requester of the page: 1 + index in the callers of the trace, 0 where the trace does not say. */
  caller: "u32",
  cpu: "u16",
  /** PageEventKind. */
  kind: "u8",
  /** Order of the block, up to TRACED_ORDER_MAX; for extfrag the order that was asked for. */
  order: "u8",
  /** Migrate type as printed; for extfrag the type that was asked for; 0 where the event has none. */
  migrateType: "u8",
} as const;

const { caller: _, ...withoutCaller } = BLOCK_COLUMNS;
export const EVENT_COLUMNS: Omit<typeof BLOCK_COLUMNS, "caller"> = withoutCaller;

/** Events in the order of the trace. Row i of every column belongs to event i. */
export interface EventColumns extends Columns<typeof EVENT_COLUMNS> {
  readonly count: number;
}

export interface PageEvents extends EventColumns {
  readonly tasks: readonly Task[];
  /** Events that the kernel says it dropped (`[LOST n EVENTS]`). */
  readonly lostEvents: number;
  /** Events that were overwritten in the ring buffer before the trace was read (from the header). */
  readonly overwrittenEvents: number;
  /** Lines of events other than PageEventKind. */
  readonly otherEvents: number;
}
