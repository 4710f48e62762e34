/**
 * Differences between Linux releases where memory is accepted, one named rule each. All else is as
 * in 6.12 stable: before 6.7 per-CPU lists had one size and did not tune themselves (nr_pcp_high in
 * 6.6), and before 6.10 a failed claim left the free pages of a pageblock on lists of another type
 * (steal_suitable_fallback in 6.6). Neither is modelled.
 */

/** Rules of one release, by room. */
export interface KernelRules {
  readonly pageAlloc: PageAllocRules;
  readonly vmalloc: VmallocRules;
  readonly acceptMemory: AcceptRules;
  readonly kexec: KexecRules;
  readonly memblock: MemblockRules;
  readonly boot: BootRules;
  /**
   * Memory the stub takes for the table of unaccepted memory (drivers/firmware/efi/libstub/
   * unaccepted_memory.c: allocate_unaccepted_bitmap). Loader data becomes RAM, ACPI reclaim does not.
   */
  readonly tableMemory: "loader-data" | "acpi-reclaim";
  readonly tableReservation: TableReservation;
  /**
   * When memory of the firmware's boot services is freed (arch/x86/platform/efi/quirks.c). In the first case
   * what has no struct page yet is lost.
   */
  readonly bootServicesFreed: "efi_enter_virtual_mode" | "arch_initcall";
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
   * With this many free accepted pages such a visit accepts nothing, unless the request found none. Every release: 0;
   * two blocks in a patch that Dstack's kernels carry ("mm/page_alloc: keep a small accepted reserve before watermarks
   * are initialized", 2026-09-14).
   */
  readonly reserveBeforeWatermarksPages: number;
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
  /**
   * An atomic request of more than a page may use the reserve for such requests in its first attempt too
   * (__alloc_frozen_pages_noprof: alloc_flags_nonblocking). Otherwise only in the slow path (gfp_to_alloc_flags).
   */
  readonly highatomicInFastPath: boolean;
  /** Such a request refills an empty list of its CPU as others do, and then takes nothing of the reserve (__rmqueue_pcplist). */
  readonly highatomicRefills: boolean;
  /**
   * Which pages of such requests make the allocator reserve their pageblock: any (get_page_from_freelist), those
   * from the buddy lists (rmqueue_buddy), or of these the ones for which the zone had to go below its low watermark.
   */
  readonly highatomicReserves: "any" | "buddy" | "buddy-below-low";
  /** lowmem_reserve follows every change of the pages that a zone manages (adjust_managed_page_count). */
  readonly lowmemReserveFollows: boolean;
  /** With several nodes, a request first passes by those whose kswapd is awake (get_page_from_freelist). */
  readonly skipsNodesOfAwakeKswapd: boolean;
  /**
   * What the slow path does before it reclaims (__alloc_pages_slowpath): two walks over the zones, or one, and a second
   * where that may use reserves or other nodes. Where compaction comes first, a huge page of one node only is given up
   * after it, and others walk once more.
   */
  readonly slowPath: "two-walks" | "one-walk";
  /** Pages that adjoin are freed as the largest aligned blocks, not one by one (free_prepared_contig_range). */
  readonly rangesFreedAsBlocks: boolean;
}

/** How vmalloc() asks for the pages of an area and gives them back (mm/vmalloc.c). Kernel stacks are such areas. */
export interface VmallocRules {
  /**
   * vm_area_alloc_pages() asks for the largest block that fits, without reclaim, as long as there is one, and splits
   * it. Otherwise it asks for single pages, many at a time (alloc_pages_bulk).
   */
  readonly largestFirst: boolean;
  /**
   * vfree() gives back pages that lie one after the other in their largest aligned blocks (free_pages_bulk,
   * mm/page_alloc.c). Otherwise it frees page by page.
   */
  readonly freesRanges: boolean;
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
  /** A range is taken as whole pages before the rule of the guard unit looks at its end. */
  readonly wholePages: boolean;
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
  /** Whether a dump tool can tell pages that are unaccepted (kernel/vmcore_info.c: PAGE_UNACCEPTED_MAPCOUNT_VALUE). */
  readonly tellsUnaccepted: boolean;
}

/** What memblock keeps of a reservation (mm/memblock.c). */
export interface MemblockRules {
  /**
   * A reservation knows the node that was asked for and whether the kernel itself uses it
   * (MEMBLOCK_RSRV_KERN); neighbours that differ in either do not merge. `memblock=debug` prints both
   * (__memblock_reserve).
   */
  readonly marksReservations: boolean;
  /**
   * The first MiB is marked as memory that a kexec may pass on until the real-mode trampoline is placed
   * (arch/x86/kernel/e820.c: e820__memblock_setup; arch/x86/realmode/init.c: reserve_real_mode).
   */
  readonly marksScratch: boolean;
}

/** The order of early boot, and how the memory map is set up. */
export interface BootRules {
  /**
   * Where zones and memory map are set up: `setup_arch` in its middle (arch/x86/mm/init_64.c: paging_init),
   * `mm_core_init_early` right after it (mm/mm_init.c), below what all of setup_arch() has allocated.
   */
  readonly memmapIn: "setup_arch" | "mm_core_init_early";
  /**
   * Memory for the map of a node's sections (mm/sparse.c: sparse_init_nid). `node`: one block for all, if
   * there is one (sparse_buffer_init). `section`: 2 MiB for each section, one by one, so from the top down.
   */
  readonly memmapBlocks: "node" | "section";
  /**
   * Whether the usage maps of a node's sections should lie near its pglist_data where memory can be removed
   * (mm/sparse.c: sparse_early_usemaps_alloc_pgdat_section). Otherwise each node simply prefers itself.
   */
  readonly usageMapsNearNode: boolean;
  /** Requests for the memory map ask not to be traced for leaks, as `memblock=debug` shows (memmap_alloc). */
  readonly memmapUntraced: boolean;
  /** A pageblock that is isolated has a bit of its own for that, and so twice the bits (NR_PAGEBLOCK_BITS). */
  readonly isolateBit: boolean;
  /** The pages that hashes are sized by are counted before the memory map takes its own (calc_nr_kernel_pages). */
  readonly countsBeforeMemmap: boolean;
  /**
   * When gigantic pages are allocated: while `hugepages=` is parsed (mm/hugetlb.c: hugepages_setup), or by
   * hugetlb_bootmem_alloc(), which setup_arch() or mm_core_init_early() calls after hugetlb_cma_reserve().
   */
  readonly hugePagesIn: "hugepages_setup" | "setup_arch" | "mm_core_init_early";
  /** When pages of `hugepages=` that memblock gave begin to count as managed (mm/hugetlb.c: gather_bootmem_prealloc). */
  readonly hugePagesManagedFrom: "hugetlb_init" | "page_alloc_init_late";
  /** The bounce buffer is allocated before what mm_core_init() takes for debugging (arch_mm_preinit). */
  readonly swiotlbFirst: boolean;
  /** Data of the boot loader becomes an e820 type of its own, and splits RAM (e820__reserve_setup_data). */
  readonly reservedKernType: boolean;
  /** A pageblock of deferred memory that begins with a reserved page is MOVABLE (mm/mm_init.c: __init_deferred_page). */
  readonly reservedHeadsMovable: boolean;
  /**
   * Jobs of a node's deferred initialisation (mm/mm_init.c: deferred_init_memmap). `range`: one for each free
   * range, up to the end of its last section. `node`: one for all that is left.
   */
  readonly deferredJobs: "range" | "node";
  /**
   * How a zone that runs empty early grows (mm/mm_init.c: deferred_grow_zone). `free-memory`: from the next free
   * page to the end of a section; once all is initialised it claims to have grown once more. `sections`: by
   * whole sections, and only what was freed counts.
   */
  readonly zoneGrowth: "free-memory" | "sections";
  /**
   * How memory that memblock frees late reaches the page allocator (mm/memblock.c: memblock_phys_free).
   * `hand-over`: as at the hand-over, at the tail of the free lists. `free_reserved_page`: as any page.
   */
  readonly lateFrees: "hand-over" | "free_reserved_page";
}
