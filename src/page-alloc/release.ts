import { singlesAfter } from "../sim/singles.js";
import {
  addressOf,
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGE_SIZE,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Pfn,
  type PhysAddr,
} from "../units.js";
import { addFreeRun, freeToBuddy } from "./buddy.js";
import { MigrateType } from "./migratetype.js";
import type { PageAllocator } from "./page-allocator.js";
import { freeUnaccepted, type MemoryAcceptor } from "./unaccepted-list.js";
import type { Zone } from "./zone.js";

export interface BootAcceptor extends MemoryAcceptor {
  /** Whether a range, or the unit after it, is not accepted yet. */
  rangeContainsUnaccepted(start: PhysAddr, sizeBytes: number): boolean;
  /** Accepts some of the first blocks of 4 MiB as one; 0 where each is to be asked for. */
  acceptBlocks(startPfn: Pfn, blocks: number): number;
  /** Length of the leading run of 4 MiB blocks that all give the same answer to that question. */
  unacceptedRunLength(startPfn: Pfn, blocks: number): number;
}

/** Told each piece as it is handed over, before anything is accepted for it: page frames, order, blocks in a row. */
export type ReleaseObserver = (startPfn: Pfn, order: number, blocks: number, parked: boolean) => void;

/**
 * Hands memory to the allocator during boot (mm/page_alloc.c:__free_pages_core and its
 * callers, 6.12). Blocks of 4 MiB that are not accepted are parked; anything smaller is
 * accepted on the spot.
 */
export class BootRelease {
  readonly #allocator: PageAllocator;
  readonly #acceptor: BootAcceptor;
  readonly #lazy: boolean;
  readonly #cpu: number;
  readonly #observe: ReleaseObserver | undefined;

  /** @param lazy false for accept_memory=eager: nothing is parked */
  constructor(
    allocator: PageAllocator,
    acceptor: BootAcceptor,
    lazy: boolean,
    cpu: number,
    observe?: ReleaseObserver,
  ) {
    this.#observe = observe;
    this.#allocator = allocator;
    this.#acceptor = acceptor;
    this.#lazy = lazy;
    this.#cpu = cpu;
  }

  /** Frees one block of memblock's hand-over, of any order below 10. */
  block(pfn: Pfn, order: number): void {
    const page = this.#allocator.pageAt(pfn);
    const zone = this.#allocator.zoneOf(page);
    zone.managedPages += 1 << order;
    this.#observe?.(pfn, order, 1, false);
    this.#acceptIfNeeded(pfn, order);
    freeToBuddy(zone, page, order, true, this.#cpu);
  }

  /** Frees a run of whole, aligned blocks of order 10; it may reach over several zones. */
  maxOrderRun(startPfn: Pfn, blocks: number): void {
    for (let done = 0; done < blocks; ) {
      const pfn = asPfn(startPfn + done * MAX_ORDER_PAGES);
      const zone = this.#allocator.zoneOfPfn(pfn);
      const inZone = Math.min(blocks - done, (zone.endPfn - pfn) / MAX_ORDER_PAGES);
      const run = this.#acceptor.unacceptedRunLength(pfn, inZone);
      zone.managedPages += run * MAX_ORDER_PAGES;
      this.#releaseRun(zone, pfn, run);
      done += run;
    }
  }

  /**
   * Frees part of a 4 MiB block in the area of deferred initialisation (deferred_free_pages):
   * accepted whole, then page by page; a pageblock whose first page is free becomes movable.
   */
  singlePages(startPfn: Pfn, pages: number): void {
    const { frames } = this.#allocator;
    this.#observe?.(startPfn, 0, pages, false);
    this.#acceptor.acceptMemory(addressOf(startPfn), pages * PAGE_SIZE);
    for (let pfn = startPfn; pfn < startPfn + pages; pfn++) {
      const page = this.#allocator.pageAt(pfn);
      if (pfn % PAGEBLOCK_PAGES === 0) frames.pageblockType[page >> PAGEBLOCK_ORDER] = MigrateType.MOVABLE;
      const zone = this.#allocator.zoneOf(page);
      zone.managedPages += 1;
      this.#acceptIfNeeded(pfn, 0);
      freeToBuddy(zone, page, 0, true, this.#cpu);
    }
  }

  #acceptIfNeeded(pfn: Pfn, order: number): void {
    const sizeBytes = PAGE_SIZE * 2 ** order;
    if (this.#acceptor.rangeContainsUnaccepted(addressOf(pfn), sizeBytes)) {
      this.#acceptor.acceptMemory(addressOf(pfn), sizeBytes);
    }
  }

  /** A run of blocks that are all accepted, or all not. */
  #releaseRun(zone: Zone, pfn: Pfn, blocks: number): void {
    const blockBytes = MAX_ORDER_PAGES * PAGE_SIZE;
    const startBlock = pfn / MAX_ORDER_PAGES;
    const unaccepted = this.#acceptor.rangeContainsUnaccepted(addressOf(pfn), blockBytes);
    const parked = unaccepted && this.#lazy;
    this.#observe?.(pfn, MAX_PAGE_ORDER, blocks, parked);
    if (parked) {
      freeUnaccepted(zone, startBlock, blocks, this.#cpu);
      return;
    }
    if (unaccepted) this.#acceptBlocks(pfn, blocks);
    addFreeRun(zone, startBlock, blocks, this.#cpu);
  }

  #acceptBlocks(pfn: Pfn, blocks: number): void {
    const pfnOf = (block: number): Pfn => asPfn(pfn + block * MAX_ORDER_PAGES);
    // The first block may differ from the others, and the last one is to leave the CPU as any other would.
    let singles = 1;
    for (let block = 0; block < blocks; ) {
      const end = Math.min(block + singles, blocks);
      for (; block < end; block++) this.#acceptIfNeeded(pfnOf(block), MAX_PAGE_ORDER);
      const asOne = block < blocks ? this.#acceptor.acceptBlocks(pfnOf(block), blocks - block - 1) : 0;
      block += asOne;
      singles = singlesAfter(asOne, singles);
    }
  }
}
