/** How processes use memory: page faults, page tables, fork, exec and exit (Linux 6.12, x86_64). */

import { Gfp, GfpMask } from "../../page-alloc/index.js";
import { GiB, MiB, PAGE_SIZE, PAGEBLOCK_ORDER, TiB } from "../../units.js";
import type { RequestWriter } from "./request-writer.js";

/** GFP_HIGHUSER_MOVABLE|__GFP_COMP: a page that is filled by its user, or copied (mm/memory.c: wp_page_copy). */
export const USER_PAGE: number = GfpMask.HIGHUSER_MOVABLE | Gfp.COMP;
/** The same, zeroed: a fault in anonymous memory (mm/memory.c: do_anonymous_page). */
export const USER_ZEROED: number = USER_PAGE | Gfp.ZERO;
/** A huge page where `defrag` is `madvise`, its default, and nothing was advised (mm/huge_memory.c: vma_thp_gfp_mask). */
const HUGE_PAGE: number = GfpMask.TRANSHUGE_LIGHT | Gfp.NORETRY | Gfp.THISNODE;
/** A page of a user page table (arch/x86/mm/pgtable.c: GFP_PGTABLE_USER). */
export const PAGE_TABLE: number = GfpMask.KERNEL_ACCOUNT | Gfp.COMP | Gfp.ZERO;
/** The root of page tables, of order 1 with page-table isolation. */
export const PGD: number = GfpMask.KERNEL_ACCOUNT | Gfp.ZERO;
const HUGE_ORDER = PAGEBLOCK_ORDER;
export const HUGE_BYTES: number = 2 * MiB;

/** A page fault and the page cleared at 10 GB/s: 600 ns and 400 ns. An assumption. */
const FAULT_NS = 1000;
/** A huge page cleared at 10 GB/s, and its fault; an assumption. */
const HUGE_FAULT_NS = 210_000;
/** A page given back on its own; an assumption. */
export const FREE_NS = 100;
/** A page of a file read from a disk at 2 GB/s; an assumption. */
export const READ_PAGE_NS = 2000;

/** fork(), and exec() of a small program, without the pages; assumptions. */
const FORK_NS = 150_000;
const EXEC_NS = 400_000;
/** 512 entries copied; an assumption. */
const COPY_TABLE_NS = 5000;

/** Page-table pages and pages of a small dynamically linked program, as recorded for busybox. */
const SMALL = { tables: 7, copied: 5, pages: 8, zeroed: 7 } as const;

export class Process {
  readonly cpu: number;
  readonly #writer: RequestWriter;
  /** Handle and order of each allocation, in turn. */
  #held: number[] = [];
  #touchedBytes = 0;

  readonly #stays: boolean;

  /** @param stays it never ends, so what it has need not be remembered */
  constructor(writer: RequestWriter, cpu: number, stays = false) {
    this.#writer = writer;
    this.cpu = cpu;
    this.#stays = stays;
  }

  /** Page tables of its own, and copies of the pages that it writes to (kernel/fork.c: dup_mm). */
  fork(): void {
    this.#tables(FORK_NS);
    for (let page = 0; page < SMALL.copied; page++) this.#take(0, USER_PAGE, FAULT_NS);
  }

  exec(): void {
    const old = this.#held;
    this.#held = [];
    this.#tables(EXEC_NS);
    this.#take(0, USER_ZEROED, FAULT_NS);
    this.#release(old);
    for (let page = 0; page < SMALL.pages; page++) this.#take(0, USER_PAGE, FAULT_NS);
    for (let page = 1; page < SMALL.zeroed; page++) this.#take(0, USER_ZEROED, FAULT_NS);
  }

  /** Writes to the next bytes of a heap that only grows, page by page. */
  touch(bytes: number, thinkNs: number = FAULT_NS): void {
    const end = this.#touchedBytes + bytes;
    for (; this.#touchedBytes < end; this.#touchedBytes += PAGE_SIZE) {
      if (this.#touchedBytes % HUGE_BYTES === 0) this.#take(0, PAGE_TABLE, 0);
      this.#directories();
      this.#take(0, USER_ZEROED, thinkNs);
    }
  }

  /** The same with huge pages; each keeps a page table for the day on which it is split. */
  touchHuge(bytes: number, thinkNs: number = HUGE_FAULT_NS): void {
    const end = this.#touchedBytes + bytes;
    for (; this.#touchedBytes < end; this.#touchedBytes += HUGE_BYTES) {
      this.#directories();
      this.#take(HUGE_ORDER, HUGE_PAGE, thinkNs);
      this.#take(0, PAGE_TABLE, 0);
    }
  }

  /** Page tables for a copy of another process's heap (mm/memory.c: copy_page_range). */
  forkHeap(bytes: number): void {
    this.#tables(FORK_NS);
    for (let at = 0; at < bytes; at += HUGE_BYTES) this.#take(0, PAGE_TABLE, COPY_TABLE_NS);
  }

  copyPage(): void {
    this.#take(0, USER_PAGE, FAULT_NS);
  }

  /** Frees all its memory (mm/mmap.c: exit_mmap). */
  exit(): void {
    this.#release(this.#held);
    this.#held = [];
    this.#touchedBytes = 0;
  }

  /** Page middle and upper directories for the next page table. */
  #directories(): void {
    if (this.#touchedBytes % GiB === 0) this.#take(0, PAGE_TABLE, 0);
    if (this.#touchedBytes % (TiB / 2) === 0) this.#take(0, PAGE_TABLE, 0);
  }

  #tables(thinkNs: number): void {
    this.#take(1, PGD, thinkNs);
    for (let table = 0; table < SMALL.tables; table++) this.#take(0, PAGE_TABLE, 0);
  }

  #take(order: number, gfp: number, thinkNs: number): void {
    const handle = this.#writer.alloc(this.cpu, order, gfp, thinkNs);
    if (!this.#stays) this.#held.push(handle, order);
  }

  #release(held: readonly number[]): void {
    for (let i = 0; i < held.length; i += 2) this.#writer.free(this.cpu, held[i]!, held[i + 1]!, FREE_NS);
  }
}
