import { clipRanges, type PfnRange } from "../../mm/pfn-range.js";
import { buildZonelists, defaultDistance } from "../../mm/zonelists.js";
import { nodeSpans, type ZoneSpan } from "../../mm/zones.js";
import { type AddressRange, formatBytes, GiB, PAGE_SIZE, roundDown, roundUp } from "../../units.js";
import { type TdxMemblock, TdxModuleError } from "./memory-list.js";

/**
 * The regions (TDMRs) that the host tells the module of, which cover its memory list (6.12
 * arch/x86/virt/vmx/tdx/tdx.c: fill_out_tdmrs). They begin and end at multiples of 1 GiB; each
 * range of memory gets one of its own, without what the one before it covers already.
 *
 * @throws TdxModuleError if the module takes fewer
 */
export function coverWithRegions(list: readonly TdxMemblock[], maxRegions: number): AddressRange[] {
  const regions: AddressRange[] = [];
  let covered = 0;
  for (const block of list) {
    const end = roundUp(block.end, GiB);
    if (end <= covered) continue;
    if (regions.length === maxRegions) {
      throw new TdxModuleError(`TDMRs exhausted: the module takes ${maxRegions}.`);
    }
    regions.push({ start: Math.max(roundDown(block.start, GiB), covered), end });
    covered = end;
  }
  return regions;
}

/**
 * The parts of a region that the module must leave alone (6.12 arch/x86/virt/vmx/tdx/tdx.c:
 * tdmr_populate_rsvd_areas): what is not in the memory list, and all PAMTs, of whatever region.
 * Neighbours are not joined.
 *
 * @throws TdxModuleError if there are more than the module takes
 */
export function reservedAreas(
  region: AddressRange,
  list: readonly TdxMemblock[],
  pamts: readonly AddressRange[],
  maxAreas: number,
): AddressRange[] {
  const areas: AddressRange[] = [];
  let previousEnd = region.start;
  for (const { start, end } of list) {
    if (start >= region.end) break;
    if (end < region.start) continue;
    if (start > previousEnd) areas.push({ start: previousEnd, end: start });
    previousEnd = end;
  }
  if (previousEnd < region.end) areas.push({ start: previousEnd, end: region.end });
  for (const pamt of pamts) {
    const [start, end] = [Math.max(pamt.start, region.start), Math.min(pamt.end, region.end)];
    if (start < end) areas.push({ start, end });
  }
  if (areas.length > maxAreas) {
    const gib = `${region.start / GiB} GiB to ${region.end / GiB} GiB`;
    throw new TdxModuleError(
      `Reserved areas exhausted: the TDMR from ${gib} needs ${areas.length} and the module takes ${maxAreas}.`,
    );
  }
  return areas.sort((a, b) => a.start - b.start);
}

/**
 * Places the module's tables: for each region one piece of memory, on the node of the first
 * range in the region if that has it (6.12 arch/x86/virt/vmx/tdx/tdx.c: tdmr_set_up_pamt and
 * tdmr_get_nid, mm/page_alloc.c: alloc_contig_pages). Assumption: nothing else in the memory list
 * stands in the way, because it is movable; and all nodes are equally far from each other.
 *
 * @param list ascending, not empty
 * @param present the part of it that has not been removed
 * @param sizeOf bytes that the tables of a region take, a multiple of the page size
 * @throws TdxModuleError if no node has that much in one piece
 */
export function placePamts(
  list: readonly TdxMemblock[],
  present: readonly TdxMemblock[],
  regions: readonly AddressRange[],
  sizeOf: (region: AddressRange) => number,
): AddressRange[] {
  const memory = present.map(inFrames);
  const zonelists = buildZonelists(nodeSpans(list.map(inFrames)), defaultDistance);
  const taken: PfnRange[] = [];
  return regions.map((region) => {
    const pages = sizeOf(region) / PAGE_SIZE;
    const { nodeId } = list.find((block) => block.end > region.start)!;
    for (const zone of zonelists.find(({ nid }) => nid === nodeId)!.fallback) {
      const own = memory.filter(({ nid }) => nid === zone.nodeId);
      const startPfn = firstFit(zone, joined(clipRanges(own, zone)), taken, pages);
      if (startPfn === undefined) continue;
      taken.push({ startPfn, endPfn: startPfn + pages });
      return { start: startPfn * PAGE_SIZE, end: (startPfn + pages) * PAGE_SIZE };
    }
    throw new TdxModuleError(
      `No node has ${formatBytes(pages * PAGE_SIZE)} in one piece for the PAMT of the TDMR ` +
        `from ${region.start / GiB} GiB to ${region.end / GiB} GiB.`,
    );
  });
}

function inFrames({ start, end, nodeId }: TdxMemblock): PfnRange & { readonly nid: number } {
  return { startPfn: start / PAGE_SIZE, endPfn: end / PAGE_SIZE, nid: nodeId };
}

/**
 * The kernel tries every `pages`-th page frame of a zone, from its start rounded up with a mask
 * that is meant for powers of two (include/linux/align.h: ALIGN), which `pages` is not.
 */
function firstFit(
  zone: ZoneSpan,
  memory: readonly PfnRange[],
  taken: readonly PfnRange[],
  pages: number,
): number | undefined {
  const mask = BigInt(pages - 1);
  const first = Number((BigInt(zone.startPfn) + mask) & ~mask);
  for (const range of memory) {
    const steps = Math.max(0, Math.ceil((range.startPfn - first) / pages));
    let pfn = first + steps * pages;
    for (let other = overlapping(taken, pfn, pages); other !== undefined; ) {
      pfn += Math.ceil((other.endPfn - pfn) / pages) * pages;
      other = overlapping(taken, pfn, pages);
    }
    if (pfn + pages <= range.endPfn) return pfn;
  }
  return undefined;
}

function overlapping(taken: readonly PfnRange[], pfn: number, pages: number): PfnRange | undefined {
  return taken.find(({ startPfn, endPfn }) => startPfn < pfn + pages && pfn < endPfn);
}

function joined(ranges: readonly PfnRange[]): PfnRange[] {
  const result: PfnRange[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last?.endPfn === range.startPfn) {
      result[result.length - 1] = { startPfn: last.startPfn, endPfn: range.endPfn };
    } else result.push(range);
  }
  return result;
}
