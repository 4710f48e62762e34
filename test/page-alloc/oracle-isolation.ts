import { acceptParked } from "./oracle-watermark.js";
import {
  BLOCK_PAGES,
  CMA,
  ISOLATE,
  MAX_ORDER,
  type OracleZone,
  PAGEBLOCK,
  PAGEBLOCK_PAGES,
} from "./oracle-zone.js";

/** Isolation of pageblocks in the naive model (mm/page_isolation.c, 6.12). */

const MOVABLE_ZONE = 3;

function pageblocks(start: number, end: number): number[] {
  const starts: number[] = [];
  for (let pfn = start - (start % PAGEBLOCK_PAGES); pfn < end; pfn += PAGEBLOCK_PAGES) starts.push(pfn);
  return starts;
}

/** First the pageblock at either end, then those between; all or none (start_isolate_page_range). */
export function isolateRange(
  zone: OracleZone,
  start: number,
  end: number,
  type: number,
  cpu: number,
): boolean {
  const all = pageblocks(start, end);
  const ends = all.length === 1 ? all : [all[0]!, all.at(-1)!];
  const done: number[] = [];
  for (const block of [...ends, ...all.slice(1, -1)]) {
    if (isolateBlock(zone, block, type, cpu)) {
      done.push(block);
      continue;
    }
    for (const undone of done.sort((a, b) => a - b)) unisolateBlock(zone, undone, type, cpu);
    return false;
  }
  return true;
}

export function undoIsolation(zone: OracleZone, start: number, end: number, type: number, cpu: number): void {
  for (const block of pageblocks(start, end)) unisolateBlock(zone, block, type, cpu);
}

/** set_migratetype_isolate */
function isolateBlock(zone: OracleZone, start: number, type: number, cpu: number): boolean {
  const parked = zone.unacceptedList.indexOf(start);
  if (parked >= 0) acceptParked(zone, parked, cpu);
  if (zone.typeOf(start) === ISOLATE || hasUnmovable(zone, start, type)) return false;
  if (zone.wholePageblock(start) < 0) return false;
  retype(zone, start, ISOLATE, cpu);
  return true;
}

/** unset_migratetype_isolate */
function unisolateBlock(zone: OracleZone, start: number, type: number, cpu: number): void {
  if (zone.typeOf(start) !== ISOLATE) return;
  const other = start % BLOCK_PAGES === 0 ? start + PAGEBLOCK_PAGES : start - PAGEBLOCK_PAGES;
  const bothFree = zone.freeOrder.get(start) === PAGEBLOCK && zone.freeOrder.get(other) === PAGEBLOCK;
  if (bothFree && zone.typeOf(other) !== ISOLATE) {
    // Taken out and freed again, so that it merges.
    zone.unlink(start, PAGEBLOCK, ISOLATE);
    zone.setType(start, PAGEBLOCK_PAGES, type);
    zone.freeBlock(start, PAGEBLOCK, type, true, cpu);
    return;
  }
  retype(zone, start, type, cpu);
}

/** move_freepages_block_isolate */
function retype(zone: OracleZone, start: number, to: number, cpu: number): void {
  const head = start - (start % BLOCK_PAGES);
  if (zone.freeOrder.get(head) !== MAX_ORDER) {
    zone.moveFreeBlocks(start, zone.typeOf(start), to, cpu);
    return;
  }
  const from = zone.typeOf(head);
  zone.unlink(head, MAX_ORDER, from);
  zone.account(-BLOCK_PAGES, from, cpu);
  zone.setType(start, PAGEBLOCK_PAGES, to);
  zone.freeDirect(head, MAX_ORDER, false, cpu);
}

/** Frames of the 4 MiB around a pageblock that are free. */
function freeFrames(zone: OracleZone, start: number): Set<number> {
  const free = new Set<number>();
  const head = start - (start % BLOCK_PAGES);
  for (let pfn = head; pfn < head + BLOCK_PAGES; pfn++) {
    const order = zone.freeOrder.get(pfn);
    for (let page = 0; order !== undefined && page < 2 ** order; page++) free.add(pfn + page);
  }
  return free;
}

function onPerCpuList(zone: OracleZone, pfn: number): boolean {
  return zone.pcp.some(({ lists }) =>
    lists.some((list, number) => {
      const pages = number >= 12 ? PAGEBLOCK_PAGES : 2 ** Math.floor(number / 3);
      return list.some((first) => pfn >= first && pfn < first + pages);
    }),
  );
}

/** A reserved page, or one allocated for memory that cannot move (has_unmovable_pages). */
function hasUnmovable(zone: OracleZone, start: number, type: number): boolean {
  if (zone.typeOf(start) === CMA) return type !== CMA;
  if (zone.unacceptedList.includes(start - (start % BLOCK_PAGES))) return false;
  const free = freeFrames(zone, start);
  for (let pfn = start; pfn < start + PAGEBLOCK_PAGES; pfn++) {
    if (free.has(pfn)) continue;
    if (!zone.machine.inUse.has(pfn)) {
      if (!onPerCpuList(zone, pfn)) return true;
    } else if (!zone.machine.movableInUse.has(pfn) && zone.type !== MOVABLE_ZONE) {
      return true;
    }
  }
  return false;
}

/** Takes the isolated free blocks that cover a range off their lists, or nothing if there are gaps; gives their frames. */
export function takeFreeBlocks(zone: OracleZone, start: number, end: number): number[] | undefined {
  let first = start;
  for (let order = 0; order <= MAX_ORDER; order++) {
    const head = start - (start % 2 ** order);
    if (zone.freeOrder.get(head) === order) first = head;
  }
  const blocks: { pfn: number; order: number }[] = [];
  for (let pfn = first; pfn < end; ) {
    const order = zone.freeOrder.get(pfn);
    if (order === undefined) return undefined;
    blocks.push({ pfn, order });
    pfn += 2 ** order;
  }
  for (const { pfn, order } of blocks) zone.unlink(pfn, order, ISOLATE);
  return blocks.flatMap(({ pfn, order }) => Array.from({ length: 2 ** order }, (_, page) => pfn + page));
}
