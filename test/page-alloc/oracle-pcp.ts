import { reserveHighatomic } from "./oracle-highatomic.js";
import { ALLOC_HIGHATOMIC, NON_BLOCK, OOM, rmqueue, WMARK_MASK, WMARK_MIN } from "./oracle-rmqueue.js";
import { watermarkOk } from "./oracle-watermark.js";
import { HIGHATOMIC, MOVABLE, type OraclePcp, type OracleZone, PAGEBLOCK, PCP_LISTS } from "./oracle-zone.js";

/** The per-CPU lists of the naive model. */

/** CONFIG_PCP_BATCH_SCALE_MAX. */
const SCALE = 5;

export function onPcp(order: number): boolean {
  return order <= 3 || order === PAGEBLOCK;
}

function listNumber(order: number, type: number): number {
  if (order === PAGEBLOCK) return type === MOVABLE ? 13 : 12;
  return 3 * order + type;
}

function listOrder(list: number): number {
  return list >= 12 ? PAGEBLOCK : Math.floor(list / 3);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

/** Allocates from a zone: per-CPU list first where there is one, then the buddy lists; -1 if both fail. */
export function allocateFromZone(
  zone: OracleZone,
  order: number,
  type: number,
  flags: number,
  cpu: number,
  pcpLocked: boolean,
): number {
  if (onPcp(order) && !pcpLocked) {
    const pfn = allocateFromPcp(zone, order, type, flags, cpu);
    if (pfn >= 0) return pfn;
  }
  let pfn = -1;
  if ((flags & ALLOC_HIGHATOMIC) !== 0) pfn = zone.takeSmallest(order, HIGHATOMIC, cpu);
  if (pfn >= 0 && (flags & WMARK_MASK) !== WMARK_MIN) zone.machine.met.add("atomic request, early reserve");
  if (pfn < 0) pfn = rmqueue(zone, order, type, flags, { name: "normal" }, cpu);
  if (pfn < 0 && (flags & (OOM | NON_BLOCK)) !== 0) pfn = zone.takeSmallest(order, HIGHATOMIC, cpu);
  const { atomicPassesEmptyPcp, atomicFromFirstAttempt } = zone.machine.rules;
  const reserves = atomicPassesEmptyPcp && (!atomicFromFirstAttempt || (flags & WMARK_MASK) === WMARK_MIN);
  if (pfn >= 0 && (flags & ALLOC_HIGHATOMIC) !== 0) {
    if (reserves) reserveHighatomic(zone, pfn, order, cpu);
    else if (atomicFromFirstAttempt) zone.machine.met.add("atomic request, no reservation");
  }
  return pfn;
}

function allocateFromPcp(zone: OracleZone, order: number, type: number, flags: number, cpu: number): number {
  const pcp = zone.pcp[cpu]!;
  pcp.freeCount = Math.floor(pcp.freeCount / 2);
  return takeFromList(zone, order, type, flags, cpu);
}

/** The head of a per-CPU list, which is refilled when it is empty (__rmqueue_pcplist). */
export function takeFromList(
  zone: OracleZone,
  order: number,
  type: number,
  flags: number,
  cpu: number,
): number {
  const pcp = zone.pcp[cpu]!;
  const list = pcp.lists[listNumber(order, type)]!;
  if (list.length === 0) {
    const mode = { name: "normal" as const };
    const blocks = refillBlocks(zone, pcp, order);
    if (zone.machine.rules.atomicPassesEmptyPcp && (flags & ALLOC_HIGHATOMIC) !== 0) {
      zone.machine.met.add("atomic request, empty list");
      return -1;
    }
    for (let block = 0; block < blocks; block++) {
      const pfn = rmqueue(zone, order, type, flags, mode, cpu);
      if (pfn < 0) break;
      list.push(pfn);
      pcp.count += 2 ** order;
    }
  }
  const pfn = list.shift();
  if (pfn === undefined) return -1;
  pcp.count -= 2 ** order;
  return pfn;
}

/** nr_pcp_alloc */
function refillBlocks(zone: OracleZone, pcp: OraclePcp, order: number): number {
  pcp.high = clamp(pcp.high, pcp.highMin, pcp.highMax);
  let high = pcp.high;
  if (high < pcp.batch) return 1;
  let blocks = order === 0 ? pcp.batch * 2 ** pcp.allocFactor : pcp.batch;
  if (pcp.highMin !== pcp.highMax && !zone.belowHigh) {
    pcp.high = Math.min(high + blocks, pcp.highMax);
    high = pcp.high;
  }
  if (order === 0) {
    const most = Math.max(high - pcp.count - pcp.batch, pcp.batch);
    if (blocks <= most && pcp.allocFactor < SCALE) pcp.allocFactor++;
    blocks = Math.min(blocks, most);
  }
  return blocks > 1 ? Math.max(Math.floor(blocks / 2 ** order), 2) : blocks;
}

/**
 * Frees to the list of a CPU and drains what is too much (free_frozen_page_commit).
 *
 * @param mostBatches batches of a drain until somebody else has the lock of the lists; 0: no lock may be waited for
 */
export function freeToPcp(
  zone: OracleZone,
  pfn: number,
  order: number,
  cpu: number,
  mostBatches: number,
): void {
  const pcp = zone.pcp[cpu]!;
  const blockType = zone.typeOf(pfn);
  const list = listNumber(order, blockType < HIGHATOMIC ? blockType : MOVABLE);
  pcp.allocFactor = Math.floor(pcp.allocFactor / 2);
  pcp.lists[list]!.unshift(pfn);
  pcp.count += 2 ** order;
  let freeHigh = false;
  if (order >= 1 && order <= 3) {
    const { flushWaitsForHalfOfHighMin } = zone.machine.rules;
    const enough = pcp.batch + (flushWaitsForHalfOfHighMin ? Math.floor(pcp.highMin / 2) : 0);
    const flushes = pcp.previousFreeHighOrder && (!pcp.freeHighBatch || pcp.count >= pcp.batch);
    freeHigh = flushes && pcp.freeCount >= enough;
    if (flushes && pcp.freeCount >= pcp.batch && !freeHigh) zone.machine.met.add("flush waits");
    pcp.previousFreeHighOrder = true;
  } else {
    pcp.previousFreeHighOrder = false;
  }
  if (pcp.freeCount < pcp.batch * 2 ** SCALE) pcp.freeCount += 2 ** order;
  if (mostBatches === 0) return;
  const high = pcpHigh(zone, pcp, freeHigh);
  if (pcp.count < high) return;
  let left = pagesToDrain(pcp, high, freeHigh);
  const step = zone.machine.rules.drainsByBatches ? pcp.batch : left;
  for (let batch = 0; batch < mostBatches && left > 0 && pcp.count > 0; batch++) {
    drain(zone, pcp, Math.min(left, step), list, cpu);
    left -= step;
    if (left > 0 && pcp.count > 0) zone.machine.met.add("several batches");
  }
  if (zone.belowHigh && watermarkOk(zone, 0, zone.watermark[2]! + zone.boost, 3, 0)) zone.belowHigh = false;
}

/** nr_pcp_high */
function pcpHigh(zone: OracleZone, pcp: OraclePcp, freeHigh: boolean): number {
  pcp.high = clamp(pcp.high, pcp.highMin, pcp.highMax);
  const high = pcp.high;
  if (high === 0) return 0;
  if (freeHigh) {
    pcp.high = Math.max(high - pcp.batch * 2 ** SCALE, pcp.highMin);
    return 0;
  }
  const lowered = Math.max(high - Math.max(pcp.freeCount, pcp.batch), pcp.highMin);
  if (zone.reclaimActive) {
    pcp.high = lowered;
    return Math.min(pcp.batch * 4, pcp.high);
  }
  if (pcp.highMin === pcp.highMax) return high;
  if (zone.belowHigh) {
    pcp.high = lowered;
    return Math.max(pcp.count, pcp.highMin);
  }
  const needed = pcp.freeCount + pcp.batch;
  if (pcp.count >= high && pcp.high < needed) pcp.high = clamp(needed, pcp.highMin, pcp.highMax);
  return high;
}

/** nr_pcp_free */
function pagesToDrain(pcp: OraclePcp, high: number, freeHigh: boolean): number {
  if (freeHigh) return Math.min(pcp.count, pcp.batch * 2 ** SCALE);
  if (high < pcp.batch) return 1;
  return clamp(pcp.freeCount, pcp.batch, high - pcp.batch);
}

/** Moves pages, oldest first, from the lists to the buddy lists, one list after the other (free_pcppages_bulk). */
function drain(zone: OracleZone, pcp: OraclePcp, pages: number, firstList: number, cpu: number): void {
  let left = Math.min(pages, pcp.count);
  for (let at = firstList; left > 0; at = (at + 1) % PCP_LISTS) {
    const order = listOrder(at);
    const list = pcp.lists[at]!;
    while (list.length > 0 && left > 0) {
      const pfn = list.pop()!;
      left -= 2 ** order;
      pcp.count -= 2 ** order;
      zone.freeBlock(pfn, order, zone.typeOf(pfn), false, cpu);
    }
  }
}

/** Drains all lists of a zone, those of CPU 0 first; `cpu` is the one that does it. */
export function drainZone(zone: OracleZone, cpu: number): void {
  for (const pcp of zone.pcp) drain(zone, pcp, pcp.count, 0, cpu);
}
