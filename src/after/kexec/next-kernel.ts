import { E820Ranges, type TrackedRange, trackedMap } from "../../accept/e820-ranges.js";
import { type E820Entry, ZERO_PAGE_ENTRIES } from "../../efistub/setup-e820.js";
import { processUnacceptedMemory } from "../../efistub/unaccepted-memory.js";
import { type ArchAccept, UnacceptedTable } from "../../efistub/unaccepted-table.js";
import type { Guest } from "../../guest/guest.js";
import {
  type AddressRange,
  asPhys,
  KiB,
  MiB,
  PAGE_SIZE,
  roundDown,
  roundUp,
  UNIT_SIZE,
} from "../../units.js";
import type { DirectMap } from "../../x86/direct-map.js";

/** Where kexec_file_load() puts things, in this order (arch/x86/kernel/kexec-bzimage64.c: bzImage64_load, 6.12). */
export interface Segments {
  /** Code that runs between the kernels and checks the others. */
  readonly purgatory: AddressRange;
  /** Zero page, command line, EFI memory map, setup_data. */
  readonly parameters: AddressRange;
  /** The kernel with the room that it unpacks itself to (init_size). */
  readonly kernel: AddressRange;
  readonly initrd: AddressRange | undefined;
}

/** Sizes in bytes. */
export interface SegmentSizes {
  readonly kernelBytes: number;
  readonly initrdBytes: number;
}

/** Assumption: the purgatory of a distribution's kernel with its stack. */
const PURGATORY_BYTES: number = 32 * KiB;
/** Zero page, a command line, an EFI map and its setup_data. */
const PARAMETERS_BYTES: number = 16 * KiB;
/** CONFIG_PHYSICAL_ALIGN. */
const KERNEL_ALIGN: number = 2 * MiB;
/** Below that kexec puts nothing. */
const LOWEST: number = MiB;

/**
 * Finds a place for each segment in System RAM, not in memory that the kernel gives away: whether
 * it is accepted is no concern of the search (kernel/kexec_file.c: kexec_locate_mem_hole). In each
 * range of RAM the highest place is taken. Since 6.8 the highest range comes first, before that
 * the lowest one with room (walk_system_ram_res_rev; Baoquan He, "kexec_file: load kernel at top
 * of system RAM if required", 2023-11-14).
 *
 * @param ram ascending
 * @returns undefined when one of them fits nowhere
 */
export function placeSegments(
  ram: readonly AddressRange[],
  { kernelBytes, initrdBytes }: SegmentSizes,
  highestFirst: boolean,
): Segments | undefined {
  const ranges = highestFirst ? [...ram].reverse() : ram;
  const placed: AddressRange[] = [];
  const place = (sizeBytes: number, align: number): AddressRange | undefined => {
    const start = highestHole(ranges, placed, roundUp(sizeBytes, PAGE_SIZE), align);
    if (start === undefined) return undefined;
    const segment = { start, end: start + roundUp(sizeBytes, PAGE_SIZE) };
    placed.push(segment);
    return segment;
  };
  const purgatory = place(PURGATORY_BYTES, PAGE_SIZE);
  const parameters = place(PARAMETERS_BYTES, PAGE_SIZE);
  const kernel = place(kernelBytes, KERNEL_ALIGN);
  const initrd = initrdBytes === 0 ? undefined : place(initrdBytes, PAGE_SIZE);
  if (purgatory === undefined || parameters === undefined || kernel === undefined) return undefined;
  if (initrdBytes > 0 && initrd === undefined) return undefined;
  return { purgatory, parameters, kernel, initrd };
}

/** The highest place in the first range with one, away from what is taken (locate_mem_hole_top_down). */
export function highestHole(
  ranges: readonly AddressRange[],
  taken: readonly AddressRange[],
  sizeBytes: number,
  align: number,
): number | undefined {
  for (const range of ranges) {
    const lowest = Math.max(range.start, LOWEST);
    let start = roundDown(range.end - sizeBytes, align);
    while (start >= lowest) {
      const from = start;
      const inTheWay = taken.find((other) => other.start < from + sizeBytes && other.end > from);
      if (inTheWay === undefined) return start;
      start = roundDown(inTheWay.start - sizeBytes, align);
    }
  }
  return undefined;
}

export function allSegments({ purgatory, parameters, kernel, initrd }: Segments): AddressRange[] {
  return [purgatory, parameters, kernel, ...(initrd === undefined ? [] : [initrd])];
}

/** The next kernel's idea of what is accepted, and what it took to tell it. */
export interface NextTable {
  readonly table: UnacceptedTable | undefined;
  /** Entries of the map that the next kernel gets, with unaccepted memory as a type of its own. */
  readonly entries: number;
  /** Memory accepted only because the zero page has room for 128 entries. */
  readonly gapBytes: number;
}

/**
 * The e820 table that the next kernel gets is made from the bitmap (David Rientjes and Brijesh
 * Singh, "AMD SEV-SNP/Intel TDX: validation of memory pages", February 2021); the next kernel makes
 * its table from that. kexec passes what fits into the zero page (setup_e820_entries).
 */
export function rebuiltTable(
  entries: readonly E820Entry[],
  table: UnacceptedTable | undefined,
  arch: ArchAccept,
): NextTable {
  const ranges = new E820Ranges("e820-zero-page", trackedMap(entries, table), ZERO_PAGE_ENTRIES, arch);
  return {
    table: tableFromMap(ranges.entries, table?.unitSizeBytes ?? UNIT_SIZE, arch),
    entries: ranges.entries.length,
    gapBytes: ranges.use.gapBytes,
  };
}

/**
 * A kernel's record of a map, by units of its own. The next kernel gets the map as it was when the first
 * one started, where only struct pages, or a variable of the first kernel, knew better.
 *
 * @param unitSizeBytes of the first kernel's table: the next kernel accepts no more at once
 */
export function tableFromMap(
  map: readonly TrackedRange[],
  unitSizeBytes: number,
  arch: ArchAccept,
): UnacceptedTable | undefined {
  const unaccepted = map.filter(({ kind }) => kind === "unaccepted");
  if (unaccepted.length === 0) return undefined;
  const physBase = roundDown(unaccepted[0]!.start, unitSizeBytes);
  const bitmapBytes = Math.ceil((unaccepted.at(-1)!.end - physBase) / (8 * unitSizeBytes));
  const table = new UnacceptedTable(physBase, bitmapBytes, unitSizeBytes);
  for (const { start, end } of unaccepted) processUnacceptedMemory(table, asPhys(start), asPhys(end), arch);
  return table;
}

/**
 * All memory shared with the host becomes private again, which accepts it again: it has had another
 * life in between (arch/x86/coco/tdx/tdx.c: tdx_kexec_finish, 6.11; arch/x86/coco/sev/core.c:
 * snp_kexec_finish, 6.13).
 *
 * @returns bytes
 */
export function unshare(
  { platform, meter, clock }: Guest,
  shared: readonly AddressRange[],
  map: DirectMap,
): number {
  let bytes = 0;
  for (const { start, end } of shared) {
    platform.askForPrivate(start, end);
    // SNP sets the entry back, TDX clears it, so that nobody touches what the host is about to replace.
    map.setShared(start, end, false);
    meter.kernelAccept(start, end);
    bytes += end - start;
    const details = { start: `0x${start.toString(16)}`, bytes: end - start };
    clock.observer?.moment("made private again", clock.running, clock.nowNs, details);
  }
  return bytes;
}
