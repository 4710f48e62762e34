import { clipRanges, type PfnRange } from "../../mm/pfn-range.js";
import { buildZonelists, defaultDistance } from "../../mm/zonelists.js";
import { nodeSpans, type ZoneSpan } from "../../mm/zones.js";
import { type AddressRange, formatBytes, GiB, PAGE_SIZE } from "../../units.js";
import { TdxModuleError } from "./error.js";
import type { TdxMemblock } from "./memory-list.js";

/**
 * Where the module's tables lie: for each region one piece of memory, on the node of the first
 * range in the region if that has it (6.12 arch/x86/virt/vmx/tdx/tdx.c: tdmr_set_up_pamt and
 * tdmr_get_nid, mm/page_alloc.c: alloc_contig_pages). Assumption: nothing else in the memory list
 * stands in the way, because what does is movable; and all nodes are equally far from each other.
 *
 * @param list ascending, not empty
 * @param present what of it has not been removed
 * @param sizeOf bytes that the tables of a region take, a multiple of the page size
 * @throws TdxModuleError if no node has so much in one piece
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

/** The same ranges with neighbours joined. */
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
