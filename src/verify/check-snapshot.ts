import { statThreshold } from "../mm/stat-threshold.js";
import { MigrateType } from "../page-alloc/migratetype.js";
import { pcpIndexOrder } from "../page-alloc/pcp.js";
import { MAX_ORDER_PAGES, PAGEBLOCK_PAGES, roundDown, roundUp } from "../units.js";
import { EvidenceError } from "./recording-files.js";
import type { SnapshotPcp, SnapshotZone } from "./snapshot-zone.js";

/**
 * Whether a kernel can have been in the state of a snapshot: zones apart, every page on one list at
 * most, counters that agree with the lists.
 *
 * @param lines number of the line of each zone, from 1
 * @throws EvidenceError at the line of the zone that cannot be
 */
export function checkSnapshot(zones: readonly SnapshotZone[], lines: readonly number[]): void {
  const populated = zones.filter((zone) => zone.presentPages > 0);
  const cpus = populated[0]?.pcp.length ?? 0;
  for (const [at, zone] of zones.entries()) {
    const must = (holds: boolean, expected: string, found: number | string): void => {
      if (!holds) throw new EvidenceError({ line: lines[at]!, column: 1 }, expected, `${found}`);
    };
    const twin = zones.findIndex((other) => other.nodeId === zone.nodeId && other.type === zone.type);
    must(twin === at, "each zone once", `zone ${zone.name} of node ${zone.nodeId} as in line ${lines[twin]}`);
    if (zone.presentPages === 0) continue;
    checkSizes(zone, cpus, must);
    for (const other of populated) {
      if (other === zone || other.startPfn < zone.startPfn) continue;
      must(other.startPfn >= zone.endPfn, "zones apart", `${zone.name} and ${other.name}`);
    }
    checkLists(zone, must);
  }
  if (populated.length === 0)
    throw new EvidenceError({ line: lines[0]!, column: 1 }, "a zone with memory", "none");
}

type Must = (holds: boolean, expected: string, found: number | string) => void;

function checkSizes(zone: SnapshotZone, cpus: number, must: Must): void {
  const { startPfn, endPfn, presentPages, managedPages, pcp, blocks } = zone;
  must(presentPages <= endPfn - startPfn, `present pages up to ${endPfn - startPfn}`, presentPages);
  must(managedPages <= presentPages, `managed pages up to ${presentPages}`, managedPages);
  must(cpus > 0 && pcp.length === cpus, `lists of ${Math.max(cpus, 1)} CPUs`, pcp.length);
  const pageblocks =
    (roundUp(endPfn, PAGEBLOCK_PAGES) - roundDown(startPfn, PAGEBLOCK_PAGES)) / PAGEBLOCK_PAGES;
  const typed = blocks.reduce((sum, [, count]) => sum + count, 0);
  must(typed === pageblocks, `types of ${pageblocks} pageblocks`, typed);
}

function checkLists(zone: SnapshotZone, must: Must): void {
  const blocks: { readonly pfn: number; readonly pages: number }[] = [];
  const add = (pfns: readonly number[], pages: number): number => {
    for (const pfn of pfns) blocks.push({ pfn, pages });
    return pfns.length * pages;
  };
  // Whether nr_unaccepted is what the list has is compared with the model.
  add(zone.unaccepted, MAX_ORDER_PAGES);
  let counted = zone.unacceptedPages;
  for (const [key, pfns] of zone.free) {
    const [order, type] = key.split("/").map(Number);
    const pages = add(pfns, 2 ** order!);
    if (type !== MigrateType.ISOLATE) counted += pages;
  }
  for (const pcp of zone.pcp) checkPcp(pcp, add, must);
  // What CPUs hold back of the counter (vm_stat_diff).
  const heldBack = zone.pcp.length * statThreshold(zone.pcp.length, zone.managedPages);
  must(
    Math.abs(zone.freePages - counted) <= heldBack,
    `nr_free=${counted}, give or take ${heldBack}`,
    zone.freePages,
  );
  blocks.sort((a, b) => a.pfn - b.pfn);
  for (let at = 1; at < blocks.length; at++) {
    const { pfn, pages } = blocks[at - 1]!;
    must(blocks[at]!.pfn >= pfn + pages, "each page on one list", `0x${blocks[at]!.pfn.toString(16)} on two`);
  }
}

function checkPcp(
  pcp: SnapshotPcp,
  add: (pfns: readonly number[], pages: number) => number,
  must: Must,
): void {
  let listed = 0;
  for (const [index, pfns] of pcp.lists) listed += add(pfns, 2 ** pcpIndexOrder(index));
  must(pcp.count === listed, `count=${listed} of CPU ${pcp.cpu}, as on its lists`, pcp.count);
  must(pcp.batch > 0, `batch= of CPU ${pcp.cpu} from 1`, pcp.batch);
}
