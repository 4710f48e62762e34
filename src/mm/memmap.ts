import type { NodePfnRange } from "../memblock/iterate.js";
import { PAGEBLOCK_PAGES, PAGES_PER_SECTION, roundDown, roundUp } from "../units.js";
import { clipRanges, type PfnRange } from "./pfn-range.js";
import { isPopulated, type NodeSpan, type ZoneSpan } from "./zones.js";

/** Pages without memory that got a struct page and were marked reserved, as dmesg counts them. */
export interface UnavailablePages {
  readonly zone: ZoneSpan;
  readonly pages: number;
}

export interface MemmapInit {
  /** For each node the first page frame whose struct page is left for later; Infinity if none is. */
  readonly firstDeferredPfn: ReadonlyMap<number, number>;
  /** Struct pages of memory that are initialised now. */
  readonly initialisedPages: number;
  /** In the order of the kernel's messages; memory holes inside present sections. */
  readonly unavailable: readonly UnavailablePages[];
  /**
   * Pageblocks that keep migrate type UNMOVABLE, the zero of their bitmap, because their
   * first page was not initialised: holes, and whatever is deferred. All others between the
   * first and the last page of memory are MOVABLE. Aligned to pageblocks, ascending.
   */
  readonly unmovable: readonly PfnRange[];
}

/**
 * First pass of struct page initialisation (mm/mm_init.c:memmap_init, 6.12).
 *
 * @param nodes zones of every node, by nodeSpans()
 * @param ranges the same memory as given to nodeSpans(): ascending and disjoint
 * @param deferInit CONFIG_DEFERRED_STRUCT_PAGE_INIT without early_page_ext on the command line
 */
export function memmapInit(
  nodes: readonly NodeSpan[],
  ranges: readonly NodePfnRange[],
  deferInit: boolean,
): MemmapInit {
  const deferral = new Deferral();
  const unavailable: UnavailablePages[] = [];
  const byId = new Map(nodes.map((node) => [node.nid, node]));
  const initialised: PfnRange[] = [];
  let initialisedPages = 0;
  let holePfn = 0;
  let lastZone: ZoneSpan | undefined;

  const skipHole = (endPfn: number, zone: ZoneSpan) => {
    const pages = pagesInPresentSections(ranges, { startPfn: holePfn, endPfn });
    if (pages > 0) unavailable.push({ zone, pages });
  };

  for (const range of ranges) {
    const node = byId.get(range.nid)!;
    for (const zone of node.zones) {
      if (!isPopulated(zone)) continue;
      lastZone = zone;
      const piece = clipRanges([range], zone)[0];
      if (piece === undefined) continue;
      const endPfn = deferInit ? deferral.endOfInitialised(piece, zone, node) : piece.endPfn;
      if (endPfn > piece.startPfn) initialised.push({ startPfn: piece.startPfn, endPfn });
      initialisedPages += endPfn - piece.startPfn;
      if (holePfn < piece.startPfn) skipHole(piece.startPfn, zone);
      holePfn = piece.endPfn;
    }
  }
  const endPfn = holePfn;
  if (lastZone !== undefined) skipHole(roundUp(endPfn, PAGES_PER_SECTION), lastZone);

  const all = { startPfn: nodes.reduce((pfn, node) => Math.min(pfn, node.startPfn), endPfn), endPfn };
  return {
    firstDeferredPfn: new Map(nodes.map(({ nid }) => [nid, deferral.firstDeferredPfn(nid)])),
    initialisedPages,
    unavailable,
    unmovable: pageblocksWithoutHead(all, initialised),
  };
}

/** Decides where each node's struct pages stop being initialised (mm/mm_init.c:defer_init, 6.12). */
class Deferral {
  readonly #firstDeferred = new Map<number, number>();
  #zoneEndPfn = 0;
  /** Struct pages initialised in the zone that ends there. */
  #zonePages = 0;

  firstDeferredPfn(nid: number): number {
    return this.#firstDeferred.get(nid) ?? Number.POSITIVE_INFINITY;
  }

  /** Where the initialisation of a piece of memory ends: at its end, or at a section boundary inside. */
  endOfInitialised(piece: PfnRange, zone: ZoneSpan, node: NodeSpan): number {
    // Lower zones are for requests that can use nothing else; they are always complete.
    if (zone.endPfn < node.endPfn) return piece.endPfn;
    if (this.#firstDeferred.has(node.nid)) return piece.startPfn;
    if (this.#zoneEndPfn !== zone.endPfn) {
      this.#zoneEndPfn = zone.endPfn;
      this.#zonePages = 0;
    }
    // One section's worth of existing pages, and then up to the next section boundary.
    const enoughPfn = piece.startPfn + Math.max(0, PAGES_PER_SECTION - this.#zonePages);
    const deferredPfn = roundUp(enoughPfn, PAGES_PER_SECTION);
    if (deferredPfn < piece.endPfn) {
      this.#firstDeferred.set(node.nid, deferredPfn);
      return deferredPfn;
    }
    this.#zonePages += piece.endPfn - piece.startPfn;
    return piece.endPfn;
  }
}

/** Pages of a hole that lie in a section with memory, hence have a struct page (init_unavailable_range). */
function pagesInPresentSections(ranges: readonly NodePfnRange[], hole: PfnRange): number {
  let pages = 0;
  let countedTo = hole.startPfn;
  for (const range of ranges) {
    const startPfn = Math.max(countedTo, roundDown(range.startPfn, PAGES_PER_SECTION));
    const endPfn = Math.min(hole.endPfn, roundUp(range.endPfn, PAGES_PER_SECTION));
    if (startPfn >= endPfn) continue;
    pages += endPfn - startPfn;
    countedTo = endPfn;
  }
  return pages;
}

/**
 * The pageblocks that stay UNMOVABLE where reserved pages of deferred memory, which are initialised at the
 * hand-over, make the pageblocks that begin with them MOVABLE (mm/mm_init.c: init_deferred_page).
 *
 * @param reserved page frames that become PG_reserved, ascending
 */
export function withoutReservedHeads(
  { unmovable, firstDeferredPfn }: MemmapInit,
  reserved: readonly NodePfnRange[],
): PfnRange[] {
  const late = reserved.flatMap(({ startPfn, endPfn, nid }) => {
    const fromPfn = Math.max(startPfn, firstDeferredPfn.get(nid) ?? Number.POSITIVE_INFINITY);
    return fromPfn < endPfn ? [{ startPfn: fromPfn, endPfn }] : [];
  });
  return unmovable.flatMap((span) => pageblocksWithoutHead(span, late));
}

/**
 * The pageblocks of a span whose first page is in none of the ranges. After memmapInit()
 * with the initialised memory, and after deferred initialisation with the free memory,
 * these are the UNMOVABLE ones (mm/mm_init.c:memmap_init_range, deferred_free_pages, 6.12).
 *
 * @param span need not be aligned: every pageblock it touches is looked at
 * @param ranges ascending and disjoint
 * @returns ranges aligned to pageblocks, ascending, neighbours joined
 */
export function pageblocksWithoutHead(span: PfnRange, ranges: readonly PfnRange[]): PfnRange[] {
  const without: PfnRange[] = [];
  let startPfn = roundDown(span.startPfn, PAGEBLOCK_PAGES);
  const endPfn = roundUp(span.endPfn, PAGEBLOCK_PAGES);
  for (const range of clipRanges(ranges, { startPfn, endPfn })) {
    // Heads in the range: from its first aligned page to its last.
    const headPfn = roundUp(range.startPfn, PAGEBLOCK_PAGES);
    const afterPfn = roundUp(range.endPfn, PAGEBLOCK_PAGES);
    if (headPfn >= range.endPfn) continue;
    if (startPfn < headPfn) without.push({ startPfn, endPfn: headPfn });
    startPfn = afterPfn;
  }
  if (startPfn < endPfn) without.push({ startPfn, endPfn });
  return without;
}
