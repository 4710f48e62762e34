/** Free blocks by type, as /proc/pagetypeinfo has them (mm/vmstat.c: pagetypeinfo_showfree_print). */

import { MigrateType, type PageAllocator } from "../page-alloc/index.js";
import { MAX_PAGE_ORDER } from "../units.js";
import { pfnsOn } from "./page-place.js";
import type { ProcTally } from "./proc.js";
import { zoneKey } from "./proc-fields.js";
import { EvidenceError, wholeLines } from "./recording-files.js";

/** In the order of the columns of blocks; kernels without CONFIG_CMA or CONFIG_MEMORY_ISOLATION leave out the last. */
const TYPES: Readonly<Record<string, number>> = {
  Unmovable: MigrateType.UNMOVABLE,
  Movable: MigrateType.MOVABLE,
  Reclaimable: MigrateType.RECLAIMABLE,
  HighAtomic: MigrateType.HIGHATOMIC,
  CMA: MigrateType.CMA,
  Isolate: MigrateType.ISOLATE,
};
/** Beyond it the kernel does not count, so as not to hold the zone's lock for long. */
const COUNT_MAX = 100_000;
const LINE = /^Node +(\d+), zone +(\w+), type +(\w+)((?: +>?\d+)+) *$/;

/**
 * Free blocks by zone, type and order: `node 0 zone DMA type Movable order 10`.
 *
 * @throws EvidenceError for a file that no kernel prints, or that is cut
 */
export function freeByType(text: string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  let areBlocks = false;
  for (const [at, line] of wholeLines(text).entries()) {
    areBlocks ||= line.startsWith("Number of blocks type ");
    if (areBlocks || !/, type /.test(line)) continue;
    const [, node, zone, type, numbers] = LINE.exec(line) ?? [];
    const blocks = numbers?.trim().split(/ +/) ?? [];
    if (TYPES[type!] === undefined || blocks.length !== MAX_PAGE_ORDER + 1)
      throw new EvidenceError(`a type and ${MAX_PAGE_ORDER + 1} counts of free blocks`, line, at + 1);
    const key = `${zoneKey({ nodeId: Number(node), name: zone! })}type ${type}`;
    if (counts.has(`${key} order 0`)) throw new EvidenceError(`${key} once`, "it again", at + 1);
    for (const [order, count] of blocks.entries())
      counts.set(`${key} order ${order}`, count.startsWith(">") ? COUNT_MAX : Number(count));
  }
  if (!areBlocks) throw new EvidenceError("blocks by type, which end it", "the end of the file", 1);
  return counts;
}

/** @param wentOn whether a zone was used between the end of the trace and the program that read the file */
export function compareFreeTypes(
  tally: ProcTally,
  allocator: PageAllocator,
  counts: ReadonlyMap<string, number>,
  wentOn: (zone: string) => boolean,
): void {
  for (const zone of allocator.zones) {
    const name = zoneKey(zone);
    for (const [typeName, type] of Object.entries(TYPES)) {
      for (let order = 0; order <= MAX_PAGE_ORDER; order++) {
        const key = `${name}type ${typeName} order ${order}`;
        const recorded = counts.get(key);
        const blocks = pfnsOn(allocator, zone.list(order, type)).length;
        const found = Math.min(blocks, COUNT_MAX);
        if (recorded === undefined && blocks === 0) continue;
        if (recorded !== found && wentOn(name)) tally.readElsewhen++;
        else tally.same(`${recorded ?? "no such line"}`, `${found}`, `/proc/pagetypeinfo: ${key}`);
      }
    }
  }
}
