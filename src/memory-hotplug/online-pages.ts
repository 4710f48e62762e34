import { SECTION_BYTES } from "../mm/sparse.js";
import { zonelistIndices } from "../mm/zonelists.js";
import { type NodeSpan, ZONE_NAMES, type ZoneSpan, type ZoneType } from "../mm/zones.js";
import {
  type BootRelease,
  type BootStages,
  Gfp,
  GfpMask,
  NO_PAGE,
  type PageAllocator,
  type Zone,
} from "../page-alloc/index.js";
import { type AddressRange, GiB, MAX_ORDER_PAGES, MiB, PAGE_SIZE, pfnDown, TiB } from "../units.js";
import type { EarlyMap } from "../x86/early-map.js";
import { splitMemRange } from "../x86/init-mem-mapping.js";

/** Without SRAT entries new memory belongs to node 0 (6.12 drivers/acpi/acpi_memhotplug.c: acpi_get_node). */
const NODE = 0;

export interface OnlineTarget {
  readonly allocator: PageAllocator;
  readonly release: BootRelease;
  readonly stages: BootStages;
}

/**
 * A block goes online (6.12 mm/memory_hotplug.c: online_pages): a zone of the node grows, its pages go to the tail of the
 * free lists or, not accepted, to that of the zone's list, and watermarks are computed again from all
 * memory that is managed now. The short time in which its pageblocks are isolated changes nothing.
 *
 * @param block with struct pages, outside of every zone
 * @param type NORMAL, for a block above 4 GiB, or MOVABLE where memory goes online as online_movable
 */
export function onlinePages(
  { allocator, release, stages }: OnlineTarget,
  { start, end }: AddressRange,
  type: typeof ZoneType.NORMAL | typeof ZoneType.MOVABLE,
): void {
  const [startPfn, endPfn] = [pfnDown(start), pfnDown(end)];
  growZone(allocator, type, startPfn, endPfn);
  release.maxOrderRun(startPfn, (endPfn - startPfn) / MAX_ORDER_PAGES);
  stages.onlinePages();
}

/** move_pfn_range_to_zone; a zone without memory is new to all zone lists. */
function growZone(allocator: PageAllocator, type: ZoneType, startPfn: number, endPfn: number): void {
  const { zones } = allocator;
  const zone = zones.find((candidate) => candidate.nodeId === NODE && candidate.type === type);
  if (zone !== undefined) {
    zone.grow(startPfn, endPfn);
    return;
  }
  const presentPages = endPfn - startPfn;
  allocator.addZone({ nodeId: NODE, type, name: ZONE_NAMES[type]!, startPfn, endPfn, presentPages });
  allocator.setZonelists(zonelistIndices(nodesOf(zones), zones));
}

function nodesOf(zones: readonly Zone[]): NodeSpan[] {
  const nodeIds = [...new Set(zones.map(({ nodeId }) => nodeId))].sort((a, b) => a - b);
  return nodeIds.map((nid) => {
    const own: ZoneSpan[] = zones.filter(({ nodeId }) => nodeId === nid).sort((a, b) => a.type - b.type);
    return { nid, startPfn: own[0]!.startPfn, endPfn: own.at(-1)!.endPfn, zones: own };
  });
}

/** Struct pages of a section: one large page of vmemmap. */
const SECTION_MAP_BYTES: number = 2 * MiB;
const SECTION_MAP_ORDER = 9;
/** Sections whose map one page of page middle directory covers. */
const SECTIONS_PER_PMD_PAGE = 512;
/** Flags of vmemmap_alloc_block() once the slab allocator is up (mm/sparse-vmemmap.c). */
const VMEMMAP_GFP: number = GfpMask.KERNEL | Gfp.RETRY_MAYFAIL | Gfp.NOWARN | Gfp.ZERO;
/** Memory that a page of page upper directories covers. */
const PUD_TABLE_SPAN: number = TiB / 2;

/**
 * The unit in which memory is added and goes online: 128 MiB, in guests with 64 GiB or more at boot
 * the largest up to 2 GiB that the end of memory is a multiple of (6.12 arch/x86/mm/init_64.c:
 * probe_memory_block_size).
 *
 * @param bootEnd end of the memory that the kernel knows at boot
 */
export function memoryBlockBytes(bootEnd: number): number {
  if (bootEnd < 64 * GiB) return SECTION_BYTES;
  let block = 2 * GiB;
  while (block > SECTION_BYTES && bootEnd % block !== 0) block /= 2;
  return block;
}

/**
 * Gives new sections their struct pages, not initialised yet: large pages of the memory that the
 * guest has, or 512 small ones for each where there is no large one (6.12 mm/sparse-vmemmap.c:
 * vmemmap_populate_hugepages). Usage maps, a few bytes a section, are left out.
 *
 * @param range whole sections
 * @returns bytes of struct pages; less than the range needs when memory ran out, and then no part of
 *   it can be used, but what was taken stays taken (mm/memory_hotplug.c: __add_pages)
 */
export function populateMemmap(allocator: PageAllocator, { start, end }: AddressRange): number {
  const take = (order: number): boolean => allocator.allocPages(VMEMMAP_GFP, order, 0, 0) !== NO_PAGE;
  let bytes = 0;
  for (let section = start / SECTION_BYTES; section < end / SECTION_BYTES; section++) {
    if (section % SECTIONS_PER_PMD_PAGE === 0 && !take(0)) break;
    if (take(SECTION_MAP_ORDER)) {
      bytes += SECTION_MAP_BYTES;
      continue;
    }
    // A table in place of the large page's entry, then page by page.
    if (!take(0)) break;
    const sectionEnd = bytes + SECTION_MAP_BYTES;
    while (bytes < sectionEnd && take(0)) bytes += PAGE_SIZE;
    if (bytes < sectionEnd) break;
  }
  return bytes;
}

export function memmapBytes({ start, end }: AddressRange): number {
  return ((end - start) / SECTION_BYTES) * SECTION_MAP_BYTES;
}

/**
 * Puts new memory into the kernel's direct map, with leaves as large as its ends allow (6.12
 * arch/x86/mm/init_64.c: arch_add_memory -> init_memory_mapping). A table whose span begins in front of
 * the range is there already.
 *
 * @throws GuestEnded when no page is left for its tables
 */
export function mapMemory({ map, tables }: EarlyMap, range: AddressRange): void {
  for (const piece of splitMemRange(range.start, range.end)) {
    for (const span of piece.pageSize < GiB ? [PUD_TABLE_SPAN, GiB] : [PUD_TABLE_SPAN]) {
      const newTables = Math.ceil(piece.end / span) - Math.ceil(piece.start / span);
      for (let table = 0; table < newTables; table++) tables.allocate();
    }
    map.map(piece);
  }
}
