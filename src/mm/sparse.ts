import type { BootRules } from "../linux/rules.js";
import {
  MEMBLOCK_ALLOC_ACCESSIBLE,
  MEMBLOCK_ALLOC_NOLEAKTRACE,
  type Memblock,
  panicIfNull,
  SMP_CACHE_BYTES,
} from "../memblock/memblock.js";
import {
  MiB,
  PAGE_SIZE,
  PAGEBLOCK_PAGES,
  PAGES_PER_SECTION,
  type PhysAddr,
  pfnDown,
  roundDown,
  roundUp,
} from "../units.js";

export interface SparseOptions {
  /** How the release lays the memory map out. */
  readonly rules: Pick<BootRules, "memmapBlocks" | "usageMapsNearNode" | "memmapUntraced" | "isolateBit">;
  /** Five-level page tables are active: physical addresses have 52 bits instead of 46. */
  readonly fiveLevelPaging: boolean;
  /** CONFIG_PAGE_EXTENSION: a section's descriptor takes 32 bytes instead of 16. */
  readonly pageExtension: boolean;
  /** CONFIG_MEMORY_ISOLATION. */
  readonly memoryIsolation: boolean;
  /** With CONFIG_MEMORY_HOTREMOVE, the physical address of a node's pglist_data. Absent without that option. */
  readonly nodeDataAddress?: (nid: number) => number;
}

/** Present sections that follow each other without another node's between them. */
interface SectionRun {
  readonly nid: number;
  /** Half-open ranges of section numbers, ascending. */
  readonly parts: (readonly [first: number, end: number])[];
  sections: number;
}

const MEMORY_MAP = "the memory map";
export const SECTION_BYTES: number = PAGES_PER_SECTION * PAGE_SIZE;
/** sizeof(struct mem_section_usage) without the bits of its pageblocks: RCU head and subsection map. */
const USAGE_HEADER_BYTES = 24;
/** Bits of a pageblock: type and a hint for compaction; with a bit for isolation a power of two again (NR_PAGEBLOCK_BITS). */
const PAGEBLOCK_BITS = 4;
const PAGEBLOCK_BITS_ISOLATE = 8;
/** Struct pages of a section: 64 bytes each, one large page of vmemmap (section_map_size). */
const SECTION_MAP_BYTES = 2 * MiB;
/** Where memory for the map is looked for first: above what ISA DMA can reach (MAX_DMA_ADDRESS). */
const MAP_MIN_ADDRESS = 16 * MiB;
/** Sections whose map one page of page middle directory covers: 1 GiB of vmemmap. */
const SECTIONS_PER_PMD_PAGE = 512;
/** Sections whose map one page of page upper directory covers: 512 GiB of vmemmap. */
const SECTIONS_PER_PUD_PAGE = 512 * SECTIONS_PER_PMD_PAGE;

/**
 * Allocates the sparse memory model's tables and the memory map of every section with memory
 * (mm/sparse.c:sparse_init, mm/sparse-vmemmap.c, arch/x86/mm/init_64.c, 6.12 and 7.3).
 *
 * The virtual memory map is taken to begin at a multiple of 512 GiB, as it does without
 * randomisation; the fallback to maps of 4 KiB pages is left out.
 *
 * @returns bytes of memory map, page tables not counted
 * @throws when memory runs out, where the kernel panics
 */
export function sparseInit(memblock: Memblock, options: SparseOptions): number {
  allocateRoots(memblock, options);
  const tables = new VmemmapTables(options.fiveLevelPaging);
  let mapBytes = 0;
  for (const run of sectionRuns(memblock)) {
    allocateUsageMaps(memblock, run, options);
    populateRun(memblock, run, tables, options);
    mapBytes += run.sections * SECTION_MAP_BYTES;
  }
  return mapBytes;
}

/** The array of root pointers, and a page of descriptors for each root with memory (memblocks_present). */
function allocateRoots(memblock: Memblock, options: SparseOptions): void {
  const sections = 2 ** (options.fiveLevelPaging ? 52 : 46) / SECTION_BYTES;
  const sectionsPerRoot = PAGE_SIZE / (options.pageExtension ? 32 : 16);
  const arrayBytes = (8 * sections) / sectionsPerRoot;
  panicIfNull(memblock.alloc(arrayBytes, SMP_CACHE_BYTES), MEMORY_MAP);
  let nextRoot = 0;
  for (const { startPfn, endPfn, nid } of memblock.memPfnRanges()) {
    const firstRoot = Math.floor(startPfn / PAGES_PER_SECTION / sectionsPerRoot);
    const lastRoot = Math.floor((endPfn - 1) / PAGES_PER_SECTION / sectionsPerRoot);
    const roots = lastRoot + 1 - Math.max(nextRoot, firstRoot);
    memblock.allocEach(roots, PAGE_SIZE, 0, () =>
      panicIfNull(memblock.allocNode(PAGE_SIZE, SMP_CACHE_BYTES, nid), MEMORY_MAP),
    );
    nextRoot = Math.max(nextRoot, lastRoot + 1);
  }
}

/** Sections with memory, ascending; one that two nodes share belongs to the lower (memory_present). */
function sectionRuns(memblock: Memblock): SectionRun[] {
  const runs: SectionRun[] = [];
  let nextSection = 0;
  for (const { startPfn, endPfn, nid } of memblock.memPfnRanges()) {
    const first = Math.max(nextSection, Math.floor(startPfn / PAGES_PER_SECTION));
    const end = Math.ceil(endPfn / PAGES_PER_SECTION);
    if (first >= end) continue;
    nextSection = end;
    let run = runs.at(-1);
    if (run?.nid !== nid) {
      run = { nid, parts: [], sections: 0 };
      runs.push(run);
    }
    run.parts.push([first, end]);
    run.sections += end - first;
  }
  return runs;
}

/** One block with the usage maps of all sections of a run. */
function allocateUsageMaps(memblock: Memblock, run: SectionRun, options: SparseOptions): void {
  const { rules, memoryIsolation } = options;
  const bits = rules.isolateBit && memoryIsolation ? PAGEBLOCK_BITS_ISOLATE : PAGEBLOCK_BITS;
  const sectionBytes = USAGE_HEADER_BYTES + ((PAGES_PER_SECTION / PAGEBLOCK_PAGES) * bits) / 8;
  const bytes = sectionBytes * run.sections;
  if (!rules.usageMapsNearNode) {
    panicIfNull(memblock.allocNode(bytes, SMP_CACHE_BYTES, run.nid), MEMORY_MAP);
    return;
  }
  if (options.nodeDataAddress === undefined) {
    // The node's number is not set in its pglist_data until zones are: every node asks for node 0.
    panicIfNull(memblock.allocNode(bytes, SMP_CACHE_BYTES, 0), MEMORY_MAP);
    return;
  }
  const goal = roundDown(options.nodeDataAddress(run.nid), SECTION_BYTES);
  const nid = memblock.searchPfnNid(pfnDown(goal))?.nid ?? 0;
  const near = memblock.allocTryNid(bytes, SMP_CACHE_BYTES, goal, goal + SECTION_BYTES, nid);
  if (near === 0) {
    panicIfNull(
      memblock.allocTryNid(bytes, SMP_CACHE_BYTES, goal, MEMBLOCK_ALLOC_ACCESSIBLE, nid),
      MEMORY_MAP,
    );
  }
}

/** The memory map of a run: one block for all where the release wants one and finds it, else one for each section. */
function populateRun(
  memblock: Memblock,
  run: SectionRun,
  tables: VmemmapTables,
  options: SparseOptions,
): void {
  const buffer =
    options.rules.memmapBlocks === "section"
      ? 0
      : memblock.allocExactNidRaw(
          run.sections * SECTION_MAP_BYTES,
          SECTION_MAP_BYTES,
          MAP_MIN_ADDRESS,
          mapLimit(options),
          run.nid,
        );
  const allocate = (bytes: number, count: number): PhysAddr =>
    allocateMaps(memblock, bytes, count, run.nid, options);
  for (const [first, end] of run.parts) {
    if (buffer === 0) populateSections(memblock, tables, first, end, allocate);
    else allocate(PAGE_SIZE, tables.cover(first, end));
  }
}

/**
 * Tables and maps of sections, as they alternate: pages for the tables that a section needs, then maps for all that
 * these cover. While both find memory below what they took last, further tables of 1 GiB of vmemmap with their maps
 * are taken in one step.
 */
function populateSections(
  memblock: Memblock,
  tables: VmemmapTables,
  first: number,
  end: number,
  allocate: (bytes: number, count: number) => PhysAddr,
): void {
  for (let section = first; section < end; ) {
    const tableEnd = Math.min(end, roundDown(section, SECTIONS_PER_PMD_PAGE) + SECTIONS_PER_PMD_PAGE);
    const table = allocate(PAGE_SIZE, tables.cover(section, tableEnd));
    const map = allocate(SECTION_MAP_BYTES, tableEnd - section);
    section = tableEnd;
    if (table === 0) continue;
    // A new table of the level above comes in between.
    const sections = Math.min(end, roundUp(section, SECTIONS_PER_PUD_PAGE)) - section;
    const alike = Math.min(
      Math.floor(sections / SECTIONS_PER_PMD_PAGE),
      memblock.roomBelow(table, PAGE_SIZE, MAP_MIN_ADDRESS),
      Math.floor(memblock.roomBelow(map, SECTION_MAP_BYTES, MAP_MIN_ADDRESS) / SECTIONS_PER_PMD_PAGE),
    );
    memblock.takeInTurns(alike, [
      { start: table, sizeBytes: PAGE_SIZE, each: 1 },
      { start: map, sizeBytes: SECTION_MAP_BYTES, each: SECTIONS_PER_PMD_PAGE },
    ]);
    tables.cover(section, section + alike * SECTIONS_PER_PMD_PAGE);
    section += alike * SECTIONS_PER_PMD_PAGE;
  }
}

/**
 * Memory for maps or their page tables (vmemmap_alloc_block before the slab allocator is up).
 *
 * @returns the address of the last; 0 for none
 */
function allocateMaps(
  memblock: Memblock,
  bytes: number,
  count: number,
  nid: number,
  options: SparseOptions,
): PhysAddr {
  const limit = mapLimit(options);
  return memblock.allocEach(count, bytes, MAP_MIN_ADDRESS, () =>
    panicIfNull(memblock.allocTryNidRaw(bytes, bytes, MAP_MIN_ADDRESS, limit, nid), MEMORY_MAP),
  );
}

function mapLimit({ rules }: SparseOptions): number {
  return rules.memmapUntraced ? MEMBLOCK_ALLOC_NOLEAKTRACE : MEMBLOCK_ALLOC_ACCESSIBLE;
}

/** Page table pages of the virtual memory map, allocated top level first as sections come in, ascending. */
class VmemmapTables {
  #needsP4d: boolean;
  /** Numbers of the next tables that do not exist yet. */
  #nextPud = 0;
  #nextPmd = 0;

  constructor(fiveLevelPaging: boolean) {
    this.#needsP4d = fiveLevelPaging;
  }

  /** @returns tables that are missing for the maps of sections [first, end) to be entered (vmemmap_populate_hugepages) */
  cover(first: number, end: number): number {
    if (first >= end) return 0;
    const p4ds = this.#needsP4d ? 1 : 0;
    const endPud = Math.ceil(end / SECTIONS_PER_PUD_PAGE);
    const endPmd = Math.ceil(end / SECTIONS_PER_PMD_PAGE);
    const puds = endPud - Math.max(this.#nextPud, Math.floor(first / SECTIONS_PER_PUD_PAGE));
    const pmds = endPmd - Math.max(this.#nextPmd, Math.floor(first / SECTIONS_PER_PMD_PAGE));
    this.#needsP4d = false;
    this.#nextPud = endPud;
    this.#nextPmd = endPmd;
    return p4ds + puds + pmds;
  }
}
