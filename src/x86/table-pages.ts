import { MEMBLOCK_ALLOC_ACCESSIBLE, type Memblock } from "../memblock/memblock.js";
import { GfpMask, NO_PAGE, type PageAllocator } from "../page-alloc/index.js";
import { GuestEnded } from "../sim/guest-ended.js";
import { type AddressRange, asPhys, PAGE_SIZE, type Page } from "../units.js";

/** early_dynamic_pgts: page tables inside the kernel image (6.12 arch/x86/include/asm/pgtable_64_defs.h). */
const EARLY_DYNAMIC_PAGE_TABLES = 64;

/**
 * The source of page tables when a leaf is split: whichever allocator runs; always the page allocator, as
 * before there was any support for early splits; always memblock; or the one that runs, while memblock
 * takes back what is left over.
 */
export const SPLIT_TABLES = ["by-phase", "slab", "memblock", "memblock-free"] as const;
export type SplitTables = (typeof SPLIT_TABLES)[number];

/** Page tables by where their memory came from. */
export interface TableSources {
  /** The pool inside the kernel image, before there is anything else; forgotten when the direct map is made. */
  readonly head64: number;
  readonly brk: number;
  readonly memblock: number;
  readonly buddy: number;
}

/**
 * Where pages for tables come from in each phase of boot. Before memblock is there: a static pool
 * (6.12 arch/x86/kernel/head64.c: __early_make_pgtable). Until the page allocator runs: the brk area,
 * then memblock (arch/x86/mm/init.c: alloc_low_pages). From then on: the page allocator
 * (arch/x86/mm/pat/set_memory.c: split_large_page).
 *
 * A kernel that asks memblock for the tables of splits, whenever it is, does as the patch "x86: mm:
 * Provide support to use memblock when spliting large pages" did (Brijesh Singh, RFC v2 14/32, LKML,
 * March 2017). memblock_alloc() is init text: from free_initmem() on there is something else in its
 * place. Between the two it passes the request on and warns (6.12 mm/memblock.c:
 * memblock_alloc_internal). The patch had memblock_free() take a page back whose leaf another CPU has split
 * meanwhile. That is meminit text, and gone as well in a kernel without memory hot-plug, which is assumed
 * here. The code before the patch asks the page allocator only, and fails before that runs.
 */
export class TablePages {
  readonly #memblock: Memblock;
  readonly #splitTables: SplitTables;
  readonly #counts = { head64: 0, brk: 0, memblock: 0, buddy: 0 };
  /** Part of the brk area that is not used yet; none in head64. */
  #brk: { next: number; end: number } | undefined = undefined;
  /** Memory that is mapped so far, and that tables may therefore lie in. */
  minMapped = 0;
  maxMapped = 0;
  /** The buffer must not serve the range that maps the buffer itself. */
  canUseBrk = true;
  /** Takes a page from the page allocator, once that runs; false where it has none. */
  fromBuddy: (() => boolean) | undefined = undefined;
  /** Gives back the page that `fromBuddy` took last. */
  toBuddy: () => void = () => {};
  initFreed = false;
  /** Requests to memblock that came when the page allocator ran, each with a warning. */
  lateMemblockCalls = 0;

  constructor(memblock: Memblock, splitTables: SplitTables = "by-phase") {
    this.#memblock = memblock;
    this.#splitTables = splitTables;
  }

  serveFrom(allocator: PageAllocator): void {
    let last: Page | typeof NO_PAGE = NO_PAGE;
    this.fromBuddy = () => {
      last = allocator.allocPages(GfpMask.KERNEL, 0, 0, 0);
      return last !== NO_PAGE;
    };
    this.toBuddy = () => {
      if (last !== NO_PAGE) allocator.freePages(last, 0, 0);
    };
  }

  /** The kernel is past head64: it knows where its brk area lies. */
  leaveHead64({ start, end }: AddressRange): void {
    this.#brk = { next: start, end };
  }

  get sources(): TableSources {
    return { ...this.#counts };
  }

  /** Pages taken so far, but for those inside the kernel image. */
  get total(): number {
    return this.#counts.brk + this.#counts.memblock + this.#counts.buddy;
  }

  /** First unused page of the buffer (pgt_buf_end). */
  get brkNext(): number {
    return this.#brk?.next ?? 0;
  }

  /** End of the buffer (pgt_buf_top). */
  get brkEnd(): number {
    return this.#brk?.end ?? 0;
  }

  /** Takes pages for tables of new mappings. @throws GuestEnded */
  allocate(count = 1): void {
    if (this.fromBuddy !== undefined) {
      for (let page = 0; page < count; page++) this.#allocateFromBuddy(this.fromBuddy);
    } else if (this.#brk === undefined) this.#allocateStatic(count);
    else {
      const { next, end } = this.#brk;
      const fromBrk = this.canUseBrk ? Math.min(count, Math.floor((end - next) / PAGE_SIZE)) : 0;
      this.#brk.next += fromBrk * PAGE_SIZE;
      this.#counts.brk += fromBrk;
      const { minMapped, maxMapped } = this;
      this.#allocateFromMemblock(count - fromBrk, minMapped < maxMapped ? [minMapped, maxMapped] : undefined);
    }
  }

  /** Takes a page for the table of a leaf that is split. @throws GuestEnded */
  allocateForSplit(): void {
    if (this.#splitTables === "slab" && this.fromBuddy === undefined) {
      throw new GuestEnded(
        "oom",
        "split_large_page() asks for a page table before there is a page allocator, and nobody else may give one",
      );
    }
    if (this.#splitTables !== "memblock" || this.#brk === undefined) {
      this.allocate();
      return;
    }
    if (this.initFreed) {
      throw new GuestEnded(
        "terminated",
        "memblock_alloc() is asked for a page table after free_initmem(), and its text is gone",
      );
    }
    if (this.fromBuddy === undefined) this.#allocateFromMemblock(1, [0, MEMBLOCK_ALLOC_ACCESSIBLE]);
    else {
      this.lateMemblockCalls++;
      this.#allocateFromBuddy(this.fromBuddy);
    }
  }

  /** Another CPU has split the leaf first: the page taken for it goes back. @throws GuestEnded */
  loseRace(): void {
    if (this.#splitTables === "memblock-free" && this.initFreed) {
      throw new GuestEnded(
        "terminated",
        "memblock_free() is given a page table back after free_initmem(), and its text is gone",
      );
    }
    this.toBuddy();
    this.#counts.buddy--;
  }

  #allocateStatic(count: number): void {
    if (this.#counts.head64 + count > EARLY_DYNAMIC_PAGE_TABLES) {
      throw new GuestEnded("oom", "head64 has used all page tables inside the kernel image");
    }
    this.#counts.head64 += count;
  }

  #allocateFromMemblock(count: number, range: readonly [min: number, max: number] | undefined): void {
    this.#memblock.allocEach(count, PAGE_SIZE, range?.[0] ?? 0, () => {
      const page =
        range === undefined ? asPhys(0) : this.#memblock.physAllocRange(PAGE_SIZE, PAGE_SIZE, ...range);
      if (page === 0)
        throw new GuestEnded("oom", "alloc_low_pages() finds no mapped memory for a page table");
      return page;
    });
    this.#counts.memblock += count;
  }

  #allocateFromBuddy(take: () => boolean): void {
    if (!take()) throw new GuestEnded("oom", "no page is left to split a page of the direct map");
    this.#counts.buddy++;
  }
}
