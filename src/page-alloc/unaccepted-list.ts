import type { PageAllocRules } from "../linux/rules.js";
import { SINGLES, singlesAfter } from "../sim/singles.js";
import {
  addressOf,
  asPfn,
  MAX_ORDER_PAGES,
  MAX_PAGE_ORDER,
  PAGE_SIZE,
  type Pfn,
  type PhysAddr,
} from "../units.js";
import { addFreeRun, freeToBuddy } from "./buddy.js";
import { MigrateType } from "./migratetype.js";
import { NO_PAGE } from "./page-frames.js";
import { unusableFree, watermarkPages } from "./watermark.js";
import type { Zone } from "./zone.js";

/**
 * Blocks of 4 MiB that no one has accepted yet (mm/page_alloc.c, end of file, 6.12).
 * They wait on a list of their own, oldest first, and count as free although no request
 * can get them before they are accepted.
 */

/** Makes physical memory usable; bytes. */
export interface MemoryAcceptor {
  acceptMemory(start: PhysAddr, sizeBytes: number): void;
  /** Accepts some of the first blocks of 4 MiB as one; 0 where each is to be asked for, as where it is absent. */
  acceptBlocks?(startPfn: Pfn, blocks: number): number;
  /** Told before blocks are accepted: how many pages are to be, 0 while there are no watermarks yet. */
  noteDecision?(zone: Zone, pagesToAccept: number): void;
  /** Told which pages are handed out for the first time, before the request returns. */
  touch?: ((start: PhysAddr, sizeBytes: number) => void) | undefined;
}

/** The same acceptor, told of first touches in another way or not at all. */
export function withTouch(acceptor: MemoryAcceptor, touch: MemoryAcceptor["touch"]): MemoryAcceptor {
  return {
    acceptMemory: (start, sizeBytes) => acceptor.acceptMemory(start, sizeBytes),
    acceptBlocks: (startPfn, blocks) => acceptor.acceptBlocks?.(startPfn, blocks) ?? 0,
    noteDecision: (zone, pages) => acceptor.noteDecision?.(zone, pages),
    touch,
  };
}

/** Parks a run of blocks at the tail of the zone's list (__free_unaccepted). */
export function freeUnaccepted(zone: Zone, startBlock: number, blocks: number, cpu: number): void {
  zone.frames.addRangeTail(zone.unacceptedList, startBlock, blocks);
  zone.unacceptedPages += blocks * MAX_ORDER_PAGES;
  zone.addFreePages(blocks * MAX_ORDER_PAGES, cpu);
}

/** Accepts the oldest block of a zone and frees it to the buddy lists (try_to_accept_memory_one, __accept_page); false when there is none. */
export function acceptOldest(zone: Zone, acceptor: MemoryAcceptor, cpu: number): boolean {
  const { frames } = zone;
  const node = frames.next[zone.unacceptedList]!;
  if (node === zone.unacceptedList) return false;
  const block = frames.firstBlock(node);
  const pfn = asPfn(block * MAX_ORDER_PAGES);
  const staysRun = frames.pageOf(pfn) === NO_PAGE && frames.canAddRange;
  frames.takeFromRange(node, block);
  zone.unacceptedPages -= MAX_ORDER_PAGES;
  zone.addFreePages(-MAX_ORDER_PAGES, cpu);
  acceptor.acceptMemory(addressOf(pfn), MAX_ORDER_PAGES * PAGE_SIZE);
  if (staysRun) {
    // Memory that waits for a request needs no frames yet: a guest of petabytes wants terabytes of it free.
    addFreeRun(zone, block, 1, cpu);
    return true;
  }
  let page = frames.pageOf(pfn);
  const { MOVABLE } = MigrateType;
  if (page === NO_PAGE) page = frames.materialise(block, zone.index, MOVABLE, MOVABLE);
  freeToBuddy(zone, page, MAX_PAGE_ORDER, true, cpu);
  return true;
}

/** As `acceptOldest` for some of the blocks that follow each other and need no frames. @returns how many */
function acceptOldestAsOne(zone: Zone, acceptor: MemoryAcceptor, blocks: number, cpu: number): number {
  const { frames } = zone;
  const node = frames.next[zone.unacceptedList]!;
  if (acceptor.acceptBlocks === undefined || node === zone.unacceptedList || !frames.canAddRange) return 0;
  const block = frames.firstBlock(node);
  const count = frames.withoutPlace(node, blocks);
  const done = count < 1 ? 0 : acceptor.acceptBlocks(asPfn(block * MAX_ORDER_PAGES), count);
  if (done === 0) return 0;
  frames.takeFirst(node, done);
  zone.unacceptedPages -= done * MAX_ORDER_PAGES;
  // A block is more than a CPU keeps to itself, so that the zone's counter knows of all of them.
  zone.addFreePages(-done * MAX_ORDER_PAGES, cpu);
  addFreeRun(zone, block, done, cpu);
  return done;
}

/**
 * Pages short of a watermark, not counting unaccepted ones: what a request of this order makes
 * the allocator accept. Negative when there is enough.
 *
 * @param target pages that are to be free and accepted
 */
export function pagesToAccept(zone: Zone, order: number, target: number): number {
  const usable = zone.freePages - unusableFree(zone, order, 0);
  return target - (zone.rules.unacceptedUnusable ? usable : usable - zone.unacceptedPages);
}

/**
 * Accepts what a visit to the zone calls for (cond_accept_memory; try_to_accept_memory before
 * 6.11); whether anything was accepted.
 *
 * @param unserved whether the request found nothing in what is accepted
 */
export function condAcceptMemory(
  zone: Zone,
  order: number,
  acceptor: MemoryAcceptor,
  rules: PageAllocRules,
  cpu: number,
  unserved: boolean,
): boolean {
  if (zone.unacceptedPages === 0) return false;
  const target = watermarkPages(zone, zone.acceptMark);
  if (rules.acceptBeforeWatermarks && target === 0) {
    const { reserveBeforeWatermarksPages } = rules;
    if (
      !unserved &&
      reserveBeforeWatermarksPages > 0 &&
      zone.freePages - zone.unacceptedPages >= reserveBeforeWatermarksPages
    )
      return false;
    acceptor.noteDecision?.(zone, 0);
    return acceptOldest(zone, acceptor, cpu);
  }
  let missing = pagesToAccept(zone, order, target);
  if (rules.acceptAtLeastOne) missing = Math.max(missing, 1);
  if (missing > 0) missing = Math.max(missing, rules.acceptAtOncePages - MAX_ORDER_PAGES + 1);
  if (missing > 0) acceptor.noteDecision?.(zone, missing);
  let accepted = false;
  let singles = 1;
  let done = 0;
  while (missing > 0 && acceptOldest(zone, acceptor, cpu)) {
    accepted = true;
    missing -= MAX_ORDER_PAGES;
    if (++done < singles || missing <= SINGLES * MAX_ORDER_PAGES) continue;
    const asOne = acceptOldestAsOne(zone, acceptor, Math.ceil(missing / MAX_ORDER_PAGES), cpu);
    missing -= asOne * MAX_ORDER_PAGES;
    singles = singlesAfter(asOne, singles);
    done = 0;
  }
  return accepted;
}
