import {
  asPage,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGEBLOCK_ORDER,
  PAGEBLOCK_PAGES,
  type Page,
  type PageArray,
  type Pfn,
  pageArray,
} from "../units.js";

/**
 * The state of each page frame, in typed arrays that grow with the memory the
 * guest touches, not with its size.
 *
 * A *page* is the index of a frame in these arrays (the counterpart of the kernel's
 * `struct page *`). Frames come in blocks of 1024 (order 10): a block gets its place
 * the first time one of its frames is needed. Buddies never lie in different blocks, so
 * the exclusive-or of the buddy system works on pages just as it does on page frame
 * numbers. Memory nobody has touched is one *range node* in an order-10 list, whatever
 * its size.
 *
 * Pages below `firstPage` are not frames: they are list heads and range nodes, so that
 * every list is one ring of indices in `next` and `prev`. None of them has a frame number.
 */

/** Order + 1 of the free or allocated block that begins with this frame, else 0. */
export const ORDER_MASK = 0x0f;
/** This frame, whatever block it is part of, has been handed to a requester at least once since boot. */
export const TOUCHED = 0x10;
/** The block that begins here was requested as movable memory. */
export const ALLOCATED_MOVABLE = 0x20;
/** The block that begins here is allocated: neither free, nor on a per-CPU list, nor unaccepted. */
export const ALLOCATED = 0x40;
/** Equal to order + 1 where a free block of that order begins. */
export const FREE_BLOCK: number = ALLOCATED | ORDER_MASK;

/** log2 of the pages in a block, for shifts. */
const BLOCK_SHIFT = 10;
const BLOCK_MASK: number = MAX_ORDER_PAGES - 1;

/** Entries of one leaf of the block map: 32768 blocks are 128 GiB of guest memory. */
const LEAF_SHIFT = 15;
const LEAF_MASK: number = (1 << LEAF_SHIFT) - 1;

/** Untouched ranges the lists can hold at once; zone borders, holes and isolation make new ones. */
const RANGE_NODES = 4096;

/** Blocks that have room from the start: a little more than a boot touches. It doubles when used up. */
const FIRST_BLOCKS = 64;

/** Entries of the arrays that 32-bit indices reach: 8 TiB of touched memory. */
const PAGES_MAX: number = 2 ** 31;

/** No page: what an allocation that failed returns. */
export const NO_PAGE = -1;

/** The arrays are others after `materialise`, which may double them: nobody keeps one across it. */
export class PageFrames {
  /** Next and previous entry of the list a free page, range node or list head is on. */
  next: PageArray;
  prev: PageArray;
  /**
   * State of each page: the flags above. What a block is stands at its first page alone, so that a huge page
   * costs no more than a small one; the others have an order of 0.
   */
  meta: Uint8Array;
  /** Pages of each pageblock that nobody has been handed yet, at page >> 9. */
  untouched: Uint16Array;
  /** Migrate type of each pageblock, at page >> 9. */
  pageblockType: Uint8Array;
  /** Zone index of each block, at page >> 10. */
  blockZone: Uint8Array;
  /** First page that is a frame; lower indices are list heads and range nodes. */
  readonly firstPage: number;
  /** First guest block (pfn / 1024) and number of blocks of a range node, at node - firstRangeNode. */
  readonly rangeStart: Int32Array = new Int32Array(RANGE_NODES);
  readonly rangeCount: Int32Array = new Int32Array(RANGE_NODES);
  readonly firstRangeNode: number;

  #blockOfDense: Int32Array;
  readonly #leaves: (Int32Array | undefined)[] = [];
  #denseBlocks: number;
  readonly #freeRangeNodes: Page[] = [];

  /**
   * @param listHeads how many lists there are; their heads are 0 .. listHeads - 1
   * @param firstBlocks that have room at first; 1 or more
   */
  constructor(listHeads: number, firstBlocks: number = FIRST_BLOCKS) {
    this.firstRangeNode = listHeads;
    const reservedBlocks = Math.ceil((listHeads + RANGE_NODES) / MAX_ORDER_PAGES);
    this.firstPage = reservedBlocks * MAX_ORDER_PAGES;
    this.#denseBlocks = reservedBlocks;
    const blocks = reservedBlocks + firstBlocks;
    this.next = pageArray(blocks * MAX_ORDER_PAGES);
    this.prev = pageArray(blocks * MAX_ORDER_PAGES);
    this.meta = new Uint8Array(blocks * MAX_ORDER_PAGES);
    this.untouched = new Uint16Array(blocks * 2);
    this.pageblockType = new Uint8Array(blocks * 2);
    this.blockZone = new Uint8Array(blocks);
    this.#blockOfDense = new Int32Array(blocks);
    for (let head = 0; head < listHeads; head++) {
      this.next[head] = head as Page;
      this.prev[head] = head as Page;
    }
    for (let node = RANGE_NODES - 1; node >= 0; node--) this.#freeRangeNodes.push((listHeads + node) as Page);
  }

  get materialisedBlocks(): number {
    return this.#denseBlocks - this.firstPage / MAX_ORDER_PAGES;
  }

  /** Bytes of metadata in use: what grows with touched memory. */
  get metadataBytes(): number {
    return this.materialisedBlocks * (MAX_ORDER_PAGES * 9 + 2 * 3 + 1 + 4);
  }

  pfnOf(page: Page): Pfn {
    return (this.#blockOfDense[page >> BLOCK_SHIFT]! * MAX_ORDER_PAGES + (page & BLOCK_MASK)) as Pfn;
  }

  /** The page of a frame number, or NO_PAGE while its block has no place here. */
  pageOf(pfn: Pfn): Page | typeof NO_PAGE {
    const block = Math.floor(pfn / MAX_ORDER_PAGES);
    const leaf = this.#leaves[block >> LEAF_SHIFT];
    const dense = leaf === undefined ? 0 : leaf[block & LEAF_MASK]!;
    return dense === 0 ? NO_PAGE : ((dense * MAX_ORDER_PAGES + (pfn % MAX_ORDER_PAGES)) as Page);
  }

  /** Gives a block its place: all frames neither free nor touched. Returns its first page. */
  materialise(block: number, zoneIndex: number, firstType: number, secondType: number): Page {
    if (this.#denseBlocks === this.#blockOfDense.length) this.#grow();
    const dense = this.#denseBlocks++;
    this.#blockOfDense[dense] = block;
    this.blockZone[dense] = zoneIndex;
    this.untouched.fill(PAGEBLOCK_PAGES, dense * 2, dense * 2 + 2);
    this.pageblockType[dense * 2] = firstType;
    this.pageblockType[dense * 2 + 1] = secondType;
    this.#leaves[block >> LEAF_SHIFT] ??= new Int32Array(LEAF_MASK + 1);
    this.#leaves[block >> LEAF_SHIFT]![block & LEAF_MASK] = dense;
    return (dense * MAX_ORDER_PAGES) as Page;
  }

  /** Order of the free block that begins with a page, or -1. */
  freeOrder(page: Page): number {
    const state = this.meta[page]! & FREE_BLOCK;
    return state <= ORDER_MASK ? state - 1 : -1;
  }

  /** First page of the free or allocated block that has a page in it, or NO_PAGE. */
  headOf(page: Page): Page | typeof NO_PAGE {
    for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
      const head = (page >> order) << order;
      const own = this.meta[head]! & ORDER_MASK;
      if (own !== 0) return own > order ? asPage(head) : NO_PAGE;
    }
    return NO_PAGE;
  }

  isAllocated(page: Page): boolean {
    const head = this.headOf(page);
    return head !== NO_PAGE && (this.meta[head]! & ALLOCATED) !== 0;
  }

  /** The block is allocated from now on; it must be part of no other. */
  markAllocated(page: Page, order: number, movable: boolean): void {
    const type = movable ? ALLOCATED | ALLOCATED_MOVABLE : ALLOCATED;
    this.meta[page] = (this.meta[page]! & TOUCHED) | type | (order + 1);
  }

  /** Pages of a block are allocated no longer, in whatever blocks they were; other pages of these still are. */
  clearAllocated(page: Page, order: number): void {
    const { meta } = this;
    const head = this.headOf(page);
    if (head !== NO_PAGE && (meta[head]! & ALLOCATED) !== 0) this.#cutAllocated(head, page, order);
    for (let at: number = page; at < page + (1 << order); at++) {
      if ((meta[at]! & ALLOCATED) !== 0) meta[at]! &= TOUCHED;
    }
  }

  /**
   * The same of pages that all have to be allocated.
   *
   * @throws Error naming the first frame that is not
   */
  releasePart(page: Page, order: number): void {
    for (let at: number = page; at < page + (1 << order); at++) {
      if (!this.isAllocated(at as Page)) {
        const pfn = this.pfnOf(at as Page);
        throw new Error(`page-alloc: pfn 0x${pfn.toString(16)} freed while not allocated`);
      }
    }
    this.clearAllocated(page, order);
  }

  /** Cuts an allocated block in halves until one of an order begins with a page of it. */
  #cutAllocated(head: Page, page: Page, order: number): void {
    const { meta } = this;
    const flags = meta[head]! & (ALLOCATED | ALLOCATED_MOVABLE);
    let block: number = head;
    for (let half = (meta[head]! & ORDER_MASK) - 2; half >= order; half--) {
      const upper = block + (1 << half);
      meta[block] = (meta[block]! & TOUCHED) | flags | (half + 1);
      meta[upper] = (meta[upper]! & TOUCHED) | flags | (half + 1);
      if (page >= upper) block = upper;
    }
  }

  /**
   * The block goes to a requester; it must be part of no other.
   *
   * @param marks ALLOCATED, and ALLOCATED_MOVABLE where that was asked for
   * @returns how many of its pages for the first time
   */
  handOut(page: Page, order: number, marks: number): number {
    const { meta } = this;
    const touched = meta[page]! & TOUCHED;
    meta[page] = touched | marks | (order + 1);
    return order === 0 && touched !== 0 ? 0 : this.touch(page, order);
  }

  isTouched(page: Page): boolean {
    return (this.meta[page]! & TOUCHED) !== 0;
  }

  /** Notes that a block is handed to a requester. Returns how many of its pages are for the first time. */
  touch(page: Page, order: number): number {
    const { meta, untouched } = this;
    let fresh = 0;
    for (let at: number = page; at < page + (1 << order); at += PAGEBLOCK_PAGES) {
      const pageblock = at >> PAGEBLOCK_ORDER;
      if (untouched[pageblock] === 0) continue;
      const end = Math.min(at + PAGEBLOCK_PAGES, page + (1 << order));
      let here = 0;
      for (let i = at; i < end; i++) {
        if ((meta[i]! & TOUCHED) !== 0) continue;
        meta[i]! |= TOUCHED;
        here++;
      }
      untouched[pageblock]! -= here;
      fresh += here;
    }
    return fresh;
  }

  /** A page counts as handed to nobody again. */
  untouch(page: Page): void {
    if (!this.isTouched(page)) return;
    this.meta[page]! &= ~TOUCHED;
    this.untouched[page >> PAGEBLOCK_ORDER]!++;
  }

  isRange(node: Page): boolean {
    return node < this.firstPage;
  }

  /** Whether there are range nodes left for runs that need none of their own for long. */
  get canAddRange(): boolean {
    return this.#freeRangeNodes.length > RANGE_NODES / 2;
  }

  /** Adds an untouched run of blocks at the tail of a list, joining it to the run that already ends there. */
  addRangeTail(list: Page, startBlock: number, blocks: number): void {
    const last = this.prev[list]!;
    if (last !== list && last < this.firstPage) {
      const slot = last - this.firstRangeNode;
      if (this.rangeStart[slot]! + this.rangeCount[slot]! === startBlock) {
        this.rangeCount[slot]! += blocks;
        return;
      }
    }
    this.addTail(list, this.#newRange(startBlock, blocks));
  }

  #newRange(startBlock: number, blocks: number): Page {
    const node = this.#freeRangeNodes.pop();
    if (node === undefined) throw new Error("page-alloc: more separate untouched ranges than range nodes");
    this.rangeStart[node - this.firstRangeNode] = startBlock;
    this.rangeCount[node - this.firstRangeNode] = blocks;
    return node;
  }

  firstBlock(node: Page): number {
    return this.rangeStart[node - this.firstRangeNode]!;
  }

  /** The range node of a list that holds a block, or NO_PAGE. */
  rangeWith(list: Page, block: number): Page | typeof NO_PAGE {
    for (let node = this.next[list]!; node !== list; node = this.next[node]!) {
      if (!this.isRange(node)) continue;
      const slot = node - this.firstRangeNode;
      const first = this.rangeStart[slot]!;
      if (block >= first && block < first + this.rangeCount[slot]!) return node;
    }
    return NO_PAGE;
  }

  /**
   * Takes a block out of a range node. The node leaves its list when it is used up, and becomes
   * two when the block is taken from its middle.
   *
   * @returns the list entry that the block followed
   */
  takeFromRange(node: Page, block: number): Page {
    const slot = node - this.firstRangeNode;
    const first = this.rangeStart[slot]!;
    const after = this.rangeCount[slot]! - (block - first) - 1;
    if (block > first) {
      this.rangeCount[slot] = block - first;
      if (after > 0) this.addHead(node, this.#newRange(block + 1, after));
      return node;
    }
    const before = this.prev[node]!;
    this.rangeStart[slot] = block + 1;
    this.rangeCount[slot] = after;
    if (after === 0) {
      this.unlink(node);
      this.#freeRangeNodes.push(node);
    }
    return before;
  }

  /** Takes the first blocks of a range node that has more. */
  takeFirst(node: Page, blocks: number): void {
    this.rangeStart[node - this.firstRangeNode]! += blocks;
    this.rangeCount[node - this.firstRangeNode]! -= blocks;
  }

  /** How many of the first blocks of a range node have no place yet, up to `most` and all but the last. */
  withoutPlace(node: Page, most: number): number {
    const first = this.firstBlock(node);
    const end = first + Math.min(most, this.rangeCount[node - this.firstRangeNode]! - 1);
    for (let block = first; block < end; ) {
      const leaf = this.#leaves[block >> LEAF_SHIFT];
      if (leaf === undefined) block = (block | LEAF_MASK) + 1;
      else if (leaf[block & LEAF_MASK]! !== 0) return block - first;
      else block++;
    }
    return end - first;
  }

  addHead(list: Page, page: Page): void {
    const { next, prev } = this;
    const first = next[list]!;
    next[page] = first;
    prev[page] = list;
    prev[first] = page;
    next[list] = page;
  }

  addTail(list: Page, page: Page): void {
    const { next, prev } = this;
    const last = prev[list]!;
    prev[page] = last;
    next[page] = list;
    next[last] = page;
    prev[list] = page;
  }

  unlink(page: Page): void {
    const { next, prev } = this;
    const after = next[page]!;
    const before = prev[page]!;
    next[before] = after;
    prev[after] = before;
  }

  /** Doubles the arrays. */
  #grow(): void {
    const blocksMax = PAGES_MAX / MAX_ORDER_PAGES;
    const before = this.#blockOfDense.length;
    if (before === blocksMax) throw new Error("page-alloc: more than 8 TiB touched");
    const blocks = Math.min(2 * before, blocksMax);
    const frames = blocks * MAX_ORDER_PAGES;
    const copy = <T extends Int32Array | Uint16Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.next = copy(this.next, pageArray(frames));
    this.prev = copy(this.prev, pageArray(frames));
    this.meta = copy(this.meta, new Uint8Array(frames));
    this.untouched = copy(this.untouched, new Uint16Array(blocks * 2));
    this.pageblockType = copy(this.pageblockType, new Uint8Array(blocks * 2));
    this.blockZone = copy(this.blockZone, new Uint8Array(blocks));
    this.#blockOfDense = copy(this.#blockOfDense, new Int32Array(blocks));
  }
}
