import { type AddressRange, GiB, roundDown, roundUp } from "../../units.js";
import { TdxModuleError } from "./error.js";
import type { TdxMemblock } from "./memory-list.js";

/**
 * The regions (TDMRs) that the host tells the module of, which cover its memory list (6.12
 * arch/x86/virt/vmx/tdx/tdx.c: fill_out_tdmrs). They begin and end at multiples of 1 GiB; each
 * range of memory gets one of its own, without what the one before it covers already.
 *
 * @param list ascending
 * @param maxRegions how many the module takes
 * @throws TdxModuleError if it takes more
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
 * @returns ascending
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
