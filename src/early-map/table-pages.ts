import type { Memblock } from "../memblock/memblock.js";
import { type AddressRange, PAGE_SIZE } from "../units.js";

/** Page tables of the direct map by where their memory came from. */
export interface TableSources {
  /** The buffer in the brk area behind the kernel image. */
  readonly brk: number;
  /** memblock, which accepts what it gives away. */
  readonly memblock: number;
  /** The page allocator. */
  readonly buddy: number;
}

/** The kernel has no memory for a page table of its direct map. */
export class PageTableError extends Error {
  override readonly name = "PageTableError";
}

/**
 * Where pages for the direct map's tables come from in each phase of boot. Until the page
 * allocator runs: the brk area, then memblock (6.12 arch/x86/mm/init.c: alloc_low_pages). From then
 * on: the page allocator (arch/x86/mm/pat/set_memory.c: split_large_page).
 */
export class TablePages {
  /** Part of the brk area that is not used yet. */
  readonly #brk: { next: number; end: number };
  readonly #memblock: Memblock;
  readonly #counts = { brk: 0, memblock: 0, buddy: 0 };
  /** Memory that is mapped so far, and that tables may therefore lie in. */
  minMapped = 0;
  maxMapped = 0;
  /** The buffer must not serve the range that maps the buffer itself. */
  canUseBrk = true;
  /** Takes a page from the page allocator, once that runs; a negative page frame is none. */
  fromBuddy: (() => number) | undefined = undefined;

  constructor(memblock: Memblock, brk: AddressRange) {
    this.#memblock = memblock;
    this.#brk = { next: brk.start, end: brk.end };
  }

  /** Pages taken so far. */
  get sources(): TableSources {
    return { ...this.#counts };
  }

  /** Pages taken so far, from anywhere. */
  get total(): number {
    return this.#counts.brk + this.#counts.memblock + this.#counts.buddy;
  }

  /** First unused page of the buffer (pgt_buf_end). */
  get brkNext(): number {
    return this.#brk.next;
  }

  /** End of the buffer (pgt_buf_top). */
  get brkEnd(): number {
    return this.#brk.end;
  }

  /**
   * Takes a page for a table.
   *
   * @throws PageTableError
   */
  allocate(): void {
    if (this.fromBuddy !== undefined) {
      this.#allocateFromBuddy(this.fromBuddy);
      return;
    }
    if (this.canUseBrk && this.#brk.next + PAGE_SIZE <= this.#brk.end) {
      this.#brk.next += PAGE_SIZE;
      this.#counts.brk++;
      return;
    }
    const { minMapped, maxMapped } = this;
    const page =
      minMapped < maxMapped ? this.#memblock.physAllocRange(PAGE_SIZE, PAGE_SIZE, minMapped, maxMapped) : 0;
    if (page === 0) throw new PageTableError("alloc_low_pages() finds no mapped memory for a page table");
    this.#counts.memblock++;
  }

  #allocateFromBuddy(take: () => number): void {
    if (take() < 0) throw new PageTableError("no page is left to split a page of the direct map");
    this.#counts.buddy++;
  }
}
