/**
 * Page tables of the direct map (arch/x86/mm/init.c: init_mem_mapping, memory_map_top_down,
 * init_range_memory_mapping, split_mem_range, alloc_low_pages; Linux 6.12).
 *
 * Memory is mapped from the top down in growing steps, so that the pages for the tables can come
 * from what is mapped already. The first few come from a buffer after the kernel image.
 */

import { RangeSet } from "../coco/range-set.js";
import {
  type AddressRange,
  GiB,
  KiB,
  MiB,
  PAGE_SIZE,
  pfnDown,
  roundDown,
  roundUp,
  TiB,
  UNIT_SIZE,
} from "../units.js";
import type { MappedPiece } from "./direct-map.js";
import type { EarlyBoot } from "./early-machine.js";
import type { EarlyMap } from "./early-map.js";
import type { TablePages } from "./table-pages.js";

const PMD_SIZE = 2 * MiB;
const PUD_SIZE = GiB;
const PGDIR_SIZE_4LEVEL = 512 * GiB;
const PGDIR_SIZE_5LEVEL = 256 * TiB;
const ISA_END_ADDRESS = MiB;
/** A step grows by one page-table level less one bit (get_new_step_size). */
const STEP_GROWTH = 256;
/**
 * Size of dmi_setup()'s copy in front of the page tables, rounded up to them: one page with QEMU's
 * SMBIOS (measured: boot logs).
 */
const DMI_BRK_BYTES = 4 * KiB;

/** The brk area after the kernel image: the DMI copy, then page tables. */
export interface BrkArea extends AddressRange {
  readonly pageTablesStart: number;
}

/** Where the brk area of a kernel lies and how much of it is used (reserve_brk). */
export function brkArea(boot: EarlyBoot): BrkArea {
  const { build, machine } = boot;
  const tablesPerMapping = build.x86FiveLevel ? 4 : 3; // INIT_PGD_PAGE_TABLES
  const tables = tablesPerMapping * (build.randomizeMemory ? 4 : 2); // INIT_PGD_PAGE_COUNT
  const start = machine.kernelStart + build.imageBytes;
  const pageTablesStart = start + DMI_BRK_BYTES;
  return { start, pageTablesStart, end: pageTablesStart + tables * PAGE_SIZE };
}

/** Raises memblock's limit to the end of memory; from then on nothing else can be reached. */
export function initMemMapping(boot: EarlyBoot): void {
  new DirectMapBuilder(boot).mapAll();
  limitToMapped(boot);
}

/**
 * Tables of the first mappings: the kernel where it lies, for the switch to its own tables, and what the
 * boot loader left, through a fault (arch/x86/kernel/head64.c: __startup_64, copy_bootdata); each an entry of
 * the top level (assumption for the second: all in one GiB).
 */
function head64(tables: TablePages, fiveLevel: boolean): void {
  const levels = fiveLevel ? 3 : 2;
  tables.allocate(2 * levels);
}

class DirectMapBuilder {
  readonly #boot: EarlyBoot;
  readonly #early: EarlyMap;
  /** Tables that exist: for each level, by the bytes one table spans, the numbers of those spans. */
  readonly #tables = new Map<number, RangeSet>();

  constructor(boot: EarlyBoot) {
    const { pageTablesStart, end } = brkArea(boot);
    this.#boot = boot;
    this.#early = boot.earlyMap;
    head64(this.#early.tables, boot.machine.fiveLevel);
    this.#early.tables.leaveHead64({ start: pageTablesStart, end });
  }

  mapAll(): void {
    const { memblock, maxPfn } = this.#boot;
    const end = maxPfn * PAGE_SIZE;
    this.#initMemoryMapping(0, ISA_END_ADDRESS);
    this.#mapTopDown(ISA_END_ADDRESS, end);
    memblock.currentLimit = this.#early.tables.maxMapped;
  }

  #mapTopDown(mapStart: number, mapEnd: number): void {
    const { memblock } = this.#boot;
    // A free 2 MiB block at the top shows where to begin. The kernel only wants its address, but
    // allocating it accepts it.
    const probe = memblock.physAllocRange(PMD_SIZE, PMD_SIZE, mapStart, mapEnd);
    let realEnd = Math.max(mapStart, roundDown(mapEnd, PMD_SIZE));
    if (probe !== 0) {
      memblock.free(probe, PMD_SIZE);
      realEnd = probe + PMD_SIZE;
    }
    let stepSize = PMD_SIZE;
    let mappedBytes = 0;
    let lastStart = realEnd;
    const { tables } = this.#early;
    tables.maxMapped = 0;
    tables.minMapped = realEnd;
    while (lastStart > mapStart) {
      const start = lastStart > stepSize ? Math.max(roundDown(lastStart - 1, stepSize), mapStart) : mapStart;
      mappedBytes += this.#initRangeMemoryMapping(start, lastStart);
      lastStart = start;
      tables.minMapped = lastStart;
      if (mappedBytes >= stepSize) stepSize *= STEP_GROWTH;
    }
    if (realEnd < mapEnd) this.#initRangeMemoryMapping(realEnd, mapEnd);
  }

  #initRangeMemoryMapping(rangeStart: number, rangeEnd: number): number {
    let mappedBytes = 0;
    for (const { startPfn, endPfn } of this.#boot.memblock.memPfnRanges()) {
      const start = Math.max(startPfn * PAGE_SIZE, rangeStart);
      const end = Math.min(endPfn * PAGE_SIZE, rangeEnd);
      if (start >= end) continue;
      const { tables } = this.#early;
      tables.canUseBrk = Math.max(start, tables.brkNext) >= Math.min(end, tables.brkEnd);
      this.#initMemoryMapping(start, end);
      mappedBytes += end - start;
    }
    return mappedBytes;
  }

  #initMemoryMapping(start: number, end: number): void {
    let mappedEnd = 0;
    for (const piece of splitMemRange(start, end)) {
      const pageSize = this.#adjustPageSize(piece);
      this.#populate(piece, pageSize);
      this.#early.map.map({ ...piece, pageSize });
      mappedEnd = Math.max(mappedEnd, roundUp(piece.end, pageSize));
    }
    const { tables } = this.#early;
    tables.maxMapped = Math.max(tables.maxMapped, mappedEnd);
  }

  /** A larger page is used if all of it is one region of memory (adjust_range_page_size_mask). */
  #adjustPageSize(piece: MappedPiece): number {
    const { memblock } = this.#boot;
    for (const size of [PUD_SIZE, PMD_SIZE]) {
      const start = roundDown(piece.start, size);
      if (piece.pageSize >= size || memblock.isRegionMemory(start, roundUp(piece.end, size) - start)) {
        return size;
      }
    }
    return piece.pageSize;
  }

  #populate(piece: AddressRange, pageSize: number): void {
    const spans = [PGDIR_SIZE_4LEVEL];
    if (this.#boot.machine.fiveLevel) spans.unshift(PGDIR_SIZE_5LEVEL);
    if (pageSize < PUD_SIZE) spans.push(PUD_SIZE);
    if (pageSize < PMD_SIZE) spans.push(PMD_SIZE);
    for (const span of spans) {
      const tables = this.#tables.get(span) ?? new RangeSet();
      this.#tables.set(span, tables);
      this.#early.tables.allocate(tables.add(Math.floor(piece.start / span), Math.ceil(piece.end / span)));
    }
  }
}

/**
 * Finds out how much of the table of unaccepted memory the kernel can read, now that it runs on page
 * tables of its own: they map what memblock knows as memory (init_range_memory_mapping). Until then a
 * fault of the early handler has mapped whatever was touched (arch/x86/kernel/head64.c:
 * early_make_pgtable), so the first look at the top of memory, in front of the first page table,
 * comes through.
 */
function limitToMapped({ memblock, machine, unacceptedTable: table }: EarlyBoot): void {
  const range = machine.efi?.unacceptedTable;
  if (table === undefined || range === undefined) return;
  let mapped = roundDown(range.start, PAGE_SIZE);
  for (const { startPfn, endPfn } of memblock.memPfnRanges()) {
    if (startPfn * PAGE_SIZE <= mapped && mapped < endPfn * PAGE_SIZE) mapped = endPfn * PAGE_SIZE;
  }
  if (mapped >= roundUp(range.end, PAGE_SIZE)) return;
  // The kernel's units can be smaller than those of the bitmap that the stub made.
  const spanBytes = table.unitCount * table.unitSizeBytes;
  const bitmapStart = range.end - spanBytes / UNIT_SIZE / 8;
  table.unmapped = {
    address: mapped,
    firstUnit: (Math.max(0, mapped - bitmapStart) * 8 * UNIT_SIZE) / table.unitSizeBytes,
  };
}

/** Pieces between borders of 2 MiB and 1 GiB, with the page size their alignment allows. */
export function splitMemRange(start: number, end: number): MappedPiece[] {
  const pieces: MappedPiece[] = [];
  let cursor = roundDown(start, PAGE_SIZE);
  const limit = pfnDown(end) * PAGE_SIZE;
  const cut = (to: number, pageSize: number): void => {
    if (cursor >= to) return;
    pieces.push({ start: cursor, end: to, pageSize });
    cursor = to;
  };
  cut(Math.min(roundUp(cursor, PMD_SIZE), limit), PAGE_SIZE);
  const lastPmd = roundDown(limit, PMD_SIZE);
  cut(Math.min(roundUp(cursor, PUD_SIZE), lastPmd), PMD_SIZE);
  cut(roundDown(limit, PUD_SIZE), PUD_SIZE);
  cut(lastPmd, PMD_SIZE);
  cut(limit, PAGE_SIZE);
  return pieces;
}
