/**
 * Differences between Linux releases where memory is accepted, one named rule each. All else is as
 * in 6.12 stable: before 6.7 per-CPU lists had one size and did not tune themselves (nr_pcp_high in
 * 6.6), and before 6.10 a failed claim left the free pages of a pageblock on lists of another type
 * (steal_suitable_fallback in 6.6). Neither is modelled, nor are allocations that must not take a
 * lock (ALLOC_TRYLOCK, 6.15).
 */

/** Rules of one release, by room. */
export interface KernelRules {
  readonly pageAlloc: PageAllocRules;
  readonly acceptMemory: AcceptRules;
  readonly kexec: KexecRules;
  /**
   * Memory the stub takes for the table of unaccepted memory (drivers/firmware/efi/libstub/
   * unaccepted_memory.c: allocate_unaccepted_bitmap). Loader data becomes RAM, ACPI reclaim does not.
   */
  readonly tableMemory: "loader-data" | "acpi-reclaim";
  readonly tableReservation: TableReservation;
  /** Whether the stub leaves the unpacking of the kernel to the decompressor. */
  readonly unpacksAfterExit: boolean;
}

/**
 * How the kernel keeps the table of unaccepted memory (drivers/firmware/efi/efi.c:
 * efi_config_parse_tables, reserve_unaccepted).
 *
 * - `bytes`: reserves it where it lies, and counts on its being RAM
 * - `size-in-pages`: makes it known as memory and reserves it from its first page on, as many pages as
 *   its bytes fill; a table that begins inside a page can have one page more
 * - `pages`: the same with every page that it touches
 */
export type TableReservation = "bytes" | "size-in-pages" | "pages";

/** How the page allocator decides (mm/page_alloc.c). */
export interface PageAllocRules {
  /**
   * Where a page of another type comes from. `6.12.0`: a claim that fails splits the largest block.
   * `claim-then-steal`: the smallest.
   */
  readonly fallback: "6.12.0" | "claim-then-steal";
  /** The watermark up to which unaccepted blocks are accepted. */
  readonly acceptTarget: "high" | "promo";
  /**
   * Every visit to a zone accepts what is short of the target, before the watermark is looked at.
   * Otherwise only a failed watermark or an empty free list makes the kernel accept.
   */
  readonly acceptOnVisit: boolean;
  /**
   * Once the kernel accepts, it accepts at least one block, also where nothing is short of the target (the
   * do-while loop of try_to_accept_memory).
   */
  readonly acceptAtLeastOne: boolean;
  /** Minimum batch, in pages, when accepting to reach the target; Linux: one block. */
  readonly acceptAtOncePages: number;
  /**
   * Unaccepted pages do not count in watermark checks (__zone_watermark_unusable_free). Reclaim then
   * sees a zone without memory however much is unaccepted, and does not end.
   */
  readonly unacceptedUnusable: boolean;
  /**
   * While watermarks are still zero, every visit to a zone accepts one block. Otherwise nothing is
   * accepted when there is neither a free nor a missing page, and boot can run out of memory.
   */
  readonly acceptBeforeWatermarks: boolean;
  /**
   * A bulk allocation accepts memory and grows zones as others do (alloc_pages_bulk_noprof). Otherwise
   * it goes on to the next zone, and then to single pages.
   */
  readonly bulkAccepts: boolean;
  /**
   * From how many pages freed in a row on a free of order 1 to 3 empties its CPU's lists: a batch, or a batch and
   * half of high_min (free_unref_page_commit; free_frozen_page_commit from 6.14 on).
   */
  readonly highOrdersDrainFrom: "batch" | "batch-and-half-high-min";
  /**
   * A free drains its CPU's lists batch by batch, each time from the list of the freed block on
   * (free_frozen_page_commit). Each batch ends with a whole block, so that higher orders drain further.
   */
  readonly drainsInBatches: boolean;
}

/** How concurrent accept_memory() calls are serialised (drivers/firmware/efi/unaccepted_memory.c). */
export interface AcceptRules {
  /**
   * `single`: one spinlock, held with interrupts off for the whole request. `list`: a list of
   * ranges in flight; only overlapping ones wait. `list-touching`: the same, but a range also waits
   * for one that ends where it begins.
   */
  readonly lock: "single" | "list" | "list-touching";
  /** Whether a request excuses its CPU from the soft lockup detector. */
  readonly touchesWatchdog: boolean;
}

/** Rules of handing over to the next kernel. */
export interface KexecRules {
  /** Whether kexec looks for a place in the highest range of RAM first. */
  readonly highestFirst: boolean;
  /** Whether kexec accepts where the next kernel goes. */
  readonly acceptsSegments: boolean;
  /** Platforms on which shared memory becomes private again. */
  readonly unshares: readonly string[];
  /** Whether /proc/vmcore leaves unaccepted memory out. */
  readonly vmcoreAsks: boolean;
}
