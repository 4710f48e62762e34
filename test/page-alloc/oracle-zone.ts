import type { OracleRules } from "./oracle-rules.js";

/**
 * The free memory of one zone as plain arrays of frame numbers: the naive model the
 * allocator is compared with. Nothing here is shared with the allocator, not even its
 * constants, and nothing is fast. Follows mm/page_alloc.c of Linux 6.12 and 7.3.
 */
export const UNMOVABLE = 0;
export const MOVABLE = 1;
export const RECLAIMABLE = 2;
export const HIGHATOMIC = 3;
export const CMA = 4;
export const ISOLATE = 5;
const TYPES = 6;

export const MAX_ORDER = 10;
export const PAGEBLOCK = 9;
export const BLOCK_PAGES = 1024;
export const PAGEBLOCK_PAGES = 512;
export const PCP_LISTS = 14;

/** What the zones of a machine have in common. */
export interface OracleMachine {
  readonly rules: OracleRules;
  /** Where a rule of a later release made a difference so far. */
  readonly met: Set<string>;
  /** Type of each pageblock, by frame number / 512. */
  readonly pageblockTypes: Map<number, number>;
  readonly initialType: (pageblockStartPfn: number) => number;
  /** Frames allocated for requests of movable memory. */
  readonly movableInUse: Set<number>;
  /** All frames that are allocated. */
  readonly inUse: Set<number>;
  readonly acceptMemory: (start: number, sizeBytes: number) => void;
}

/** One CPU's lists of a zone (struct per_cpu_pages). */
export interface OraclePcp {
  readonly lists: number[][];
  count: number;
  high: number;
  highMin: number;
  highMax: number;
  batch: number;
  allocFactor: number;
  freeCount: number;
  previousFreeHighOrder: boolean;
  freeHighBatch: boolean;
}

/** Pages that migrate between lists and types may merge only if both are ordinary types. */
function mergeable(type: number): boolean {
  return type === UNMOVABLE || type === MOVABLE || type === RECLAIMABLE;
}

function buddyOf(pfn: number, order: number): number {
  return Math.floor(pfn / 2 ** order) % 2 === 0 ? pfn + 2 ** order : pfn - 2 ** order;
}

export class OracleZone {
  readonly machine: OracleMachine;
  readonly nodeId: number;
  /** 0 DMA, 1 DMA32, 2 Normal, 3 Movable. */
  readonly type: number;
  readonly startPfn: number;
  readonly endPfn: number;
  managed = 0;

  /** NR_FREE_PAGES: the global counter and what every CPU has not yet added to it. */
  freePages = 0;
  readonly freeDiff: number[];
  statThreshold = 0;
  unaccepted = 0;
  freeHighatomic = 0;
  reservedHighatomic = 0;
  /** Pages of CMA areas, and NR_FREE_CMA_PAGES in its two parts. */
  cmaPages = 0;
  freeCma = 0;
  readonly freeCmaDiff: number[];

  /** freeLists[order][type]: frame numbers, head first. */
  readonly freeLists: number[][][] = [];
  /** Order of every free block, by its first frame. */
  readonly freeOrder = new Map<number, number>();
  /** First frames of the 4 MiB blocks that wait for acceptance, oldest first. */
  readonly unacceptedList: number[] = [];

  /** Freed where the lock of the zone was held: they wait for the next free that takes it (trylock_free_pages, 6.15). */
  readonly putOff: { readonly pfn: number; readonly order: number }[] = [];

  /** min, low, high, promo without the boost. */
  watermark: number[] = [0, 0, 0, 0];
  boost = 0;
  lowmemReserve: number[] = [0, 0, 0, 0, 0];
  belowHigh = false;
  reclaimActive = false;
  boosted = false;
  readonly pcp: OraclePcp[] = [];

  constructor(
    machine: OracleMachine,
    span: { nodeId: number; type: number; startPfn: number; endPfn: number },
    cpus: number,
  ) {
    this.machine = machine;
    this.nodeId = span.nodeId;
    this.type = span.type;
    this.startPfn = span.startPfn;
    this.endPfn = span.endPfn;
    this.freeDiff = Array.from({ length: cpus }, () => 0);
    this.freeCmaDiff = Array.from({ length: cpus }, () => 0);
    for (let order = 0; order <= MAX_ORDER; order++) {
      this.freeLists.push(Array.from({ length: TYPES }, () => []));
    }
    for (let cpu = 0; cpu < cpus; cpu++) {
      this.pcp.push({
        lists: Array.from({ length: PCP_LISTS }, () => []),
        count: 0,
        high: 0,
        highMin: 0,
        highMax: 0,
        batch: 1,
        allocFactor: 0,
        freeCount: 0,
        previousFreeHighOrder: false,
        freeHighBatch: false,
      });
    }
  }

  typeOf(pfn: number): number {
    const number = Math.floor(pfn / PAGEBLOCK_PAGES);
    return this.machine.pageblockTypes.get(number) ?? this.machine.initialType(number * PAGEBLOCK_PAGES);
  }

  /** Sets the type of every pageblock of a range. */
  setType(pfn: number, pages: number, type: number): void {
    for (let at = Math.floor(pfn / PAGEBLOCK_PAGES); at * PAGEBLOCK_PAGES < pfn + pages; at++) {
      this.machine.pageblockTypes.set(at, type);
    }
  }

  nrFree(order: number): number {
    return this.freeLists[order]!.reduce((blocks, list) => blocks + list.length, 0);
  }

  /** A counter change of one CPU; it goes to the global counter once it is larger than the threshold. */
  addFree(pages: number, cpu: number): void {
    const held = this.freeDiff[cpu]! + pages;
    const fold = Math.abs(held) > this.statThreshold;
    this.freePages += fold ? held : 0;
    this.freeDiff[cpu] = fold ? 0 : held;
  }

  /** The same of NR_FREE_CMA_PAGES. */
  #addFreeCma(pages: number, cpu: number): void {
    const held = this.freeCmaDiff[cpu]! + pages;
    const fold = Math.abs(held) > this.statThreshold;
    this.freeCma += fold ? held : 0;
    this.freeCmaDiff[cpu] = fold ? 0 : held;
  }

  /** Isolated pages do not count as free. */
  account(pages: number, type: number, cpu: number): void {
    if (type === ISOLATE) return;
    this.addFree(pages, cpu);
    if (type === HIGHATOMIC) this.freeHighatomic += pages;
    if (type === CMA) this.#addFreeCma(pages, cpu);
  }

  insert(pfn: number, order: number, type: number, toTail: boolean): void {
    const list = this.freeLists[order]![type]!;
    if (toTail) list.push(pfn);
    else list.unshift(pfn);
    this.freeOrder.set(pfn, order);
  }

  unlink(pfn: number, order: number, type: number): void {
    const list = this.freeLists[order]![type]!;
    const at = list.indexOf(pfn);
    if (at < 0) throw new Error(`oracle: pfn ${pfn} is not on the list of order ${order} type ${type}`);
    list.splice(at, 1);
    this.freeOrder.delete(pfn);
  }

  /** Frees a block and merges it upwards (__free_one_page). */
  freeBlock(freedPfn: number, freedOrder: number, type: number, toTail: boolean, cpu: number): void {
    this.account(2 ** freedOrder, type, cpu);
    let pfn = freedPfn;
    let order = freedOrder;
    while (order < MAX_ORDER) {
      const buddy = buddyOf(pfn, order);
      if (this.freeOrder.get(buddy) !== order) break;
      const buddyType = order >= PAGEBLOCK ? this.typeOf(buddy) : type;
      if (buddyType !== type && !(mergeable(buddyType) && mergeable(type))) break;
      this.unlink(buddy, order, buddyType);
      if (buddyType !== type) this.setType(buddy, 2 ** order, type);
      pfn = Math.min(pfn, buddy);
      order++;
    }
    this.insert(pfn, order, type, toTail || this.mergeLikely(pfn, order));
  }

  /** Whether the next larger block is likely to become whole: its own buddy is free already. */
  mergeLikely(pfn: number, order: number): boolean {
    if (order >= PAGEBLOCK) return false;
    const parent = Math.min(pfn, buddyOf(pfn, order));
    return this.freeOrder.get(buddyOf(parent, order + 1)) === order + 1;
  }

  /** Frees without the per-CPU lists; what was put off comes first, latest first (free_one_page). */
  freeDirect(pfn: number, order: number, toTail: boolean, cpu: number): void {
    for (let late = this.putOff.pop(); late !== undefined; late = this.putOff.pop()) {
      this.freeParts(late.pfn, late.order, toTail, cpu);
    }
    this.freeParts(pfn, order, toTail, cpu);
  }

  /** Frees a pageblock at a time (split_large_buddy). */
  freeParts(pfn: number, order: number, toTail: boolean, cpu: number): void {
    const piece = Math.min(order, PAGEBLOCK);
    for (let at = pfn; at < pfn + 2 ** order; at += 2 ** piece) {
      this.freeBlock(at, piece, this.typeOf(at), toTail, cpu);
    }
  }

  /** Puts back the upper halves of a block until it has the order that is needed (expand). */
  expand(pfn: number, low: number, high: number, type: number): void {
    for (let order = high - 1; order >= low; order--) this.insert(pfn + 2 ** order, order, type, false);
  }

  /** Takes from the lists of one type, smallest order first (__rmqueue_smallest); -1 if they are empty. */
  takeSmallest(order: number, type: number, cpu: number): number {
    for (let from = order; from <= MAX_ORDER; from++) {
      const pfn = this.freeLists[from]![type]![0];
      if (pfn === undefined) continue;
      this.unlink(pfn, from, type);
      this.expand(pfn, order, from, type);
      this.account(-(2 ** order), type, cpu);
      return pfn;
    }
    return -1;
  }

  /** First frame of the pageblock around a frame, or -1 if it is not all inside the zone. */
  wholePageblock(pfn: number): number {
    const start = pfn - (pfn % PAGEBLOCK_PAGES);
    return start >= this.startPfn && start + PAGEBLOCK_PAGES <= this.endPfn ? start : -1;
  }

  /** Moves the free blocks of a pageblock to another type, each to the tail of its list (move_freepages_block). */
  moveFreeBlocks(start: number, from: number, to: number, cpu: number): void {
    for (let pfn = start; pfn < start + PAGEBLOCK_PAGES; ) {
      const order = this.freeOrder.get(pfn);
      if (order === undefined) {
        pfn++;
        continue;
      }
      this.moveBlock(pfn, order, from, to, cpu);
      pfn += 2 ** order;
    }
    this.setType(start, PAGEBLOCK_PAGES, to);
  }

  moveBlock(pfn: number, order: number, from: number, to: number, cpu: number): void {
    this.unlink(pfn, order, from);
    this.insert(pfn, order, to, true);
    this.account(-(2 ** order), from, cpu);
    this.account(2 ** order, to, cpu);
  }
}
