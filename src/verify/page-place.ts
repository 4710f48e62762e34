/** Where a model has its pages, and how to put them where a recorded kernel had them. */

import {
  MIGRATE_TYPES,
  MigrateType,
  NO_PAGE,
  type PageAllocator,
  pcpIndexOrder,
  type Zone,
} from "../page-alloc/index.js";
import {
  accountFreePages,
  addToFreeList,
  changePageblocks,
  claim,
  detachFromRun,
  drainPcp,
  FALLBACKS,
  FALLBACKS_PER_TYPE,
  firstOnList,
  freeToBuddy,
  moveToFreeList,
  type PcpList,
  type PerCpuPages,
  removeFromFreeList,
  removeSmallest,
} from "../page-alloc/inside.js";
import {
  asPage,
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGEBLOCK_ORDER,
  type Page,
  type Pfn,
  roundDown,
} from "../units.js";

export type PagePlace = "free" | "unaccepted" | "per-CPU list" | "allocated" | "reserved";

/** Where the model has the page of a frame number; nothing is changed, and no block gets frames. */
export function placeOf(allocator: PageAllocator, pfn: Pfn): PagePlace {
  const { frames } = allocator;
  const page = frames.pageOf(pfn);
  if (page !== NO_PAGE && frames.isAllocated(page)) return "allocated";
  const zone = allocator.zoneOfPfn(pfn);
  const block = Math.floor(pfn / MAX_ORDER_PAGES);
  if (frames.rangeWith(zone.unacceptedList, block) !== NO_PAGE) return "unaccepted";
  if (page === NO_PAGE) {
    const run = frames.rangeWith(zone.list(MAX_PAGE_ORDER, MigrateType.MOVABLE), block);
    return run === NO_PAGE ? "reserved" : "free";
  }
  if (freeBlockOf(allocator, page) !== undefined) return "free";
  return pcpListOf(allocator, page) === undefined ? "reserved" : "per-CPU list";
}

function freeBlockOf(
  { frames }: PageAllocator,
  page: Page,
): { readonly head: Page; readonly order: number } | undefined {
  const head = frames.headOf(page);
  const order = head === NO_PAGE ? -1 : frames.freeOrder(head);
  return order < 0 ? undefined : { head: asPage(head), order };
}

function pcpListOf(
  allocator: PageAllocator,
  page: Page,
): { readonly pcp: PerCpuPages; readonly list: PcpList; readonly index: number } | undefined {
  for (const pcp of allocator.zoneOf(page).pcp) {
    for (const [index, list] of pcp.lists.entries()) {
      const block = roundDown(page, 2 ** pcpIndexOrder(index));
      for (let at = 0; at < list.size; at++) if (list.at(at) === block) return { pcp, list, index };
    }
  }
  return undefined;
}

export function pfnsOn(allocator: PageAllocator, list: number): Pfn[] {
  const { frames } = allocator;
  const pfns: Pfn[] = [];
  let left = frames.next.length;
  for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) {
    if (left-- === 0) throw new Error("the model has a list without end");
    if (!frames.isRange(node)) {
      pfns.push(frames.pfnOf(node));
      continue;
    }
    const slot = node - frames.firstRangeNode;
    for (let block = 0; block < frames.rangeCount[slot]!; block++) {
      pfns.push(asPfn((frames.rangeStart[slot]! + block) * MAX_ORDER_PAGES));
    }
  }
  return pfns;
}

export function listed(list: PcpList): Page[] {
  return Array.from({ length: list.size }, (_, at) => list.at(at));
}

/** Drains a per-CPU list as decay_pcp_high() does. */
export function drainInBatches(zone: Zone, pcp: PerCpuPages, pages: number, cpu: number): void {
  const batch = Math.max(pcp.batch, 1);
  for (let left = pages; left > 0; left -= batch) drainPcp(zone, pcp, Math.min(left, batch), 0, cpu);
}

/** Puts pages of a model where a recorded kernel had them. Every use is for the caller to count. */
export class PagePlacer {
  readonly #allocator: PageAllocator;

  constructor(allocator: PageAllocator) {
    this.#allocator = allocator;
  }

  /** The page of a frame number; a run of untouched blocks that holds it gets frames. */
  pageAt(pfn: Pfn): Page {
    const { frames } = this.#allocator;
    const page = frames.pageOf(pfn);
    if (page !== NO_PAGE) return page;
    const zone = this.#allocator.zoneOfPfn(pfn);
    const block = Math.floor(pfn / MAX_ORDER_PAGES);
    const run = frames.rangeWith(zone.list(MAX_PAGE_ORDER, MigrateType.MOVABLE), block);
    if (run !== NO_PAGE) detachFromRun(zone, run, block, MigrateType.MOVABLE);
    return this.#allocator.pageAt(pfn);
  }

  /** Whether a request of a type can come to a free page without stealing. */
  isReachable(pfn: Pfn, type: number): boolean {
    const free = freeBlockOf(this.#allocator, this.pageAt(pfn));
    if (free === undefined) return false;
    if (free.order >= PAGEBLOCK_ORDER) return true;
    return this.#listType(this.#allocator.zoneOfPfn(pfn), free.head, free.order) === type;
  }

  freeOrder(pfn: Pfn): number {
    return freeBlockOf(this.#allocator, this.pageAt(pfn))?.order ?? -1;
  }

  /** Gives a free block of whole pageblocks to another type. */
  retype(pfn: Pfn, type: number, cpu: number): void {
    const { frames } = this.#allocator;
    const free = freeBlockOf(this.#allocator, this.pageAt(pfn))!;
    const zone = this.#allocator.zoneOfPfn(pfn);
    const from = this.#listType(zone, free.head, free.order);
    moveToFreeList(zone, free.head, free.order, from, type, cpu);
    changePageblocks(frames, free.head, free.order, type);
  }

  /** The block that a request of a type would get next from a zone's buddy lists, without stealing. */
  next(zone: Zone, order: number, type: number): Page | typeof NO_PAGE {
    const own = zone.orderMask[type]! >> order;
    if (own !== 0) return firstOnList(zone, order + 31 - Math.clz32(own & -own), type);
    for (let at = MAX_PAGE_ORDER; at >= PAGEBLOCK_ORDER; at--) {
      for (let i = 0; i < FALLBACKS_PER_TYPE; i++) {
        const from = FALLBACKS[type * FALLBACKS_PER_TYPE + i]!;
        if (((zone.orderMask[from]! >> at) & 1) !== 0) return firstOnList(zone, at, from);
      }
    }
    return NO_PAGE;
  }

  /** First frames of the blocks that requests of a type would get in turn, as far as its own lists go. */
  *supply(zone: Zone, order: number, type: number): Generator<Pfn> {
    const { frames } = this.#allocator;
    for (let at = order; at <= MAX_PAGE_ORDER; at++) {
      const list = zone.list(at, type);
      for (let node = frames.next[list]!; node !== list; node = frames.next[node]!) {
        const block = frames.isRange(node) ? frames.firstBlock(node) * MAX_ORDER_PAGES : frames.pfnOf(node);
        for (let pfn: number = block; pfn < block + 2 ** at; pfn += 2 ** order) yield asPfn(pfn);
      }
    }
  }

  takeNext(zone: Zone, order: number, type: number, cpu: number): void {
    let page = removeSmallest(zone, order, type, cpu);
    if (page === NO_PAGE) page = claim(zone, order, type, 0, cpu);
    this.#own(asPage(page), order, false);
  }

  acquire(pfn: Pfn, order: number, movable: boolean, cpu: number): void {
    const page = this.pageAt(pfn);
    const free = freeBlockOf(this.#allocator, page);
    if (free !== undefined && free.order >= order) this.#cutOut(page, order, free.head, free.order, cpu);
    else if (order > 0) {
      this.acquire(pfn, order - 1, movable, cpu);
      this.acquire(asPfn(pfn + 2 ** (order - 1)), order - 1, movable, cpu);
    } else this.#leavePcp(page);
    this.#own(page, order, movable);
  }

  giveBack(page: Page, order: number, cpu: number, toTail = false): void {
    const { frames } = this.#allocator;
    frames.clearAllocated(page, order);
    freeToBuddy(this.#allocator.zoneOf(page), page, order, toTail, cpu);
  }

  /** Takes the head of a per-CPU list of single pages, as alloc_pages_bulk() does. */
  takeHead(pcp: PerCpuPages, index: number): void {
    pcp.count--;
    this.#own(pcp.lists[index]!.popHead(), 0, false);
  }

  setList(pcp: PerCpuPages, index: number, pages: readonly Page[]): void {
    const list = pcp.lists[index]!;
    const order = pcpIndexOrder(index);
    pcp.count += (pages.length - list.size) * 2 ** order;
    while (list.size > 0) list.popHead();
    for (const page of pages) {
      this.#allocator.frames.clearAllocated(page, order);
      list.pushTail(page);
    }
  }

  setFrames(pcp: PerCpuPages, index: number, pfns: readonly Pfn[]): void {
    const pages = pfns.map((pfn) => this.pageAt(pfn));
    this.setList(pcp, index, pages);
  }

  emptyList(pcp: PerCpuPages, index: number): Page[] {
    const held = listed(pcp.lists[index]!);
    this.setList(pcp, index, []);
    return held;
  }

  #own(page: Page, order: number, movable: boolean): void {
    const { frames } = this.#allocator;
    frames.clearAllocated(page, order);
    frames.touch(page, order);
    frames.markAllocated(page, order, movable);
  }

  /** Splits a free block as expand() does, but keeps the part that is wanted instead of the lowest. */
  #cutOut(page: Page, order: number, head: Page, headOrder: number, cpu: number): void {
    const zone = this.#allocator.zoneOf(page);
    const type = this.#listType(zone, head, headOrder);
    removeFromFreeList(zone, head, headOrder, type);
    let block = head;
    for (let at = headOrder - 1; at >= order; at--) {
      const upper = asPage(block + 2 ** at);
      addToFreeList(zone, page >= upper ? block : upper, at, type, false);
      if (page >= upper) block = upper;
    }
    accountFreePages(zone, -(2 ** order), type, cpu);
  }

  /** The list that a free block is on; above pageblock size its first pageblock's type need not be it. */
  #listType(zone: Zone, head: Page, order: number): number {
    const { frames } = this.#allocator;
    let node = head;
    while (node >= frames.firstPage || node < zone.firstList || node > zone.unacceptedList) {
      node = frames.prev[node]!;
    }
    return (node - zone.firstList - order * MIGRATE_TYPES) % MIGRATE_TYPES;
  }

  /** A page leaves its per-CPU list; what else its block holds there goes to the buddy lists. */
  #leavePcp(page: Page): void {
    const found = pcpListOf(this.#allocator, page);
    if (found === undefined) return;
    const { pcp, list, index } = found;
    const order = pcpIndexOrder(index);
    const block = page - (page % 2 ** order);
    const others = listed(list).filter((other) => other !== block);
    this.setList(pcp, index, others);
    for (let at = block; at < block + 2 ** order; at++) if (at !== page) this.giveBack(asPage(at), 0, 0);
  }
}
